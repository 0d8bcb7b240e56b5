/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap behind sleeping operations. Each nc_due knows its place, so moving and clearing are
 * logarithmic; room is reserved when an operation is taken in, so that going to sleep never fails.
 */
#include "op/timers.h"

#include "base/alloc.h"

void nc_timers_done(nc_timers *t)
{
	nc_free(t->heap);
	*t = (nc_timers){ 0 };
}

int nc_timers_reserve(nc_timers *t, size_t n)
{
	if (n + 1 <= t->cap)
		return 0;
	size_t cap = NC_MAX(n + 1, t->cap * 2);
	nc_due **heap = nc_realloc(t->heap, cap * sizeof(nc_due *));
	if (!heap)
		return -1;
	t->heap = heap;
	t->cap = cap;
	return 0;
}

static void place(nc_timers *t, size_t i, nc_due *d)
{
	t->heap[i] = d;
	d->place = i;
}

static void sift_up(nc_timers *t, size_t i, nc_due *d)
{
	for (; i > 1 && t->heap[i / 2]->at_us > d->at_us; i /= 2)
		place(t, i, t->heap[i / 2]);
	place(t, i, d);
}

static void sift_down(nc_timers *t, size_t i, nc_due *d)
{
	for (;;) {
		size_t child = 2 * i;
		if (child > t->count)
			break;
		if (child < t->count && t->heap[child + 1]->at_us < t->heap[child]->at_us)
			child++;
		if (t->heap[child]->at_us >= d->at_us)
			break;
		place(t, i, t->heap[child]);
		i = child;
	}
	place(t, i, d);
}

void nc_timers_clear(nc_timers *t, nc_due *d)
{
	size_t i = d->place;

	if (!i)
		return;
	nc_due *last = t->heap[t->count--];
	d->place = 0;
	if (last == d)
		return;
	if (i > 1 && t->heap[i / 2]->at_us > last->at_us)
		sift_up(t, i, last);
	else
		sift_down(t, i, last);
}

void nc_timers_set(nc_timers *t, nc_due *d, int64_t at_us)
{
	nc_timers_clear(t, d);
	nc_assert(t->count + 1 < t->cap);
	d->at_us = at_us;
	sift_up(t, ++t->count, d);
}

int64_t nc_timers_next(const nc_timers *t)
{
	return t->count ? t->heap[1]->at_us : INT64_MAX;
}

nc_due *nc_timers_pop(nc_timers *t, int64_t now_us)
{
	if (!t->count || t->heap[1]->at_us > now_us)
		return NULL;
	nc_due *d = t->heap[1];
	nc_timers_clear(t, d);
	return d;
}
