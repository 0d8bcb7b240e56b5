/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking a live operation to end: cancel, which is only said to have happened when the driver has
 * confirmed it, and abandon, by which an administrator ends what nobody will ever confirm. Both
 * write their record first and nudge the run after, so that a crash between the two loses nothing.
 * Blocking: workers only.
 */
#include "op/engine.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "event/event.h"
#include "model/model.h"
#include "model/problem.h"

#define TRIES_MAX 20

/* One attempt at a change of the record; NC_E_CONFLICT means: look again. */
typedef struct petition {
	nc_ops *ops;
	const char *id, *actor, *reason;
	nc_code (*change)(struct petition *ask, nc_opctx *c, nc_error *err);
} petition;

static nc_code load(petition *ask, nc_opctx *c, nc_error *err)
{
	nc_object *o = NULL;
	nc_code rc = nc_model_get(c->root, &nc_kind_operation, ask->id, c->arena, &o, err);

	if (rc != NC_OK)
		return rc;
	c->op = NC_AS(nc_operation, o);
	c->was = c->op->state;
	if (nc_operation_state_is_final(c->op->state))
		return nc_problem_err(err, "conflict", "operation %s has already ended: %s",
			ask->id, nc_operation_state_words[c->op->state]);
	const nc_kind *kind = nc_kind_find(c->op->target.kind ? c->op->target.kind : "");
	const nc_item *target = kind && c->op->target.id ? nc_root_get(c->root, kind->number,
								   nc_str(c->op->target.id))
							 : NULL;
	return target ? nc_model_load(target, c->arena, &c->target, err) : NC_OK;
}

static nc_code attempt(petition *ask, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *arena = nc_arena_new(4u << 20);
	_cleanup_(nc_txn_freep) nc_txn *txn = nc_txn_new(ask->ops->opt.db);
	nc_opctx c = { .ops = ask->ops,
		.db = ask->ops->opt.db,
		.arena = arena,
		.txn = txn,
		.user = ask->ops->opt.user };

	if (!arena || !txn)
		return nc_err_nomem(err);
	c.root = nc_db_read_begin(c.db);
	nc_code rc = load(ask, &c, err);
	if (rc == NC_OK)
		rc = ask->change(ask, &c, err);
	nc_db_read_end(c.db);
	if (rc != NC_OK)
		return rc;
	return nc_txn_commit(nc_steal(&txn), NULL, err);
}

static nc_code see_state(void *ctx, const nc_item *it)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_object *o = NULL;
	nc_code rc = a ? nc_model_load(it, a, &o, NULL) : NC_E_NOMEM;

	if (rc == NC_OK)
		*(nc_operation_state *)ctx = NC_AS(nc_operation, o)->state;
	return rc;
}

/* Finished operations leave memory: it may be there all the same. */
static nc_code not_in_memory(const petition *ask, nc_error *err)
{
	nc_operation_state state = NC_OPER_PENDING;
	nc_code rc = nc_db_get(
		ask->ops->opt.db, NC_KIND_OPERATION, nc_str(ask->id), see_state, &state, NULL);

	if (rc != NC_OK || !nc_operation_state_is_final(state))
		return NC_E_NOTFOUND;
	return nc_problem_err(err, "conflict", "operation %s has already ended: %s", ask->id,
		nc_operation_state_words[state]);
}

static nc_code carry_out(petition *ask, nc_error *err)
{
	nc_code rc = NC_E_CONFLICT;

	for (int i = 0; i < TRIES_MAX; i++) {
		nc_err_clear(err);
		rc = attempt(ask, err);
		if (rc == NC_E_NOTFOUND)
			return not_in_memory(ask, err);
		/* A conflict of our own making is a problem; the sequencer's means: look again. */
		if (rc != NC_E_CONFLICT || (err && !strncmp(err->domain, "nc.", 3)))
			return rc;
	}
	return rc;
}

/* Before the gate: what was not sent had no effect; the rest goes on unless it is given up. */
static void nudge_gated(nc_run *run)
{
	int is_first = !run->call.is_recover && !run->call.is_undo;

	if (!is_first && !run->is_abandoned)
		return;
	nc_gate_forget(run->ops->gate, &run->ticket);
	if (is_first)
		nc_run_cancel_unsent(run);
	else
		nc_run_make_ready(run);
}

/* The record says so now; whoever holds the run hears it. reason NC_RUN: don't tell the driver. */
static void nudge(nc_ops *ops, const char *id, int32_t reason)
{
	pthread_mutex_lock(&ops->lock);
	nc_run *run = nc_run_find(ops, id);
	if (run) {
		run->wants_cancel = run->is_nudged = 1;
		run->is_abandoned |= reason == NC_DETACH;
		switch (run->where) {
		case NC_RUN_GATED:
			nudge_gated(run);
			break;
		case NC_RUN_SLEEPING:
			nc_run_make_ready(run);
			break;
		case NC_RUN_CALLING:
			if (reason == NC_DETACH || (reason == NC_CANCEL && !run->call.is_undo))
				nc_run_stop_call(run, reason);
			break;
		default: /* READY, TURNING, COMMITTING: the turn sees the record */
			break;
		}
	}
	pthread_mutex_unlock(&ops->lock);
}

static nc_code change_to_canceling(petition *ask, nc_opctx *c, nc_error *err)
{
	nc_operation *op = c->op;

	(void)ask;
	if (op->state == NC_OPER_CANCELING)
		return NC_OK;
	if (!op->is_cancelable && op->state != NC_OPER_PENDING) {
		nc_problem_err(err, "unsupported", "step \"%s\" of %s can't be cancelled",
			op->step ? op->step : "", op->verb);
		return nc_err_hint(err, NC_E_UNSUPPORTED,
			"wait for it, or as an administrator: novacron operation abandon %s",
			op->o.id);
	}
	op->state = NC_OPER_CANCELING;
	return nc_op_stage_all(c, err);
}

nc_code nc_ops_cancel(nc_ops *ops, const char *id, const char *actor, nc_error *err)
{
	petition a = { .ops = ops, .id = id, .actor = actor, .change = change_to_canceling };
	nc_code rc = carry_out(&a, err);

	if (rc == NC_OK)
		nudge(ops, id, NC_CANCEL);
	return rc;
}

static nc_code change_to_abandoned(petition *ask, nc_opctx *c, nc_error *err)
{
	nc_operation *op = c->op;
	const nc_op_type *type = nc_map_get(ask->ops->types, nc_str(op->verb));
	nc_code rc = NC_OK;

	op->state = NC_OPER_ABANDONED;
	op->ended_at_ms = nc_clock_wall_ms();
	op->is_cancelable = 0;
	nc_error why = NC_ERROR_INIT;
	nc_problem_err(&why, "outcome_unknown", "abandoned by %s: %s", ask->actor, ask->reason);
	nc_err_hint(
		&why, why.code, "look at what it left, then unlock the target with reset-state");
	why.flags |= NC_ERR_OUTCOME_UNKNOWN;
	op->error = nc_op_error_of(c->arena, &why);
	if (!op->error)
		return nc_err_nomem(err);
	if (type && type->ended)
		rc = type->ended(c, err);
	return rc == NC_OK ? nc_op_stage_all(c, err) : rc;
}

nc_code nc_ops_abandon(
	nc_ops *ops, const char *id, const char *actor, const char *reason, nc_error *err)
{
	petition a = { .ops = ops,
		.id = id,
		.actor = actor,
		.reason = reason,
		.change = change_to_abandoned };

	if (!reason || !*reason) {
		nc_problem_err(err, "invalid", "abandon needs a reason");
		return nc_err_hint(
			err, NC_E_INVAL, "say why nobody can confirm how it ended: --reason");
	}
	nc_code rc = carry_out(&a, err);
	if (rc == NC_OK)
		nudge(ops, id, NC_DETACH);
	return rc;
}

/* ---- deadlines ---- */

nc_op_error *nc_op_deadline_error(const nc_operation *op, nc_arena *a)
{
	nc_error why = NC_ERROR_INIT;
	char at[25];

	nc_time_format(op->deadline_at_ms, at);
	nc_problem_err(&why, "timeout", "its deadline was %s", at);
	return nc_op_error_of(a, &why);
}

static nc_code change_to_late(petition *ask, nc_opctx *c, nc_error *err)
{
	nc_operation *op = c->op;

	ask->reason = op->is_cancelable ? "cancel" : NULL;
	if (op->state == NC_OPER_CANCELING)
		return NC_OK;
	op->state = NC_OPER_CANCELING;
	if (!op->error && !(op->error = nc_op_deadline_error(op, c->arena)))
		return nc_err_nomem(err);
	return nc_op_stage_all(c, err);
}

int nc_ops_write_late(nc_ops *ops)
{
	if (nc_list_is_empty(&ops->late))
		return 0;
	nc_run *run = NC_LIST_ENTRY(ops->late.next, nc_run, late);
	char id[sizeof(run->id)];
	nc_error err = NC_ERROR_INIT;

	nc_list_del(&run->late);
	memcpy(id, run->id, sizeof(id));
	petition a = { .ops = ops, .id = id, .actor = "system", .change = change_to_late };
	pthread_mutex_unlock(&ops->lock);
	nc_code rc = carry_out(&a, &err);
	if (rc == NC_OK)
		nudge(ops, id, a.reason ? NC_CANCEL : NC_RUN);
	else
		nc_log(L_WARN, "op.deadline.failed", F_STR("operation", id), F_ERR(&err),
			F_STR("consequence", "trying again, unless it has ended"));
	pthread_mutex_lock(&ops->lock);
	run = nc_run_find(ops, id);
	if (rc != NC_OK && run && (run->where == NC_RUN_GATED || run->where == NC_RUN_CALLING))
		nc_timers_set(&ops->timers, &run->due, nc_clock_mono_us() + 500000);
	return 1;
}
