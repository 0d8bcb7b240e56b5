/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_ITEM_H
#define NC_STORE_ITEM_H

#include <stddef.h>

#include "store/db.h"

/* What store/ alone knows of an item; see item.c for the block's layout. */

enum {
	NC_ITEM_COLD = 1, /* leaves memory once materialised */
	NC_ITEM_TOMB =
		2 /* not an item: says that this id is deleted, though the store has it yet */
};

/*
 * A key inside an item's block. The trees' entries point at these, so an entry is 8 bytes and
 * still knows both its key and its item. The first one of each block is the id.
 */
typedef struct nc_ikey {
	uint32_t back; /* bytes from the start of the item to here */
	uint16_t index;
	uint16_t len;
	char ptr[]; /* NUL follows */
} nc_ikey;

static inline const nc_item *nc_ikey_item(const nc_ikey *k)
{
	return (const nc_item *)(const void *)((const char *)k - k->back);
}
static inline nc_bytes nc_ikey_bytes(const nc_ikey *k)
{
	return (nc_bytes){ k->ptr, k->len };
}
static inline const nc_ikey *nc_item_idkey(const nc_item *it)
{
	return (const nc_ikey *)(const void *)(it + 1);
}
static inline nc_bytes nc_item_id_bytes(const nc_item *it)
{
	return nc_ikey_bytes(nc_item_idkey(it));
}
/* The keys in order of (index, bytes): start with nc_item_idkey, n_keys times. */
const nc_ikey *nc_ikey_next(const nc_ikey *k);
int nc_ikey_cmp(const nc_ikey *a, const nc_ikey *b); /* (index, bytes) */
/* The key of `it` that is equal to k, or NULL. */
const nc_ikey *nc_item_same_key(const nc_item *it, const nc_ikey *k);

nc_item *nc_item_tomb(uint16_t kind, nc_bytes id);

/* Counted by whoever keeps an item past a read section; any thread. The trees hold one together. */
void nc_item_ref(const nc_item *it);
void nc_item_unref(const nc_item *it); /* NULL allowed */

#endif
