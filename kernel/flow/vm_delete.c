/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm.delete stops the guest and keeps it restorable (by an act, in vm_acts.c), its name free, its
 * claim and quota held; vm.purge destroys the guest and its disks, but for those that are to be kept,
 * which become volumes, and releases the claim. Deleting what is already gone at the provider is
 * done, not failed.
 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "flow/vm_devices.h"

/* ---- vm.delete ---- */

static nc_code stop(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, c->target);

	if (!vm->host || !vm->native_id || vm->power == NC_POWER_OFF) {
		call->is_needless = 1;
		return NC_OK;
	}
	nc_code rc = nc_vm_call(c, vm, "compute.power", call, err);
	return rc == NC_OK ? nc_vmreq_power(c, vm, "stop", &call->request, err) : rc;
}

static nc_code stopped(nc_opctx *c, nc_bytes result, nc_error *err)
{
	c->target_is_dirty = 1;
	return nc_vmres_apply(c, NC_AS(nc_vm, c->target), result, err);
}

static nc_code deleted(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = c->target ? NC_AS(nc_vm, c->target) : NULL;

	(void)err;
	if (!vm)
		return NC_OK;
	if (c->op->state != NC_OPER_SUCCEEDED) {
		nc_vm_op_failed(c, vm, "vm.delete_failed");
		return NC_OK;
	}
	nc_vm_finish(vm, NC_POWER_OFF);
	vm->operation = NULL;
	nc_object_soft_delete(c->target, nc_flow_get_settings(c->user).deleted_retention_ms);
	c->target_is_dirty = 1;
	nc_flow_event(c->txn, c->target, "vm.deleted", c->op->actor, c->op->o.id, NULL);
	return NC_OK;
}

static const nc_op_step_def delete_steps[] = {
	{ .name = "stop",
		.prepare = stop,
		.finish = stopped,
		.flags = NC_STEP_CANCELABLE | NC_STEP_GONE_IS_DONE },
};
const nc_op_type nc_flow_vm_delete = { .kind = "vm.delete",
	.steps = delete_steps,
	.n_steps = NC_LEN(delete_steps),
	.ended = deleted };

/* ---- vm.purge ---- */

static nc_code destroy(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, c->target);

	/* Without a host nothing was ever asked of a driver. */
	if (!c->target || !vm->host) {
		call->is_needless = 1;
		return NC_OK;
	}
	nc_code rc = nc_vm_call(c, vm, "compute.destroy", call, err);
	return rc == NC_OK ? nc_vmreq_destroy(c, vm, &call->request, err) : rc;
}

static nc_code destroyed(nc_opctx *c, nc_bytes result, nc_error *err)
{
	return nc_vm_keep_disks(c, NC_AS(nc_vm, c->target), result, err);
}

static nc_code release(nc_opctx *c, nc_error *err)
{
	nc_sched *sched = ((nc_flow *)c->user)->sched;

	if (!c->target)
		return NC_OK;
	/* Of a migration that nobody knows the end of, it holds two. */
	nc_code rc = nc_sched_end_move(sched, c->txn, c->root, c->target->id, NC_MOVE_STAYED, err);
	if (rc == NC_OK || rc == NC_E_NOTFOUND)
		rc = nc_sched_release(sched, c->txn, c->root, c->target->id, err);
	if (rc != NC_E_NOTFOUND)
		return rc;
	nc_err_clear(err);
	return NC_OK;
}

static nc_code purged(nc_opctx *c, nc_error *err)
{
	if (!c->target)
		return NC_OK;
	if (c->op->state != NC_OPER_SUCCEEDED) {
		nc_vm_op_failed(c, NC_AS(nc_vm, c->target), "vm.purge_failed");
		return NC_OK;
	}
	c->target_is_gone = 1;
	nc_code rc = nc_vm_free_volumes(c, NC_AS(nc_vm, c->target), err);
	if (rc == NC_OK)
		rc = nc_snapshots_forget(c, c->target, err);
	if (rc != NC_OK)
		return rc;
	nc_flow_event(c->txn, c->target, "vm.purged", c->op->actor, c->op->o.id, NULL);
	return nc_act_forget_secrets(c->user, c->txn, c->target, err);
}

static const nc_op_step_def purge_steps[] = {
	{ .name = "destroy",
		.prepare = destroy,
		.finish = destroyed,
		.flags = NC_STEP_GONE_IS_DONE },
	{ .name = "release", .run = release },
};
const nc_op_type nc_flow_vm_purge = {
	.kind = "vm.purge", .steps = purge_steps, .n_steps = NC_LEN(purge_steps), .ended = purged
};
