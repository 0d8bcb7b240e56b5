/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_TREE_INTERNAL_H
#define NC_STORE_TREE_INTERNAL_H

#include "store/tree.h"

/* A node, for the files that make up the tree. */

enum {
	NC_LEAF_MAX = 64,
	NC_KIDS_MAX = 32,
	NC_LEAF_MIN = NC_LEAF_MAX / 4, /* fewer: joined with a neighbour */
	NC_KIDS_MIN = NC_KIDS_MAX / 4,
	NC_TREE_DEPTH = NC_LEN(((nc_walk *)0)->at)
};

/*
 * Leaf: n entries. Inner: n kids, and for each the smallest entry below it: the very entry, not a
 * copy, so a low is always in the tree and never outlives its item. Every node but the top has a
 * neighbour under the same parent.
 */
struct nc_tnode {
	uint64_t stamp;
	nc_tnode *link; /* the forest's lists; readers never look */
	uint16_t n;
	uint8_t level; /* 0 = leaf */
	uint8_t is_dropped;
	union {
		const nc_ikey *key[NC_LEAF_MAX]; /* of inner nodes: the lows */
		struct {
			const nc_ikey *low[NC_KIDS_MAX];
			nc_tnode *kid[NC_KIDS_MAX];
		} in;
	} u;
};

/* Order of a place and an entry. */
int nc_tkey_cmp(const nc_tkey *a, const nc_ikey *b);
/* How many entries (or lows) of the node are < k, or <= k. */
uint32_t nc_tnode_below(const nc_tnode *node, const nc_tkey *k);
uint32_t nc_tnode_upto(const nc_tnode *node, const nc_tkey *k);
/* The kid that k is in or would go into. */
uint32_t nc_tnode_kid_of(const nc_tnode *node, const nc_tkey *k);

nc_tnode *nc_tnode_new(nc_forest *f, uint8_t level); /* NULL = no memory */

static inline nc_tkey nc_tkey_of(const nc_ikey *k)
{
	return (nc_tkey){ nc_ikey_bytes(k), nc_item_id_bytes(nc_ikey_item(k)), NC_TIE_ID };
}

#endif
