/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring: what the sequencer has published last, for those who read along. It never has a hole:
 * an event that can't be kept, for want of memory or because its batch was not heard of, empties
 * the ring, which begins anew behind it; readers before its floor go to the store. Readers hold
 * entries by count while they look at them, so nothing is copied and nobody is waited for.
 */
#include "event/ring.h"

#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"

nc_code nc_ring_init(nc_ring *r, uint32_t cap, uint64_t seq, nc_error *err)
{
	*r = (nc_ring){ .cap = cap, .floor = { seq, UINT32_MAX }, .last_seq = seq };
	r->slots = nc_calloc(cap, sizeof(*r->slots));
	if (!r->slots)
		return nc_err_nomem(err);
	pthread_mutex_init(&r->ring_lock, NULL);
	return NC_OK;
}

/* ---- lock held ---- */

static void unref(nc_ring_entry *e)
{
	if (!--e->refs)
		nc_free(e);
}

static nc_ring_entry *at(const nc_ring *r, uint64_t index)
{
	return r->slots[index % r->cap];
}

static void restart(nc_ring *r, nc_place floor)
{
	for (; r->kept; r->kept--)
		unref(at(r, r->written - r->kept));
	r->floor = floor;
}

static void drop_oldest(nc_ring *r)
{
	nc_ring_entry *e = at(r, r->written - r->kept);

	r->floor = e->at;
	r->kept--;
	unref(e);
}

typedef struct adding {
	nc_ring *r;
	uint64_t n;
} adding;

static nc_code add(void *ctx, uint64_t seq, uint32_t n, nc_bytes bytes)
{
	adding *a = ctx;
	nc_ring *r = a->r;
	nc_ring_entry *e = nc_malloc(sizeof(*e) + bytes.len);

	a->n++;
	if (!e) {
		restart(r, (nc_place){ seq, n });
		nc_log(L_WARN, "event.ring.restarted", F_U64("seq", seq),
			F_STR("consequence", "subscribers catch up from the store"));
		return NC_OK;
	}
	*e = (nc_ring_entry){ .at = { seq, n }, .refs = 1, .len = bytes.len };
	memcpy(e->bytes, bytes.ptr, bytes.len);
	if (r->kept == r->cap)
		drop_oldest(r);
	r->slots[r->written++ % r->cap] = e;
	r->kept++;
	return NC_OK;
}

/* Index of the first entry after the place; written if there is none. */
static uint64_t find(const nc_ring *r, nc_place from)
{
	uint64_t lo = r->written - r->kept, hi = r->written;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;
		if (nc_place_is_after(at(r, mid)->at, from))
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* ---- for others ---- */

uint64_t nc_ring_publish(nc_ring *r, const nc_db_batch *b)
{
	adding a = { .r = r };

	pthread_mutex_lock(&r->ring_lock);
	if (nc_db_batch_first(b) > r->last_seq + 1) /* something was published unheard */
		restart(r, (nc_place){ nc_db_batch_first(b) - 1, UINT32_MAX });
	r->last_seq = nc_db_batch_last(b);
	nc_db_batch_entries(b, NC_LANE_EVENT, add, &a);
	pthread_mutex_unlock(&r->ring_lock);
	return a.n;
}

int nc_ring_take(nc_ring *r, nc_place from, uint32_t max, nc_ring_part *ret)
{
	ret->n = 0;
	pthread_mutex_lock(&r->ring_lock);
	int is_covered = !nc_place_is_after(r->floor, from);
	max = NC_MIN(max, (uint32_t)NC_LEN(ret->entry));
	for (uint64_t i = is_covered ? find(r, from) : r->written; i < r->written && ret->n < max;
		i++) {
		ret->entry[ret->n] = at(r, i);
		ret->entry[ret->n++]->refs++;
	}
	pthread_mutex_unlock(&r->ring_lock);
	return is_covered;
}

void nc_ring_give_back(nc_ring *r, nc_ring_part *part)
{
	if (!part->n)
		return;
	pthread_mutex_lock(&r->ring_lock);
	for (uint32_t i = 0; i < part->n; i++)
		unref(part->entry[i]);
	pthread_mutex_unlock(&r->ring_lock);
	part->n = 0;
}

void nc_ring_done(nc_ring *r)
{
	if (!r->slots)
		return;
	restart(r, (nc_place){ 0, 0 });
	pthread_mutex_destroy(&r->ring_lock);
	nc_free(r->slots);
}
