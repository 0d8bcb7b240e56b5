/* SPDX-License-Identifier: Apache-2.0 */
#include "novacron/store.h"

#include "base/alloc.h"
#include "base/err.h"
#include "plugin/image.h"
#include "plugin/inst_internal.h"
#include "plugin/loader_internal.h"
#include "plugin/mark.h"

/*
 * The store's table as store/ sees it: the plugin's slots behind a crash mark. nc.store/1 is called
 * from store/'s own threads, in process, with no queue and no deadline between: an append is the one
 * call whose microseconds everybody waits for.
 */

struct nc_store_door {
	nc_store table; /* what store/ calls */
	nc_store real;  /* what the plugin gave; missing slots NULL */
	nc_inst *self;
	const char *plugin;
};

/* nc_inst is the plugin's type; store/ gets this door in its place. */
static nc_store_door *door_of(nc_inst *self)
{
	return (nc_store_door *)(void *)self;
}

/* Run one slot with the thread marked as the plugin's. */
#define THROUGH(d, what, call)                                                                     \
	__extension__({                                                                            \
		nc_mark former_ = nc_mark_enter((d)->plugin, "store." what);                       \
		nc_code rc_ = (call);                                                              \
		nc_mark_leave(former_);                                                            \
		rc_;                                                                               \
	})

static nc_code lead(nc_inst *self, const char *node, uint32_t ttl_ms, uint64_t *epoch,
	uint64_t *head, nc_error *err)
{
	nc_store_door *d = door_of(self);
	return THROUGH(d, "lead", d->real.lead(d->self, node, ttl_ms, epoch, head, err));
}

static nc_code append(nc_inst *self, uint64_t epoch, uint64_t head, const nc_bytes *rec, uint32_t n,
	nc_error *err)
{
	nc_store_door *d = door_of(self);
	return THROUGH(d, "append", d->real.append(d->self, epoch, head, rec, n, err));
}

static nc_code get_head(nc_inst *self, nc_store_head *ret, nc_error *err)
{
	nc_store_door *d = door_of(self);
	return THROUGH(d, "head", d->real.head(d->self, ret, err));
}

static nc_code read_log(
	nc_inst *self, uint64_t after, uint32_t wait_ms, nc_rec_cb cb, void *user, nc_error *err)
{
	nc_store_door *d = door_of(self);
	return THROUGH(d, "read", d->real.read(d->self, after, wait_ms, cb, user, err));
}

static nc_code materialise(nc_inst *self, uint64_t epoch, uint64_t applied_seq, const nc_kv *kv,
	uint32_t n, nc_error *err)
{
	nc_store_door *d = door_of(self);
	return THROUGH(
		d, "materialise", d->real.materialise(d->self, epoch, applied_seq, kv, n, err));
}

static nc_code scan(nc_inst *self, uint32_t space, nc_bytes from, nc_bytes to, uint32_t max,
	nc_kv_cb cb, void *user, nc_error *err)
{
	nc_store_door *d = door_of(self);
	return THROUGH(d, "scan", d->real.scan(d->self, space, from, to, max, cb, user, err));
}

static nc_code get(
	nc_inst *self, uint32_t space, nc_bytes key, nc_kv_cb cb, void *user, nc_error *err)
{
	nc_store_door *d = door_of(self);
	return THROUGH(d, "get", d->real.get(d->self, space, key, cb, user, err));
}

static nc_code trim(nc_inst *self, uint64_t epoch, uint64_t upto_seq, nc_error *err)
{
	nc_store_door *d = door_of(self);
	return THROUGH(d, "trim", d->real.trim(d->self, epoch, upto_seq, err));
}

static nc_code backup(nc_inst *self, nc_op op, int32_t fd, nc_error *err)
{
	nc_store_door *d = door_of(self);
	return THROUGH(d, "backup", d->real.backup(d->self, op, fd, err));
}

static nc_code check(nc_inst *self, nc_fault_cb cb, void *user, nc_error *err)
{
	nc_store_door *d = door_of(self);
	return THROUGH(d, "check", d->real.check(d->self, cb, user, err));
}

static nc_code salvage(nc_inst *self, uint64_t seq, nc_rec_cb cb, void *user, nc_error *err)
{
	nc_store_door *d = door_of(self);
	return THROUGH(d, "salvage", d->real.salvage(d->self, seq, cb, user, err));
}

/* A slot that the plugin lacks stays NULL in ours too. */
static void fill_table(nc_store_door *d)
{
	const nc_store *r = &d->real;
	d->table = (nc_store){ .struct_size = sizeof(nc_store),
		.flags = r->flags,
		.lead = r->lead ? lead : NULL,
		.append = r->append ? append : NULL,
		.head = r->head ? get_head : NULL,
		.read = r->read ? read_log : NULL,
		.materialise = r->materialise ? materialise : NULL,
		.scan = r->scan ? scan : NULL,
		.get = r->get ? get : NULL,
		.trim = r->trim ? trim : NULL,
		.backup = r->backup ? backup : NULL,
		.check = r->check ? check : NULL,
		.salvage = r->salvage ? salvage : NULL };
}

nc_code nc_pinst_extension(
	nc_pinst *inst, const char *ext, const void **ret_table, nc_inst **ret_self, nc_error *err)
{
	nc_rt *rt = NULL;
	if (nc_transport_enter(inst)) {
		rt = inst->transport->rt ? inst->transport->rt(inst->t) : NULL;
		nc_transport_leave(inst); /* its user keeps the instance open */
	}
	if (!rt)
		return nc_err(err, NC_E_UNSUPPORTED, "plugin %s does not run in this process",
			inst->found->id);
	const void *table = nc_rt_extension(rt, ext);
	if (!table)
		return nc_err(
			err, NC_E_UNSUPPORTED, "plugin %s does not offer %s", inst->found->id, ext);
	*ret_table = table;
	*ret_self = nc_rt_self(rt);
	return NC_OK;
}

nc_code nc_pinst_store(
	nc_pinst *inst, const nc_store **ret_table, nc_inst **ret_self, nc_error *err)
{
	const void *theirs = NULL;
	nc_inst *self = NULL;
	nc_code rc = nc_pinst_extension(inst, NC_EXT_STORE, &theirs, &self, err);
	if (rc != NC_OK)
		return rc;
	if (!inst->door) {
		nc_store_door *d = nc_calloc(1, sizeof(*d));
		if (!d)
			return nc_err_nomem(err);
		if (!nc_table_copy(&d->real, sizeof(d->real), theirs)) {
			nc_free(d);
			return nc_err(err, NC_E_PROTO,
				"P0: plugin %s has an empty table of " NC_EXT_STORE,
				inst->found->id);
		}
		d->self = self;
		d->plugin = inst->found->id;
		fill_table(d);
		inst->door = d;
	}
	*ret_table = &inst->door->table;
	*ret_self = (nc_inst *)(void *)inst->door;
	return NC_OK;
}

void nc_store_door_free(nc_store_door *door)
{
	nc_free(door);
}
