/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a VM needs of its host beyond room: the traits of its instance type, and the pools that its
 * volumes and disks lie in. Read anew at each placement, so it is what they say then. Inside a turn,
 * or the commit of an act whose operation begins at once; or of an act that is only to be tried,
 * which it answers as the operation would.
 */
#include "base/err.h"
#include "flow/internal.h"
#include "model/guest.h"
#include "model/storage.h"

/* Of a type that has been deleted since nobody knows any more what it asked for. */
static nc_code traits_of(nc_opctx *c, const nc_vm *vm, nc_place_req *req, nc_error *err)
{
	const nc_item *it = vm->instance_type ? nc_root_get(c->root, NC_KIND_INSTANCE_TYPE,
							nc_str(vm->instance_type))
					      : NULL;
	nc_object *o = NULL;

	if (!it)
		return NC_OK;
	nc_code rc = nc_model_load(it, c->arena, &o, err);
	if (rc != NC_OK)
		return rc;
	const nc_instance_type *type = NC_AS(nc_instance_type, o);
	req->traits = type->traits;
	req->n_traits = (uint32_t)type->n_traits;
	return NC_OK;
}

/* Its volumes' pools, and those its disks name: the host must reach them all. */
static nc_code pools_of(nc_opctx *c, const nc_vm *vm, nc_place_req *req, nc_error *err)
{
	const char **pools = nc_arena_new_array(c->arena, const char *, vm->n_disks + 1);

	if (!pools)
		return nc_err_nomem(err);
	req->pools = pools;
	for (size_t i = 0; i < vm->n_disks; i++) {
		const char *pool = vm->disks[i].pool;
		nc_object *o = NULL;
		nc_code rc = vm->disks[i].volume ? nc_model_get(c->root, &nc_kind_volume,
							   vm->disks[i].volume, c->arena, &o, err)
						 : NC_OK;
		if (rc != NC_OK)
			return rc;
		if (o)
			pool = NC_AS(nc_volume_obj, o)->pool;
		if (pool)
			pools[req->n_pools++] = pool;
	}
	return NC_OK;
}

nc_code nc_vm_place_needs(nc_opctx *c, const nc_vm *vm, nc_place_req *req, nc_error *err)
{
	nc_code rc = traits_of(c, vm, req, err);

	return rc == NC_OK ? pools_of(c, vm, req, err) : rc;
}

nc_code nc_vm_try_place(
	nc_stage *s, const nc_root *r, const nc_vm *vm, nc_place_req *req, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf decision;
	nc_flow *f = s->a->flow;
	nc_opctx c = { .db = f->db, .root = r, .arena = s->a->arena, .user = f };
	nc_placement p = { 0 };

	nc_buf_init(&decision, 64u << 10);
	if (!s->a->is_dry_run)
		return NC_OK;
	req->is_dry_run = 1;
	nc_code rc = nc_vm_place_needs(&c, vm, req, err);
	if (rc == NC_OK)
		rc = nc_sched_place(f->sched, r, req, &p, &decision, err);
	if (rc != NC_OK)
		return rc;
	nc_bytes made = nc_buf_bytes(&decision);
	s->a->placement = (nc_bytes){ nc_arena_memdup(s->a->arena, made.ptr, made.len), made.len };
	return s->a->placement.ptr ? NC_OK : nc_err_nomem(err);
}
