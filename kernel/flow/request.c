/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of requests to drivers that several of them share. Ids of ours mean nothing to a
 * driver: what it made it named itself, and that name is what it is told. Inside a turn, or the
 * commit of an act whose operation begins at once.
 */
#include "flow/request.h"

#include <string.h>

#include "base/err.h"
#include "model/infra.h"
#include "model/netobj.h"
#include "model/problem.h"
#include "model/storage.h"

#define REQUEST_MAX (128u << 10)

void nc_req_begin(nc_req *q)
{
	nc_buf_init(&q->b, REQUEST_MAX);
	nc_jw_init(&q->w, &q->b);
	nc_jw_obj(&q->w);
}

void nc_req_done(nc_req *q)
{
	nc_buf_done(&q->b);
}

nc_code nc_req_end(nc_req *q, nc_opctx *c, nc_bytes *ret, nc_error *err)
{
	nc_jw_obj_end(&q->w);
	if (nc_buf_failed(&q->b))
		return q->b.error == NC_E_NOMEM
			       ? nc_err_nomem(err)
			       : nc_err(err, NC_E_INVAL, "the request for %s %s is too large",
					 c->op->target.kind, c->op->target.name);
	ret->ptr = nc_arena_memdup(c->arena, q->b.ptr, q->b.len + 1);
	ret->len = q->b.len;
	return ret->ptr ? NC_OK : nc_err_nomem(err);
}

void nc_req_opt(nc_req *q, const char *key, const char *value)
{
	if (value && *value)
		nc_jw_kstr(&q->w, key, value);
}

void nc_req_tag(nc_req *q, const nc_opctx *c, const char *object)
{
	nc_jw_kobj(&q->w, "tag");
	nc_jw_kstr(&q->w, "installation", nc_db_installation(c->db));
	nc_jw_kstr(&q->w, "object", object);
	nc_jw_kstr(&q->w, "operation", c->op->o.id);
	nc_jw_ku64(&q->w, "epoch", c->op->epoch);
	nc_jw_obj_end(&q->w);
}

void nc_req_guest(nc_req *q, const nc_opctx *c, const nc_vm *vm)
{
	nc_jw_kstr(&q->w, "id", vm->o.id);
	nc_jw_kstr(&q->w, "uuid", vm->uuid);
	nc_req_opt(q, "native_id", vm->native_id);
	nc_req_tag(q, c, vm->o.id);
}

void nc_req_thing(nc_req *q, const nc_opctx *c, const nc_object *o)
{
	const char *owner =
		o->kind == &nc_kind_volume ? NC_AS(const nc_volume_obj, o)->made_with : NULL;
	char uuid[37];

	owner = owner ? owner : o->id;
	nc_vm_uuid(o->id, 1, uuid);
	nc_jw_kstr(&q->w, "id", o->id);
	nc_jw_kstr(&q->w, "uuid", uuid);
	nc_req_tag(q, c, owner);
}

void nc_req_labels(nc_req *q, const nc_object *o)
{
	nc_jw_kobj(&q->w, "metadata");
	for (size_t i = 0; i < o->labels.n; i++)
		nc_jw_kstr(&q->w, o->labels.v[i].key, o->labels.v[i].value);
	nc_jw_obj_end(&q->w);
}

/* ---- whole ones ---- */

nc_code nc_vm_ask(nc_opctx *c, const nc_vm *vm, const char *verb, nc_req_fill fill,
	nc_op_call *call, nc_error *err)
{
	_cleanup_(nc_req_done) nc_req q;
	nc_code rc = nc_vm_call(c, vm, verb, call, err);

	nc_req_begin(&q);
	if (rc != NC_OK)
		return rc;
	c->op->provider = call->provider;
	c->op->host = vm->host;
	nc_req_guest(&q, c, vm);
	rc = fill(&q, c, err);
	return rc == NC_OK ? nc_req_end(&q, c, &call->request, err) : rc;
}

nc_code nc_thing_ask(
	nc_opctx *c, const nc_object *o, nc_req_fill fill, nc_op_call *call, nc_error *err)
{
	_cleanup_(nc_req_done) nc_req q;

	nc_req_begin(&q);
	nc_req_thing(&q, c, o);
	nc_code rc = fill(&q, c, err);
	return rc == NC_OK ? nc_req_end(&q, c, &call->request, err) : rc;
}

/* ---- names ---- */

static const char *native_of(const nc_object *o)
{
	switch (o->kind->number) {
	case NC_KIND_NETWORK:
		return NC_AS(const nc_network_obj, o)->native_id;
	case NC_KIND_VOLUME:
		return NC_AS(const nc_volume_obj, o)->native_id;
	case NC_KIND_SNAPSHOT:
		return NC_AS(const nc_snapshot, o)->native_id;
	case NC_KIND_POOL:
		return NC_AS(const nc_pool_obj, o)->target ? NC_AS(const nc_pool_obj, o)->target
							   : o->name;
	case NC_KIND_IMAGE: /* nobody imports yet: a catalogue knows it by its name */
		return NC_AS(const nc_image, o)->native_id ? NC_AS(const nc_image, o)->native_id
							   : o->name;
	default:
		return NULL;
	}
}

nc_code nc_native_name(
	nc_opctx *c, const nc_kind *kind, const char *id, const char **ret, nc_error *err)
{
	nc_object *o = NULL;
	nc_code rc = nc_model_get(c->root, kind, id, c->arena, &o, err);

	if (rc != NC_OK)
		return rc;
	*ret = native_of(o);
	if (*ret && **ret)
		return NC_OK;
	nc_problem_err(err, "conflict", "%s %s is %s: its driver has not made it", kind->name,
		o->name ? o->name : o->id, o->status ? o->status : "not ready");
	return nc_err_hint(err, NC_E_CONFLICT, "wait until it is ready, or use another");
}

static void open_obj(nc_req *q, const char *key)
{
	if (key)
		nc_jw_kobj(&q->w, key);
	else
		nc_jw_obj(&q->w);
}

nc_code nc_req_nic(nc_req *q, nc_opctx *c, const char *key, const nc_vm_nic *n, nc_error *err)
{
	const char *network = NULL;
	nc_code rc = nc_native_name(c, &nc_kind_network, n->network, &network, err);

	open_obj(q, key);
	nc_jw_kstr(&q->w, "id", n->id);
	nc_req_opt(q, "mac", n->mac);
	nc_jw_kstr(&q->w, "network", network);
	nc_req_opt(q, "address", n->address);
	nc_jw_obj_end(&q->w);
	return rc;
}

static nc_code named(
	nc_req *q, nc_opctx *c, const char *key, const nc_kind *kind, const char *id, nc_error *err)
{
	const char *native = NULL;
	nc_code rc = id ? nc_native_name(c, kind, id, &native, err) : NC_OK;

	nc_req_opt(q, key, native);
	return rc;
}

nc_code nc_req_disk(nc_req *q, nc_opctx *c, const char *key, const nc_vm_disk *d, nc_error *err)
{
	open_obj(q, key);
	nc_jw_kstr(&q->w, "id", d->id);
	nc_jw_ki64(&q->w, "size_gib", NC_MAX(d->size_gib, (int64_t)1));
	nc_code rc = named(q, c, "image", &nc_kind_image, d->image, err);
	if (rc == NC_OK)
		rc = named(q, c, "volume", &nc_kind_volume, d->volume, err);
	if (rc == NC_OK)
		rc = named(q, c, "pool", &nc_kind_pool, d->pool, err);
	nc_jw_obj_end(&q->w);
	return rc;
}
