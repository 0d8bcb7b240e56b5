/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <unistd.h>

#include "http/conn.h"
#include "http/reactor.h"

/*
 * The places of a reactor's connections, by which tokens name them. Taken and given back by the
 * reactor's thread; other threads see only the two atomics of a slot, through which nothing is
 * reached: one says whether a token is worth using, the other that its answer could not be sent.
 */

int nc_http_slot_take(nc_http_reactor *r, nc_http_conn *c)
{
	uint32_t i;
	if (r->free_slot) {
		i = r->free_slot - 1;
		r->free_slot = r->slots[i].next_free;
	} else if (r->slots_used < r->slot_max) {
		i = r->slots_used++;
	} else {
		return -1;
	}
	nc_http_slot *slot = &r->slots[i];
	if (++slot->generation == 0)
		slot->generation = 1;
	slot->conn = c;
	c->slot = i;
	c->generation = slot->generation;
	return 0;
}

void nc_http_slot_put(nc_http_reactor *r, nc_http_conn *c)
{
	nc_http_slot *slot = &r->slots[c->slot];
	slot->conn = NULL;
	slot->next_free = r->free_slot;
	r->free_slot = c->slot + 1;
	atomic_store_explicit(&slot->live, 0, memory_order_relaxed);
}

void nc_http_slot_set_live(const nc_http_conn *c, uint32_t stream)
{
	uint64_t live = stream ? (uint64_t)c->generation << 32 | stream : 0;
	atomic_store_explicit(&c->reactor->slots[c->slot].live, live, memory_order_relaxed);
}

nc_http_conn *nc_http_reactor_conn(nc_http_reactor *r, nc_http_token t)
{
	const nc_http_slot *slot = t.slot < r->slots_used ? &r->slots[t.slot] : NULL;
	return slot && slot->generation == t.generation ? slot->conn : NULL;
}

nc_http_req *nc_http_reactor_find(nc_http_reactor *r, nc_http_token t)
{
	nc_http_conn *c = nc_http_reactor_conn(r, t);
	return c ? c->codec->find(c, t.stream) : NULL;
}

/* ---- answers lost for want of memory ---- */

void nc_http_reactor_doom(nc_http_reactor *r, nc_http_token t)
{
	atomic_store_explicit(&r->slots[t.slot].doomed, (uint64_t)t.generation << 32 | t.stream,
		memory_order_relaxed);
	atomic_store_explicit(&r->has_doomed, 1, memory_order_release);
	uint64_t one = 1;
	while (write(r->inbox.wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void nc_http_reactor_answer_doomed(nc_http_reactor *r)
{
	if (!atomic_exchange_explicit(&r->has_doomed, 0, memory_order_acquire))
		return;
	for (uint32_t i = 0; i < r->slots_used; i++) {
		nc_http_slot *slot = &r->slots[i];
		uint64_t doomed = atomic_exchange_explicit(&slot->doomed, 0, memory_order_relaxed);
		nc_http_token t = { r->index, i, (uint32_t)(doomed >> 32), (uint32_t)doomed };
		nc_http_conn *c = doomed ? nc_http_reactor_conn(r, t) : NULL;
		if (c)
			c->codec->doom(c, t.stream);
	}
}
