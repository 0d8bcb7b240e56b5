/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm.start … vm.nmi: one driver call each, over the one transition table of model/; before a start
 * and a restart what has waited for them (vm_resize.c). A power verb has nothing to undo: asked to
 * cancel, it is cancelled if the driver says so, and otherwise ends as it ended.
 */
#include <string.h>

#include "base/err.h"
#include "flow/internal.h"

static const char *action_of(const nc_opctx *c)
{
	return strchr(c->op->verb, '.') + 1;
}

static nc_code prepare(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, c->target);

	if (!c->target)
		return nc_err(err, NC_E_NOTFOUND, "vm %s is gone", c->op->target.name);
	nc_code rc = nc_vm_call(c, vm, "compute.power", call, err);
	if (rc != NC_OK)
		return rc;
	c->op->provider = call->provider;
	c->op->host = vm->host;
	return nc_vmreq_power(c, vm, action_of(c), &call->request, err);
}

static nc_code finish(nc_opctx *c, nc_bytes result, nc_error *err)
{
	c->target_is_dirty = 1;
	c->op->result.ptr = nc_arena_memdup(c->arena, result.ptr, result.len);
	c->op->result.len = result.len;
	return nc_vmres_apply(c, NC_AS(nc_vm, c->target), result, err);
}

static const char *event_of(nc_vm_verb verb)
{
	static const char *const names[NC_VM_VERB_COUNT] = { [NC_VM_START] = "vm.started",
		[NC_VM_STOP] = "vm.stopped",
		[NC_VM_RESTART] = "vm.restarted",
		[NC_VM_RESET] = "vm.reset",
		[NC_VM_PAUSE] = "vm.paused",
		[NC_VM_RESUME] = "vm.resumed",
		[NC_VM_SUSPEND] = "vm.suspended",
		[NC_VM_WAKE] = "vm.woken",
		[NC_VM_NMI] = "vm.nmi_sent" };

	return names[verb];
}

static nc_vm_effect effect_of(const nc_operation *op)
{
	int is_known =
		op->state == NC_OPER_CANCELED || (op->error && !op->error->is_outcome_unknown);

	return is_known ? NC_VM_NO_EFFECT : NC_VM_PARTIAL;
}

/* Shared by the verbs of vm_power.c, vm_resize.c … : set the VM free of its operation. */
void nc_vm_op_failed(nc_opctx *c, nc_vm *vm, const char *event)
{
	nc_vm_op_failed_as(c, vm, event, effect_of(c->op));
}

void nc_vm_op_failed_as(nc_opctx *c, nc_vm *vm, const char *event, nc_vm_effect effect)
{
	nc_error why = NC_ERROR_INIT;

	if (c->op->error)
		nc_op_error_to(c->op->error, &why);
	else
		nc_err(&why, NC_E_CANCELLED, "%s was cancelled", c->op->verb);
	nc_vm_fail(vm, effect, &why);
	vm->operation = NULL;
	if (c->op->state == NC_OPER_ABANDONED) {
		vm->is_locked = 1;
		vm->locked_reason = "abandoned operation: its outcome is not known";
	}
	c->target_is_dirty = 1;
	nc_flow_event(c->txn, c->target, event, c->op->actor, c->op->o.id, NULL);
}

static nc_code ended(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = c->target ? NC_AS(nc_vm, c->target) : NULL;
	nc_vm_verb verb;

	(void)err;
	if (!vm || nc_vm_verb_parse(action_of(c), &verb) < 0)
		return NC_OK;
	if (c->op->state != NC_OPER_SUCCEEDED) {
		nc_vm_op_failed(c, vm, "vm.power_failed");
		return NC_OK;
	}
	nc_vm_finish(vm, vm->power);
	vm->operation = NULL;
	c->target_is_dirty = 1;
	nc_flow_event(c->txn, c->target, event_of(verb), c->op->actor, c->op->o.id, NULL);
	return NC_OK;
}

#define POWER_STEP                                                                                 \
	{                                                                                          \
		.name = "power", .prepare = prepare, .finish = finish, .flags = NC_STEP_CANCELABLE \
	}
static const nc_op_step_def steps[] = { POWER_STEP };
static const nc_op_step_def start_steps[] = {
	{ .name = "claim",
		.run = nc_vm_claim_pending,
		.undo = nc_vm_unclaim_pending,
		.flags = NC_STEP_CANCELABLE },
	{ .name = "update",
		.prepare = nc_vm_prepare_pending,
		.finish = nc_vm_finish_pending,
		.flags = NC_STEP_CANCELABLE },
	POWER_STEP,
};

#define OF(verb, list)                                                                             \
	{                                                                                          \
		.kind = "vm." verb, .steps = list, .n_steps = NC_LEN(list), .ended = ended         \
	}
const nc_op_type nc_flow_vm_power[] = {
	OF("start", start_steps),
	OF("stop", steps),
	OF("restart", start_steps),
	OF("reset", steps),
	OF("pause", steps),
	OF("resume", steps),
	OF("suspend", steps),
	OF("wake", steps),
	OF("nmi", steps),
};
const size_t nc_flow_n_vm_power = NC_LEN(nc_flow_vm_power);
