/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_MAP_H
#define SIM_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Strings to pointers. Keys are borrowed from what they lead to and must not move while they are
 * in. Not locked; the owner's lock covers it. Starts { 0 }.
 */
typedef struct sim_slot {
	const char *key; /* NULL: empty */
	void *value;
	uint64_t hash;
} sim_slot;

typedef struct sim_map {
	sim_slot *slots;
	size_t n, cap; /* cap is 0 or a power of two */
} sim_map;

void sim_map_done(sim_map *m);
void *sim_map_get(const sim_map *m, const char *key); /* NULL: not there */
/* Room for `more` keys without a further allocation; false when there is no memory. */
bool sim_map_reserve(sim_map *m, size_t more);
/* Put, in reserved room; what stood under an equal key is replaced, its key too. */
void sim_map_put(sim_map *m, const char *key, void *value);
void sim_map_del(sim_map *m, const char *key);

uint64_t sim_hash(uint64_t seed, const char *s);
uint64_t sim_mix(uint64_t v); /* every bit of v reaches every bit of the result */

#endif
