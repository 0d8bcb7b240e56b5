/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One turn of one operation: read the record, move it on in memory as far as it goes without
 * waiting, stage that as one record. A turn has no effect but its record and may be run again
 * from the start when somebody else changed the same objects meanwhile.
 *
 * Direction is not stored, it follows from the steps: forward until one has failed, was cancelled
 * or is being undone; from then on backward, undoing what was done, to the end.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "model/model.h"
#include "op/engine.h"

#define TURN_ARENA_MAX  (4u << 20)
#define RETRIES_OF_STEP 3   /* of a failure without effect that says it may be retried */
#define RETRIES_OF_UNDO 6   /* then it is left to the orphan sweeper */
#define REFUSALS_MAX    300 /* at two seconds each: ten minutes */
#define RECOVERS_MAX    24  /* with back-off up to a minute: about twenty minutes */

typedef enum {
	GO_ON,     /* moved on in memory, look again */
	GO_COMMIT, /* a record is needed before anything else may happen */
	GO_CALL,   /* the record is there already: call */
	GO_SLEEP,
	GO_WAIT, /* an answer is under way */
	GO_DROP  /* nothing left to do */
} go;

typedef struct turn {
	nc_run *run;
	nc_opctx c;
	int64_t sleep_us;
} turn;

static int64_t back_off_us(uint32_t n)
{
	return NC_MIN(60000000, (int64_t)250000 << NC_MIN(n, 8u));
}

/* ---- where it stands ---- */

static int is_backward(const nc_operation *op)
{
	for (size_t i = 0; i < op->n_steps; i++)
		if (op->steps[i].state == NC_STEP_FAILED || op->steps[i].undo != NC_UNDO_NONE)
			return 1;
	return 0;
}

static size_t current_step(const nc_operation *op)
{
	size_t i = 0;

	while (i < op->n_steps &&
		(op->steps[i].state == NC_STEP_DONE || op->steps[i].state == NC_STEP_SKIPPED))
		i++;
	return i;
}

static int has_undo(const nc_op_step_def *def)
{
	return def->undo || def->undo_prepare;
}

static void mark(nc_op_step *s, nc_op_step_state state)
{
	int64_t now = nc_clock_wall_ms();

	if (state == NC_STEP_RUNNING)
		s->started_at_ms = now;
	else if (state != NC_STEP_PENDING)
		s->ended_at_ms = now;
	s->state = state;
}

/* From here on backward: what was done, and can be, is to be taken back. */
static void turn_round(turn *t)
{
	nc_operation *op = t->c.op;

	for (size_t i = 0; i < op->n_steps; i++)
		if (op->steps[i].state == NC_STEP_DONE && has_undo(&t->run->type->steps[i]))
			op->steps[i].undo = NC_UNDO_PENDING;
}

static go retry_memory(turn *t)
{
	t->sleep_us = 100000;
	return GO_SLEEP;
}

static go end(turn *t, nc_operation_state state)
{
	nc_opctx *c = &t->c;
	nc_error err = NC_ERROR_INIT;

	c->op->state = state;
	c->op->ended_at_ms = nc_clock_wall_ms();
	c->op->is_cancelable = 0;
	t->run->is_ended = 1;
	if (t->run->type->ended && t->run->type->ended(c, &err) != NC_OK) {
		nc_log(L_ERROR, "op.end.failed", F_STR("operation", c->op->o.id), F_ERR(&err));
		t->run->is_ended = 0;
		t->sleep_us = back_off_us(t->run->conflicts++);
		return GO_SLEEP;
	}
	return GO_COMMIT;
}

/* ---- forward ---- */

typedef enum { NO_EFFECT, HAS_EFFECT } effect;

static go step_failed(turn *t, size_t i, effect e, const nc_error *why)
{
	nc_operation *op = t->c.op;

	mark(&op->steps[i], NC_STEP_FAILED);
	op->steps[i].error = nc_op_error_of(t->c.arena, why);
	if (!op->error) /* the first one is the cause */
		op->error = op->steps[i].error;
	if (!op->error)
		return retry_memory(t);
	turn_round(t);
	if (e == HAS_EFFECT && has_undo(&t->run->type->steps[i]))
		op->steps[i].undo = NC_UNDO_PENDING;
	return GO_ON;
}

/* Cancelled here: not an error of the operation, but the end of its way forward. */
static go step_cancelled(turn *t, size_t i)
{
	mark(&t->c.op->steps[i], NC_STEP_FAILED);
	turn_round(t);
	return GO_ON;
}

/* The ordinal in the key counts the attempts that are different deeds (another host). */
static void set_key(nc_opctx *c, size_t i, const char *suffix)
{
	nc_op_step *s = &c->op->steps[i];

	s->key = nc_arena_printf(
		c->arena, "%s.%zu%s.%lld", c->op->o.id, i, suffix, (long long)s->attempts);
}

/* Copy what the call needs into the run: it outlives the turn's arena. */
static nc_code keep_call(turn *t, const nc_op_call *call, const nc_op_step *s, int64_t step_us)
{
	nc_run_call fresh = { .is_recover = 0 };

	fresh.verb = nc_strdup(call->verb);
	fresh.target = nc_strdup(call->target ? call->target : "");
	fresh.request =
		nc_memdup(call->request.len ? call->request.ptr : "", call->request.len + 1);
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

static go begin_call(turn *t, size_t i, const nc_op_step_def *def)
{
	nc_opctx *c = &t->c;
	nc_op_step *s = &c->op->steps[i];
	nc_op_call call = { 0 };
	nc_error err = NC_ERROR_INIT;
	int was_running = s->state == NC_STEP_RUNNING;

	if (def->prepare(c, &call, &err) != NC_OK)
		return step_failed(t, i, NO_EFFECT, &err);
	if (call.is_needless) {
		mark(s, NC_STEP_SKIPPED);
		return GO_ON;
	}
	if (!was_running) {
		set_key(c, i, "");
		mark(s, NC_STEP_RUNNING);
	}
	if (keep_call(t, &call, s, def->deadline_us) != NC_OK)
		return retry_memory(t);
	/* A step the record knows as running may have been sent by an earlier life. */
	t->run->call.is_recover = was_running && t->run->is_adopted;
	t->run->wants_call = 1;
	return was_running ? GO_CALL : GO_COMMIT;
}

static go call_again(turn *t, size_t i, const nc_op_step_def *def, int is_recover, int64_t sleep_us)
{
	nc_run *run = t->run;

	run->has_result = 0;
	nc_run_result_clear(&run->result);
	run->is_adopted = (uint8_t)is_recover;
	if (!sleep_us)
		return begin_call(t, i, def);
	t->sleep_us = sleep_us;
	return GO_SLEEP;
}

static go unknown_outcome(turn *t, size_t i, const nc_op_step_def *def)
{
	nc_error why = NC_ERROR_INIT;

	if (t->run->recovers++ < RECOVERS_MAX)
		return call_again(t, i, def, 1, back_off_us(t->run->recovers));
	nc_err(&why, NC_E_TIMEOUT, "the outcome of step \"%s\" could not be learned", def->name);
	nc_err_hint(&why, NC_E_TIMEOUT,
		"look at the host, then run: novacron orphan list; reset-state when it is clear");
	why.flags |= NC_ERR_OUTCOME_UNKNOWN;
	return step_failed(t, i, HAS_EFFECT, &why);
}

static go go_back_to(turn *t, size_t i, int target)
{
	for (size_t k = (size_t)target; k <= i; k++) {
		t->c.op->steps[k].state = NC_STEP_PENDING;
		t->c.op->steps[k].attempts++;
	}
	return GO_ON;
}

static go failed_outcome(turn *t, size_t i, const nc_op_step_def *def, int32_t outcome)
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
	if (choice == NC_FAIL_OP)
		return step_failed(t, i, has_effect ? HAS_EFFECT : NO_EFFECT, why);
	run->attempts++;
	if (choice == NC_RETRY_STEP)
		return call_again(t, i, def, 0,
			NC_MAX(back_off_us(run->attempts), (int64_t)why->retry_after_ms * 1000));
	nc_assert((size_t)choice <= i);
	return go_back_to(t, i, choice);
}

static go done_outcome(turn *t, size_t i, const nc_op_step_def *def)
{
	nc_opctx *c = &t->c;
	nc_run_result *r = &t->run->result;
	nc_error err = NC_ERROR_INIT;

	c->op->plugin.id = nc_arena_strdup(c->arena, r->plugin_id);
	c->op->plugin.version = nc_arena_strdup(c->arena, r->plugin_version);
	nc_bytes result = { r->bytes ? r->bytes : "", r->len };
	if (def->finish && def->finish(c, result, &err) != NC_OK)
		return step_failed(t, i, HAS_EFFECT, &err);
	mark(&c->op->steps[i], NC_STEP_DONE);
	t->run->attempts = t->run->recovers = 0;
	/* Asked to cancel, but the deed was done first: take it back if that can be. */
	if (c->op->state == NC_OPER_CANCELING && has_undo(def))
		turn_round(t);
	return GO_ON;
}

static go cancelled_outcome(turn *t, size_t i)
{
	nc_error why = NC_ERROR_INIT;

	if (t->c.op->state == NC_OPER_CANCELING)
		return step_cancelled(t, i);
	nc_err(&why, NC_E_CANCELLED, "the driver cancelled step \"%s\" by itself",
		t->c.op->steps[i].name);
	return step_failed(t, i, NO_EFFECT, &why);
}

/* Nobody was asked, for a reason that passes (the provider is being opened): ask again soon, as
 * the same attempt. An operation that is to be cancelled meanwhile is. */
static go ask_again(turn *t, size_t i, const nc_op_step_def *def)
{
	nc_run *run = t->run;
	int is_recover = run->call.is_recover;

	if (t->c.op->state == NC_OPER_CANCELING && !is_recover)
		return step_cancelled(t, i);
	run->refusals++;
	return call_again(t, i, def, is_recover,
		NC_MIN((int64_t)20000 << NC_MIN(run->refusals, 8u), (int64_t)2000000));
}

static go forward_result(turn *t, size_t i, const nc_op_step_def *def)
{
	nc_run *run = t->run;
	const nc_run_result *r = &run->result;

	if (!r->was_sent && r->code != NC_OK && (r->err.flags & NC_ERR_RETRYABLE) &&
		run->refusals < REFUSALS_MAX)
		return ask_again(t, i, def);
	run->refusals = 0;

	if (run->call.is_recover && r->code == NC_OK) {
		if (r->recovered == NC_REC_ABSENT) {
			run->recovers = 0;
			if (t->c.op->state == NC_OPER_CANCELING)
				return cancelled_outcome(t, i);
			return call_again(t, i, def, 0, 0);
		}
		if (r->recovered == NC_REC_UNKNOWN)
			return unknown_outcome(t, i, def);
		if (r->recovered == NC_REC_FAILED)
			return failed_outcome(t, i, def, NC_FAILED_PARTIAL);
		if (r->recovered == NC_REC_DONE)
			return done_outcome(t, i, def);
		/* RUNNING: what follows tells how it ended */
	} else if (run->call.is_recover) {
		return unknown_outcome(t, i, def); /* could not even ask */
	}
	switch (r->outcome) {
	case NC_DONE:
		return done_outcome(t, i, def);
	case NC_CANCELLED:
		return cancelled_outcome(t, i);
	case NC_FAILED_NO_EFFECT:
	case NC_FAILED_PARTIAL:
		return failed_outcome(t, i, def, r->outcome);
	default: /* UNKNOWN, DETACHED */
		return unknown_outcome(t, i, def);
	}
}

static go local_step(turn *t, size_t i, const nc_op_step_def *def)
{
	nc_error err = NC_ERROR_INIT;
	nc_op_step *s = &t->c.op->steps[i];

	if (!s->started_at_ms)
		mark(s, NC_STEP_RUNNING);
	nc_code rc = def->run(&t->c, &err);
	if (rc == NC_E_NOMEM)
		return retry_memory(t);
	if (rc != NC_OK)
		return step_failed(t, i, NO_EFFECT, &err);
	mark(s, NC_STEP_DONE);
	return GO_ON;
}

static go forward(turn *t)
{
	nc_operation *op = t->c.op;
	size_t i = current_step(op);

	if (i == op->n_steps)
		return end(t, NC_OPER_SUCCEEDED);
	const nc_op_step_def *def = &t->run->type->steps[i];
	op->step = def->name;
	op->is_cancelable = (def->flags & NC_STEP_CANCELABLE) != 0;
	int may_be_out = op->steps[i].state == NC_STEP_RUNNING && def->prepare;
	if (op->state == NC_OPER_CANCELING && !may_be_out)
		return step_cancelled(t, i);
	if (op->state == NC_OPER_PENDING) {
		op->state = NC_OPER_RUNNING;
		op->started_at_ms = nc_clock_wall_ms();
	}
	if (def->run)
		return local_step(t, i, def);
	if (t->run->has_result && !t->run->result_is_used) {
		t->run->result_is_used = 1;
		return forward_result(t, i, def);
	}
	return begin_call(t, i, def);
}

/* ---- backward ---- */

static void undo_over(nc_op_step *s, nc_op_undo_state how)
{
	s->undo = how;
	s->ended_at_ms = nc_clock_wall_ms();
}

static go undo_gave_up(turn *t, size_t i, const nc_error *why)
{
	nc_op_step *s = &t->c.op->steps[i];

	nc_log(L_ERROR, "op.undo.gave_up", F_STR("operation", t->run->id), F_STR("step", s->name),
		F_ERR(why),
		F_STR("consequence", "what it left is listed by: novacron orphan list"));
	s->error = nc_op_error_of(t->c.arena, why);
	undo_over(s, NC_UNDO_FAILED);
	return GO_ON;
}

static go undo_result(turn *t, size_t i)
{
	nc_run *run = t->run;
	const nc_run_result *r = &run->result;
	int is_gone = r->code == NC_OK && r->outcome == NC_DONE;

	if (is_gone || r->err.code == NC_E_NOTFOUND) {
		undo_over(&t->c.op->steps[i], NC_UNDO_DONE);
		run->attempts = 0;
		return GO_ON;
	}
	if (!r->was_sent && (r->err.flags & NC_ERR_RETRYABLE) && run->refusals < REFUSALS_MAX) {
		run->has_result = 0;
		t->sleep_us =
			NC_MIN((int64_t)20000 << NC_MIN(run->refusals++, 8u), (int64_t)2000000);
		return GO_SLEEP;
	}
	if (run->attempts++ >= RETRIES_OF_UNDO)
		return undo_gave_up(t, i, &r->err);
	nc_log(L_WARN, "op.undo.retry", F_STR("operation", run->id),
		F_STR("step", t->c.op->steps[i].name), F_ERR(&r->err),
		F_STR("consequence", "trying again"));
	run->has_result = 0;
	t->sleep_us = back_off_us(run->attempts + 1);
	return GO_SLEEP;
}

static go undo_call(turn *t, size_t i, const nc_op_step_def *def)
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
		return GO_ON;
	}
	int is_recorded = s->undo == NC_UNDO_RUNNING;
	if (!is_recorded) {
		set_key(c, i, "u");
		s->undo = NC_UNDO_RUNNING;
	}
	if (keep_call(t, &call, s, def->deadline_us) != NC_OK)
		return retry_memory(t);
	t->run->call.is_undo = 1;
	t->run->wants_call = 1;
	return is_recorded ? GO_CALL : GO_COMMIT;
}

static int wants_undo(const nc_op_step *s)
{
	return s->undo == NC_UNDO_PENDING || s->undo == NC_UNDO_RUNNING ||
	       s->undo == NC_UNDO_UNKNOWN;
}

static go backward(turn *t)
{
	nc_operation *op = t->c.op;
	const nc_op_type *type = t->run->type;
	nc_error err = NC_ERROR_INIT;
	size_t i = op->n_steps;

	while (i > 0 && !wants_undo(&op->steps[i - 1]))
		i--;
	if (!i)
		return end(t, op->error ? NC_OPER_FAILED : NC_OPER_CANCELED);
	i--;
	op->step = type->steps[i].name;
	op->is_cancelable = 0;
	if (type->steps[i].undo_prepare)
		return undo_call(t, i, &type->steps[i]);
	if (type->steps[i].undo(&t->c, &err) != NC_OK)
		return undo_gave_up(t, i, &err);
	undo_over(&op->steps[i], NC_UNDO_DONE);
	return GO_ON;
}

/* ---- the turn ---- */

static nc_code load(turn *t, nc_error *err)
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
	const nc_kind *kind = nc_kind_find(c->op->target.kind ? c->op->target.kind : "");
	const nc_item *target =
		kind ? nc_root_get(c->root, kind->number, nc_str(c->op->target.id)) : NULL;
	if (target && (rc = nc_model_load(target, c->arena, &c->target, err)) != NC_OK)
		return rc;
	c->txn = nc_txn_new(c->db);
	return c->txn ? NC_OK : nc_err_nomem(err);
}

static go unknown_kind(turn *t)
{
	nc_error err = NC_ERROR_INIT;

	nc_err(&err, NC_E_UNSUPPORTED, "this version does not know the operation \"%s\"",
		t->c.op->verb);
	t->c.op->error = nc_op_error_of(t->c.arena, &err);
	t->c.op->state = NC_OPER_FAILED;
	t->c.op->ended_at_ms = nc_clock_wall_ms();
	t->run->is_ended = 1;
	return GO_COMMIT;
}

static go advance(turn *t)
{
	go g = GO_ON;

	if (nc_operation_state_is_final(t->c.op->state))
		return GO_DROP;
	if (!t->run->type || t->run->type->n_steps != t->c.op->n_steps)
		return unknown_kind(t);
	while (g == GO_ON)
		g = is_backward(t->c.op) ? backward(t) : forward(t);
	return g;
}

static void settle(turn *t, go g)
{
	nc_run *run = t->run;
	nc_ops *ops = run->ops;

	pthread_mutex_lock(&ops->lock);
	switch (g) {
	case GO_CALL:
		nc_run_enter_gate(run);
		break;
	case GO_SLEEP:
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
	turn t = { .run = run };
	nc_error err = NC_ERROR_INIT;

	t.c = (nc_opctx){ .ops = ops, .db = ops->opt.db, .arena = arena, .user = ops->opt.user };
	run->wants_call = run->is_ended = run->result_is_used = 0;
	t.c.root = nc_db_read_begin(ops->opt.db);
	nc_code rc = arena ? load(&t, &err) : NC_E_NOMEM;
	go g = rc == NC_OK ? advance(&t) : rc == NC_E_NOTFOUND ? GO_DROP : retry_memory(&t);
	if (rc != NC_OK && rc != NC_E_NOTFOUND)
		nc_log(L_ERROR, "op.turn.failed", F_STR("operation", run->id), F_ERR(&err),
			F_STR("consequence", "trying again"));
	if (g == GO_COMMIT)
		nc_run_commit(run, &t.c); /* takes the transaction */
	else if (t.c.txn)
		nc_txn_free(t.c.txn);
	nc_db_read_end(ops->opt.db);
	if (g != GO_COMMIT)
		settle(&t, g);
}
