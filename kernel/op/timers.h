/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_OP_TIMERS_H
#define NC_OP_TIMERS_H

#include <stddef.h>
#include <stdint.h>

/* A binary heap of due times. Not thread-safe: the engine's lock guards it. */
typedef struct nc_due {
	int64_t at_us;
	size_t place; /* 1-based in the heap; 0 = not in it */
} nc_due;

typedef struct nc_timers {
	nc_due **heap; /* heap[0] unused */
	size_t count, cap;
} nc_timers;

void nc_timers_done(nc_timers *t);
/* Make room for `n` in all, so that set cannot fail; 0 or -1 for no memory. */
int nc_timers_reserve(nc_timers *t, size_t n);
void nc_timers_set(nc_timers *t, nc_due *d, int64_t at_us); /* moves it if it is in */
void nc_timers_clear(nc_timers *t, nc_due *d);              /* safe when it is not in */
int64_t nc_timers_next(const nc_timers *t);                 /* INT64_MAX when empty */
nc_due *nc_timers_pop(nc_timers *t, int64_t now_us);        /* one that is due, or NULL */

#endif
