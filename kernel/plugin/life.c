/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "plugin/inst_internal.h"

/*
 * Many calls at once, when an instance ends or its process is lost, and the calls of an instance's
 * own life, which somebody waits for. Not from callbacks: these block.
 */

/* ---- ending many ---- */

typedef int (*live_test)(const nc_live *c, const void *arg);

static int is_queued(const nc_live *c, const void *arg)
{
	return c->state == NC_LIVE_QUEUED && !c->has_returned && !c->is_ended &&
	       (!arg || c->target == arg);
}

static int is_anything(const nc_live *c, const void *arg)
{
	(void)arg;
	return !c->is_ended || !c->has_returned;
}

static nc_live *find_live(nc_pinst *inst, live_test test, const void *arg)
{
	nc_live *found = NULL;
	pthread_mutex_lock(&inst->inst_lock);
	NC_LIST_EACH (n, &inst->live) {
		nc_live *c = NC_LIST_ENTRY(n, nc_live, inst_link);
		if (test(c, arg)) {
			found = nc_live_get(c->handle);
			break;
		}
	}
	pthread_mutex_unlock(&inst->inst_lock);
	return found;
}

static void end_queued(nc_pinst *inst, const void *target, const nc_error *cause)
{
	nc_error why = *cause;

	why.flags &=
		~(uint32_t)NC_ERR_OUTCOME_UNKNOWN; /* whatever became of those that were sent */
	for (nc_live *c; (c = find_live(inst, is_queued, target));) {
		if (nc_live_unqueue(c))
			nc_live_fail(c, NC_FAILED_NO_EFFECT, &why);
		nc_live_unref(c);
	}
}

void nc_pinst_end_queued(nc_pinst *inst, const nc_error *why)
{
	end_queued(inst, NULL, why);
}

/* A target whose every place hangs: those who wait for one are told at once. */
void nc_pinst_end_stuck_queue(nc_pinst *inst, const nc_live *c)
{
	nc_error err = NC_ERROR_INIT;
	pthread_mutex_lock(&inst->inst_lock);
	const nc_target *t = c->target;
	int is_stuck = t && nc_queue_is_stuck(inst, t);
	if (is_stuck)
		nc_err(&err, NC_E_UNAVAILABLE, "target \"%s\" of instance %s does not answer",
			t->name, inst->name);
	pthread_mutex_unlock(&inst->inst_lock);
	err.flags = NC_ERR_RETRYABLE;
	if (is_stuck)
		end_queued(inst, t, &err);
}

void nc_pinst_end_all(nc_pinst *inst, const nc_error *why)
{
	nc_pinst_end_queued(inst, why);
	for (nc_live *c; (c = find_live(inst, is_anything, NULL));) {
		pthread_mutex_lock(&inst->inst_lock);
		if (!c->has_returned) {
			c->has_returned = 1; /* nothing will come any more */
			nc_queue_returned(inst, c);
		}
		int is_over = c->is_ended;
		pthread_mutex_unlock(&inst->inst_lock);
		if (is_over)
			nc_live_forget(c);
		else
			nc_live_fail(c, NC_UNKNOWN, why);
		nc_live_unref(c);
	}
}

/* ---- lifecycle calls ---- */

typedef struct life_wait {
	pthread_mutex_t lock;
	pthread_cond_t has_ended_cond;
	int has_ended;
	nc_code code;
	nc_error *err;
	nc_buf *out;
} life_wait;

static void on_life_end(void *user, const nc_call_end *end)
{
	life_wait *w = user;
	pthread_mutex_lock(&w->lock);
	w->code = end->code;
	nc_err_copy(w->err, end->error);
	if (w->out)
		nc_buf_put(w->out, end->result.ptr, end->result.len);
	w->has_ended = 1;
	pthread_cond_signal(&w->has_ended_cond);
	pthread_mutex_unlock(&w->lock);
}

nc_code nc_pinst_life(nc_pinst *inst, const nc_verb *verb, nc_bytes request, int64_t timeout_us,
	nc_buf *out, nc_error *err)
{
	life_wait w = { .err = err, .out = out };
	nc_call_spec spec = { .request = request,
		.deadline_us = nc_clock_mono_us() + timeout_us,
		.done = on_life_end,
		.user = &w };
	pthread_mutex_init(&w.lock, NULL);
	pthread_cond_init(&w.has_ended_cond, NULL);
	nc_code rc = nc_pinst_start_call(inst, verb, &spec, -1, NULL, err);
	if (rc == NC_OK) {
		pthread_mutex_lock(&w.lock);
		while (!w.has_ended)
			pthread_cond_wait(&w.has_ended_cond, &w.lock);
		pthread_mutex_unlock(&w.lock);
		rc = w.code;
	}
	pthread_cond_destroy(&w.has_ended_cond);
	pthread_mutex_destroy(&w.lock);
	return rc;
}
