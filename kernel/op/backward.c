/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way back: undo what was done, from the last step to the first, then end. An undo that can't
 * be had is left to the orphan list, and the way back goes on.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "op/turn.h"

#define RETRIES_OF_UNDO 6 /* then it is left to the orphan list */

static void undo_over(nc_op_step *s, nc_op_undo_state how)
{
	s->undo = how;
	s->ended_at_ms = nc_clock_wall_ms();
}

static nc_go undo_gave_up(nc_turn *t, size_t i, const nc_error *why)
{
	nc_op_step *s = &t->c.op->steps[i];

	nc_log(L_ERROR, "op.undo.gave_up", F_STR("operation", t->run->id), F_STR("step", s->name),
		F_ERR(why),
		F_STR("consequence", "what it left is listed by: novacron orphan list"));
	s->error = nc_op_error_of(t->c.arena, why);
	undo_over(s, NC_UNDO_FAILED);
	t->run->attempts = t->run->recovers = 0;
	return NC_GO_ON;
}

static nc_go undo_done(nc_turn *t, size_t i)
{
	undo_over(&t->c.op->steps[i], NC_UNDO_DONE);
	t->run->attempts = t->run->recovers = 0;
	return NC_GO_ON;
}

static nc_go undo_again(nc_turn *t, int is_recover, int64_t us)
{
	t->run->has_result = 0;
	t->run->is_adopted = (uint8_t)is_recover;
	t->sleep_us = us;
	return NC_GO_SLEEP;
}

/* It is neither as it was nor as it was to be, as far as anybody can say. */
static nc_go undo_left_unclear(nc_turn *t, size_t i, const nc_error *why)
{
	nc_error unclear = *why;

	unclear.flags |= NC_ERR_OUTCOME_UNKNOWN;
	return undo_gave_up(t, i, &unclear);
}

/* The driver says that it is done: what it answered must say so too. */
static nc_go undo_answered(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	nc_run_result *r = &t->run->result;
	nc_error err = NC_ERROR_INIT;
	nc_bytes result = { r->bytes ? r->bytes : "", r->len };
	nc_code rc = def->undo_finish ? def->undo_finish(&t->c, result, &err) : NC_OK;

	if (rc == NC_E_NOMEM)
		return nc_turn_retry_memory(t); /* the answer is kept for then */
	return rc == NC_OK ? undo_done(t, i) : undo_left_unclear(t, i, &err);
}

static nc_go undo_failed(nc_turn *t, size_t i, int has_effect)
{
	nc_run *run = t->run;
	int is_final = run->result.err.code == NC_E_UNSUPPORTED; /* and will be so next time */

	if (is_final || run->attempts++ >= RETRIES_OF_UNDO)
		return has_effect ? undo_left_unclear(t, i, &run->result.err)
				  : undo_gave_up(t, i, &run->result.err);
	nc_log(L_WARN, "op.undo.retry", F_STR("operation", run->id),
		F_STR("step", t->c.op->steps[i].name), F_ERR(&run->result.err),
		F_STR("consequence", "trying again"));
	return undo_again(t, 0, nc_op_back_off_us(run->attempts + 1));
}

static nc_go undo_unknown(nc_turn *t, size_t i)
{
	nc_run *run = t->run;
	nc_op_step *s = &t->c.op->steps[i];
	nc_error why = NC_ERROR_INIT;

	if (run->recovers >= NC_OP_RECOVERS_MAX) {
		nc_err(&why, NC_E_TIMEOUT, "what became of undoing \"%s\" could not be learned",
			s->name);
		why.flags |= NC_ERR_OUTCOME_UNKNOWN;
		return undo_gave_up(t, i, &why);
	}
	int64_t us = nc_op_back_off_us(++run->recovers);
	nc_go g = undo_again(t, 1, us);
	if (s->undo == NC_UNDO_UNKNOWN)
		return g;
	s->undo = NC_UNDO_UNKNOWN;
	return nc_turn_rest(t, us);
}

static nc_go undo_recovered(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	switch (t->run->result.recovered) {
	case NC_REC_ABSENT:
		return undo_again(t, 0, 1);
	case NC_REC_DONE:
		return undo_answered(t, i, def);
	case NC_REC_FAILED:
		return undo_failed(t, i, 1);
	default:
		return undo_unknown(t, i);
	}
}

static nc_go undo_result(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	nc_run *run = t->run;
	const nc_run_result *r = &run->result;

	if (nc_op_was_put_off(run))
		return undo_again(t, run->call.is_recover, nc_op_put_off_us(++run->refusals));
	run->refusals = 0;
	if (r->err.code == NC_E_NOTFOUND && def->flags & NC_STEP_GONE_IS_UNDONE)
		return undo_done(t, i);
	/* It is not where it is to be taken back from; asking again finds it no more. */
	if (r->err.code == NC_E_NOTFOUND && !run->call.is_recover)
		return undo_left_unclear(t, i, &r->err);
	/* Where nobody can be asked after it, it is asked for again: an undo names what is to go,
	 * and what is gone already is done. */
	if (run->call.is_recover && r->code == NC_E_UNSUPPORTED)
		return def->flags & NC_STEP_GONE_IS_UNDONE ? undo_again(t, 0, 1)
							   : undo_left_unclear(t, i, &r->err);
	if (run->call.is_recover && r->code != NC_OK)
		return undo_unknown(t, i);
	if (run->call.is_recover && r->recovered != NC_REC_RUNNING)
		return undo_recovered(t, i, def);
	if (r->code != NC_OK)
		return undo_failed(t, i, 0);
	if (r->outcome == NC_DONE)
		return undo_answered(t, i, def);
	if (r->outcome == NC_UNKNOWN || r->outcome == NC_DETACHED)
		return undo_unknown(t, i);
	return undo_failed(t, i, r->outcome == NC_FAILED_PARTIAL);
}

static nc_go undo_call(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	nc_opctx *c = &t->c;
	nc_op_step *s = &c->op->steps[i];
	nc_op_call call = { 0 };
	nc_error err = NC_ERROR_INIT;

	if (t->run->has_result && !t->run->result_is_used && t->run->call.is_undo) {
		t->run->result_is_used = 1;
		return undo_result(t, i, def);
	}
	nc_code rc = def->undo_prepare(c, &call, &err);
	if (rc == NC_E_NOMEM)
		return nc_turn_retry_memory(t);
	int is_named = s->undo == NC_UNDO_RUNNING || s->undo == NC_UNDO_UNKNOWN;
	if (rc != NC_OK) /* a call of an earlier life may be out */
		return is_named ? undo_left_unclear(t, i, &err) : undo_gave_up(t, i, &err);
	if (call.is_needless)
		return undo_done(t, i);
	int is_recover = is_named && t->run->is_adopted, is_recorded = is_named;
	if (!is_named) {
		t->run->is_adopted = 0;
		nc_turn_key_undo(c, i);
	}
	if (!is_named || (s->undo == NC_UNDO_UNKNOWN && !is_recover)) {
		s->undo = NC_UNDO_RUNNING;
		is_recorded = 0;
	}
	if (!s->key || nc_turn_keep_call(t, &call, s, def->deadline_us) != NC_OK)
		return nc_turn_retry_memory(t);
	t->run->call.is_undo = 1;
	t->run->call.is_recover = is_recover;
	t->run->wants_call = 1;
	return is_recorded ? NC_GO_CALL : NC_GO_COMMIT;
}

static int wants_undo(const nc_op_step *s)
{
	return s->undo == NC_UNDO_PENDING || s->undo == NC_UNDO_RUNNING ||
	       s->undo == NC_UNDO_UNKNOWN;
}

nc_go nc_turn_backward(nc_turn *t)
{
	nc_operation *op = t->c.op;
	const nc_op_type *type = t->run->type;
	nc_error err = NC_ERROR_INIT;
	size_t i = op->n_steps;

	while (i > 0 && !wants_undo(&op->steps[i - 1]))
		i--;
	if (!i)
		return nc_turn_end(t, op->error ? NC_OPER_FAILED : NC_OPER_CANCELED);
	i--;
	op->step = type->steps[i].name;
	op->is_cancelable = 0;
	if (type->steps[i].undo_prepare)
		return undo_call(t, i, &type->steps[i]);
	nc_code rc = type->steps[i].undo(&t->c, &err);
	if (rc == NC_E_NOMEM)
		return nc_turn_retry_memory(t);
	return rc == NC_OK ? undo_done(t, i) : undo_gave_up(t, i, &err);
}
