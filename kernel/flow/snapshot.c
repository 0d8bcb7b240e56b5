/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.create, snapshot.revert, snapshot.delete: a VM as it was. The snapshot is the target;
 * its VM is busy with it all the while, as with any verb of its own. Snapshots lie in the guest and
 * go with it. Those of volumes are made in volume_snapshot.c.
 */
#include <string.h>

#include "base/err.h"
#include "flow/actions.h"
#include "flow/acts.h"
#include "flow/request.h"
#include "flow/thing.h"
#include "flow/vm_devices.h"
#include "model/problem.h"
#include "model/storage.h"

#define EXTENSION "nc.compute.snapshot/0"

/* ---- acts ---- */

/* The VM begins `verb` in the same transaction. */
static nc_code begin_vm(nc_stage *s, const nc_root *r, const char *kind, const json_t *request,
	nc_vm_verb verb, nc_error *err)
{
	nc_snapshot *snap = NC_AS(nc_snapshot, s->object);
	const nc_item *it = nc_root_get(r, NC_KIND_VM, nc_str(snap->vm));
	nc_object *o = NULL;
	nc_vm_move move;
	nc_code rc = it ? nc_observed_load(s->a->flow->observed, it, s->a->arena, &o, err)
			: nc_err(err, NC_E_NOTFOUND, "vm %s is gone", snap->vm);

	if (rc == NC_OK && NC_AS(nc_vm, o)->provider)
		rc = nc_providers_check(s->a->flow, r, NC_AS(nc_vm, o)->provider, EXTENSION, err);
	if (rc == NC_OK)
		rc = nc_stage_operation(s, kind, request, err);
	if (rc == NC_OK)
		rc = nc_vm_begin(NC_AS(nc_vm, o), verb, s->op->o.id, &move, err);
	if (rc == NC_OK && snap->has_memory && verb == NC_VM_SNAPSHOT && !snap->native_id &&
		NC_AS(nc_vm, o)->doing->from == NC_VM_STOPPED) {
		nc_problem_err(
			err, "conflict", "vm %s has no memory to keep: it is stopped", o->name);
		return nc_err_hint(err, NC_E_CONFLICT, "take it without memory, or start it first");
	}
	return rc == NC_OK ? nc_model_put(s->txn, o, err) : rc;
}

static nc_code create(nc_stage *s, const nc_root *r, nc_error *err)
{
	nc_snapshot *snap = NC_AS(nc_snapshot, s->object);

	s->object->status = "creating";
	s->event = "snapshot.create_requested";
	if (snap->volume)
		return nc_volume_snapshot_create(s, r, err);
	return begin_vm(s, r, "snapshot.create", NULL, NC_VM_SNAPSHOT, err);
}

/* The body of a create, of which the path has said the VM. */
static nc_object *parse_of_vm(nc_act *a, const nc_object *vm, const json_t *body)
{
	_cleanup_(nc_json_decrefp) json_t *j =
		body ? json_copy((json_t *)(uintptr_t)body) : json_object();

	if (!j || json_object_set_new(j, "vm", json_string(vm->id))) {
		a->faults.is_nomem = 1;
		return NULL;
	}
	return nc_object_parse(&nc_kind_snapshot, j, a->arena, &a->faults);
}

nc_code nc_snapshot_act_take(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err)
{
	nc_act *a = s->a;
	nc_object *o = NULL;

	(void)self;
	nc_faults_init(&a->faults, a->arena);
	if (json_object_get(body, "vm") || json_object_get(body, "volume"))
		nc_fault_add(&a->faults, json_object_get(body, "vm") ? "vm" : "volume", "conflict",
			"the path says of which vm");
	else if ((o = parse_of_vm(a, s->object, body)))
		nc_model_resolve_refs(r, o, &a->reach, &a->faults);
	nc_code rc = nc_faults_error(&a->faults, err);
	if (rc != NC_OK)
		return rc;
	rc = nc_kind_check_verb(&nc_kind_snapshot, NC_CAN_CREATE, nc_providers_have, a->flow, err);
	if (rc != NC_OK)
		return rc;
	o->project = s->object->project;
	s->object = o;
	return create(s, r, err);
}

static nc_code remove_snapshot(nc_stage *s, const nc_root *r, nc_delete_how how, nc_error *err)
{
	nc_snapshot *snap = NC_AS(nc_snapshot, s->object);
	nc_code rc = nc_thing_check_idle(s, r, err);

	(void)how;
	if (rc != NC_OK)
		return rc;
	if (snap->volume)
		return nc_volume_snapshot_remove(s, err);
	if (!snap->native_id) { /* nothing was ever made */
		s->is_delete = 1;
		return NC_OK;
	}
	rc = begin_vm(s, r, "snapshot.delete", NULL, NC_VM_SNAPSHOT, err);
	s->object->status = "deleting";
	s->event = NULL;
	return rc;
}

nc_code nc_snapshot_act_revert(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err)
{
	static const char *const keys[] = { "start", NULL };
	int start = 0;
	nc_code rc = body ? nc_json_only_keys(body, NULL, keys, err) : NC_OK;

	(void)self;
	if (rc == NC_OK && body)
		rc = nc_json_get_bool(body, NULL, "start", NC_OPTIONAL, &start, err);
	if (rc == NC_OK && NC_AS(nc_snapshot, s->object)->volume) {
		nc_problem_err(err, "unsupported", "a volume can't go back to a snapshot");
		return nc_err_hint(err, NC_E_UNSUPPORTED,
			"make one of it: novacron volume create NAME --set snapshot=%s",
			s->object->name);
	}
	if (rc == NC_OK)
		rc = nc_thing_check_idle(s, r, err);
	if (rc == NC_OK)
		rc = nc_thing_check_status(s->object, "available", err);
	if (rc == NC_OK)
		rc = begin_vm(s, r, "snapshot.revert", body, NC_VM_ROLLBACK, err);
	s->object->status = "reverting";
	s->event = NULL;
	return rc;
}

const nc_special nc_snapshot_special = {
	.kind = &nc_kind_snapshot, .create = create, .remove = remove_snapshot
};

/* ---- what the driver is asked ---- */

static nc_code load_vm(nc_opctx *c, nc_vm **ret, nc_error *err)
{
	nc_object *o = NULL;
	nc_code rc = nc_thing_target(c, err);

	if (rc == NC_OK)
		rc = nc_model_get(
			c->root, &nc_kind_vm, NC_AS(nc_snapshot, c->target)->vm, c->arena, &o, err);
	*ret = o ? NC_AS(nc_vm, o) : NULL;
	return rc;
}

static nc_code ask_vm(
	nc_opctx *c, const char *verb, nc_req_fill fill, nc_op_call *call, nc_error *err)
{
	nc_vm *vm = NULL;
	nc_code rc = load_vm(c, &vm, err);

	return rc == NC_OK ? nc_vm_ask(c, vm, verb, fill, call, err) : rc;
}

/* Only what must be frozen is asked for: a driver that can't refuses, and there is no snapshot. */
static int is_quiesced(const nc_snapshot *snap)
{
	return snap->quiesce && !strcmp(snap->quiesce, "required");
}

static nc_code put_new(nc_req *q, nc_opctx *c, nc_error *err)
{
	const nc_snapshot *snap = NC_AS(nc_snapshot, c->target);

	(void)err;
	nc_jw_kstr(&q->w, "snapshot_id", snap->o.id);
	nc_jw_kstr(&q->w, "name", snap->o.name);
	nc_jw_kbool(&q->w, "memory", snap->has_memory);
	if (is_quiesced(snap))
		nc_jw_kbool(&q->w, "quiesce", 1);
	return NC_OK;
}

static nc_code make(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	return ask_vm(c, "snapshot.create", put_new, call, err);
}

/* Those of a VM, one after the other; *ret NULL = no more. */
static nc_code next_of_vm(nc_opctx *c, nc_walk *w, const char *vm, nc_snapshot **ret, nc_error *err)
{
	nc_object *o = NULL;
	nc_bytes key;
	const nc_item *it = nc_walk_next(w, &key);

	*ret = NULL;
	if (!it || !nc_bytes_eq(key, nc_str(vm)))
		return NC_OK;
	nc_code rc = nc_model_load(it, c->arena, &o, err);
	*ret = o ? NC_AS(nc_snapshot, o) : NULL;
	return rc;
}

static void walk_vm(nc_opctx *c, nc_walk *w, const char *vm)
{
	nc_walk_init(
		w, c->root, NC_KIND_SNAPSHOT, NC_IX_REF, nc_str(vm), (nc_bytes){ 0 }, NC_ASCENDING);
}

static nc_code made(nc_opctx *c, nc_bytes result, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_snapshot *snap = NC_AS(nc_snapshot, c->target), *other = NULL;
	const char *native = NULL, *parent = NULL;
	nc_walk w;
	nc_code rc = nc_json_parse(result, NC_RESULT_MAX, &j, err);

	if (rc == NC_OK)
		rc = nc_json_get_str(j, NULL, "snapshot", NC_REQUIRED, 255, &native, err);
	if (rc == NC_OK)
		rc = nc_json_get_str(j, NULL, "parent", NC_OPTIONAL, 255, &parent, err);
	if (rc != NC_OK)
		return nc_err_wrap(
			err, NC_E_PROTO, "the driver's answer about snapshot %s", snap->o.name);
	c->target_is_dirty = 1;
	snap->native_id = nc_arena_strdup(c->arena, native);
	snap->quiesce_result = is_quiesced(snap) ? "frozen" : "not frozen";
	snap->size_bytes = json_integer_value(json_object_get(j, "size_bytes"));
	walk_vm(c, &w, snap->vm);
	while (parent && *parent && (rc = next_of_vm(c, &w, snap->vm, &other, err)) == NC_OK &&
		other)
		if (other->native_id && !strcmp(other->native_id, parent))
			snap->parent = other->o.id;
	return rc == NC_OK && !snap->native_id ? nc_err_nomem(err) : rc;
}

static nc_code put_which(nc_req *q, nc_opctx *c, nc_error *err)
{
	const nc_snapshot *snap = NC_AS(nc_snapshot, c->target);

	if (!snap->native_id)
		return nc_err(err, NC_E_CONFLICT, "what the driver calls snapshot %s is not known",
			snap->o.name);
	nc_jw_kstr(&q->w, "snapshot", snap->native_id);
	nc_jw_kstr(&q->w, "children", "keep");
	return NC_OK;
}

static nc_code put_remove(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	return ask_vm(c, "snapshot.remove", put_which, call, err);
}

static nc_code put_wish(nc_req *q, nc_opctx *c, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_vm *vm = NULL;
	nc_code rc = load_vm(c, &vm, err);

	if (rc == NC_OK && c->op->request.len)
		rc = nc_json_parse(c->op->request, 64u << 10, &j, err);
	if (rc != NC_OK)
		return rc;
	const json_t *start = json_object_get(j, "start");
	int was_on = vm->doing && vm->doing->from == NC_VM_ACTIVE;
	nc_jw_kstr(&q->w, "snapshot", NC_AS(nc_snapshot, c->target)->native_id);
	nc_jw_kbool(&q->w, "start", start ? json_is_true(start) : was_on);
	return NC_OK;
}

static nc_code take_back(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	return ask_vm(c, "snapshot.revert", put_wish, call, err);
}

/* The VM is put once, at the end: until then the answer waits in the operation. */
static nc_code keep_answer(nc_opctx *c, nc_bytes result, nc_error *err)
{
	c->op->result.ptr = nc_arena_memdup(c->arena, result.ptr, result.len);
	c->op->result.len = result.len;
	return c->op->result.ptr ? NC_OK : nc_err_nomem(err);
}

/* ---- ends ---- */

/* The VM is free again, as it was or as the snapshot has it. Only what a revert left unknown is a
 * fault of the VM's. */
static nc_code free_vm(nc_opctx *c, int is_revert, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_error ignored = NC_ERROR_INIT;
	nc_vm *vm = NULL;

	if (load_vm(c, &vm, &ignored) != NC_OK)
		return NC_OK; /* it is gone */
	if (!vm->operation || strcmp(vm->operation, c->op->o.id))
		return NC_OK; /* and not ours any more */
	if (c->op->state != NC_OPER_SUCCEEDED) {
		nc_vm_fail(vm,
			is_revert && nc_op_left_unknown(c->op) ? NC_VM_PARTIAL : NC_VM_NO_EFFECT,
			&(nc_error){ .struct_size = sizeof(nc_error),
				.code = NC_E_UNAVAILABLE,
				.message = "how going back to a snapshot ended is not known" });
		return nc_model_put(c->txn, &vm->o, err);
	}
	nc_vm_finish(vm, NC_POWER_UNKNOWN);
	if (is_revert && nc_json_parse(c->op->result, NC_RESULT_MAX, &j, NULL) == NC_OK) {
		vm->power = nc_vmres_power(j);
		vm->lifecycle = vm->power == NC_POWER_ON       ? NC_VM_ACTIVE
				: vm->power == NC_POWER_PAUSED ? NC_VM_PAUSED
							       : NC_VM_STOPPED;
		vm->desired_state = vm->power == NC_POWER_ON       ? NC_VM_WANT_RUNNING
				    : vm->power == NC_POWER_PAUSED ? NC_VM_WANT_PAUSED
								   : NC_VM_WANT_STOPPED;
		nc_flow_event(c->txn, &vm->o, "vm.reverted", c->op->actor, c->op->o.id, NULL);
	}
	return nc_model_put(c->txn, &vm->o, err);
}

static nc_code create_ended(nc_opctx *c, nc_error *err)
{
	nc_code rc = nc_thing_created(c, "available", "snapshot", err);

	return rc == NC_OK ? free_vm(c, 0, err) : rc;
}

static nc_code revert_ended(nc_opctx *c, nc_error *err)
{
	int is_good = c->op->state == NC_OPER_SUCCEEDED;

	if (!c->target)
		return NC_OK;
	c->target_is_dirty = 1;
	nc_thing_event(c, "snapshot", is_good ? "reverted" : "revert_failed");
	nc_code rc = nc_thing_say(c, c->target, "available", err);
	return rc == NC_OK ? free_vm(c, 1, err) : rc;
}

/* Those that hung from it hang from what it hung from. */
static nc_code hang_higher(nc_opctx *c, nc_error *err)
{
	const nc_snapshot *gone = NC_AS(nc_snapshot, c->target);
	nc_snapshot *s = NULL;
	nc_walk w;
	nc_code rc;

	walk_vm(c, &w, gone->vm);
	while ((rc = next_of_vm(c, &w, gone->vm, &s, err)) == NC_OK && s) {
		if (!s->parent || strcmp(s->parent, gone->o.id))
			continue;
		s->parent = gone->parent;
		if ((rc = nc_model_put(c->txn, &s->o, err)) != NC_OK)
			break;
	}
	return rc;
}

static nc_code delete_ended(nc_opctx *c, nc_error *err)
{
	nc_code rc = NC_OK;

	if (!c->target)
		return NC_OK;
	if (c->op->state == NC_OPER_SUCCEEDED)
		rc = hang_higher(c, err);
	if (rc == NC_OK)
		rc = nc_thing_deleted(c, "available", "snapshot", err);
	return rc == NC_OK ? free_vm(c, 0, err) : rc;
}

nc_code nc_snapshots_forget(nc_opctx *c, const nc_object *vm, nc_error *err)
{
	nc_snapshot *s = NULL;
	nc_walk w;
	nc_code rc;

	walk_vm(c, &w, vm->id);
	while ((rc = next_of_vm(c, &w, vm->id, &s, err)) == NC_OK && s) {
		nc_flow_event(c->txn, &s->o, "snapshot.deleted", c->op->actor, c->op->o.id, NULL);
		nc_model_delete(c->txn, &s->o);
	}
	return rc;
}

static const nc_op_step_def create_steps[] = {
	{ .name = "create",
		.prepare = make,
		.finish = made,
		.undo_prepare = put_remove,
		.flags = NC_STEP_CANCELABLE | NC_STEP_GONE_IS_UNDONE },
};
static const nc_op_step_def revert_steps[] = {
	{ .name = "revert",
		.prepare = take_back,
		.finish = keep_answer,
		.flags = NC_STEP_CANCELABLE },
};
static const nc_op_step_def delete_steps[] = {
	{ .name = "remove",
		.prepare = put_remove,
		.flags = NC_STEP_CANCELABLE | NC_STEP_GONE_IS_DONE },
};
#define TYPE(word)                                                                                 \
	{                                                                                          \
		.kind = "snapshot." #word, .steps = word##_steps, .n_steps = NC_LEN(word##_steps), \
		.ended = word##_ended                                                              \
	}
const nc_op_type nc_flow_snapshot[3] = { TYPE(create), TYPE(revert), TYPE(delete) };
