/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/err.h"
#include "plugin/inst_internal.h"
#include "plugin/loader_internal.h"

/*
 * Deadlines, on the io loop. A call that waits past its own ends unsent; one that runs is asked to
 * stop, and when the grace is over too, its thread is given up and its outcome is unknown. Long
 * before, a call that holds its thread counts against its target alone, so that however many hang,
 * those of other targets are served. Nobody may block here: every plugin's deadlines pass through
 * this thread.
 */

static void on_timer(const nc_closure *closure, uint64_t timer);

void nc_live_set_timer(nc_live *c, int64_t after_us)
{
	nc_closure closure = { .arg = c->handle };
	uint64_t timer = 0, after_ns = after_us > 0 ? (uint64_t)after_us * 1000 : 0;
	(void)nc_loop_timer_start(
		nc_plugins_io(c->inst->p), after_ns, 0, on_timer, closure, &timer);
	pthread_mutex_lock(&c->inst->inst_lock);
	int is_late = c->is_ended;
	c->timer = timer; /* one that fired already is stale: stopping it does nothing */
	pthread_mutex_unlock(&c->inst->inst_lock);
	if (is_late)
		(void)nc_loop_timer_stop(nc_plugins_io(c->inst->p), timer);
}

static void end_unsent(nc_live *c, int32_t outcome, const nc_error *err)
{
	nc_live_fail(c, outcome, err);
	nc_pinst_pump(c->inst);
}

/* Take a call out of its queue; 0 when it is not in there any more. */
int nc_live_unqueue(nc_live *c)
{
	pthread_mutex_lock(&c->inst->inst_lock);
	int was_queued = c->state == NC_LIVE_QUEUED && !c->is_ended && !c->has_returned;
	if (was_queued) {
		nc_queue_remove(c->inst, c);
		c->has_returned = 1;
	}
	pthread_mutex_unlock(&c->inst->inst_lock);
	return was_queued;
}

static void tell_stuck(nc_live *c)
{
	nc_plugin_hooks hooks;
	if (!nc_pinst_speak(c->inst, &hooks))
		return;
	if (hooks.target_stuck)
		hooks.target_stuck(hooks.user, c->inst, c->target_name, c->verb->name);
	nc_pinst_spoke(c->inst);
}

/* Deadline and grace are over: its thread is given up, its outcome unknown. */
static void give_up(nc_live *c)
{
	nc_pinst *inst = c->inst;
	nc_error err = NC_ERROR_INIT;
	pthread_mutex_lock(&inst->inst_lock);
	int is_hung = !c->has_returned, is_accepted = c->is_accepted && !c->is_ended;
	if (is_hung && !c->is_ended)
		nc_queue_stuck(inst, c);
	pthread_mutex_unlock(&inst->inst_lock);
	nc_transport_forfeit(inst, c->handle);
	nc_err(&err, NC_E_TIMEOUT, "%s of instance %s did not end by its deadline", c->verb->name,
		inst->name);
	err.flags = NC_ERR_OUTCOME_UNKNOWN;
	if (is_accepted)
		nc_pinst_up.strike(inst, NC_P4_COMPLETE,
			"an operation it accepted was not completed by its deadline");
	if (c->target)
		tell_stuck(c);
	nc_live_fail(c, NC_UNKNOWN, &err);
	if (is_hung && c->target)
		nc_pinst_end_stuck_queue(inst, c);
	nc_pinst_pump(inst);
}

/* Not yet: until then, whether it holds its thread for so long that others must not wait for it. */
static int is_early(nc_live *c)
{
	nc_pinst *inst = c->inst;
	int64_t now = nc_clock_mono_us(), left = c->spec.deadline_us - now, next = left;

	if (!c->spec.deadline_us || c->is_deadline_over || left <= 0)
		return 0;
	pthread_mutex_lock(&inst->inst_lock);
	int64_t holds_us = c->is_counted ? now - c->started_us : 0;
	if (holds_us >= NC_LIVE_SLOW_US)
		nc_queue_slow(inst, c);
	else if (!c->has_returned)
		next = NC_MIN(left, NC_LIVE_SLOW_US - holds_us);
	int is_over = c->is_ended;
	pthread_mutex_unlock(&inst->inst_lock);
	if (is_over)
		return 1;
	nc_live_set_timer(c, next);
	nc_pinst_pump(inst);
	return 1;
}

static void on_deadline(nc_live *c)
{
	nc_pinst *inst = c->inst;
	if (nc_live_unqueue(c)) {
		nc_error err = NC_ERROR_INIT;
		nc_err(&err, NC_E_TIMEOUT,
			"%s of instance %s waited for its turn past its deadline", c->verb->name,
			inst->name);
		end_unsent(c, NC_FAILED_NO_EFFECT, &err);
		return;
	}
	pthread_mutex_lock(&inst->inst_lock);
	int is_over = c->is_ended, is_second = c->is_deadline_over;
	c->is_deadline_over = 1;
	c->stop_reason = NC_DEADLINE;
	pthread_mutex_unlock(&inst->inst_lock);
	if (is_over)
		return;
	if (is_second) {
		give_up(c);
		return;
	}
	nc_live_set_timer(c, inst->grace_us);
	nc_transport_stop(inst, c->handle, NC_DEADLINE);
}

static void on_timer(const nc_closure *closure, uint64_t timer)
{
	(void)timer;
	nc_live *c = nc_live_get(closure->arg);
	if (!c)
		return;
	if (!is_early(c))
		on_deadline(c);
	nc_live_unref(c);
}
