/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm.migrate: claim the destination beside the source, free of quota; ask the driver; give up the
 * source. Until then the record says that it is at the source and moves to the other. Cancelled
 * before the driver was done it stays; after that it is moved back. Where nobody can say on which
 * of the two it is, both claims stand and nothing is done to it until its driver has been seen
 * with it: a guest must never be started twice.
 */
#include <string.h>

#include "base/err.h"
#include "flow/actions.h"
#include "flow/acts.h"
#include "flow/request.h"
#include "flow/vm_devices.h"
#include "flow/vm_move.h"
#include "model/problem.h"

enum { STEP_CLAIM, STEP_MOVE, STEP_SETTLE };

/* ---- the act ---- */

typedef struct wish {
	const char *host; /* id; NULL = the scheduler chooses */
	int is_live;
	const char *storage;
	int64_t bandwidth_mib_s, max_downtime_ms; /* 0 = not said */
} wish;

static int is_on(const nc_vm *vm)
{
	nc_vm_lifecycle now = nc_vm_effective(vm->lifecycle, vm->power);

	return now == NC_VM_ACTIVE || now == NC_VM_PAUSED;
}

static int has_own_disks(const nc_vm *vm)
{
	for (size_t i = 0; i < vm->n_disks; i++)
		if (!vm->disks[i].volume && !vm->disks[i].pool)
			return 1;
	return 0;
}

static nc_code read_wish(const json_t *body, wish *w, nc_error *err)
{
	static const char *const keys[] = { "target_host", "live", "storage", "bandwidth_mib_s",
		"max_downtime_ms", NULL };
	nc_code rc = nc_json_only_keys(body, NULL, keys, err);

	if (rc == NC_OK)
		rc = nc_json_get_str(body, NULL, "target_host", NC_OPTIONAL, 63, &w->host, err);
	if (rc == NC_OK)
		rc = nc_json_get_bool(body, NULL, "live", NC_OPTIONAL, &w->is_live, err);
	if (rc == NC_OK)
		rc = nc_json_get_str(body, NULL, "storage", NC_OPTIONAL, 8, &w->storage, err);
	if (rc == NC_OK)
		rc = nc_json_get_i64(body, NULL, "bandwidth_mib_s", NC_OPTIONAL, 1, 1 << 20,
			&w->bandwidth_mib_s, err);
	if (rc == NC_OK)
		rc = nc_json_get_i64(body, NULL, "max_downtime_ms", NC_OPTIONAL, 1, 3600000,
			&w->max_downtime_ms, err);
	if (rc == NC_OK && strcmp(w->storage, "shared") && strcmp(w->storage, "copy"))
		rc = nc_err(err, NC_E_INVAL, "storage: \"%s\" is not shared or copy", w->storage);
	return rc;
}

static nc_code find_host(
	nc_stage *s, const nc_root *r, const nc_vm *vm, wish *w, int *is_there, nc_error *err)
{
	const nc_item *it = NULL;
	nc_object *o = NULL;
	nc_reach all = { .is_everywhere = 1 };

	if (!w->host)
		return NC_OK;
	nc_code rc = nc_model_resolve(r, &nc_kind_host, &all, w->host, &it, &s->a->candidates, err);
	if (rc == NC_OK)
		rc = nc_model_load(it, s->a->arena, &o, err);
	if (rc != NC_OK)
		return rc;
	w->host = o->id;
	*is_there = vm->host && !strcmp(vm->host, o->id);
	if (vm->provider && strcmp(vm->provider, NC_AS(nc_host_obj, o)->provider)) {
		nc_problem_err(err, "invalid",
			"target_host: host %s is of another provider than %s", o->name, vm->o.name);
		return nc_err_hint(err, NC_E_INVAL, "a guest moves between hosts of one provider");
	}
	return NC_OK;
}

/* Live never falls back to cold, nor cold to live. */
static nc_code check_mode(const nc_vm *vm, const json_t *body, const wish *w, nc_error *err)
{
	if (!json_object_get(body, "live") || w->is_live == is_on(vm))
		return NC_OK;
	nc_problem_err(err, "conflict", "vm %s can't be migrated %s: it is %s", vm->o.name,
		w->is_live ? "live" : "cold", vm->o.status);
	return nc_err_hint(err, NC_E_CONFLICT, "%s",
		w->is_live ? "start it first, or leave live out"
			   : "stop it first, or say live true");
}

static nc_code try_place(
	nc_stage *s, const nc_root *r, const nc_vm *vm, const wish *w, nc_error *err)
{
	nc_place_req req;

	nc_vm_place_req(vm, &req);
	req.host = w->host;
	req.is_paired = 1;
	req.exclude = &vm->host;
	req.n_exclude = 1;
	return nc_vm_try_place(s, r, vm, &req, err);
}

nc_code nc_vm_act_migrate(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, s->object);
	wish w = { .is_live = is_on(vm), .storage = has_own_disks(vm) ? "copy" : "shared" };
	nc_vm_move move;
	int is_there = 0;
	nc_code rc = body ? read_wish(body, &w, err) : NC_OK;

	(void)self;
	if (rc == NC_OK)
		rc = find_host(s, r, vm, &w, &is_there, err);
	if (rc != NC_OK)
		return rc;
	if (is_there && vm->task == NC_VM_IDLE) {
		s->is_unchanged = 1;
		return NC_OK;
	}
	if (vm->provider && (rc = nc_providers_check(s->a->flow, r, vm->provider,
				     "nc.compute.migrate/0", err)) != NC_OK)
		return rc;
	json_t *q = json_pack("{s:b,s:s}", "live", w.is_live, "storage", w.storage);
	if (q && w.host)
		json_object_set_new(q, "host", json_string(w.host));
	if (q && w.bandwidth_mib_s)
		json_object_set_new(q, "bandwidth_mib_s", json_integer(w.bandwidth_mib_s));
	if (q && w.max_downtime_ms)
		json_object_set_new(q, "max_downtime_ms", json_integer(w.max_downtime_ms));
	rc = q ? nc_stage_operation(s, "vm.migrate", q, err) : nc_err_nomem(err);
	json_decref(q);
	if (rc == NC_OK)
		rc = nc_vm_begin(vm, NC_VM_MIGRATE, s->op->o.id, &move, err);
	if (rc == NC_OK)
		rc = check_mode(vm, body, &w, err);
	return rc == NC_OK ? try_place(s, r, vm, &w, err) : rc;
}

/* ---- steps ---- */

static nc_sched *sched_of(nc_opctx *c)
{
	return ((nc_flow *)c->user)->sched;
}

static nc_code the_vm(nc_opctx *c, nc_vm **ret, nc_error *err)
{
	if (!c->target)
		return nc_err(err, NC_E_NOTFOUND, "vm %s is gone", c->op->target.name);
	*ret = NC_AS(nc_vm, c->target);
	return NC_OK;
}

static nc_code claim(nc_opctx *c, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	_cleanup_(nc_buf_done) nc_buf decision;
	const char *not_there[NC_OP_RETRIES + 1];
	nc_placement p = { 0 };
	nc_place_req req;
	nc_vm *vm = NULL;
	nc_code rc = the_vm(c, &vm, err);

	nc_buf_init(&decision, 64u << 10);
	if (rc == NC_OK)
		rc = nc_json_parse(c->op->request, 64u << 10, &j, err);
	if (rc != NC_OK)
		return rc;
	nc_vm_place_req(vm, &req);
	req.host = json_string_value(json_object_get(j, "host"));
	req.is_paired = 1;
	not_there[0] = vm->host;
	req.exclude = not_there;
	req.n_exclude = 1 + nc_op_tried(c, not_there + 1, NC_OP_RETRIES);
	rc = nc_vm_place_needs(c, vm, &req, err);
	if (rc == NC_OK)
		rc = nc_sched_place(sched_of(c), c->root, &req, &p, &decision, err);
	if (*p.decision_id) {
		nc_code kept = nc_op_keep_decision(c, p.decision_id, &decision, err);
		rc = rc == NC_OK ? kept : rc;
	}
	if (rc == NC_OK)
		rc = nc_sched_claim(sched_of(c), c->txn, c->root, &req, &p, err);
	if (rc != NC_OK)
		return rc;
	vm->move_to = nc_arena_strdup(c->arena, p.host);
	vm->move_operation = c->op->o.id;
	c->op->host = vm->host;
	c->op->provider = vm->provider;
	c->target_is_dirty = 1;
	return vm->move_to ? NC_OK : nc_err_nomem(err);
}

nc_code nc_vm_end_move(
	nc_flow *f, nc_txn *t, const nc_root *r, nc_vm *vm, nc_move_end how, nc_error *err)
{
	nc_code rc = nc_sched_end_move(f->sched, t, r, vm->o.id, how, err);

	if (rc == NC_E_NOTFOUND && how == NC_MOVE_STAYED) {
		nc_err_clear(err);
		rc = NC_OK;
	}
	if (rc != NC_OK)
		return rc;
	if (how == NC_MOVE_ARRIVED)
		vm->host = vm->move_to;
	vm->move_to = vm->move_operation = NULL;
	return NC_OK;
}

static nc_code settle_as(nc_opctx *c, nc_vm *vm, nc_move_end how, nc_error *err)
{
	nc_code rc = nc_vm_end_move(c->user, c->txn, c->root, vm, how, err);

	if (rc == NC_OK)
		c->target_is_dirty = 1;
	return rc;
}

/* It had arrived, and the driver did nothing when it was asked to take it back. */
static int is_certainly_there(const nc_op_step *move)
{
	return move->state == NC_STEP_DONE && !(move->error && move->error->is_outcome_unknown);
}

static nc_code unclaim(nc_opctx *c, nc_error *err)
{
	const nc_op_step *move = &c->op->steps[STEP_MOVE];
	nc_vm *vm = NULL;
	nc_code rc = the_vm(c, &vm, err);

	if (rc != NC_OK)
		return NC_OK;
	if (move->undo != NC_UNDO_FAILED)
		return settle_as(c, vm, NC_MOVE_STAYED, err);
	if (!is_certainly_there(move))
		return NC_OK; /* at one of the two: both stay claimed */
	return settle_as(c, vm, NC_MOVE_ARRIVED, err);
}

const char *nc_vm_move_host(nc_opctx *c, const char *host, nc_error *err)
{
	nc_object *o = NULL;

	if (nc_model_get(c->root, &nc_kind_host, host, c->arena, &o, err) != NC_OK)
		return NULL;
	return NC_AS(nc_host_obj, o)->target ? NC_AS(nc_host_obj, o)->target : o->name;
}

typedef enum { THERE, BACK } way;

static nc_code ask(nc_opctx *c, nc_vm *vm, way w, nc_op_call *call, nc_error *err)
{
	_cleanup_(nc_req_done) nc_req q;
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_code rc = nc_json_parse(c->op->request, 64u << 10, &j, err);
	const char *to =
		rc == NC_OK ? nc_vm_move_host(c, w == BACK ? vm->host : vm->move_to, err) : NULL;
	const char *keys[] = { "bandwidth_mib_s", "max_downtime_ms" };

	nc_req_begin(&q);
	if (!to)
		return rc == NC_OK ? NC_E_NOTFOUND : rc;
	nc_req_guest(&q, c, vm);
	nc_jw_kstr(&q.w, "destination", to);
	nc_jw_kstr(&q.w, "mode", json_is_true(json_object_get(j, "live")) ? "live" : "cold");
	nc_jw_kstr(&q.w, "storage", json_string_value(json_object_get(j, "storage")));
	for (size_t i = 0; i < NC_LEN(keys); i++)
		if (json_object_get(j, keys[i]))
			nc_jw_ki64(&q.w, keys[i], json_integer_value(json_object_get(j, keys[i])));
	return nc_req_end(&q, c, &call->request, err);
}

static nc_code move_it(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	nc_vm *vm = NULL;
	nc_code rc = the_vm(c, &vm, err);

	if (rc == NC_OK)
		rc = nc_vm_call(c, vm, "migrate.start", call, err);
	return rc == NC_OK ? ask(c, vm, THERE, call, err) : rc;
}

/* The driver must say that the guest is there; anything else is no migration. */
static nc_code read_answer(
	nc_opctx *c, const nc_vm *vm, const char *on, nc_bytes result, json_t **ret, nc_error *err)
{
	const char *host = NULL, *to = nc_vm_move_host(c, on, err);
	nc_code rc = nc_json_parse(result, NC_RESULT_MAX, ret, err);

	if (rc == NC_OK)
		rc = nc_json_get_str(*ret, NULL, "host", NC_REQUIRED, 255, &host, err);
	if (rc == NC_OK && (!to || strcmp(host, to)))
		rc = nc_err(err, NC_E_PROTO, "it says that the guest is on %s, not on %s", host,
			to ? to : on);
	if (rc != NC_OK)
		return nc_err_wrap(err, rc, "the driver's answer about vm %s", vm->o.name);
	return NC_OK;
}

static nc_code moved(nc_opctx *c, nc_bytes result, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_vm *vm = NC_AS(nc_vm, c->target);
	nc_code rc = read_answer(c, vm, vm->move_to, result, &j, err);

	if (rc != NC_OK)
		return rc;
	c->target_is_dirty = 1;
	c->op->result.ptr = nc_arena_memdup(c->arena, result.ptr, result.len);
	c->op->result.len = result.len;
	vm->power = nc_vmres_power(j);
	return c->op->result.ptr ? NC_OK : nc_err_nomem(err);
}

static nc_code ask_back(nc_opctx *c, nc_vm *vm, nc_op_call *call, nc_error *err)
{
	nc_code rc = nc_vm_call(c, vm, "migrate.start", call, err);

	if (rc == NC_OK && c->op->steps[STEP_MOVE].state == NC_STEP_DONE) {
		call->target = nc_vm_move_host(c, vm->move_to, err);
		rc = call->target ? NC_OK : NC_E_NOTFOUND;
	}
	return rc == NC_OK ? ask(c, vm, BACK, call, err) : rc;
}

/* Back from where it arrived; or, where it failed halfway, "to the source" asked of the source,
 * which a driver that has it there grants without doing anything. Of a copy that may still run that
 * would say nothing, so nobody is asked. */
static nc_code move_back(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	const nc_op_step *move = &c->op->steps[STEP_MOVE];
	nc_vm *vm = NULL;
	nc_code rc = the_vm(c, &vm, err);

	if (rc == NC_OK && move->state != NC_STEP_DONE && move->undo != NC_UNDO_RUNNING &&
		move->undo != NC_UNDO_UNKNOWN && move->error && move->error->is_outcome_unknown)
		rc = nc_err(err, NC_E_TIMEOUT,
			"whether vm %s is still being copied is not known, so it is not moved back",
			vm->o.name);
	return rc == NC_OK ? ask_back(c, vm, call, err) : rc;
}

/* It holds the source alone only if that is where the driver says it has it. */
static nc_code moved_back(nc_opctx *c, nc_bytes result, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_vm *vm = NULL;
	nc_code rc = the_vm(c, &vm, err);

	if (rc == NC_OK)
		rc = read_answer(c, vm, vm->host, result, &j, err);
	if (rc != NC_OK)
		return rc;
	vm->power = nc_vmres_power(j);
	c->target_is_dirty = 1;
	return NC_OK;
}

/* As with a create: what failed without effect, for want of something there, may go elsewhere. */
static int try_elsewhere(nc_opctx *c, int32_t outcome, const nc_error *why)
{
	nc_vm *vm = NC_AS(nc_vm, c->target);
	const char *before = c->op->checkpoint;
	int is_asked = memmem(c->op->request.ptr, c->op->request.len, "\"host\"", 6) != NULL;

	(void)outcome;
	if (is_asked || !vm || !vm->move_to || why->flags & NC_ERR_USER_FAULT ||
		why->code == NC_E_INVAL || why->code == NC_E_UNSUPPORTED)
		return NC_FAIL_OP;
	c->op->checkpoint = before ? nc_arena_printf(c->arena, "%s %s", before, vm->move_to)
				   : nc_arena_strdup(c->arena, vm->move_to);
	return c->op->checkpoint ? STEP_CLAIM : NC_FAIL_OP;
}

static nc_code settle(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = NULL;
	nc_code rc = the_vm(c, &vm, err);

	return rc == NC_OK ? settle_as(c, vm, NC_MOVE_ARRIVED, err) : rc;
}

static nc_code ended(nc_opctx *c, nc_error *err)
{
	nc_vm *vm = c->target ? NC_AS(nc_vm, c->target) : NULL;
	const nc_op_step *move = &c->op->steps[STEP_MOVE];

	(void)err;
	if (!vm)
		return NC_OK;
	c->target_is_dirty = 1;
	/* It had arrived when cancel came, and could not be brought back: that is what happened. */
	if (c->op->state == NC_OPER_CANCELED && move->undo == NC_UNDO_FAILED) {
		c->op->state = vm->move_to ? NC_OPER_FAILED : NC_OPER_SUCCEEDED;
		if (vm->move_to)
			c->op->error = move->error;
	}
	if (c->op->state != NC_OPER_SUCCEEDED) {
		nc_vm_op_failed_as(
			c, vm, "vm.migrate_failed", vm->move_to ? NC_VM_PARTIAL : NC_VM_NO_EFFECT);
		return NC_OK;
	}
	nc_vm_finish(vm, vm->power);
	vm->operation = NULL;
	nc_flow_event(c->txn, c->target, "vm.migrated", c->op->actor, c->op->o.id,
		c->op->n_decision_ids ? c->op->decision_ids[c->op->n_decision_ids - 1] : NULL);
	return NC_OK;
}

static const nc_op_step_def steps[] = {
	{ .name = "claim", .run = claim, .undo = unclaim, .flags = NC_STEP_CANCELABLE },
	{ .name = "move",
		.prepare = move_it,
		.finish = moved,
		.undo_prepare = move_back,
		.undo_finish = moved_back,
		.on_fail = try_elsewhere,
		.flags = NC_STEP_CANCELABLE,
		.deadline_us = INT64_C(4) * 3600 * 1000000 },
	{ .name = "settle", .run = settle },
};
const nc_op_type nc_flow_vm_migrate = {
	.kind = "vm.migrate", .steps = steps, .n_steps = NC_LEN(steps), .ended = ended
};

/* ---- asked after, once it is over ---- */

/* "OPERATION.1u.0": it was being moved back. */
static int is_of_undo(const char *key)
{
	const char *ordinal = strrchr(key, '.');

	return ordinal && ordinal > key && ordinal[-1] == 'u';
}

nc_code nc_vm_move_question(
	nc_opctx *c, nc_vm *vm, nc_op_call *call, const char **ret_key, nc_error *err)
{
	const nc_op_step *move = c->op->n_steps > STEP_MOVE ? &c->op->steps[STEP_MOVE] : NULL;

	if (strcmp(c->op->verb, nc_flow_vm_migrate.kind) || !move || !move->key)
		return nc_err(err, NC_E_NOTFOUND, "operation %s has asked no driver to move vm %s",
			c->op->o.id, vm->o.name);
	nc_code rc = NC_OK;
	if (is_of_undo(move->key)) {
		rc = ask_back(c, vm, call, err);
	} else {
		rc = nc_vm_call(c, vm, "migrate.start", call, err);
		rc = rc == NC_OK ? ask(c, vm, THERE, call, err) : rc;
	}
	call->checkpoint = move->checkpoint;
	*ret_key = move->key;
	return rc;
}
