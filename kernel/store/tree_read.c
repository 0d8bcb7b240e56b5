/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "store/tree_internal.h"

/*
 * The reader's half of the tree: look up, walk either way, check. Any thread, inside a read
 * section; takes no lock, writes nothing, allocates nothing.
 */

int nc_tkey_cmp(const nc_tkey *a, const nc_ikey *b)
{
	int c = nc_bytes_cmp(a->key, nc_ikey_bytes(b));
	if (c != 0)
		return c;
	if (a->tie != NC_TIE_ID)
		return a->tie;
	return nc_bytes_cmp(a->id, nc_item_id_bytes(nc_ikey_item(b)));
}

uint32_t nc_tnode_below(const nc_tnode *node, const nc_tkey *k)
{
	uint32_t low = 0, high = node->n;
	while (low < high) {
		uint32_t mid = (low + high) / 2;
		if (nc_tkey_cmp(k, node->u.key[mid]) > 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t nc_tnode_upto(const nc_tnode *node, const nc_tkey *k)
{
	uint32_t low = 0, high = node->n;
	while (low < high) {
		uint32_t mid = (low + high) / 2;
		if (nc_tkey_cmp(k, node->u.key[mid]) >= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t nc_tnode_kid_of(const nc_tnode *node, const nc_tkey *k)
{
	uint32_t n = nc_tnode_upto(node, k);
	return n > 0 ? n - 1 : 0;
}

const nc_ikey *nc_tree_get(const nc_tree *t, nc_bytes key, nc_bytes id)
{
	const nc_tnode *node = t->top;
	nc_tkey k = { key, id, NC_TIE_ID };
	if (!node)
		return NULL;
	while (node->level > 0)
		node = node->u.in.kid[nc_tnode_kid_of(node, &k)];
	uint32_t pos = nc_tnode_below(node, &k);
	if (pos < node->n && nc_tkey_cmp(&k, node->u.key[pos]) == 0)
		return node->u.key[pos];
	return NULL;
}

/*
 * A walk keeps, per depth from the top, the node and a place: in inner nodes that of the kid it is
 * in, in the leaf the number of entries before it. So both directions pass the same boundaries.
 */
void nc_tree_seek(const nc_tree *t, const nc_tkey *k, nc_order order, nc_walk *w)
{
	const nc_tnode *node = t->top;
	w->depth = 0;
	w->reverse = order == NC_DESCENDING;
	for (; node; w->depth++) {
		uint32_t pos;
		if (node->level > 0)
			pos = k ? nc_tnode_kid_of(node, k) : w->reverse ? node->n - 1u : 0;
		else if (!k)
			pos = w->reverse ? node->n : 0;
		else
			pos = w->reverse ? nc_tnode_upto(node, k) : nc_tnode_below(node, k);
		w->at[w->depth].node = node;
		w->at[w->depth].pos = pos;
		node = node->level > 0 ? node->u.in.kid[pos] : NULL;
	}
}

/* Into the next leaf in the walk's direction; 0 when there is none. */
static int step(nc_walk *w)
{
	int d = w->depth - 2;
	for (; d >= 0; d--) {
		const nc_tnode *node = w->at[d].node;
		if (w->reverse ? w->at[d].pos > 0 : w->at[d].pos + 1 < node->n)
			break;
	}
	if (d < 0)
		return 0;
	w->at[d].pos = w->reverse ? w->at[d].pos - 1 : w->at[d].pos + 1;
	for (; d + 1 < w->depth; d++) {
		const nc_tnode *up = w->at[d].node;
		const nc_tnode *node = up->u.in.kid[w->at[d].pos];
		w->at[d + 1].node = node;
		w->at[d + 1].pos = !w->reverse ? 0 : node->level > 0 ? node->n - 1u : node->n;
	}
	return 1;
}

const nc_ikey *nc_tree_next(nc_walk *w)
{
	if (w->depth == 0)
		return NULL;
	for (;;) {
		const nc_tnode *leaf = w->at[w->depth - 1].node;
		uint32_t *pos = &w->at[w->depth - 1].pos;
		if (w->reverse && *pos > 0)
			return leaf->u.key[--*pos];
		if (!w->reverse && *pos < leaf->n)
			return leaf->u.key[(*pos)++];
		if (!step(w))
			return NULL;
	}
}

static const char *node_fault(const nc_tnode *node, int is_top)
{
	if (node->n == 0)
		return "an empty node";
	if (node->level == 0)
		return NULL;
	if (node->n < 2)
		return is_top ? "a top with one kid" : "a node without a neighbour";
	for (uint32_t i = 0; i < node->n; i++) {
		const nc_tnode *kid = node->u.in.kid[i];
		if (kid->level + 1 != node->level)
			return "a kid of the wrong level";
		if (node->u.in.low[i] != kid->u.key[0])
			return "a low that is not its kid's smallest";
	}
	return NULL;
}

/* Where the next walk step ends, the nodes passed on the way down are new ones. */
const char *nc_tree_fault(const nc_tree *t)
{
	nc_walk w;
	const nc_tnode *seen[NC_TREE_DEPTH] = { NULL };
	const nc_ikey *last = NULL;
	uint64_t n = 0;
	nc_tree_seek(t, NULL, NC_ASCENDING, &w);
	for (const nc_ikey *k; (k = nc_tree_next(&w)) != NULL; last = k, n++) {
		for (int d = 0; d < w.depth; d++) {
			const char *fault = NULL;
			if (seen[d] != w.at[d].node)
				fault = node_fault(w.at[d].node, d == 0);
			if (fault)
				return fault;
			seen[d] = w.at[d].node;
		}
		nc_tkey place = nc_tkey_of(k);
		if (last && nc_tkey_cmp(&place, last) <= 0)
			return "entries out of order";
	}
	return n == t->n ? NULL : "a wrong count";
}

uint64_t nc_tree_nodes(const nc_tree *t)
{
	const nc_tnode *seen[NC_TREE_DEPTH] = { NULL };
	uint64_t n = 0;
	nc_walk w;
	nc_tree_seek(t, NULL, NC_ASCENDING, &w);
	while (nc_tree_next(&w)) {
		for (int d = 0; d < w.depth; d++) {
			n += seen[d] != w.at[d].node;
			seen[d] = w.at[d].node;
		}
	}
	return n;
}
