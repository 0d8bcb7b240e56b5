/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm.create: find a host and claim it (one record: allocation, decision, VM), ask the driver, and
 * make the VM active. If the driver could not and says that nothing happened, the host is left out
 * and another tried; the claim moves in the same record. Undone from the end: destroy what may be
 * there, release the claim.
 */
#include <string.h>

#include "base/err.h"
#include "flow/vm_devices.h"

/* Hosts that have been tried, space-separated, in the operation's own checkpoint. */
uint32_t nc_op_tried(nc_opctx *c, const char **list, uint32_t max)
{
	char *text = c->op->checkpoint ? nc_arena_strdup(c->arena, c->op->checkpoint) : NULL;
	uint32_t n = 0;

	for (char *save = NULL, *word = text ? strtok_r(text, " ", &save) : NULL; word && n < max;
		word = strtok_r(NULL, " ", &save))
		list[n++] = word;
	return n;
}

static int64_t local_disk_gib(const nc_vm *vm)
{
	int64_t sum = 0;

	for (size_t i = 0; i < vm->n_disks; i++)
		if (!vm->disks[i].volume)
			sum += vm->disks[i].size_gib;
	return sum;
}

void nc_vm_place_req(const nc_vm *vm, nc_place_req *req)
{
	*req = (nc_place_req){ .consumer = vm->o.id,
		.project = vm->o.project,
		.want = { vm->vcpus, vm->memory_mib, local_disk_gib(vm) },
		.provider = vm->provider,
		.zone = vm->zone,
		.host = vm->host_wanted,
		.vm_group = vm->vm_group };
}

nc_code nc_op_keep_decision(nc_opctx *c, const char *id, const nc_buf *decision, nc_error *err)
{
	const char **ids = nc_arena_new_array(c->arena, const char *, c->op->n_decision_ids + 1);

	if (!ids)
		return nc_err_nomem(err);
	for (size_t i = 0; i < c->op->n_decision_ids; i++)
		ids[i] = c->op->decision_ids[i];
	ids[c->op->n_decision_ids++] = nc_arena_strdup(c->arena, id);
	c->op->decision_ids = ids;
	nc_txn_put(c->txn, NC_KIND_DECISION, nc_str(id), NULL, 0, nc_buf_bytes(decision), NC_COLD);
	return nc_arena_failed(c->arena) ? nc_err_nomem(err) : NC_OK;
}

static nc_code place(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, c->target);
	nc_sched *sched = ((nc_flow *)c->user)->sched;
	const char *tried[NC_OP_RETRIES];
	_cleanup_(nc_buf_done) nc_buf decision;
	nc_placement p = { 0 };
	nc_place_req req;

	nc_buf_init(&decision, 64u << 10);
	nc_vm_place_req(vm, &req);
	req.exclude = tried;
	req.n_exclude = nc_op_tried(c, tried, NC_LEN(tried));
	nc_code rc = nc_vm_place_needs(c, vm, &req, err);
	if (rc == NC_OK)
		rc = nc_sched_place(sched, c->root, &req, &p, &decision, err);
	if (*p.decision_id) {
		nc_code kept = nc_op_keep_decision(c, p.decision_id, &decision, err);
		rc = rc == NC_OK ? kept : rc;
	}
	if (rc != NC_OK)
		return rc;
	if ((rc = nc_sched_claim(sched, c->txn, c->root, &req, &p, err)) != NC_OK)
		return rc;
	vm->host = nc_arena_strdup(c->arena, p.host);
	vm->provider = nc_arena_strdup(c->arena, p.provider);
	vm->task = NC_VM_SPAWNING;
	c->op->host = vm->host;
	c->op->provider = vm->provider;
	c->target_is_dirty = 1;
	return nc_arena_failed(c->arena) ? nc_err_nomem(err) : NC_OK;
}

static nc_code unschedule(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, c->target);
	nc_code rc = nc_sched_release(((nc_flow *)c->user)->sched, c->txn, c->root, vm->o.id, err);

	vm->host = NULL;
	c->target_is_dirty = 1;
	return rc == NC_E_NOTFOUND ? NC_OK : rc;
}

/* Where no other host is left after one that couldn't, what it holds there is given back: this step
 * has failed, so nobody will undo it. */
static nc_code schedule(nc_opctx *c, nc_error *err)
{
	nc_error why = NC_ERROR_INIT;
	const char *before = NC_AS(nc_vm, c->target)->host;
	nc_code rc = place(c, err);

	if (rc == NC_OK || rc == NC_E_NOMEM || !before)
		return rc;
	return unschedule(c, &why) == NC_OK ? rc : nc_err_nomem(err);
}

static nc_code spawn(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, c->target);
	nc_code rc = nc_vm_call(c, vm, "compute.create", call, err);

	return rc == NC_OK ? nc_vmreq_create(c, vm, &call->request, err) : rc;
}

static nc_code spawned(nc_opctx *c, nc_bytes result, nc_error *err)
{
	c->target_is_dirty = 1;
	return nc_vmres_apply(c, NC_AS(nc_vm, c->target), result, err);
}

static nc_code unspawn(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, c->target);

	if (!vm->host) {
		call->is_needless = 1;
		return NC_OK;
	}
	nc_code rc = nc_vm_call(c, vm, "compute.destroy", call, err);
	return rc == NC_OK ? nc_vmreq_destroy(c, vm, &call->request, err) : rc;
}

/* What speaks for trying elsewhere rather than giving up. */
static int try_elsewhere(nc_opctx *c, int32_t outcome, const nc_error *why)
{
	nc_vm *vm = NC_AS(nc_vm, c->target);
	const char *before = c->op->checkpoint;

	(void)outcome;
	if (vm->host_wanted || !vm->host || why->code == NC_E_INVAL ||
		why->code == NC_E_UNSUPPORTED)
		return NC_FAIL_OP;
	if (why->flags & NC_ERR_USER_FAULT)
		return NC_FAIL_OP;
	c->op->checkpoint = before ? nc_arena_printf(c->arena, "%s %s", before, vm->host)
				   : nc_arena_strdup(c->arena, vm->host);
	return c->op->checkpoint ? 0 : NC_FAIL_OP;
}

static nc_code ended(nc_opctx *c, nc_error *err)
{
	nc_flow *f = c->user;
	nc_vm *vm = NC_AS(nc_vm, c->target);

	if (!c->target)
		return NC_OK;
	c->target_is_dirty = 1;
	if (c->op->state != NC_OPER_SUCCEEDED) {
		vm->operation = NULL;
		vm->task = NC_VM_IDLE;
	}
	switch (c->op->state) {
	case NC_OPER_SUCCEEDED:
		nc_vm_built(vm, vm->power);
		vm->operation = NULL;
		nc_flow_event(c->txn, c->target, "vm.created", c->op->actor, c->op->o.id,
			c->op->n_decision_ids ? c->op->decision_ids[0] : NULL);
		return NC_OK;
	case NC_OPER_CANCELED: /* everything is undone: there never was such a VM */
		nc_flow_event(
			c->txn, c->target, "vm.create_canceled", c->op->actor, c->op->o.id, NULL);
		c->target_is_gone = 1;
		nc_code rc = nc_vm_free_volumes(c, vm, err);
		if (rc != NC_OK)
			return rc;
		return nc_act_forget_secrets(f, c->txn, c->target, err);
	default:
		vm->lifecycle = NC_VM_ERROR;
		vm->error = c->op->error;
		if (c->op->state == NC_OPER_ABANDONED) {
			vm->is_locked = 1;
			vm->locked_reason = "abandoned operation: its outcome is not known";
		}
		nc_flow_event(
			c->txn, c->target, "vm.create_failed", c->op->actor, c->op->o.id, NULL);
		return NC_OK;
	}
}

static const nc_op_step_def steps[] = {
	{ .name = "schedule", .run = schedule, .undo = unschedule, .flags = NC_STEP_CANCELABLE },
	{ .name = "spawn",
		.prepare = spawn,
		.finish = spawned,
		.undo_prepare = unspawn,
		.on_fail = try_elsewhere,
		.flags = NC_STEP_CANCELABLE | NC_STEP_GONE_IS_UNDONE },
};

const nc_op_type nc_flow_vm_create = { .kind = "vm.create",
	.steps = steps,
	.n_steps = NC_LEN(steps),
	.ended = ended,
	.begins_at_once = 1 };
