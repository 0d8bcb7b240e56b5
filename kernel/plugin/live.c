/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "plugin/inst_internal.h"
#include "plugin/loader_internal.h"
#include "plugin/slots.h"

/*
 * A call between its start and its one end. It is known to its owner by a handle of one table of
 * the process, to the plugin's side by the same number. Three parties may end it: the plugin, its
 * deadline (the io loop), and the loss of the process; the first wins, under inst_lock. It leaves the
 * table when it has ended and the plugin has let go of it.
 */

#define CALLS_MAX (NC_SLOTS_MAX - 1)

static pthread_mutex_t calls_lock = PTHREAD_MUTEX_INITIALIZER; /* guards calls and nc_live.refs */
static nc_slots calls;                                         /* nc_live * */

/* ---- the table ---- */

nc_code nc_live_enter(nc_live *c)
{
	pthread_mutex_lock(&calls_lock);
	if (calls.max == 0)
		nc_slots_init(&calls, sizeof(nc_live *), CALLS_MAX);
	nc_live **place = nc_slots_take(&calls, &c->handle);
	if (place)
		*place = c;
	pthread_mutex_unlock(&calls_lock);
	return place ? NC_OK : NC_E_NOMEM;
}

nc_live *nc_live_get(uint64_t handle)
{
	pthread_mutex_lock(&calls_lock);
	nc_live **place = calls.max ? nc_slots_get(&calls, handle) : NULL;
	nc_live *c = place ? *place : NULL;
	if (c)
		c->refs++;
	pthread_mutex_unlock(&calls_lock);
	return c;
}

static void free_live(nc_live *c)
{
	while (c->checkpoints) {
		nc_live_checkpoint *k = c->checkpoints;
		c->checkpoints = k->next;
		nc_free(k);
	}
	nc_closep(&c->fd);
	nc_free(c->end_result);
	nc_free(c->block);
	nc_pinst *inst = c->inst;
	nc_free(c);
	nc_pinst_unref(inst);
}

void nc_live_unref(nc_live *c)
{
	pthread_mutex_lock(&calls_lock);
	int is_last = --c->refs == 0;
	pthread_mutex_unlock(&calls_lock);
	if (is_last)
		free_live(c);
}

/* Out of the table and out of the instance, once. */
void nc_live_forget(nc_live *c)
{
	pthread_mutex_lock(&calls_lock);
	int is_known = nc_slots_get(&calls, c->handle) != NULL;
	nc_slots_release(&calls, c->handle);
	pthread_mutex_unlock(&calls_lock);
	if (!is_known)
		return;
	pthread_mutex_lock(&c->inst->inst_lock);
	nc_list_del(&c->inst_link);
	nc_queue_release(c->inst, c);
	pthread_cond_broadcast(&c->inst->has_changed);
	pthread_mutex_unlock(&c->inst->inst_lock);
	nc_live_unref(c);
}

static void forget_if_over(nc_live *c)
{
	pthread_mutex_lock(&c->inst->inst_lock);
	int is_over = c->is_ended && c->has_returned;
	pthread_mutex_unlock(&c->inst->inst_lock);
	if (is_over)
		nc_live_forget(c);
}

/* ---- the beginning ---- */

/* Whether this instance was never asked this verb before. */
static int is_first_of_verb(nc_live *c)
{
	uint64_t *word = &c->inst->entered[c->verb->number / 64];
	uint64_t bit = UINT64_C(1) << (c->verb->number % 64);
	pthread_mutex_lock(&c->inst->inst_lock);
	int is_first = !(*word & bit) && !c->is_ended;
	*word |= bit;
	pthread_mutex_unlock(&c->inst->inst_lock);
	return is_first;
}

void nc_live_entering(nc_live *c)
{
	nc_found *f = c->inst->found;
	if (c->verb->number >= NC_VERB_MAX || !is_first_of_verb(c))
		return; /* create has a sentinel of its own */
	nc_error err = NC_ERROR_INIT;
	if (nc_sentinel_arm(f, c->verb->name, &err) != NC_OK) {
		nc_log(L_WARN, "plugin.sentinel.failed", F_STR("plugin", f->id), F_ERR(&err),
			F_STR("consequence", "a crash of it would go unnoticed at the next start"));
		return;
	}
	pthread_mutex_lock(&c->inst->inst_lock);
	int is_over = c->is_ended; /* its deadline came first */
	c->is_watched = !is_over;
	pthread_mutex_unlock(&c->inst->inst_lock);
	if (is_over)
		nc_sentinel_disarm(f, c->verb->name);
}

/* ---- the end ---- */

void nc_live_end(nc_live *c, const nc_call_end *end)
{
	nc_pinst *inst = c->inst;
	pthread_mutex_lock(&inst->inst_lock);
	int is_first = !c->is_ended;
	c->is_ended = 1;
	inst->n_unknown += is_first && end->outcome == NC_UNKNOWN;
	uint64_t timer = c->timer;
	c->timer = 0;
	int was_watched = c->is_watched;
	c->is_watched = 0;
	pthread_mutex_unlock(&inst->inst_lock);
	if (was_watched)
		nc_sentinel_disarm(inst->found, c->verb->name);
	if (timer)
		(void)nc_loop_timer_stop(nc_plugins_io(inst->p), timer);
	if (is_first)
		nc_live_tell_end(c, end);
	forget_if_over(c);
}

void nc_live_fail(nc_live *c, int32_t outcome, const nc_error *err)
{
	pthread_mutex_lock(&c->inst->inst_lock);
	int was_sent = c->state != NC_LIVE_QUEUED;
	uint64_t n_objects = c->n_objects;
	pthread_mutex_unlock(&c->inst->inst_lock);
	nc_live_end(c, &(nc_call_end){ .code = err->code,
			       .outcome = outcome,
			       .recover_state = -1,
			       .was_sent = was_sent,
			       .error = err,
			       .n_objects = n_objects });
}

/* ---- what comes back ---- */

static int32_t outcome_of_state(int32_t state)
{
	static const int32_t outcomes[] = { [NC_REC_ABSENT] = NC_FAILED_NO_EFFECT,
		[NC_REC_RUNNING] = NC_UNKNOWN,
		[NC_REC_DONE] = NC_DONE,
		[NC_REC_FAILED] = NC_FAILED_PARTIAL,
		[NC_REC_UNKNOWN] = NC_UNKNOWN };
	return state >= 0 && (size_t)state < NC_LEN(outcomes) ? outcomes[state] : NC_UNKNOWN;
}

static int goes_on(const nc_live *c, const nc_rt_return *r)
{
	if (r->code != NC_OK)
		return 0;
	if (c->verb == &nc_life_drain)
		return 1;
	if (c->verb->number >= NC_VERB_MAX)
		return 0;
	return c->verb->shape == NC_SHAPE_OP || c->verb->shape == NC_SHAPE_STREAM ||
	       (c->verb->shape == NC_SHAPE_RECOVER && r->recover_state == NC_REC_RUNNING);
}

static int is_recover_call(const nc_live *c)
{
	return c->verb->number < NC_VERB_MAX && c->verb->shape == NC_SHAPE_RECOVER;
}

int nc_live_holds_cancel(const nc_live *c, int32_t reason)
{
	return reason == NC_CANCEL && is_recover_call(c) && !c->is_accepted;
}

static void end_returned(nc_live *c, const nc_rt_return *r)
{
	int is_recover = is_recover_call(c);
	int32_t outcome = r->code == NC_OK                         ? NC_DONE
			  : r->err->flags & NC_ERR_OUTCOME_UNKNOWN ? NC_UNKNOWN
								   : NC_FAILED_NO_EFFECT;
	if (is_recover)
		outcome = r->code == NC_OK ? outcome_of_state(r->recover_state) : NC_UNKNOWN;
	nc_live_end(
		c, &(nc_call_end){ .code = r->code,
			   .outcome = outcome,
			   .recover_state = is_recover && r->code == NC_OK ? r->recover_state : -1,
			   .was_sent = 1,
			   .error = r->err,
			   .result = r->result,
			   .n_objects = r->n_objects });
}

void nc_live_returned(nc_live *c, const nc_rt_return *r)
{
	nc_pinst *inst = c->inst;
	int is_running = goes_on(c, r);
	pthread_mutex_lock(&inst->inst_lock);
	int is_first = !c->has_returned, is_held = 0;
	if (is_first) {
		c->has_returned = 1;
		is_held = is_running && nc_live_holds_cancel(c, c->stop_reason);
		c->is_accepted = is_running;
		nc_queue_returned(inst, c);
	}
	int is_over = c->is_ended;
	pthread_mutex_unlock(&inst->inst_lock);
	if (!is_first)
		return;
	if (is_over)
		forget_if_over(c);
	else if (is_running)
		nc_live_tell_accepted(c);
	else
		end_returned(c, r);
	if (is_held && !is_over)
		nc_transport_stop(inst, c->handle, NC_CANCEL);
	nc_pinst_pump(inst);
}

void nc_live_completed(nc_live *c, int32_t outcome, const nc_error *err, nc_bytes result)
{
	int is_recover = is_recover_call(c);
	pthread_mutex_lock(&c->inst->inst_lock);
	/* From a process that keeps to no order: a recover is not over before its state is known. */
	int is_early = is_recover && !c->is_accepted;
	pthread_mutex_unlock(&c->inst->inst_lock);
	if (is_early)
		return;
	nc_live_end(c, &(nc_call_end){ .code = outcome == NC_DONE   ? NC_OK
					       : err->code != NC_OK ? err->code
								    : NC_E_INTERNAL,
			       .outcome = outcome,
			       .recover_state = is_recover ? NC_REC_RUNNING : -1,
			       .was_sent = 1,
			       .error = err,
			       .result = result });
}
