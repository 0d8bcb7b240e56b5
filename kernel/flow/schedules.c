/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread behind schedules, the zones it has read, and the firings under way. It may block on
 * the store as long as that takes; nothing waits for it but nc_schedules_stop.
 */
#include "flow/schedules.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/pool.h"
#include "base/wait.h"

#define LOOK_EVERY_US 500000 /* wall time may jump, and firings are looked at */
#define IDLE_US       5000000

typedef struct entry {
	nc_list link;
	uint64_t handle;
	int32_t stop_reason;
	nc_firing *firing; /* the thread's */
} entry;

struct nc_schedules {
	nc_flow *f;
	uint64_t thread;
	int is_running;
	pthread_mutex_t schedules_lock; /* guards all below */
	pthread_cond_t wake;
	int is_stopping, is_woken;
	nc_list entries;
	uint64_t last_handle;
	nc_map *zones; /* name → nc_zone; they stay */
};

nc_code nc_schedules_new(nc_flow *f, nc_schedules **ret, nc_error *err)
{
	nc_schedules *s = nc_calloc(1, sizeof(*s));

	if (!s || !(s->zones = nc_map_new())) {
		nc_free(s);
		return nc_err_nomem(err);
	}
	s->f = f;
	nc_list_init(&s->entries);
	pthread_mutex_init(&s->schedules_lock, NULL);
	nc_cond_init(&s->wake);
	*ret = s;
	return NC_OK;
}

void nc_schedules_free(nc_schedules *s)
{
	size_t it = 0;
	nc_bytes key;
	void *zone;

	if (!s)
		return;
	while (nc_map_next(s->zones, &it, &key, &zone))
		nc_zone_free(zone);
	nc_map_free(s->zones);
	pthread_mutex_destroy(&s->schedules_lock);
	pthread_cond_destroy(&s->wake);
	nc_free(s);
}

void nc_schedules_wake(nc_schedules *s)
{
	pthread_mutex_lock(&s->schedules_lock);
	s->is_woken = 1;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->schedules_lock);
}

/* ---- zones ---- */

nc_code nc_schedules_zone(nc_schedules *s, const char *name, const nc_zone **ret, nc_error *err)
{
	_cleanup_(nc_zone_freep) nc_zone *fresh = NULL;

	pthread_mutex_lock(&s->schedules_lock);
	const nc_zone *known = nc_map_get(s->zones, nc_str(name));
	pthread_mutex_unlock(&s->schedules_lock);
	if (known) {
		*ret = known;
		return NC_OK;
	}
	nc_code rc = nc_zone_open(name, &fresh, err);
	if (rc != NC_OK)
		return rc;
	pthread_mutex_lock(&s->schedules_lock);
	*ret = nc_map_get(s->zones, nc_str(name));
	if (!*ret && nc_map_put(s->zones, nc_str(name), fresh, NULL) == NC_OK)
		*ret = nc_steal(&fresh);
	pthread_mutex_unlock(&s->schedules_lock);
	return *ret ? NC_OK : nc_err_nomem(err);
}

/* ---- the driver's side ---- */

nc_code nc_schedules_call(nc_schedules *s, const nc_op_call *call, int is_recover,
	const nc_op_sink *sink, uint64_t *ret_handle, nc_error *err)
{
	_cleanup_(nc_freep) entry *e = nc_calloc(1, sizeof(*e));
	nc_firing *firing = NULL;
	nc_code rc = NC_OK;

	if (!e)
		return nc_err_nomem(err);
	if ((rc = nc_firing_new(s->f, call, is_recover, sink, &firing, err)) != NC_OK)
		return rc;
	e->firing = firing;
	e->stop_reason = NC_RUN;
	pthread_mutex_lock(&s->schedules_lock);
	int is_refused = s->is_stopping;
	if (!is_refused) {
		*ret_handle = e->handle = NC_SCHEDULES_HANDLE | ++s->last_handle;
		nc_list_add_tail(&s->entries, &e->link);
		e = NULL;
		s->is_woken = 1;
		pthread_cond_signal(&s->wake);
	}
	pthread_mutex_unlock(&s->schedules_lock);
	if (!is_refused)
		return NC_OK;
	nc_firing_free(firing);
	return nc_err(err, NC_E_UNAVAILABLE, "schedules are being stopped");
}

void nc_schedules_stop_call(nc_schedules *s, uint64_t handle, int32_t reason)
{
	pthread_mutex_lock(&s->schedules_lock);
	NC_LIST_EACH (n, &s->entries) {
		entry *e = NC_LIST_ENTRY(n, entry, link);
		if (e->handle == handle)
			e->stop_reason = reason;
	}
	s->is_woken = 1;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->schedules_lock);
}

/* ---- the thread ---- */

/* The lock is free while one is at work: others add behind it, and only this thread takes away. */
static void step_firings(nc_schedules *s, int is_end)
{
	pthread_mutex_lock(&s->schedules_lock);
	for (nc_list *n = s->entries.next, *next; n != &s->entries; n = next) {
		entry *e = NC_LIST_ENTRY(n, entry, link);
		int32_t reason = is_end ? NC_DETACH : e->stop_reason;
		pthread_mutex_unlock(&s->schedules_lock);
		int is_over = nc_firing_step(e->firing, reason);
		pthread_mutex_lock(&s->schedules_lock);
		next = n->next;
		if (!is_over)
			continue;
		nc_list_del(n);
		nc_firing_free(e->firing);
		nc_free(e);
	}
	pthread_mutex_unlock(&s->schedules_lock);
}

void nc_schedules_round(nc_schedules *s)
{
	(void)nc_schedules_fire_due(s->f);
	step_firings(s, 0);
}

/* Until there is something to do, or it is time to look. 0 = stop. */
static int wait_a_while(nc_schedules *s, int64_t us)
{
	int64_t due_us = nc_clock_mono_us() + us;

	pthread_mutex_lock(&s->schedules_lock);
	while (!s->is_stopping && !s->is_woken &&
		nc_cond_wait_until(&s->wake, &s->schedules_lock, due_us))
		;
	int goes_on = !s->is_stopping;
	s->is_woken = 0;
	pthread_mutex_unlock(&s->schedules_lock);
	return goes_on;
}

static void *main_of(void *arg)
{
	nc_schedules *s = arg;
	int64_t next_ms;

	do {
		next_ms = nc_schedules_fire_due(s->f);
		step_firings(s, 0);
		pthread_mutex_lock(&s->schedules_lock);
		int is_idle = nc_list_is_empty(&s->entries) && next_ms == INT64_MAX;
		pthread_mutex_unlock(&s->schedules_lock);
		next_ms = is_idle ? IDLE_US : LOOK_EVERY_US;
	} while (wait_a_while(s, next_ms));
	step_firings(s, 1);
	return NULL;
}

nc_code nc_schedules_start(nc_schedules *s, nc_error *err)
{
	int e = nc_thread_start(&s->thread, "nc-schedules", main_of, s);

	if (e)
		return nc_err_errno(err, e, "could not start the thread of schedules");
	s->is_running = 1;
	return NC_OK;
}

void nc_schedules_stop(nc_schedules *s)
{
	pthread_mutex_lock(&s->schedules_lock);
	s->is_stopping = 1;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->schedules_lock);
	if (s->is_running)
		nc_thread_join(s->thread);
	else
		step_firings(s, 1);
	s->is_running = 0;
}
