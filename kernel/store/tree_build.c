/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "store/tree_internal.h"

/*
 * A whole tree from sorted entries, bottom up: what a start with 100,000 objects spends its time
 * on otherwise. And the end of a whole tree. The opener's and closer's thread.
 */

/* Room is left, so that the first inserts after a start don't split every node. */
enum { LEAF_FILL = NC_LEAF_MAX * 7 / 8, KIDS_FILL = NC_KIDS_MAX * 7 / 8 };

/* How many of the `left` go into the next node: never so many that one alone is left over. */
static size_t share_of(size_t left, size_t fill)
{
	if (left <= fill)
		return left;
	return left < fill + 2 ? left - 2 : fill;
}

static size_t build_leaves(nc_forest *f, nc_tnode **row, const nc_ikey *const *keys, size_t n)
{
	size_t made = 0;
	for (size_t at = 0; at < n;) {
		size_t take = share_of(n - at, LEAF_FILL);
		nc_tnode *leaf = nc_tnode_new(f, 0);
		if (!leaf)
			return 0;
		for (size_t i = 0; i < take; i++)
			leaf->u.key[i] = keys[at + i];
		leaf->n = (uint16_t)take;
		row[made++] = leaf;
		at += take;
	}
	return made;
}

/* Parents of the row take its place. */
static size_t build_level(nc_forest *f, nc_tnode **row, size_t n, uint8_t level)
{
	size_t made = 0;
	for (size_t at = 0; at < n;) {
		size_t take = share_of(n - at, KIDS_FILL);
		nc_tnode *node = nc_tnode_new(f, level);
		if (!node)
			return 0;
		for (size_t i = 0; i < take; i++) {
			node->u.in.low[i] = row[at + i]->u.key[0];
			node->u.in.kid[i] = row[at + i];
		}
		node->n = (uint16_t)take;
		row[made++] = node;
		at += take;
	}
	return made;
}

nc_code nc_tree_build(nc_forest *f, nc_tree *t, const nc_ikey *const *keys, size_t n)
{
	nc_assert(!t->top);
	if (n == 0)
		return NC_OK;
	_cleanup_(nc_freep) nc_tnode **row = nc_malloc((n / LEAF_FILL + 2) * sizeof(*row));
	if (!row)
		return NC_E_NOMEM;
	size_t width = build_leaves(f, row, keys, n);
	for (uint8_t level = 1; width > 1; level++)
		width = build_level(f, row, width, level);
	if (width == 0)
		return NC_E_NOMEM;
	*t = (nc_tree){ row[0], n };
	return NC_OK;
}

void nc_tree_free(nc_tree *t)
{
	/* Down the first kids, freeing what has been left behind: a stack of one path. */
	nc_tnode *node[NC_TREE_DEPTH];
	uint32_t pos[NC_TREE_DEPTH];
	int depth = 0;
	if (t->top) {
		node[0] = t->top;
		pos[0] = 0;
		depth = 1;
	}
	while (depth > 0) {
		nc_tnode *at = node[depth - 1];
		if (at->level > 0 && pos[depth - 1] < at->n) {
			node[depth] = at->u.in.kid[pos[depth - 1]++];
			pos[depth++] = 0;
			continue;
		}
		nc_free(at);
		depth--;
	}
	*t = (nc_tree){ NULL, 0 };
}
