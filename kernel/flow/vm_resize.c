/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm.resize: claim what grows first (so that it can't be lost to another), then tell the driver, and
 * give back what shrinks once it has said that it is done. A growth that failed is given back; where
 * nobody knows whether it did, the guest may have it, and both are held until it is resized again.
 * A start and a restart do the same first, with what has waited for them.
 */
#include "base/err.h"
#include "flow/vm_devices.h"

#define REQUEST_MAX (64u << 10)

static nc_sched *sched_of(nc_opctx *c)
{
	return ((nc_flow *)c->user)->sched;
}

static void want_of(const nc_vm *vm, int64_t vcpus, int64_t memory_mib, int64_t *want)
{
	want[NC_RES_VCPU] = vcpus;
	want[NC_RES_MEMORY_MIB] = memory_mib;
	want[NC_RES_DISK_GIB] = 0;
	for (size_t i = 0; i < vm->n_disks; i++)
		if (!vm->disks[i].volume)
			want[NC_RES_DISK_GIB] += vm->disks[i].size_gib;
}

static nc_code read_number(const json_t *in, const char *field, int64_t *to, nc_error *err)
{
	const nc_field_def *d = nc_kind_field(&nc_kind_vm, field);

	return nc_json_get_i64(in, NULL, field, NC_OPTIONAL, d->min, d->max, to, err);
}

nc_code nc_vm_read_size(const json_t *in, int64_t *vcpus, int64_t *memory_mib, nc_error *err)
{
	nc_code rc = read_number(in, "vcpus", vcpus, err);

	return rc == NC_OK ? read_number(in, "memory_mib", memory_mib, err) : rc;
}

nc_code nc_vm_try_resize(
	nc_stage *s, const nc_root *r, int64_t vcpus, int64_t memory_mib, nc_error *err)
{
	const nc_vm *vm = NC_AS(nc_vm, s->object);
	int64_t want[NC_RES_COUNT];

	if (!s->a->is_dry_run)
		return NC_OK;
	want_of(vm, vcpus, memory_mib, want);
	return nc_sched_grow(s->a->flow->sched, s->txn, r, vm->o.id, want, err);
}

/* The VM is changed only once the claim holds: a refused one's last record has it as it was. */
static nc_code claim_size(nc_opctx *c, int64_t vcpus, int64_t memory_mib, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, c->target);
	int64_t want[NC_RES_COUNT];
	nc_vm_resize *from = nc_arena_new_array(c->arena, nc_vm_resize, 1);

	if (!from)
		return nc_err_nomem(err);
	*from = (nc_vm_resize){ .vcpus = vm->vcpus, .memory_mib = vm->memory_mib };
	want_of(vm, vcpus, memory_mib, want);
	nc_code rc = nc_sched_grow(sched_of(c), c->txn, c->root, vm->o.id, want, err);
	if (rc != NC_OK)
		return rc;
	vm->vcpus = vcpus;
	vm->memory_mib = memory_mib;
	vm->resize_from = from;
	c->target_is_dirty = 1;
	return NC_OK;
}

static nc_code patch(nc_opctx *c, nc_vm *vm, const json_t *in, nc_error *err)
{
	nc_faults f;

	nc_faults_init(&f, c->arena);
	nc_code rc = nc_object_patch(&vm->o, in, &f, NULL);
	return nc_faults_any(&f) ? nc_faults_error(&f, err) : rc;
}

static nc_code claim(nc_opctx *c, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *asked = NULL;
	nc_vm *vm = NC_AS(nc_vm, c->target);
	int64_t vcpus = vm->vcpus, memory_mib = vm->memory_mib;
	nc_code rc = nc_json_parse(c->op->request, REQUEST_MAX, &asked, err);

	if (rc == NC_OK)
		rc = nc_vm_read_size(asked, &vcpus, &memory_mib, err);
	if (rc == NC_OK)
		rc = claim_size(c, vcpus, memory_mib, err);
	/* What had waited for the next start is overtaken by it: it has those values now. */
	return rc == NC_OK ? patch(c, vm, asked, err) : rc;
}

/* Back to what it was before the claim. */
static nc_code give_back(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, c->target);
	int64_t want[NC_RES_COUNT];

	vm->vcpus = vm->resize_from->vcpus;
	vm->memory_mib = vm->resize_from->memory_mib;
	vm->resize_from = NULL;
	want_of(vm, vm->vcpus, vm->memory_mib, want);
	c->target_is_dirty = 1;
	if (nc_op_left_unknown(c->op))
		return NC_OK;
	return nc_sched_resize(sched_of(c), c->txn, c->root, vm->o.id, want, err);
}

static nc_code unclaim(nc_opctx *c, nc_error *err)
{
	return NC_AS(nc_vm, c->target)->resize_from ? give_back(c, err) : NC_OK;
}

/* ---- what has waited for a start ---- */

nc_code nc_vm_claim_pending(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, c->target), was, wanted;
	nc_faults f;

	if (!vm || !vm->pending.ptr)
		return NC_OK;
	was = *vm;
	nc_faults_init(&f, c->arena);
	nc_code rc = nc_object_apply_pending(&vm->o, &f, NULL);
	if (nc_faults_any(&f))
		rc = nc_faults_error(&f, err);
	wanted = *vm;
	vm->vcpus = was.vcpus;
	vm->memory_mib = was.memory_mib;
	if (rc == NC_OK)
		rc = claim_size(c, wanted.vcpus, wanted.memory_mib, err);
	if (rc == NC_OK)
		return NC_OK;
	*vm = was;
	return nc_err_wrap(err, rc, "the change of vm %s that has waited for this", vm->o.name);
}

static int wait_for(json_t *in, const json_t *newer, const char *field, int64_t had, int64_t has)
{
	if (had == has || json_object_get(newer, field))
		return 0;
	return json_object_set_new(in, field, json_integer(had));
}

/* It waits for the next start then, but for what was asked for meanwhile. */
nc_code nc_vm_unclaim_pending(nc_opctx *c, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *in = json_object();
	_cleanup_(nc_json_decrefp) json_t *newer = NULL;
	nc_vm *vm = c->target ? NC_AS(nc_vm, c->target) : NULL;
	nc_code rc = NC_OK;

	if (!vm || !vm->resize_from)
		return NC_OK;
	int64_t vcpus = vm->vcpus, memory_mib = vm->memory_mib;
	if (vm->pending.ptr)
		rc = nc_json_parse(vm->pending, REQUEST_MAX, &newer, err);
	if (rc == NC_OK)
		rc = give_back(c, err);
	if (rc != NC_OK)
		return rc;
	if (!in || wait_for(in, newer, "vcpus", vcpus, vm->vcpus) ||
		wait_for(in, newer, "memory_mib", memory_mib, vm->memory_mib))
		return nc_err_nomem(err);
	return patch(c, vm, in, err);
}

/* ---- telling the driver ---- */

static nc_code prepare(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, c->target);
	nc_code rc = nc_vm_call(c, vm, "compute.update", call, err);

	return rc == NC_OK ? nc_vmreq_update(c, vm, &call->request, err) : rc;
}

static nc_code finish(nc_opctx *c, nc_bytes result, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, c->target);
	int64_t want[NC_RES_COUNT];
	nc_code rc = nc_vmres_apply(c, vm, result, err);

	c->target_is_dirty = 1;
	if (rc != NC_OK)
		return rc;
	want_of(vm, vm->vcpus, vm->memory_mib, want);
	return nc_sched_resize(sched_of(c), c->txn, c->root, vm->o.id, want, err);
}

nc_code nc_vm_prepare_pending(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	if (c->target && NC_AS(nc_vm, c->target)->resize_from)
		return prepare(c, call, err);
	call->is_needless = 1;
	return NC_OK;
}

/* The guest has it: a start that fails after this takes nothing back. */
nc_code nc_vm_finish_pending(nc_opctx *c, nc_bytes result, nc_error *err)
{
	nc_code rc = finish(c, result, err);

	if (rc == NC_OK)
		NC_AS(nc_vm, c->target)->resize_from = NULL;
	return rc;
}

/* ---- vm.resize ---- */

static nc_code ended(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = c->target ? NC_AS(nc_vm, c->target) : NULL;

	(void)err;
	if (!vm)
		return NC_OK;
	if (c->op->state != NC_OPER_SUCCEEDED) {
		nc_vm_op_failed(c, vm, "vm.resize_failed");
		return NC_OK;
	}
	/* The driver took the new size as it is: nothing is left to confirm. */
	nc_vm_lifecycle from = vm->doing ? vm->doing->from : vm->lifecycle;
	nc_vm_finish(vm, vm->power);
	vm->lifecycle = from;
	vm->resize_from = NULL;
	vm->operation = NULL;
	c->target_is_dirty = 1;
	nc_flow_event(c->txn, c->target, "vm.resized", c->op->actor, c->op->o.id, NULL);
	return NC_OK;
}

static const nc_op_step_def steps[] = {
	{ .name = "claim", .run = claim, .undo = unclaim, .flags = NC_STEP_CANCELABLE },
	{ .name = "update", .prepare = prepare, .finish = finish, .flags = NC_STEP_CANCELABLE },
};

const nc_op_type nc_flow_vm_resize = {
	.kind = "vm.resize", .steps = steps, .n_steps = NC_LEN(steps), .ended = ended
};
