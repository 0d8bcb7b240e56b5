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
	return NC_GO_ON;
}

static nc_go undo_result(nc_turn *t, size_t i)
{
	nc_run *run = t->run;
	const nc_run_result *r = &run->result;
	int is_gone = r->code == NC_OK && r->outcome == NC_DONE;

	if (is_gone || r->err.code == NC_E_NOTFOUND) {
		undo_over(&t->c.op->steps[i], NC_UNDO_DONE);
		run->attempts = 0;
		return NC_GO_ON;
	}
	if (!r->was_sent && (r->err.flags & NC_ERR_RETRYABLE) &&
		run->refusals < NC_OP_REFUSALS_MAX) {
		run->has_result = 0;
		t->sleep_us =
			NC_MIN((int64_t)20000 << NC_MIN(run->refusals++, 8u), (int64_t)2000000);
		return NC_GO_SLEEP;
	}
	if (run->attempts++ >= RETRIES_OF_UNDO)
		return undo_gave_up(t, i, &r->err);
	nc_log(L_WARN, "op.undo.retry", F_STR("operation", run->id),
		F_STR("step", t->c.op->steps[i].name), F_ERR(&r->err),
		F_STR("consequence", "trying again"));
	run->has_result = 0;
	t->sleep_us = nc_op_back_off_us(run->attempts + 1);
	return NC_GO_SLEEP;
}

static nc_go undo_call(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	nc_opctx *c = &t->c;
	nc_op_step *s = &c->op->steps[i];
	nc_op_call call = { 0 };
	nc_error err = NC_ERROR_INIT;

	if (t->run->has_result && !t->run->result_is_used && t->run->call.is_undo) {
		t->run->result_is_used = 1;
		return undo_result(t, i);
	}
	if (def->undo_prepare(c, &call, &err) != NC_OK)
		return undo_gave_up(t, i, &err);
	if (call.is_needless) {
		undo_over(s, NC_UNDO_DONE);
		return NC_GO_ON;
	}
	int is_recorded = s->undo == NC_UNDO_RUNNING;
	if (!is_recorded) {
		nc_turn_set_key(c, i, "u");
		s->undo = NC_UNDO_RUNNING;
	}
	if (nc_turn_keep_call(t, &call, s, def->deadline_us) != NC_OK)
		return nc_turn_retry_memory(t);
	t->run->call.is_undo = 1;
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
	if (type->steps[i].undo(&t->c, &err) != NC_OK)
		return undo_gave_up(t, i, &err);
	undo_over(&op->steps[i], NC_UNDO_DONE);
	return NC_GO_ON;
}
