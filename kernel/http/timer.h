/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_TIMER_H
#define NC_HTTP_TIMER_H

#include <stdint.h>

#include "base/queue.h"

/*
 * A hashed timer wheel of one reactor: deadlines of tens of thousands of connections, moved with
 * each request. Setting, moving and stopping are O(1); a deadline fires at most one tick late and
 * never early. Owned by the reactor's thread.
 */
enum { NC_WHEEL_SLOTS = 1024, NC_WHEEL_TICK_US = 16384 };

typedef struct nc_http_timer {
	nc_list link; /* linked to itself when stopped */
	int64_t due_us;
	void (*fire)(struct nc_http_timer *t); /* stopped already; may set it again or free it */
} nc_http_timer;

typedef struct nc_http_wheel {
	nc_list slots[NC_WHEEL_SLOTS];
	uint64_t used[NC_WHEEL_SLOTS / 64]; /* slots that may hold something */
	int64_t tick;                       /* all before this one have been looked at */
} nc_http_wheel;

void nc_http_wheel_init(nc_http_wheel *w, int64_t now_us);
void nc_http_timer_init(nc_http_timer *t, void (*fire)(nc_http_timer *t));
void nc_http_timer_set(nc_http_wheel *w, nc_http_timer *t, int64_t due_us);
void nc_http_timer_stop(nc_http_timer *t); /* safe twice */
static inline int nc_http_timer_is_set(const nc_http_timer *t)
{
	return t->link.next != &t->link;
}
void nc_http_wheel_advance(nc_http_wheel *w, int64_t now_us);
/* Microseconds from now until something may fire, 0 when overdue; -1 when the wheel is empty. */
int64_t nc_http_wheel_wait_us(const nc_http_wheel *w, int64_t now_us);

#endif
