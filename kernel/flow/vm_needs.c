/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a VM needs of its host beyond room: the traits of its instance type. Read anew at each
 * placement, so it is what the type says then. Inside a turn.
 */
#include "base/err.h"
#include "flow/internal.h"
#include "model/guest.h"

nc_code nc_vm_place_needs(nc_opctx *c, const nc_vm *vm, nc_place_req *req, nc_error *err)
{
	nc_object *o = NULL;

	if (!vm->instance_type)
		return NC_OK;
	nc_code rc =
		nc_model_get(c->root, &nc_kind_instance_type, vm->instance_type, c->arena, &o, err);
	if (rc != NC_OK)
		return rc;
	const nc_instance_type *type = NC_AS(nc_instance_type, o);
	req->traits = type->traits;
	req->n_traits = (uint32_t)type->n_traits;
	return NC_OK;
}
