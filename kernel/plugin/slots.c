/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/slots.h"

#include <string.h>

#include "base/alloc.h"

/*
 * Chunks of 64 places, each place behind a head with its generation and the link of the free list.
 * A generation counts the lives of its place; 44 bits of it outlast any process.
 */

#define CHUNK      64u
#define INDEX_BITS 20

typedef struct slot_head {
	uint64_t generation; /* of the present or last life; 0 = never lived */
	uint32_t next_free;  /* index + 1 */
	uint32_t is_live;
} slot_head;

_Static_assert(sizeof(slot_head) % 16 == 0, "places are aligned like malloc's");

void nc_slots_init(nc_slots *s, size_t elem_size, uint32_t max)
{
	nc_assert(max <= NC_SLOTS_MAX - 1);
	memset(s, 0, sizeof(*s));
	s->elem_size = elem_size;
	s->stride = (sizeof(slot_head) + elem_size + 15) & ~(size_t)15;
	s->max = max;
}

void nc_slots_done(nc_slots *s)
{
	for (size_t i = 0; i < s->n_chunks; i++)
		nc_free(s->chunks[i]);
	nc_free(s->chunks);
	memset(s, 0, sizeof(*s));
}

static slot_head *head_at(const nc_slots *s, uint32_t index)
{
	if (index / CHUNK >= s->n_chunks)
		return NULL;
	return (slot_head *)(void *)(s->chunks[index / CHUNK] + (index % CHUNK) * s->stride);
}

static int grow(nc_slots *s)
{
	unsigned char **more = nc_realloc(s->chunks, (s->n_chunks + 1) * sizeof(*more));
	if (!more)
		return -1;
	s->chunks = more;
	s->chunks[s->n_chunks] = nc_calloc(CHUNK, s->stride);
	if (!s->chunks[s->n_chunks])
		return -1;
	s->n_chunks++;
	return 0;
}

void *nc_slots_take(nc_slots *s, uint64_t *ret_handle)
{
	uint32_t index;
	if (s->free_head) {
		index = s->free_head - 1;
	} else {
		if (s->fresh >= s->max || (s->fresh / CHUNK >= s->n_chunks && grow(s) < 0))
			return NULL;
		index = s->fresh++;
	}
	slot_head *h = head_at(s, index);
	if (s->free_head)
		s->free_head = h->next_free;
	h->next_free = 0;
	h->generation++;
	h->is_live = 1;
	s->used++;
	memset(h + 1, 0, s->elem_size);
	*ret_handle = h->generation << INDEX_BITS | (index + 1);
	return h + 1;
}

static slot_head *head_of(const nc_slots *s, uint64_t handle)
{
	uint32_t place = (uint32_t)(handle & (NC_SLOTS_MAX - 1));
	return place ? head_at(s, place - 1) : NULL;
}

void *nc_slots_get(const nc_slots *s, uint64_t handle)
{
	slot_head *h = head_of(s, handle);
	return h && h->is_live && h->generation == handle >> INDEX_BITS ? h + 1 : NULL;
}

int nc_slots_was_issued(const nc_slots *s, uint64_t handle)
{
	slot_head *h = head_of(s, handle);
	uint64_t generation = handle >> INDEX_BITS;
	return h && generation > 0 && generation <= h->generation;
}

void nc_slots_release(nc_slots *s, uint64_t handle)
{
	if (!nc_slots_get(s, handle))
		return;
	slot_head *h = head_of(s, handle);
	h->is_live = 0;
	h->next_free = s->free_head;
	s->free_head = (uint32_t)(handle & (NC_SLOTS_MAX - 1));
	s->used--;
}

void *nc_slots_next(const nc_slots *s, uint32_t *it, uint64_t *ret_handle)
{
	for (; *it < s->fresh; (*it)++) {
		slot_head *h = head_at(s, *it);
		if (!h->is_live)
			continue;
		*ret_handle = h->generation << INDEX_BITS | (*it + 1);
		(*it)++;
		return h + 1;
	}
	return NULL;
}
