/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where guests are seen, and what follows from it: a guest that was moved behind our back is
 * followed, with its claim. A migration whose end nobody knows is not ended by it: while a copy runs
 * the source has the guest, and some drivers list it at both. The keeper's thread; blocking.
 */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "flow/internal.h"
#include "model/body.h"

/* Without opening the body: this is asked of every guest at every look. */
static int is_host(const nc_root *r, const char *id, const char *seen)
{
	const nc_item *it = id ? nc_root_get(r, NC_KIND_HOST, nc_str(id)) : NULL;
	nc_bytes name = it ? nc_body_member(nc_item_body(it), "target") : (nc_bytes){ NULL, 0 };
	size_t n = strlen(seen);

	if (it && !name.ptr)
		name = nc_body_member(nc_item_body(it), "name");
	return name.len == n + 2 && !memcmp((const char *)name.ptr + 1, seen, n);
}

/* The id of the provider's host of that name; NULL = none. */
static const char *find_host(const nc_root *r, const nc_vm *vm, const char *seen)
{
	nc_reach all = { .is_everywhere = 1 };
	const nc_item *it = NULL;
	nc_object *o = NULL;

	if (nc_model_resolve(r, &nc_kind_host, &all, seen, &it, NULL, NULL) != NC_OK ||
		nc_model_load(it, vm->o.arena, &o, NULL) != NC_OK)
		return NULL;
	const char *provider = NC_AS(nc_host_obj, o)->provider;
	return vm->provider && !strcmp(provider, vm->provider) ? o->id : NULL;
}

static nc_code stage_followed(
	nc_flow *f, const nc_root *r, nc_txn *t, nc_vm *vm, const char *seen, nc_error *err)
{
	const char *host = find_host(r, vm, seen);
	nc_code rc = host ? nc_sched_follow(f->sched, t, r, vm->o.id, host, err) : NC_E_NOTFOUND;

	if (rc != NC_OK)
		return rc;
	vm->host = host;
	nc_flow_event(t, &vm->o, "vm.host_changed", "system", NULL, NULL);
	return nc_model_put(t, &vm->o, err);
}

int nc_vm_seen_on(nc_flow *f, nc_vm *vm, const char *seen)
{
	nc_error err = NC_ERROR_INIT;
	nc_code rc = NC_E_NOTFOUND;
	nc_txn *t = vm->host && !vm->move_to ? nc_txn_new(f->db) : NULL;

	if (!t)
		return 0;
	const nc_root *r = nc_db_read_begin(f->db);
	if (!is_host(r, vm->host, seen))
		rc = stage_followed(f, r, t, vm, seen, &err);
	nc_db_read_end(f->db);
	if (rc != NC_OK) {
		nc_txn_free(t);
		return 0;
	}
	/* A conflict means that somebody acts on it: the next look tells again. */
	if (nc_txn_commit(t, NULL, &err) == NC_OK)
		nc_log(L_INFO, "vm.host.seen", F_STR("vm", vm->o.id), F_STR("host", seen));
	return 1;
}
