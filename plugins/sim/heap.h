/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_HEAP_H
#define SIM_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is to happen later: a heap by due time, then by order of entry, so that equal times are
 * deterministic. One embedded sim_timer a thing; no thread, no clock. Not locked.
 */
typedef struct sim_timer {
	uint64_t due_ns; /* CLOCK_MONOTONIC */
	uint64_t order;
	size_t at; /* place in the heap plus 1; 0 = not in it */
	int kind;  /* the owner's */
} sim_timer;

typedef struct sim_heap {
	sim_timer **heap;
	size_t n, cap;
	uint64_t last_order;
} sim_heap;

void sim_heap_done(sim_heap *s);
bool sim_heap_reserve(sim_heap *s, size_t more);
void sim_heap_put(sim_heap *s, sim_timer *t, uint64_t due_ns); /* reserved; moves one that is in */
void sim_heap_remove(sim_heap *s, sim_timer *t);               /* one that is not in: no-op */
sim_timer *sim_heap_first(const sim_heap *s);                  /* NULL: empty */

#endif
