/* SPDX-License-Identifier: Apache-2.0 */
#include "http/timer.h"

#include "base/cleanup.h"

/*
 * A timer lies in the slot of its tick modulo the wheel; one that is further away than a whole turn
 * of the wheel (16.8 s) is found when its slot comes by, not yet due, and stays. `used` has a bit
 * for each slot that got a timer since it was last found empty: stopping leaves the bit, which
 * costs one spurious look. Reactor thread only.
 */

static size_t slot_of(int64_t tick)
{
	return (size_t)(tick & (NC_WHEEL_SLOTS - 1));
}

/* Rounded up, so that nothing fires early. */
static int64_t tick_due(int64_t due_us)
{
	return (due_us + NC_WHEEL_TICK_US - 1) / NC_WHEEL_TICK_US;
}

void nc_http_wheel_init(nc_http_wheel *w, int64_t now_us)
{
	for (size_t i = 0; i < NC_WHEEL_SLOTS; i++)
		nc_list_init(&w->slots[i]);
	for (size_t i = 0; i < NC_LEN(w->used); i++)
		w->used[i] = 0;
	w->tick = now_us / NC_WHEEL_TICK_US + 1;
}

void nc_http_timer_init(nc_http_timer *t, void (*fire)(nc_http_timer *t))
{
	nc_list_init(&t->link);
	t->due_us = 0;
	t->fire = fire;
}

static void put(nc_http_wheel *w, nc_http_timer *t)
{
	size_t slot = slot_of(NC_MAX(tick_due(t->due_us), w->tick));
	nc_list_add_tail(&w->slots[slot], &t->link);
	w->used[slot / 64] |= UINT64_C(1) << (slot % 64);
}

void nc_http_timer_set(nc_http_wheel *w, nc_http_timer *t, int64_t due_us)
{
	nc_list_del(&t->link);
	t->due_us = due_us;
	put(w, t);
}

void nc_http_timer_stop(nc_http_timer *t)
{
	nc_list_del(&t->link);
}

/* The slot's timers move to a list of their own first: fire may set timers in this very slot. */
static void run_slot(nc_http_wheel *w, size_t slot, int64_t now_us)
{
	nc_list batch;
	nc_list_init(&batch);
	while (!nc_list_is_empty(&w->slots[slot])) {
		nc_list *n = w->slots[slot].next;
		nc_list_del(n);
		nc_list_add_tail(&batch, n);
	}
	w->used[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
	while (!nc_list_is_empty(&batch)) {
		nc_http_timer *t = NC_LIST_ENTRY(batch.next, nc_http_timer, link);
		nc_list_del(&t->link);
		if (t->due_us <= now_us)
			t->fire(t);
		else
			put(w, t);
	}
}

static int is_used(const nc_http_wheel *w, size_t slot)
{
	return (w->used[slot / 64] >> (slot % 64)) & 1;
}

void nc_http_wheel_advance(nc_http_wheel *w, int64_t now_us)
{
	int64_t now = now_us / NC_WHEEL_TICK_US;
	if (now - w->tick >= NC_WHEEL_SLOTS) /* slept for a turn or more: each slot once */
		w->tick = now - (NC_WHEEL_SLOTS - 1);
	while (w->tick <= now) {
		size_t slot = slot_of(w->tick);
		w->tick++; /* first: what fire sets for the past lands in the next slot */
		if (is_used(w, slot))
			run_slot(w, slot, now_us);
	}
}

int64_t nc_http_wheel_wait_us(const nc_http_wheel *w, int64_t now_us)
{
	for (int64_t i = 0; i < NC_WHEEL_SLOTS; i++) {
		size_t slot = slot_of(w->tick + i);
		if (slot % 64 == 0 && w->used[slot / 64] == 0 && i + 64 <= NC_WHEEL_SLOTS) {
			i += 63;
			continue;
		}
		if (is_used(w, slot))
			return NC_MAX((w->tick + i) * NC_WHEEL_TICK_US - now_us, (int64_t)0);
	}
	return -1;
}
