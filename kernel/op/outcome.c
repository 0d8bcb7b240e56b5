/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a driver's answer to a forward step means for the operation: done, tried again, asked after,
 * or the turning point. Only `recover` answering absent permits a call to be sent again whose
 * outcome is not known.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "op/turn.h"

#define RETRIES_OF_STEP 3 /* of a failure without effect that says it may be retried */

static nc_go call_again(
	nc_turn *t, size_t i, const nc_op_step_def *def, int is_recover, int64_t sleep_us)
{
	nc_run *run = t->run;

	run->has_result = 0;
	nc_run_result_clear(&run->result);
	run->is_adopted = (uint8_t)is_recover;
	if (!sleep_us)
		return nc_turn_begin_call(t, i, def);
	t->sleep_us = sleep_us;
	return NC_GO_SLEEP;
}

static nc_go never_learned(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	nc_error why = NC_ERROR_INIT;

	nc_err(&why, NC_E_TIMEOUT, "the outcome of step \"%s\" could not be learned", def->name);
	nc_err_hint(&why, NC_E_TIMEOUT,
		"look at the host, then run: novacron orphan list; reset-state when it is clear");
	why.flags |= NC_ERR_OUTCOME_UNKNOWN;
	return nc_turn_step_failed(t, i, NC_HAS_EFFECT, &why);
}

/* The record says so, for whoever looks and for the next life; then it is asked after. */
static nc_go unknown_outcome(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	nc_run *run = t->run;
	nc_op_step *s = &t->c.op->steps[i];

	if (run->recovers >= NC_OP_RECOVERS_MAX)
		return never_learned(t, i, def);
	int64_t us = nc_op_back_off_us(++run->recovers);
	nc_go g = call_again(t, i, def, 1, us);
	if (s->state == NC_STEP_UNKNOWN)
		return g;
	s->state = NC_STEP_UNKNOWN;
	return nc_turn_rest(t, us);
}

static nc_go go_back_to(nc_turn *t, size_t i, int target)
{
	for (size_t k = (size_t)target; k <= i; k++)
		t->c.op->steps[k].state = NC_STEP_PENDING;
	return NC_GO_ON;
}

/* 0, or -1 without memory. */
static int keep_answer(nc_turn *t, const nc_op_step_def *def)
{
	const nc_run_result *r = &t->run->result;
	nc_operation *op = t->c.op;

	if (!(def->flags & NC_STEP_KEEPS_ANSWER) || !r->len)
		return 0;
	op->result = (nc_bytes){ nc_arena_memdup(t->c.arena, r->bytes, r->len), r->len };
	return op->result.ptr ? 0 : -1;
}

static nc_go failed_outcome(nc_turn *t, size_t i, const nc_op_step_def *def, int32_t outcome)
{
	nc_run *run = t->run;
	const nc_error *why = &run->result.err;
	int has_effect = outcome == NC_FAILED_PARTIAL;
	int choice = NC_FAIL_OP;

	if (!has_effect && t->c.op->state != NC_OPER_CANCELING) {
		if (def->on_fail && run->attempts < NC_OP_RETRIES)
			choice = def->on_fail(&t->c, outcome, why);
		if (choice == NC_FAIL_OP && (why->flags & NC_ERR_RETRYABLE) &&
			run->attempts < RETRIES_OF_STEP)
			choice = NC_RETRY_STEP;
	}
	if (choice == NC_FAIL_OP && keep_answer(t, def) < 0)
		return nc_turn_retry_memory(t);
	if (choice == NC_FAIL_OP)
		return nc_turn_step_failed(t, i, has_effect ? NC_HAS_EFFECT : NC_NO_EFFECT, why);
	run->attempts++;
	run->is_again = choice == NC_RETRY_STEP;
	if (choice == NC_RETRY_STEP)
		return call_again(t, i, def, 0,
			NC_MAX(nc_op_back_off_us(run->attempts),
				(int64_t)why->retry_after_ms * 1000));
	nc_assert((size_t)choice <= i);
	return go_back_to(t, i, choice);
}

static nc_go step_done(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	nc_op_step_mark(&t->c.op->steps[i], NC_STEP_DONE);
	t->run->attempts = t->run->recovers = 0;
	/* Asked to cancel, but the deed was done first: take it back if that can be. */
	if (t->c.op->state == NC_OPER_CANCELING && nc_op_has_undo(def))
		nc_turn_round(t);
	return NC_GO_ON;
}

static nc_go done_outcome(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	nc_opctx *c = &t->c;
	nc_run_result *r = &t->run->result;
	nc_error err = NC_ERROR_INIT;

	c->op->plugin.id = nc_arena_strdup(c->arena, r->plugin_id);
	c->op->plugin.version = nc_arena_strdup(c->arena, r->plugin_version);
	nc_bytes result = { r->bytes ? r->bytes : "", r->len };
	nc_code rc = def->finish ? def->finish(c, result, &err) : NC_OK;
	if (rc == NC_E_NOMEM)
		return nc_turn_retry_memory(t); /* the answer is kept for then */
	return rc == NC_OK ? step_done(t, i, def) : nc_turn_step_failed(t, i, NC_HAS_EFFECT, &err);
}

static nc_go gone_outcome(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	const nc_run *run = t->run;
	nc_error err = NC_ERROR_INIT;
	nc_code rc = def->gone ? def->gone(&t->c, &err) : NC_OK;

	if (rc == NC_E_NOMEM)
		return nc_turn_retry_memory(t);
	if (rc != NC_OK)
		return nc_turn_step_failed(t, i, NC_HAS_EFFECT, &err);
	nc_log(L_INFO, "op.step.gone", F_STR("operation", run->id), F_STR("step", def->name),
		F_STR("driver", run->result.plugin_id), F_ERR(&run->result.err),
		F_STR("consequence", "what was to go is not there: the step is done"));
	return step_done(t, i, def);
}

static nc_go cancelled_outcome(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	nc_error why = NC_ERROR_INIT;

	if (keep_answer(t, def) < 0)
		return nc_turn_retry_memory(t);
	if (t->c.op->state == NC_OPER_CANCELING)
		return nc_turn_step_cancelled(t, i);
	nc_err(&why, NC_E_CANCELLED, "the driver cancelled step \"%s\" by itself",
		t->c.op->steps[i].name);
	return nc_turn_step_failed(t, i, NC_NO_EFFECT, &why);
}

/* Nobody was asked, for a reason that passes: ask again soon, as the same attempt. An operation that
 * is to be cancelled meanwhile is. */
static nc_go ask_again(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	nc_run *run = t->run;
	int is_recover = run->call.is_recover;

	if (t->c.op->state == NC_OPER_CANCELING && !is_recover)
		return nc_turn_step_cancelled(t, i);
	return call_again(t, i, def, is_recover, nc_op_put_off_us(++run->refusals));
}

static nc_go recovered(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	nc_run *run = t->run;

	switch (run->result.recovered) {
	case NC_REC_ABSENT:
		run->recovers = 0;
		if (t->c.op->state == NC_OPER_CANCELING)
			return cancelled_outcome(t, i, def);
		run->is_again = 1;
		return call_again(t, i, def, 0, 0);
	case NC_REC_DONE:
		return done_outcome(t, i, def);
	case NC_REC_FAILED:
		return failed_outcome(t, i, def, NC_FAILED_PARTIAL);
	default:
		return unknown_outcome(t, i, def);
	}
}

/* What was to go is not there; whether the driver has heard of the call is another question. */
static int is_gone(const nc_run *run, const nc_op_step_def *def)
{
	const nc_run_result *r = &run->result;

	return def->flags & NC_STEP_GONE_IS_DONE && r->was_sent && !run->call.is_recover &&
	       r->err.code == NC_E_NOTFOUND &&
	       (r->code != NC_OK || r->outcome == NC_FAILED_NO_EFFECT);
}

nc_go nc_turn_forward_result(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	nc_run *run = t->run;
	const nc_run_result *r = &run->result;

	if (nc_op_was_put_off(run))
		return ask_again(t, i, def);
	run->refusals = 0;

	if (is_gone(run, def))
		return gone_outcome(t, i, def);
	if (run->call.is_recover && r->code == NC_E_UNSUPPORTED)
		return never_learned(t, i, def); /* nor at the next try */
	if (run->call.is_recover && r->code != NC_OK)
		return unknown_outcome(t, i, def); /* could not even ask */
	if (run->call.is_recover && r->recovered != NC_REC_RUNNING)
		return recovered(t, i, def);
	/* its own answer; or, after RUNNING, how it ended then */
	if (r->code != NC_OK)
		return failed_outcome(t, i, def, NC_FAILED_NO_EFFECT);
	switch (r->outcome) {
	case NC_DONE:
		return done_outcome(t, i, def);
	case NC_CANCELLED:
		return cancelled_outcome(t, i, def);
	case NC_FAILED_NO_EFFECT:
	case NC_FAILED_PARTIAL:
		return failed_outcome(t, i, def, r->outcome);
	default: /* UNKNOWN, DETACHED */
		return unknown_outcome(t, i, def);
	}
}
