/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "plugin/image.h"
#include "plugin/rt_internal.h"

/*
 * What a plugin says about its operations: op_complete and its siblings. Called from any thread of
 * the plugin with any handle; every handle is looked up, and what is wrong is refused, counted and
 * otherwise without effect. None of these blocks: they take rt_lock for a moment and tell the owner
 * without it.
 */

#define STREAM_CLOSE_NS 1000000000u

void nc_rt_tidy_error(nc_error *err, nc_code code)
{
	const uint32_t known = NC_ERR_RETRYABLE | NC_ERR_OUTCOME_UNKNOWN | NC_ERR_USER_FAULT;
	err->struct_size = sizeof(*err);
	err->code = code;
	err->flags &= known;
	err->domain[sizeof(err->domain) - 1] = 0;
	err->message[sizeof(err->message) - 1] = 0;
	err->hint[sizeof(err->hint) - 1] = 0;
}

int32_t nc_rt_op_stop_reason(nc_host_ctx *ctx, nc_op op)
{
	nc_rt *rt = nc_ctx_enter(ctx, "op_stop_reason");
	if (!rt)
		return NC_RUN;
	pthread_mutex_lock(&rt->rt_lock);
	const rt_op *o = nc_slots_get(&rt->ops, op.v);
	int32_t reason = o ? o->stop_reason : NC_RUN;
	pthread_mutex_unlock(&rt->rt_lock);
	nc_ctx_leave(ctx);
	return reason;
}

uint64_t nc_rt_op_deadline_ns(nc_host_ctx *ctx, nc_op op)
{
	nc_rt *rt = nc_ctx_enter(ctx, "op_deadline_ns");
	if (!rt)
		return 0;
	pthread_mutex_lock(&rt->rt_lock);
	const rt_op *o = nc_slots_get(&rt->ops, op.v);
	uint64_t deadline = o ? o->deadline_ns : 0;
	pthread_mutex_unlock(&rt->rt_lock);
	nc_ctx_leave(ctx);
	return deadline;
}

const char *nc_rt_op_key(nc_host_ctx *ctx, nc_op op)
{
	nc_rt *rt = nc_ctx_enter(ctx, "op_key");
	if (!rt)
		return "";
	pthread_mutex_lock(&rt->rt_lock);
	const rt_op *o = nc_slots_get(&rt->ops, op.v);
	const char *key = o ? o->key : "";
	pthread_mutex_unlock(&rt->rt_lock);
	nc_ctx_leave(ctx);
	return key;
}

/* ---- progress ---- */

/* Whether it is news: another phase, or further in the same. Under rt_lock. */
static int note_progress(rt_op *o, uint32_t permille, const char *phase)
{
	if (strncmp(o->phase, phase, sizeof(o->phase) - 1) == 0 && permille <= o->permille &&
		o->has_progress)
		return 0;
	o->has_progress = 1;
	o->permille = permille;
	strncpy(o->phase, phase, sizeof(o->phase) - 1);
	return 1;
}

void nc_rt_op_progress(nc_host_ctx *ctx, nc_op op, uint32_t permille, const char *phase)
{
	char copy[RT_PHASE_MAX] = "";
	uint64_t id = 0;
	nc_rt *rt = nc_ctx_enter(ctx, "op_progress");
	if (!rt)
		return;
	permille = NC_MIN(permille, 1000u);
	pthread_mutex_lock(&rt->rt_lock);
	rt_op *o = nc_slots_get(&rt->ops, op.v);
	if (o && !o->is_completed && !o->is_forfeited &&
		note_progress(o, permille, phase ? phase : "")) {
		id = o->id;
		memcpy(copy, o->phase, sizeof(copy));
	}
	pthread_mutex_unlock(&rt->rt_lock);
	if (id && nc_rt_speak(rt)) {
		rt->up->progress(rt->user, id, permille, copy);
		nc_rt_spoke(rt);
	}
	nc_ctx_leave(ctx);
}

/* ---- checkpoints ---- */

/* Under rt_lock. NC_OK: *ret_id and *ret_ticket say what to tell. */
static nc_code take_checkpoint(
	nc_rt *rt, const rt_checkpoint *want, uint64_t *ret_id, uint64_t *ret_ticket)
{
	const rt_op *o = nc_slots_get(&rt->ops, want->op.v);
	if (!o || !nc_rt_op_completes(o) || o->is_completed)
		return NC_E_NOTFOUND;
	if (o->is_forfeited)
		return NC_E_CANCELLED;
	rt_checkpoint *c = nc_slots_take(&rt->checkpoints, ret_ticket);
	if (!c)
		return NC_E_BUSY;
	*c = *want;
	c->ticket = *ret_ticket;
	*ret_id = o->id;
	return NC_OK;
}

static void drop_checkpoint(nc_rt *rt, uint64_t ticket)
{
	pthread_mutex_lock(&rt->rt_lock);
	nc_slots_release(&rt->checkpoints, ticket);
	pthread_mutex_unlock(&rt->rt_lock);
}

static nc_code checkpoint(nc_rt *rt, const rt_checkpoint *want, nc_bytes token)
{
	uint64_t id, ticket;
	if (token.len > NC_CHECKPOINT_MAX) {
		nc_rt_strike(rt, NC_P11_LIMITS, "a checkpoint of %zu bytes, %u are allowed",
			token.len, NC_CHECKPOINT_MAX);
		return NC_E_INVAL;
	}
	pthread_mutex_lock(&rt->rt_lock);
	nc_code rc = take_checkpoint(rt, want, &id, &ticket);
	pthread_mutex_unlock(&rt->rt_lock);
	if (rc == NC_E_NOTFOUND)
		nc_rt_strike(rt, NC_P4_COMPLETE, "op_checkpoint with a handle that is not live");
	if (rc != NC_OK)
		return rc;
	if (!nc_rt_speak(rt)) {
		drop_checkpoint(rt, ticket);
		return NC_E_UNAVAILABLE;
	}
	rt->up->checkpoint(rt->user, id, ticket, token);
	nc_rt_spoke(rt);
	return NC_OK;
}

static void run_continuation(nc_task *task)
{
	rt_checkpoint c = *NC_CONTAINER(task, rt_checkpoint, task);
	nc_rt *rt = c.rt;
	drop_checkpoint(rt, c.ticket);
	if (!c.cont || !nc_rt_enter(rt))
		return;
	rt_thread thread = nc_rt_thread_enter(rt, NC_THREAD_CONTROL);
	nc_mark mark = nc_mark_enter(rt->plugin, "checkpoint continuation");
	c.cont(rt->self, c.op, c.code, c.user);
	nc_mark_leave(mark);
	nc_rt_thread_leave(thread);
	nc_rt_leave(rt);
}

nc_code nc_rt_op_checkpoint(nc_host_ctx *ctx, nc_op op, nc_bytes token, nc_cont cont, uint64_t user)
{
	nc_rt *rt = nc_ctx_enter(ctx, "op_checkpoint");
	if (!rt)
		return NC_E_UNAVAILABLE;
	nc_code rc = checkpoint(rt,
		&(rt_checkpoint){ .task.run = run_continuation,
			.rt = rt,
			.op = op,
			.cont = cont,
			.user = user },
		token);
	nc_ctx_leave(ctx);
	return rc;
}

void nc_rt_checkpoint_done(nc_rt *rt, uint64_t ticket, nc_code code)
{
	pthread_mutex_lock(&rt->rt_lock);
	rt_checkpoint *c = nc_slots_get(&rt->checkpoints, ticket);
	int is_first = c && !c->is_answered && !rt->is_closing;
	if (is_first) {
		c->is_answered = 1;
		c->code = code;
		/* Posted under the lock: rt_free ends the loop only after it has set is_closing. */
		nc_loop_post(rt->control, &c->task);
	}
	pthread_mutex_unlock(&rt->rt_lock);
}

/* ---- completion ---- */

typedef enum { COMPLETE_TELL, COMPLETE_HOLD, COMPLETE_LATE, COMPLETE_BROKEN } verdict;

/* Under rt_lock. *why is set when it is broken. */
static verdict judge(nc_rt *rt, rt_op *o, nc_op op, const char **why)
{
	*why = NULL;
	if (!o)
		*why = nc_slots_was_issued(&rt->ops, op.v)
			       ? "op_complete with a stale handle: completed twice, or not its own"
			       : "op_complete with a handle that was never given out";
	else if (!nc_rt_op_completes(o))
		*why = "op_complete of a call that only returns";
	else if (o->is_completed)
		*why = "op_complete twice for one operation";
	else if (o->has_returned && !o->is_accepted)
		*why = "op_complete of an operation that was not accepted";
	if (*why)
		return COMPLETE_BROKEN;
	o->is_completed = 1;
	if (o->is_forfeited)
		return COMPLETE_LATE;
	return o->verb->shape == NC_SHAPE_RECOVER && o->verb->number < NC_VERB_MAX && !o->is_told
		       ? COMPLETE_HOLD
		       : COMPLETE_TELL;
}

typedef struct completion {
	int32_t outcome;
	nc_error err;
	nc_bytes result;
} completion;

/* Makes what the plugin said well-formed; what can't be taken at its word becomes UNKNOWN. */
static void check_completion(nc_rt *rt, completion *c, const nc_error *err)
{
	c->err = (nc_error)NC_ERROR_INIT;
	if (err)
		nc_err_copy(&c->err, err);
	if (c->outcome < NC_DONE || c->outcome > NC_UNKNOWN) {
		nc_rt_strike(rt, NC_P4_COMPLETE, "op_complete with the outcome %d", c->outcome);
		nc_err(&c->err, NC_E_PROTO, "plugin %s gave the outcome %d, which there is not",
			rt->plugin, c->outcome);
		c->outcome = NC_UNKNOWN;
	}
	if (c->result.len > NC_RESULT_MAX) {
		nc_rt_strike(rt, NC_P11_LIMITS, "a result of %zu bytes, %u are allowed",
			c->result.len, NC_RESULT_MAX);
		nc_err(&c->err, NC_E_PROTO, "plugin %s gave a result of %zu bytes, %u are allowed",
			rt->plugin, c->result.len, NC_RESULT_MAX);
		c->result = (nc_bytes){ NULL, 0 };
		c->outcome = NC_UNKNOWN;
	}
	if (c->outcome == NC_DONE) {
		c->err = (nc_error)NC_ERROR_INIT;
		return;
	}
	nc_code code = c->err.code != NC_OK                                      ? c->err.code
		       : c->outcome == NC_CANCELLED || c->outcome == NC_DETACHED ? NC_E_CANCELLED
										 : NC_E_INTERNAL;
	if (!c->err.message[0])
		nc_err(&c->err, code, "plugin %s gave no reason", rt->plugin);
	nc_rt_tidy_error(&c->err, code);
}

/* Under rt_lock: a recover that has not returned yet. */
static void hold(rt_op *o, const completion *c)
{
	o->is_held = 1;
	o->held_outcome = c->outcome;
	o->held_err = c->err;
	o->held = c->result.len ? nc_memdup(c->result.ptr, c->result.len) : NULL;
	if (c->result.len && !o->held) {
		nc_err_nomem(&o->held_err);
		o->held_outcome = NC_UNKNOWN;
	} else {
		o->held_len = c->result.len;
	}
}

/* A second after the end of a stream its socket should be gone too. */
static void check_stream(const nc_closure *c, uint64_t timer)
{
	(void)timer;
	if (nc_rt_is_open_at(c->arg))
		nc_rt_strike(c->ctx, NC_P0_CONTRACT,
			"a stream's socket is still open a second after op_complete");
}

static void tell_completed(nc_rt *rt, rt_op *o, const completion *c)
{
	if (nc_rt_speak(rt)) {
		rt->up->completed(rt->user, o->id, c->outcome, &c->err, c->result);
		nc_rt_spoke(rt);
	}
	if (o->stream_place)
		(void)nc_loop_timer_start(rt->control, STREAM_CLOSE_NS, 0, check_stream,
			(nc_closure){ .ctx = rt, .arg = o->stream_place }, NULL);
}

static void complete(nc_rt *rt, nc_op op, completion *c)
{
	const char *why;
	pthread_mutex_lock(&rt->rt_lock);
	rt_op *o = nc_slots_get(&rt->ops, op.v);
	verdict v = judge(rt, o, op, &why);
	if (v == COMPLETE_HOLD)
		hold(o, c);
	if (v == COMPLETE_TELL)
		o->n_busy++;
	if (v == COMPLETE_LATE)
		nc_rt_release_op_if_over(rt, o);
	pthread_mutex_unlock(&rt->rt_lock);
	if (v == COMPLETE_BROKEN)
		nc_rt_strike(rt, NC_P4_COMPLETE, "%s", why);
	if (v != COMPLETE_TELL)
		return;
	tell_completed(rt, o, c);
	pthread_mutex_lock(&rt->rt_lock);
	o->n_busy--;
	nc_rt_release_op_if_over(rt, o);
	pthread_mutex_unlock(&rt->rt_lock);
}

void nc_rt_op_complete(
	nc_host_ctx *ctx, nc_op op, int32_t outcome, const nc_error *err, nc_bytes result)
{
	nc_rt *rt = nc_ctx_enter(ctx, "op_complete");
	if (!rt)
		return;
	completion c = { .outcome = outcome, .result = result };
	check_completion(rt, &c, err);
	complete(rt, op, &c);
	nc_ctx_leave(ctx);
}
