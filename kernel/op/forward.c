/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way forward: the next step of an operation, begun. A local step runs here and now; a call is
 * prepared, named in the record and only then made. What the answers mean is in outcome.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "op/turn.h"

nc_go nc_turn_step_failed(nc_turn *t, size_t i, nc_effect e, const nc_error *why)
{
	nc_operation *op = t->c.op;

	nc_op_step_mark(&op->steps[i], NC_STEP_FAILED);
	op->steps[i].error = nc_op_error_of(t->c.arena, why);
	if (!op->error) /* the first one is the cause */
		op->error = op->steps[i].error;
	if (!op->error)
		return nc_turn_retry_memory(t);
	nc_turn_round(t);
	if (e == NC_HAS_EFFECT && nc_op_has_undo(&t->run->type->steps[i]))
		op->steps[i].undo = NC_UNDO_PENDING;
	return NC_GO_ON;
}

nc_go nc_turn_step_cancelled(nc_turn *t, size_t i)
{
	nc_op_step_mark(&t->c.op->steps[i], NC_STEP_FAILED);
	nc_turn_round(t);
	return NC_GO_ON;
}

/* The deeds of a step are numbered by their keys, from 0; -1 = there was none yet. */
static int last_deed(const nc_op_step *s)
{
	const char *number = s->key ? strrchr(s->key, '.') : NULL;

	return number ? (int)strtol(number + 1, NULL, 10) : -1;
}

static void set_key(nc_opctx *c, size_t i, const char *suffix, int deed)
{
	nc_op_step *s = &c->op->steps[i];

	s->checkpoint = NULL; /* of the deed before */
	s->key = nc_arena_printf(c->arena, "%s.%zu%s.%d", c->op->o.id, i, suffix, deed);
}

void nc_turn_key_undo(nc_opctx *c, size_t i)
{
	set_key(c, i, "u", NC_MAX(last_deed(&c->op->steps[i]), 0));
}

nc_code nc_turn_keep_call(nc_turn *t, const nc_op_call *call, const nc_op_step *s, int64_t step_us)
{
	nc_run_call fresh = { .is_own = call->is_own };

	fresh.verb = nc_strdup(call->verb);
	fresh.target = nc_strdup(call->target ? call->target : "");
	fresh.request = nc_strndup(call->request.len ? call->request.ptr : "", call->request.len);
	fresh.request_len = call->request.len;
	fresh.checkpoint = s->checkpoint ? nc_strdup(s->checkpoint) : NULL;
	snprintf(fresh.key, sizeof(fresh.key), "%s", s->key ? s->key : "");
	fresh.deadline_us = call->deadline_us ? call->deadline_us : step_us;
	char *provider = nc_strdup(call->provider ? call->provider : "");
	char *host = nc_strdup(fresh.target ? fresh.target : "");
	if ((s->checkpoint && !fresh.checkpoint) || !fresh.verb || !fresh.target ||
		!fresh.request || !provider || !host) {
		nc_run_call_clear(&fresh);
		nc_free(provider);
		nc_free(host);
		return NC_E_NOMEM;
	}
	nc_run *run = t->run;
	nc_run_call_clear(&run->call);
	run->call = fresh;
	nc_free(run->provider);
	nc_free(run->host);
	run->provider = provider;
	run->host = host;
	return NC_OK;
}

/* prepare can't say what to call. If a call of an earlier life may be out, nobody can ask after it
 * either. */
static nc_go unprepared(nc_turn *t, size_t i, int may_be_out, nc_error *why)
{
	if (why->code == NC_E_NOMEM)
		return nc_turn_retry_memory(t);
	if (may_be_out)
		why->flags |= NC_ERR_OUTCOME_UNKNOWN;
	return nc_turn_step_failed(t, i, may_be_out ? NC_HAS_EFFECT : NC_NO_EFFECT, why);
}

static int is_named(const nc_op_step *s)
{
	return s->state == NC_STEP_RUNNING || s->state == NC_STEP_UNKNOWN;
}

/* Into the step what is to be sent, and where to; 0 = its record says that already. */
static int begin_attempt(nc_turn *t, size_t i, const nc_op_call *call, int is_recover)
{
	nc_op_step *s = &t->c.op->steps[i];

	if (!is_named(s)) {
		t->run->is_adopted = 0;
		set_key(&t->c, i, "", last_deed(s) + 1);
		nc_op_step_mark(s, NC_STEP_RUNNING);
	} else if (!t->run->is_again || is_recover) {
		return 0;
	}
	s->state = NC_STEP_RUNNING; /* also where nobody knew, and it was absent */
	s->attempts++;
	int has_host = call->target && *call->target;
	const char *to = has_host ? call->target : call->provider;
	s->target = to ? nc_arena_strdup(t->c.arena, to) : NULL;
	return 1;
}

nc_go nc_turn_begin_call(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	nc_opctx *c = &t->c;
	nc_op_step *s = &c->op->steps[i];
	nc_op_call call = { 0 };
	nc_error err = NC_ERROR_INIT;
	/* A step the record knows as running may have been sent by an earlier life. */
	int is_recover = is_named(s) && t->run->is_adopted;

	if (def->prepare(c, &call, &err) != NC_OK)
		return unprepared(t, i, is_recover, &err);
	if (call.is_needless) {
		nc_op_step_mark(s, NC_STEP_SKIPPED);
		return NC_GO_ON;
	}
	int is_new = begin_attempt(t, i, &call, is_recover);
	if (!s->key || nc_turn_keep_call(t, &call, s, def->deadline_us) != NC_OK)
		return nc_turn_retry_memory(t);
	t->run->call.is_recover = is_recover;
	t->run->wants_call = 1;
	return is_new ? NC_GO_COMMIT : NC_GO_CALL;
}

static nc_go local_step(nc_turn *t, size_t i, const nc_op_step_def *def)
{
	nc_error err = NC_ERROR_INIT;
	nc_op_step *s = &t->c.op->steps[i];

	if (!s->started_at_ms)
		nc_op_step_mark(s, NC_STEP_RUNNING);
	s->attempts++;
	nc_code rc = def->run(&t->c, &err);
	if (rc == NC_E_NOMEM)
		return nc_turn_retry_memory(t);
	if (rc != NC_OK)
		return nc_turn_step_failed(t, i, NC_NO_EFFECT, &err);
	nc_op_step_mark(s, NC_STEP_DONE);
	return NC_GO_ON;
}

static size_t current_step(const nc_operation *op)
{
	size_t i = 0;

	while (i < op->n_steps &&
		(op->steps[i].state == NC_STEP_DONE || op->steps[i].state == NC_STEP_SKIPPED))
		i++;
	return i;
}

/* Not before its time. */
static nc_go wait_for_time(nc_turn *t, int64_t ms)
{
	int64_t us = NC_MIN(ms, 60000) * 1000; /* the wall clock may jump */

	if (t->c.op->state != NC_OPER_WAITING) {
		t->c.op->state = NC_OPER_WAITING;
		return nc_turn_rest(t, us);
	}
	t->sleep_us = us;
	return NC_GO_SLEEP;
}

/* Its deadline is past: as if somebody had asked for cancel, but with an error. */
static int note_deadline(nc_turn *t)
{
	nc_operation *op = t->c.op;

	if (!op->deadline_at_ms || op->state == NC_OPER_CANCELING ||
		nc_clock_wall_ms() < op->deadline_at_ms)
		return 0;
	t->run->wants_cancel = 1;
	op->state = NC_OPER_CANCELING;
	op->error = op->error ? op->error : nc_op_deadline_error(op, t->c.arena);
	return op->error ? 0 : -1;
}

nc_go nc_turn_forward(nc_turn *t)
{
	nc_operation *op = t->c.op;
	size_t i = current_step(op);

	if (i == op->n_steps)
		return nc_turn_end(t, NC_OPER_SUCCEEDED);
	const nc_op_step_def *def = &t->run->type->steps[i];
	op->step = def->name;
	op->is_cancelable = (def->flags & NC_STEP_CANCELABLE) != 0;
	int may_be_out = def->prepare && (op->steps[i].state == NC_STEP_RUNNING ||
						 op->steps[i].state == NC_STEP_UNKNOWN);
	if (note_deadline(t) < 0)
		return nc_turn_retry_memory(t);
	if (op->state == NC_OPER_CANCELING && !may_be_out)
		return nc_turn_step_cancelled(t, i);
	int64_t early_ms = op->not_before_ms - nc_clock_wall_ms();
	if (op->state <= NC_OPER_WAITING && op->not_before_ms && early_ms > 0)
		return wait_for_time(t, early_ms);
	if (op->state <= NC_OPER_WAITING) {
		op->state = NC_OPER_RUNNING;
		op->started_at_ms = nc_clock_wall_ms();
	}
	if (def->run)
		return local_step(t, i, def);
	if (t->run->has_result && !t->run->result_is_used) {
		t->run->result_is_used = 1;
		return nc_turn_forward_result(t, i, def);
	}
	return nc_turn_begin_call(t, i, def);
}
