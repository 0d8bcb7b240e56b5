/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One turn of one operation: read the record, move the operation on in memory as far as it goes
 * without waiting, stage that as one record. A turn has no effect but its record and may be run
 * again from the start when somebody else changed the same objects meanwhile.
 *
 * Direction is not stored, it follows from the steps: forward (forward.c) until one has failed, was
 * cancelled or is being undone; from then on backward (backward.c), undoing what was done, to the
 * end.
 */
#include "op/turn.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "model/model.h"

#define TURN_ARENA_MAX      (4u << 20)
#define RECORDS_REFUSED_MAX 5

int64_t nc_op_back_off_us(uint32_t n)
{
	return NC_MIN(60000000, (int64_t)250000 << NC_MIN(n, 8u));
}

int nc_op_was_put_off(const nc_run *run)
{
	const nc_run_result *r = &run->result;

	return !r->was_sent && r->code != NC_OK && run->refusals < NC_OP_REFUSALS_MAX &&
	       ((r->err.flags & NC_ERR_RETRYABLE) || r->code == NC_E_NOMEM);
}

int64_t nc_op_put_off_us(uint32_t n)
{
	return NC_MIN((int64_t)20000 << NC_MIN(n, 8u), (int64_t)2000000);
}

int nc_op_has_undo(const nc_op_step_def *def)
{
	return def->undo || def->undo_prepare;
}

void nc_op_step_mark(nc_op_step *s, nc_op_step_state state)
{
	int64_t now = nc_clock_wall_ms();

	if (state == NC_STEP_RUNNING)
		s->started_at_ms = now;
	else if (state != NC_STEP_PENDING)
		s->ended_at_ms = now;
	s->state = state;
}

void nc_turn_round(nc_turn *t)
{
	nc_operation *op = t->c.op;

	t->run->attempts = t->run->recovers = 0; /* of the way back from here */
	for (size_t i = 0; i < op->n_steps; i++)
		if (op->steps[i].state == NC_STEP_DONE && nc_op_has_undo(&t->run->type->steps[i]))
			op->steps[i].undo = NC_UNDO_PENDING;
}

nc_go nc_turn_retry_memory(nc_turn *t)
{
	t->sleep_us = 100000;
	return NC_GO_SLEEP;
}

nc_go nc_turn_rest(nc_turn *t, int64_t us)
{
	t->run->rest_us = us;
	return NC_GO_COMMIT;
}

nc_go nc_turn_end(nc_turn *t, nc_operation_state state)
{
	nc_opctx *c = &t->c;
	nc_error err = NC_ERROR_INIT;

	c->op->state = state;
	c->op->ended_at_ms = nc_clock_wall_ms();
	c->op->is_cancelable = 0;
	if (state == NC_OPER_SUCCEEDED)
		c->op->error = NULL; /* late, but done */
	t->run->is_ended = 1;
	if (t->run->type->ended && t->run->type->ended(c, &err) != NC_OK) {
		nc_log(L_ERROR, "op.end.failed", F_STR("operation", c->op->o.id), F_ERR(&err));
		t->run->is_ended = 0;
		t->sleep_us = nc_op_back_off_us(t->run->conflicts++);
		return NC_GO_SLEEP;
	}
	return NC_GO_COMMIT;
}

/* ---- the turn ---- */

int nc_turn_is_backward(const nc_operation *op)
{
	for (size_t i = 0; i < op->n_steps; i++)
		if (op->steps[i].state == NC_STEP_FAILED || op->steps[i].undo != NC_UNDO_NONE)
			return 1;
	return 0;
}

static nc_code load(nc_turn *t, nc_error *err)
{
	nc_opctx *c = &t->c;
	const nc_item *it = nc_root_get(c->root, NC_KIND_OPERATION, nc_str(t->run->id));
	nc_object *o = NULL;
	nc_code rc;

	if (!it)
		return NC_E_NOTFOUND;
	if ((rc = nc_model_load(it, c->arena, &o, err)) != NC_OK)
		return rc;
	c->op = NC_AS(nc_operation, o);
	c->was = c->op->state;
	const nc_kind *kind = nc_kind_find(c->op->target.kind ? c->op->target.kind : "");
	const nc_item *target =
		kind ? nc_root_get(c->root, kind->number, nc_str(c->op->target.id)) : NULL;
	if (target && (rc = nc_model_load(target, c->arena, &c->target, err)) != NC_OK)
		return rc;
	c->txn = nc_txn_new(c->db);
	return c->txn ? NC_OK : nc_err_nomem(err);
}

static nc_go unknown_kind(nc_turn *t)
{
	nc_error err = NC_ERROR_INIT;

	nc_err(&err, NC_E_UNSUPPORTED, "this version does not know the operation \"%s\"",
		t->c.op->verb);
	t->c.op->error = nc_op_error_of(t->c.arena, &err);
	if (!t->c.op->error)
		return nc_turn_retry_memory(t);
	if (t->run->type) /* known, with other steps: its target can be set free */
		return nc_turn_end(t, NC_OPER_FAILED);
	t->c.op->state = NC_OPER_FAILED;
	t->c.op->ended_at_ms = nc_clock_wall_ms();
	t->run->is_ended = 1;
	return NC_GO_COMMIT;
}

/* The store has refused what this step wants written, again and again, for a reason that stays. */
static nc_go record_refused(nc_turn *t)
{
	nc_operation *op = t->c.op;
	size_t i = 0;

	while (i + 1 < op->n_steps &&
		(op->steps[i].state == NC_STEP_DONE || op->steps[i].state == NC_STEP_SKIPPED))
		i++;
	nc_log(L_ERROR, "op.record.impossible", F_STR("operation", t->run->id),
		F_STR("step", op->steps[i].name), F_ERR(&t->run->record_error),
		F_STR("consequence", "the step fails"));
	t->run->result_is_used = 1;
	return nc_turn_step_failed(t, i, NC_HAS_EFFECT, &t->run->record_error);
}

static nc_go advance(nc_turn *t)
{
	nc_go g = NC_GO_ON;

	if (nc_operation_state_is_final(t->c.op->state))
		return NC_GO_DROP;
	if (!t->run->type || t->run->type->n_steps != t->c.op->n_steps)
		return unknown_kind(t);
	if (t->run->records_refused >= RECORDS_REFUSED_MAX && !nc_turn_is_backward(t->c.op))
		g = record_refused(t);
	while (g == NC_GO_ON)
		g = nc_turn_is_backward(t->c.op) ? nc_turn_backward(t) : nc_turn_forward(t);
	return g;
}

static void settle(nc_turn *t, nc_go g)
{
	nc_run *run = t->run;
	nc_ops *ops = run->ops;

	pthread_mutex_lock(&ops->lock);
	switch (g) {
	case NC_GO_CALL:
		nc_run_enter_gate(run);
		break;
	case NC_GO_SLEEP:
		nc_run_sleep(run, t->sleep_us);
		break;
	default:
		nc_run_drop(run);
		break;
	}
	pthread_mutex_unlock(&ops->lock);
}

void nc_run_turn(nc_run *run)
{
	nc_ops *ops = run->ops;
	_cleanup_(nc_arena_freep) nc_arena *arena = nc_arena_new(TURN_ARENA_MAX);
	nc_turn t = { .run = run };
	nc_error err = NC_ERROR_INIT;

	t.c = (nc_opctx){ .ops = ops, .db = ops->opt.db, .arena = arena, .user = ops->opt.user };
	run->wants_call = run->is_ended = run->result_is_used = 0;
	run->rest_us = 0;
	t.c.root = nc_db_read_begin(ops->opt.db);
	nc_code rc = arena ? load(&t, &err) : NC_E_NOMEM;
	nc_go g = rc == NC_OK           ? advance(&t)
		  : rc == NC_E_NOTFOUND ? NC_GO_DROP
					: nc_turn_retry_memory(&t);
	if (rc != NC_OK && rc != NC_E_NOTFOUND)
		nc_log(L_ERROR, "op.turn.failed", F_STR("operation", run->id), F_ERR(&err),
			F_STR("consequence", "trying again"));
	if (g == NC_GO_COMMIT)
		nc_run_commit(run, &t.c); /* takes the transaction */
	else if (t.c.txn)
		nc_txn_free(t.c.txn);
	nc_db_read_end(ops->opt.db);
	if (g != NC_GO_COMMIT)
		settle(&t, g);
}
