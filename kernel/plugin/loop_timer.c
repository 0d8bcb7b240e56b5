/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/clock.h"
#include "plugin/loop_internal.h"

/* Timers: a binary heap of places that don't move, by the time they are due. */

static void heap_place(nc_loop *l, size_t at, loop_timer *t)
{
	l->heap[at] = t;
	t->at = at;
}

static void heap_up(nc_loop *l, size_t at)
{
	loop_timer *t = l->heap[at];
	while (at > 0 && l->heap[(at - 1) / 2]->when_ns > t->when_ns) {
		heap_place(l, at, l->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_place(l, at, t);
}

static void heap_down(nc_loop *l, size_t at)
{
	loop_timer *t = l->heap[at];
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= l->n_heap)
			break;
		if (child + 1 < l->n_heap && l->heap[child + 1]->when_ns < l->heap[child]->when_ns)
			child++;
		if (l->heap[child]->when_ns >= t->when_ns)
			break;
		heap_place(l, at, l->heap[child]);
		at = child;
	}
	heap_place(l, at, t);
}

static void heap_remove(nc_loop *l, loop_timer *t)
{
	size_t at = t->at;
	loop_timer *last = l->heap[--l->n_heap];
	if (last == t)
		return;
	heap_place(l, at, last);
	heap_up(l, at);
	heap_down(l, last->at);
}

static int heap_reserve(nc_loop *l)
{
	if (l->n_heap < l->cap_heap)
		return 0;
	size_t cap = NC_MAX(l->cap_heap * 2, (size_t)16);
	loop_timer **more = nc_realloc(l->heap, cap * sizeof(*more));
	if (!more)
		return -1;
	l->heap = more;
	l->cap_heap = cap;
	return 0;
}

nc_code nc_loop_timer_start(nc_loop *l, uint64_t after_ns, uint64_t period_ns, nc_loop_timer_fn fn,
	nc_closure c, uint64_t *ret_timer)
{
	uint64_t now = nc_clock_mono_ns(), handle;
	pthread_mutex_lock(&l->loop_lock);
	if (l->timers.used >= l->timers.max) {
		pthread_mutex_unlock(&l->loop_lock);
		return NC_E_UNAVAILABLE;
	}
	loop_timer *t = heap_reserve(l) == 0 ? nc_slots_take(&l->timers, &handle) : NULL;
	if (!t) {
		pthread_mutex_unlock(&l->loop_lock);
		return NC_E_NOMEM;
	}
	uint64_t when = now + after_ns;
	*t = (loop_timer){ .when_ns = when < now ? UINT64_MAX : when,
		.period_ns = period_ns,
		.handle = handle,
		.fn = fn,
		.closure = c };
	heap_place(l, l->n_heap++, t);
	heap_up(l, t->at);
	if (ret_timer)
		*ret_timer = handle; /* under the lock: the callback may be faster than we are */
	int is_first = t->at == 0;
	pthread_mutex_unlock(&l->loop_lock);
	if (is_first)
		nc_loop_wake(l);
	return NC_OK;
}

nc_code nc_loop_timer_stop(nc_loop *l, uint64_t timer)
{
	nc_code rc = NC_E_NOTFOUND;
	pthread_mutex_lock(&l->loop_lock);
	loop_timer *t = nc_slots_get(&l->timers, timer);
	if (t) {
		heap_remove(l, t);
		nc_slots_release(&l->timers, timer);
		rc = NC_OK;
	}
	pthread_mutex_unlock(&l->loop_lock);
	return rc;
}

size_t nc_loop_timers(nc_loop *l)
{
	pthread_mutex_lock(&l->loop_lock);
	size_t n = l->timers.used;
	pthread_mutex_unlock(&l->loop_lock);
	return n;
}

/* Takes the first timer that is due out of the heap, or sets a period's next time. */
static int take_due(nc_loop *l, uint64_t now, loop_timer *ret)
{
	if (l->n_heap == 0 || l->heap[0]->when_ns > now)
		return 0;
	loop_timer *t = l->heap[0];
	*ret = *t;
	if (t->period_ns == 0) {
		heap_remove(l, t);
		nc_slots_release(&l->timers, t->handle);
		return 1;
	}
	/* Missed periods are skipped, not made up for. */
	t->when_ns += t->period_ns * ((now - t->when_ns) / t->period_ns + 1);
	heap_down(l, 0);
	return 1;
}

void nc_loop_run_timers(nc_loop *l)
{
	uint64_t now = nc_clock_mono_ns(); /* once: a timer of 0 ns set anew can't hold the loop */
	loop_timer due;
	pthread_mutex_lock(&l->loop_lock);
	while (!l->is_quitting && take_due(l, now, &due)) {
		pthread_mutex_unlock(&l->loop_lock);
		due.fn(&due.closure, due.handle);
		pthread_mutex_lock(&l->loop_lock);
	}
	pthread_mutex_unlock(&l->loop_lock);
}

/* How long to sleep: 0 … for ever (-1). Milliseconds, rounded up so as not to spin. */
int nc_loop_sleep_ms(nc_loop *l, uint64_t now)
{
	if (l->n_heap == 0)
		return -1;
	if (l->heap[0]->when_ns <= now)
		return 0;
	uint64_t ms = (l->heap[0]->when_ns - now + 999999) / 1000000;
	return ms > 86400000 ? 86400000 : (int)ms;
}
