/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <endian.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/id.h"

/*
 * Linear probing over a power of two of slots, at most three quarters used. A deleted slot stays
 * as a grave until the next rehash, because iteration promises that deleting the key just returned
 * moves nothing. The hash is SipHash-1-3 under a key drawn once a process, so nobody outside can
 * aim at one slot. One thread at a time; only nc_hash is free for all.
 */

enum { SLOTS_MIN = 16 };

typedef struct slot {
	uint64_t hash;
	char *key; /* NULL: never used; grave_key: deleted */
	size_t len;
	void *val;
} slot;

struct nc_map {
	slot *slots;
	size_t n_slots;        /* 0 or a power of two */
	size_t n_live, n_used; /* used: live and graves */
};

static char grave_key[1];
static uint64_t sip_key[2];
static pthread_once_t sip_once = PTHREAD_ONCE_INIT;

static void draw_sip_key(void)
{
	nc_random_bytes(sip_key, sizeof(sip_key));
}

static inline uint64_t rotl(uint64_t v, int n)
{
	return v << n | v >> (64 - n);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

uint64_t nc_siphash13(const uint64_t key[2], nc_bytes b)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
		key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573 };
	const uint8_t *p = b.ptr;
	size_t n = b.len;
	uint64_t word;
	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&word, p, 8);
		word = le64toh(word);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	word = (uint64_t)b.len << 56;
	for (size_t i = 0; i < n; i++)
		word |= (uint64_t)p[i] << (8 * i);
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t nc_hash(nc_bytes b)
{
	pthread_once(&sip_once, draw_sip_key);
	return nc_siphash13(sip_key, b);
}

static int is_live(const slot *s)
{
	return s->key && s->key != grave_key;
}

nc_map *nc_map_new(void)
{
	return nc_calloc(1, sizeof(nc_map));
}

void nc_map_free(nc_map *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_slots; i++) {
		if (is_live(&m->slots[i]))
			nc_free(m->slots[i].key);
	}
	nc_free(m->slots);
	nc_free(m);
}

static slot *find(const nc_map *m, nc_bytes key, uint64_t hash)
{
	if (m->n_slots == 0)
		return NULL;
	size_t mask = m->n_slots - 1;
	for (size_t i = hash & mask; m->slots[i].key; i = (i + 1) & mask) {
		slot *s = &m->slots[i];
		if (s->hash == hash && s->len == key.len && s->key != grave_key &&
			(key.len == 0 || memcmp(s->key, key.ptr, key.len) == 0))
			return s;
	}
	return NULL;
}

static slot *find_free(slot *slots, size_t n_slots, uint64_t hash)
{
	size_t mask = n_slots - 1;
	size_t i = hash & mask;
	while (slots[i].key)
		i = (i + 1) & mask;
	return &slots[i];
}

/* Room for one more, without graves. Grows only where the living need it. */
static nc_code make_room(nc_map *m)
{
	if ((m->n_used + 1) * 4 <= m->n_slots * 3)
		return NC_OK;
	size_t n_slots = NC_MAX(m->n_slots, (size_t)SLOTS_MIN);
	while ((m->n_live + 1) * 2 > n_slots)
		n_slots *= 2;
	slot *slots = nc_calloc(n_slots, sizeof(*slots));
	if (!slots)
		return NC_E_NOMEM;
	for (size_t i = 0; i < m->n_slots; i++) {
		if (is_live(&m->slots[i]))
			*find_free(slots, n_slots, m->slots[i].hash) = m->slots[i];
	}
	nc_free(m->slots);
	m->slots = slots;
	m->n_slots = n_slots;
	m->n_used = m->n_live;
	return NC_OK;
}

nc_code nc_map_put(nc_map *m, nc_bytes key, void *val, void **ret_old)
{
	uint64_t hash = nc_hash(key);
	slot *s = find(m, key, hash);
	if (s) {
		if (ret_old)
			*ret_old = s->val;
		s->val = val;
		return NC_OK;
	}
	if (make_room(m) != NC_OK)
		return NC_E_NOMEM;
	char *copy = nc_memdup(key.ptr, key.len);
	if (!copy)
		return NC_E_NOMEM;
	*find_free(m->slots, m->n_slots, hash) =
		(slot){ .hash = hash, .key = copy, .len = key.len, .val = val };
	m->n_live++;
	m->n_used++;
	if (ret_old)
		*ret_old = NULL;
	return NC_OK;
}

void *nc_map_get(const nc_map *m, nc_bytes key)
{
	const slot *s = find(m, key, nc_hash(key));
	return s ? s->val : NULL;
}

void *nc_map_del(nc_map *m, nc_bytes key)
{
	slot *s = find(m, key, nc_hash(key));
	if (!s)
		return NULL;
	void *val = s->val;
	nc_free(s->key); /* key may lie in it: not used after this */
	size_t next = ((size_t)(s - m->slots) + 1) & (m->n_slots - 1);
	m->n_live--;
	if (m->slots[next].key) {
		*s = (slot){ .key = grave_key };
	} else { /* no chain runs through here */
		*s = (slot){ 0 };
		m->n_used--;
	}
	return val;
}

size_t nc_map_count(const nc_map *m)
{
	return m->n_live;
}

int nc_map_next(const nc_map *m, size_t *it, nc_bytes *ret_key, void **ret_val)
{
	while (*it < m->n_slots) {
		const slot *s = &m->slots[(*it)++];
		if (!is_live(s))
			continue;
		if (ret_key)
			*ret_key = (nc_bytes){ s->key, s->len };
		if (ret_val)
			*ret_val = s->val;
		return 1;
	}
	return 0;
}
