/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap of timers that know their place in it. Owned and locked by the instance. */
#include "heap.h"

#include <stdlib.h>

void sim_heap_done(sim_heap *s)
{
	free(s->heap);
	*s = (sim_heap){ NULL, 0, 0, 0 };
}

bool sim_heap_reserve(sim_heap *s, size_t more)
{
	size_t cap = s->cap ? s->cap : 64;
	sim_timer **heap;

	while (cap < s->n + more)
		cap *= 2;
	if (cap == s->cap)
		return true;
	heap = realloc(s->heap, cap * sizeof(*heap));
	if (!heap)
		return false;
	s->heap = heap;
	s->cap = cap;
	return true;
}

static bool is_before(const sim_timer *a, const sim_timer *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void set(sim_heap *s, size_t i, sim_timer *t)
{
	s->heap[i] = t;
	t->at = i + 1;
}

static void sift_up(sim_heap *s, size_t i)
{
	sim_timer *t = s->heap[i];

	for (; i > 0 && is_before(t, s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		set(s, i, s->heap[(i - 1) / 2]);
	set(s, i, t);
}

static void sift_down(sim_heap *s, size_t i)
{
	sim_timer *t = s->heap[i];

	for (size_t child; (child = 2 * i + 1) < s->n; i = child) {
		if (child + 1 < s->n && is_before(s->heap[child + 1], s->heap[child]))
			child++;
		if (!is_before(s->heap[child], t))
			break;
		set(s, i, s->heap[child]);
	}
	set(s, i, t);
}

void sim_heap_put(sim_heap *s, sim_timer *t, uint64_t due_ns)
{
	sim_heap_remove(s, t);
	t->due_ns = due_ns;
	t->order = ++s->last_order;
	s->heap[s->n] = t;
	sift_up(s, s->n++);
}

void sim_heap_remove(sim_heap *s, sim_timer *t)
{
	size_t i = t->at - 1;
	sim_timer *last;

	if (!t->at)
		return;
	t->at = 0;
	last = s->heap[--s->n];
	if (last == t)
		return;
	set(s, i, last);
	sift_up(s, i);
	sift_down(s, last->at - 1);
}

sim_timer *sim_heap_first(const sim_heap *s)
{
	return s->n ? s->heap[0] : NULL;
}
