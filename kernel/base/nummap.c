/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nummap.h"

#include "base/alloc.h"
#include "base/err.h"

/*
 * Linear probing over a power of two of slots, at most three quarters used; nothing is ever deleted
 * but all at once. The keys are hashes, so they are their own.
 */

enum { SLOTS_MIN = 16 };

typedef struct slot {
	uint64_t key, val; /* val 0 = free */
} slot;

struct nc_nummap {
	slot *slots;
	size_t n_slots; /* 0 or a power of two */
	size_t n_used;
};

nc_nummap *nc_nummap_new(void)
{
	return nc_calloc(1, sizeof(nc_nummap));
}

void nc_nummap_free(nc_nummap *m)
{
	if (!m)
		return;
	nc_free(m->slots);
	nc_free(m);
}

/* The slot that has the key, or the free one where it belongs. */
static slot *find(slot *slots, size_t n_slots, uint64_t key)
{
	size_t mask = n_slots - 1, i = (size_t)key & mask;

	while (slots[i].val && slots[i].key != key)
		i = (i + 1) & mask;
	return &slots[i];
}

static nc_code make_room(nc_nummap *m)
{
	if ((m->n_used + 1) * 4 <= m->n_slots * 3)
		return NC_OK;
	size_t n_slots = NC_MAX(m->n_slots * 2, (size_t)SLOTS_MIN);
	slot *slots = nc_calloc(n_slots, sizeof(*slots));
	if (!slots)
		return NC_E_NOMEM;
	for (size_t i = 0; i < m->n_slots; i++)
		if (m->slots[i].val)
			*find(slots, n_slots, m->slots[i].key) = m->slots[i];
	nc_free(m->slots);
	m->slots = slots;
	m->n_slots = n_slots;
	return NC_OK;
}

nc_code nc_nummap_put(nc_nummap *m, uint64_t key, uint64_t val)
{
	nc_assert(val);
	slot *s = m->n_slots ? find(m->slots, m->n_slots, key) : NULL;
	if (!s || !s->val) {
		if (make_room(m) != NC_OK)
			return NC_E_NOMEM;
		s = find(m->slots, m->n_slots, key);
		m->n_used++;
	}
	*s = (slot){ .key = key, .val = val };
	return NC_OK;
}

uint64_t nc_nummap_get(const nc_nummap *m, uint64_t key)
{
	return m->n_slots ? find(m->slots, m->n_slots, key)->val : 0;
}

size_t nc_nummap_count(const nc_nummap *m)
{
	return m->n_used;
}

void nc_nummap_clear(nc_nummap *m)
{
	nc_free(m->slots);
	*m = (nc_nummap){ 0 };
}
