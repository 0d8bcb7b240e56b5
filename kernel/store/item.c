/* SPDX-License-Identifier: Apache-2.0 */
#include "store/item.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

/*
 * One version of one object as one block: nc_item, the id and the index keys as nc_ikeys sorted by
 * (index, bytes), the body. Built by whoever makes a transaction, given its rev by the sequencer
 * before anyone else sees it, never changed after. Readers borrow it under QSBR; who needs it
 * longer takes a reference inside a read section, which is why the count is atomic.
 */

enum { KEY_ALIGN = _Alignof(nc_ikey) };

static size_t key_size(size_t len)
{
	return (sizeof(nc_ikey) + len + 1 + KEY_ALIGN - 1) & ~(size_t)(KEY_ALIGN - 1);
}

const nc_ikey *nc_ikey_next(const nc_ikey *k)
{
	return (const nc_ikey *)(const void *)((const char *)k + key_size(k->len));
}

int nc_ikey_cmp(const nc_ikey *a, const nc_ikey *b)
{
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return nc_bytes_cmp(nc_ikey_bytes(a), nc_ikey_bytes(b));
}

const nc_ikey *nc_item_same_key(const nc_item *it, const nc_ikey *k)
{
	const nc_ikey *mine = nc_item_idkey(it);
	for (uint16_t i = 0; i < it->n_keys; i++) {
		mine = nc_ikey_next(mine);
		if (nc_ikey_cmp(mine, k) == 0)
			return mine;
	}
	return NULL;
}

static int key_cmp(const nc_key *a, const nc_key *b)
{
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return nc_bytes_cmp((nc_bytes){ a->ptr, a->len }, (nc_bytes){ b->ptr, b->len });
}

/* Places of the keys in order, equal ones once; how many there are, or -1 past a limit. */
static int sort_keys(const nc_key *keys, uint32_t n, uint16_t order[NC_DB_ITEM_KEYS_MAX])
{
	int used = 0;
	if (n > NC_DB_ITEM_KEYS_MAX)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		if (keys[i].len > NC_DB_KEY_MAX)
			return -1;
		int at = used, c = 1;
		while (at > 0 && (c = key_cmp(&keys[order[at - 1]], &keys[i])) > 0)
			at--;
		if (at > 0 && c == 0)
			continue;
		memmove(order + at + 1, order + at, (size_t)(used - at) * sizeof(*order));
		order[at] = (uint16_t)i;
		used++;
	}
	return used;
}

static char *place_key(nc_item *it, char *at, uint16_t index, const void *p, size_t len)
{
	nc_ikey *k = (nc_ikey *)(void *)at;
	k->back = (uint32_t)(at - (char *)it);
	k->index = index;
	k->len = (uint16_t)len;
	if (len)
		memcpy(k->ptr, p, len);
	k->ptr[len] = '\0';
	return at + key_size(len);
}

nc_item *nc_item_new(uint16_t kind, uint16_t shape, nc_bytes id, const nc_key *keys,
	uint32_t n_keys, nc_bytes body)
{
	uint16_t order[NC_DB_ITEM_KEYS_MAX];
	int n = sort_keys(keys, n_keys, order);
	if (n < 0 || id.len == 0 || id.len > NC_DB_ID_MAX || body.len > NC_STORE_VAL_MAX)
		return NULL;
	size_t body_off = sizeof(nc_item) + key_size(id.len);
	for (int i = 0; i < n; i++)
		body_off += key_size(keys[order[i]].len);
	nc_item *it = nc_malloc(body_off + body.len + 1);
	if (!it)
		return NULL;
	*it = (nc_item){ .kind = kind,
		.shape = shape,
		.refs = 1,
		.n_keys = (uint16_t)n,
		.id_len = (uint16_t)id.len,
		.body_len = (uint32_t)body.len,
		.body_off = (uint32_t)body_off };
	char *at = place_key(it, (char *)(it + 1), NC_BY_ID, id.ptr, id.len);
	for (int i = 0; i < n; i++) {
		const nc_key *k = &keys[order[i]];
		at = place_key(it, at, k->index, k->ptr, k->len);
	}
	if (body.len)
		memcpy(at, body.ptr, body.len);
	at[body.len] = '\0';
	return it;
}

nc_item *nc_item_tomb(uint16_t kind, nc_bytes id)
{
	nc_item *it = nc_item_new(kind, 0, id, NULL, 0, (nc_bytes){ NULL, 0 });
	if (it)
		it->flags = NC_ITEM_TOMB;
	return it;
}

void nc_item_free(nc_item *it)
{
	nc_free(it);
}

const char *nc_item_id(const nc_item *it)
{
	return nc_item_idkey(it)->ptr;
}

nc_bytes nc_item_body(const nc_item *it)
{
	return (nc_bytes){ (const char *)it + it->body_off, it->body_len };
}

nc_bytes nc_item_key(const nc_item *it, uint16_t index)
{
	const nc_ikey *k = nc_item_idkey(it);
	for (uint16_t i = 0; i < it->n_keys; i++) {
		k = nc_ikey_next(k);
		if (k->index == index)
			return nc_ikey_bytes(k);
	}
	return (nc_bytes){ NULL, 0 };
}

/* The count is the one thing of a published item that changes; readers know it as const. */
static uint32_t *refs_of(const nc_item *it)
{
	return (uint32_t *)(uintptr_t)&it->refs;
}

void nc_item_ref(const nc_item *it)
{
	__atomic_fetch_add(refs_of(it), 1, __ATOMIC_RELAXED);
}

void nc_item_unref(const nc_item *it)
{
	/* release pairs with acquire: whoever frees sees every other holder's last use */
	if (it && __atomic_fetch_sub(refs_of(it), 1, __ATOMIC_ACQ_REL) == 1)
		nc_free((void *)(uintptr_t)it);
}
