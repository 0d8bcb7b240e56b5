/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open addressing with linear probes and deletion by shifting back, so that there are no
 * tombstones to sweep. At most three quarters full. Not locked.
 */
#include "map.h"

#include <stdlib.h>
#include <string.h>

uint64_t sim_mix(uint64_t v)
{
	v += 0x9E3779B97F4A7C15u;
	v = (v ^ v >> 30) * 0xBF58476D1CE4E5B9u;
	v = (v ^ v >> 27) * 0x94D049BB133111EBu;
	return v ^ v >> 31;
}

uint64_t sim_hash(uint64_t seed, const char *s)
{
	uint64_t h = sim_mix(seed);

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001B3u;
	return sim_mix(h);
}

void sim_map_done(sim_map *m)
{
	free(m->slots);
	*m = (sim_map){ NULL, 0, 0 };
}

/* The slot that has the key, or the empty one where it belongs. The map must have slots. */
static sim_slot *find(const sim_map *m, const char *key, uint64_t hash)
{
	size_t i = hash & (m->cap - 1);

	while (m->slots[i].key && (m->slots[i].hash != hash || strcmp(m->slots[i].key, key) != 0))
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

void *sim_map_get(const sim_map *m, const char *key)
{
	return m->n ? find(m, key, sim_hash(0, key))->value : NULL;
}

bool sim_map_reserve(sim_map *m, size_t more)
{
	sim_map wider = { NULL, m->n, m->cap ? m->cap : 16 };

	while ((m->n + more) > wider.cap / 4 * 3)
		wider.cap *= 2;
	if (wider.cap == m->cap)
		return true;
	wider.slots = calloc(wider.cap, sizeof(*wider.slots));
	if (!wider.slots)
		return false;
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].key)
			*find(&wider, m->slots[i].key, m->slots[i].hash) = m->slots[i];
	free(m->slots);
	*m = wider;
	return true;
}

void sim_map_put(sim_map *m, const char *key, void *value)
{
	uint64_t hash = sim_hash(0, key);
	sim_slot *s = find(m, key, hash);

	if (!s->key)
		m->n++;
	*s = (sim_slot){ key, value, hash };
}

void sim_map_del(sim_map *m, const char *key)
{
	sim_slot *s;
	size_t hole, i, mask = m->cap - 1;

	if (!m->n)
		return;
	s = find(m, key, sim_hash(0, key));
	if (!s->key)
		return;
	m->n--;
	hole = (size_t)(s - m->slots);
	/* Whoever could not have the hole's place because it was taken moves up. */
	for (i = (hole + 1) & mask; m->slots[i].key; i = (i + 1) & mask) {
		size_t home = m->slots[i].hash & mask;

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole] = (sim_slot){ NULL, NULL, 0 };
}
