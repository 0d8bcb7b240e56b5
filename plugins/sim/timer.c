/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one thread of an instance that makes things happen later: works that come due, guests that
 * do something by themselves, steps of a compaction, and what op_stop left behind. It takes the
 * lock for one thing at a time and tells the host after letting it go.
 */
#define NC_PLUG_DOMAIN "sim"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dump.h"
#include "event.h"
#include "stream.h"
#include "verb.h"

uint64_t sim_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static struct timespec at_ns(uint64_t ns)
{
	return (struct timespec){ (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };
}

void sim_wake(struct nc_inst *inst)
{
	pthread_mutex_lock(&inst->wake_lock);
	inst->is_woken = true;
	pthread_cond_signal(&inst->wake);
	pthread_mutex_unlock(&inst->wake_lock);
}

bool sim_note_stop(struct nc_inst *inst, nc_op op, int32_t reason)
{
	sim_stop *s = malloc(sizeof(*s));

	pthread_mutex_lock(&inst->wake_lock);
	if (s) {
		*s = (sim_stop){ NULL, op, reason };
		*inst->last_stop = s;
		inst->last_stop = &s->next;
	} else {
		inst->has_lost_stops = true; /* the timer thread asks for each operation */
	}
	inst->is_woken = true;
	pthread_cond_signal(&inst->wake);
	pthread_mutex_unlock(&inst->wake_lock);
	return s != NULL;
}

void sim_op_stop(nc_inst *inst, nc_op op, int32_t reason)
{
	(void)sim_note_stop(inst, op, reason);
}

/* A work is due: a piece of progress, or the act. The lock is held and released here. */
static void work_is_due(struct nc_inst *inst, sim_work *w)
{
	const nc_host *h = inst->host;
	const char *phase = w->verb->phase;
	sim_answer answer = SIM_ANSWER_INIT;
	sim_attempt a = sim_work_attempt(w);
	nc_op op = w->op;

	if (w->timer.due_ns < w->act_ns) {
		uint32_t permille = 250 * ++w->n_told;

		sim_work_schedule(inst, w, 0);
		pthread_mutex_unlock(&inst->lock);
		if (op.v)
			h->op_progress(h->ctx, op, permille, phase);
		return;
	}
	sim_perform(inst, &a, &answer);
	sim_work_free(inst, w);
	sim_ops_drop_idle(&inst->ops, a.known);
	pthread_mutex_unlock(&inst->lock);
	sim_tell(inst, op, &answer);
}

static void event_is_due(struct nc_inst *inst, sim_event *e)
{
	sim_news news = { .json = NC_PLUG_BUF(NC_SINK_MAX) };

	sim_event_happen(inst, e, &news);
	pthread_mutex_unlock(&inst->lock);
	sim_event_tell(inst, &news);
}

/* Everything that is due; when the next thing is, UINT64_MAX when there is nothing. */
static uint64_t run_due(struct nc_inst *inst)
{
	for (;;) {
		sim_timer *t;

		pthread_mutex_lock(&inst->lock);
		t = sim_heap_first(&inst->heap);
		if (!t || inst->is_closing || t->due_ns > sim_mono_ns()) {
			uint64_t due = t && !inst->is_closing ? t->due_ns : UINT64_MAX;

			pthread_mutex_unlock(&inst->lock);
			return due;
		}
		sim_heap_remove(&inst->heap, t);
		switch (t->kind) {
		case SIM_TIMER_WORK:
			work_is_due(inst, (sim_work *)(void *)t);
			break;
		case SIM_TIMER_EVENT:
			event_is_due(inst, (sim_event *)(void *)t);
			break;
		default:
			sim_compact_step(inst);
			pthread_mutex_unlock(&inst->lock);
			break;
		}
	}
}

_Static_assert(offsetof(sim_work, timer) == 0 && offsetof(sim_event, timer) == 0,
	"a timer is where its owner begins");

/* Nobody waits for it any more; what the provider never heard of is forgotten. */
static void let_go(struct nc_inst *inst, sim_work *w)
{
	sim_attempt a = sim_work_attempt(w);

	(void)sim_work_detach(inst, w);
	if (w->has_begun)
		return;
	(void)sim_note_end(inst, &a, SIM_OUTCOME_LOST, NC_OK, NULL);
	sim_work_free(inst, w);
	sim_ops_drop_idle(&inst->ops, a.known);
}

/* Before it acts: no effect. False: it can't be written down, so it is not so. */
static bool cancel(struct nc_inst *inst, sim_work *w)
{
	sim_attempt a = sim_work_attempt(w);

	if (!sim_note_end(inst, &a, SIM_OUTCOME_CANCELLED, NC_OK, NULL) && w->has_begun)
		return false;
	sim_work_free(inst, w);
	sim_ops_drop_idle(&inst->ops, a.known);
	return true;
}

static void begin_to_run(struct nc_inst *inst, sim_work *w)
{
	if (!w->is_waiting)
		return;
	w->is_waiting = false;
	if (w->fate.kind != SIM_FATE_HANGS && sim_heap_reserve(&inst->heap, 1))
		sim_work_schedule(inst, w, 0);
}

static nc_code stop_error(int32_t reason, const char *verb, nc_error *err)
{
	if (reason == NC_CANCEL)
		return nc_plug_fail(err, NC_E_CANCELLED, 0, "Nothing was done.",
			"%s was cancelled before it acted", verb);
	if (reason == NC_DEADLINE)
		return nc_plug_fail(err, NC_E_TIMEOUT, NC_ERR_OUTCOME_UNKNOWN,
			"Ask recover what became of it before trying again.",
			"%s did not end by its deadline", verb);
	return NC_OK;
}

/* False: the operation is not one of a work. */
static bool stop_work(struct nc_inst *inst, const sim_stop *s)
{
	static const int32_t outcomes[] = {
		[NC_CANCEL] = NC_CANCELLED, [NC_DETACH] = NC_DETACHED, [NC_DEADLINE] = NC_UNKNOWN
	};
	sim_answer answer = SIM_ANSWER_INIT;
	bool is_over;
	sim_work *w;

	pthread_mutex_lock(&inst->lock);
	w = sim_work_of(inst, s->op);
	is_over = w && s->reason != SIM_STOP_CHECKPOINTED && s->reason != NC_RUN &&
		  !(w->is_waiting && !w->is_asked); /* its caller looks again; see run.c */
	if (w && s->reason == SIM_STOP_CHECKPOINTED)
		begin_to_run(inst, w);
	if (is_over) {
		(void)stop_error(s->reason, w->verb->name, &answer.err);
		answer.outcome = outcomes[s->reason];
		if (s->reason == NC_CANCEL)
			is_over = cancel(inst, w);
		else
			let_go(inst, w);
	}
	inst->stop_count++;
	pthread_cond_broadcast(&inst->sleepers);
	pthread_mutex_unlock(&inst->lock);
	if (is_over)
		sim_tell(inst, s->op, &answer);
	return w != NULL;
}

/* One attached operation, any; 0: none is left. */
static nc_op any_attached(struct nc_inst *inst)
{
	const sim_map *m = &inst->work_by_op;
	nc_op op = { 0 };

	pthread_mutex_lock(&inst->lock);
	for (size_t i = 0; i < m->cap && !op.v; i++)
		if (m->slots[i].key)
			op = ((const sim_work *)m->slots[i].value)->op;
	pthread_mutex_unlock(&inst->lock);
	return op;
}

static void drain(struct nc_inst *inst, nc_op drain_op)
{
	for (nc_op op = any_attached(inst); op.v; op = any_attached(inst))
		(void)stop_work(inst, &(sim_stop){ NULL, op, NC_DETACH });
	sim_streams_stop(inst, (nc_op){ 0 }, NC_DETACH);
	inst->host->op_complete(inst->host->ctx, drain_op, NC_DONE, NULL, (nc_bytes){ NULL, 0 });
}

/* Stops whose note could not be kept: ask the host about each operation. */
static void look_for_stops(struct nc_inst *inst)
{
	const nc_host *h = inst->host;

	for (size_t at = 0;;) {
		const sim_map *m = &inst->work_by_op;
		nc_op op = { 0 };
		int32_t reason;

		pthread_mutex_lock(&inst->lock);
		for (; at < m->cap && !op.v; at++) {
			sim_work *w = m->slots[at].key ? m->slots[at].value : NULL;

			if (w && w->is_waiting && w->is_asked)
				begin_to_run(inst, w); /* its checkpoint may be what was lost */
			op = w ? w->op : op;
		}
		pthread_mutex_unlock(&inst->lock);
		if (!op.v)
			return;
		reason = h->op_stop_reason(h->ctx, op);
		if (reason != NC_RUN)
			(void)stop_work(inst, &(sim_stop){ NULL, op, reason });
	}
}

static void handle_stops(struct nc_inst *inst, sim_stop *stops, bool has_lost_stops)
{
	while (stops) {
		sim_stop *next = stops->next;

		if (stops->reason == SIM_STOP_DRAIN)
			drain(inst, stops->op);
		else if (!stop_work(inst, stops))
			sim_streams_stop(inst, stops->op, stops->reason);
		free(stops);
		stops = next;
	}
	if (has_lost_stops)
		look_for_stops(inst);
}

/* Wait until `due`, a wake or a stop; gives the stops. */
static sim_stop *wait_until(struct nc_inst *inst, uint64_t due, bool *ret_lost)
{
	struct timespec ts = at_ns(due);
	sim_stop *stops;
	int rc = 0;

	pthread_mutex_lock(&inst->wake_lock);
	while (!inst->is_woken && rc == 0)
		rc = due == UINT64_MAX ? pthread_cond_wait(&inst->wake, &inst->wake_lock)
				       : pthread_cond_timedwait(&inst->wake, &inst->wake_lock, &ts);
	inst->is_woken = false;
	stops = inst->stops;
	inst->stops = NULL;
	inst->last_stop = &inst->stops;
	*ret_lost = inst->has_lost_stops;
	inst->has_lost_stops = false;
	pthread_mutex_unlock(&inst->wake_lock);
	return stops;
}

static bool is_closing(struct nc_inst *inst)
{
	bool yes;

	pthread_mutex_lock(&inst->lock);
	yes = inst->is_closing;
	pthread_mutex_unlock(&inst->lock);
	return yes;
}

static void *timer_main(void *arg)
{
	struct nc_inst *inst = arg;

	while (!is_closing(inst)) {
		bool has_lost_stops;
		sim_stop *stops = wait_until(inst, run_due(inst), &has_lost_stops);

		handle_stops(inst, stops, has_lost_stops);
	}
	return NULL;
}

nc_code sim_timer_start(struct nc_inst *inst, nc_error *err)
{
	if (pthread_create(&inst->timer_thread, NULL, timer_main, inst) != 0)
		return nc_plug_fail(err, NC_E_UNAVAILABLE, NC_ERR_RETRYABLE,
			"Raise the limit of threads of this process.", "could not start a thread");
	inst->has_timer_thread = true;
	return NC_OK;
}

void sim_timer_join(struct nc_inst *inst)
{
	if (!inst->has_timer_thread)
		return;
	sim_wake(inst);
	pthread_join(inst->timer_thread, NULL);
	inst->has_timer_thread = false;
}

/* Why a sleep must end before its time; without the lock. */
static int32_t stop_of(struct nc_inst *inst, nc_op op, bool hears_stop)
{
	const nc_host *h = inst->host;
	int32_t reason = hears_stop ? h->op_stop_reason(h->ctx, op) : NC_RUN;
	uint64_t deadline = hears_stop ? h->op_deadline_ns(h->ctx, op) : 0;

	return reason == NC_RUN && deadline && sim_mono_ns() >= deadline ? NC_DEADLINE : reason;
}

static nc_code sleep_error(bool is_closing_now, int32_t reason, nc_error *err)
{
	if (is_closing_now)
		return nc_plug_fail(err, NC_E_UNAVAILABLE, NC_ERR_RETRYABLE,
			"Try again when the instance is back.", "the instance closes");
	if (reason == NC_DEADLINE)
		return nc_plug_fail(err, NC_E_TIMEOUT, NC_ERR_RETRYABLE,
			"Give it more time, or ask a host that is not slow.",
			"the host did not answer by the deadline");
	return nc_plug_fail(err, NC_E_CANCELLED, 0, "Nothing was done.", "the call was cancelled");
}

nc_code sim_sleep(struct nc_inst *inst, nc_op op, uint64_t until_ns, bool hears_stop, nc_error *err)
{
	uint64_t deadline = hears_stop ? inst->host->op_deadline_ns(inst->host->ctx, op) : 0;
	uint64_t end_ns = deadline && deadline < until_ns ? deadline : until_ns;
	struct timespec end = at_ns(end_ns);
	int32_t reason = NC_RUN;
	bool closes;

	pthread_mutex_lock(&inst->lock);
	inst->n_sleepers++;
	while (!inst->is_closing && sim_mono_ns() < until_ns) {
		uint64_t seen = inst->stop_count;

		pthread_mutex_unlock(&inst->lock);
		reason = stop_of(inst, op, hears_stop);
		pthread_mutex_lock(&inst->lock);
		if (reason != NC_RUN)
			break;
		if (seen == inst->stop_count && !inst->is_closing)
			(void)pthread_cond_timedwait(&inst->sleepers, &inst->lock, &end);
	}
	closes = inst->is_closing;
	if (--inst->n_sleepers == 0 && closes)
		pthread_cond_broadcast(&inst->sleepers);
	pthread_mutex_unlock(&inst->lock);
	return closes || reason != NC_RUN ? sleep_error(closes, reason, err) : NC_OK;
}
