/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tree.h"

#include <string.h>

#include "base/buf.h"
#include "store/tree_internal.h"

/*
 * The writer's half of the tree: insert, replace, remove. Every change first makes the nodes on
 * its path the batch's own, from the top down, then works upwards in place. The sequencer's alone.
 * Out of memory leaves a half-made change among the batch's nodes, which the batch throws away as
 * a whole; what readers hold is never touched.
 */

typedef struct path {
	nc_tnode *node[NC_TREE_DEPTH]; /* by level */
	uint32_t pos[NC_TREE_DEPTH];   /* of the kid below; unused for the leaf */
	int top;                       /* its level */
} path;

/* The node in *slot, as one that this batch may change. */
static nc_tnode *own(nc_forest *f, nc_tnode **slot)
{
	nc_tnode *old = *slot;
	if (old->stamp == f->stamp)
		return old;
	nc_tnode *copy = nc_tnode_new(f, old->level);
	if (!copy)
		return NULL;
	copy->n = old->n;
	memcpy(&copy->u, &old->u, sizeof(copy->u));
	old->link = f->dead;
	f->dead = old;
	return *slot = copy;
}

static int own_path(nc_forest *f, nc_tree *t, const nc_tkey *k, path *p)
{
	nc_tnode **slot = &t->top;
	p->top = t->top->level;
	for (int level = p->top;; level--) {
		nc_tnode *node = own(f, slot);
		if (!node)
			return -1;
		p->node[level] = node;
		if (level == 0)
			return 0;
		p->pos[level] = nc_tnode_kid_of(node, k);
		slot = &node->u.in.kid[p->pos[level]];
	}
}

/* The smallest entry of the node at `level` changed: tell its ancestors. */
static void fix_lows(path *p, int level)
{
	for (; level < p->top; level++) {
		nc_tnode *up = p->node[level + 1];
		up->u.in.low[p->pos[level + 1]] = p->node[level]->u.key[0];
		if (p->pos[level + 1] != 0)
			return;
	}
}

static uint32_t cap_of(const nc_tnode *node)
{
	return node->level ? NC_KIDS_MAX : NC_LEAF_MAX;
}

/* Move n entries (and kids) within or between nodes; counts are the caller's. */
static void move(nc_tnode *to, uint32_t at, nc_tnode *from, uint32_t pos, uint32_t n)
{
	memmove(&to->u.key[at], &from->u.key[pos], n * sizeof(to->u.key[0]));
	if (to->level)
		memmove(&to->u.in.kid[at], &from->u.in.kid[pos], n * sizeof(to->u.in.kid[0]));
}

static void insert_at(nc_tnode *node, uint32_t pos, const nc_ikey *k, nc_tnode *kid)
{
	move(node, pos + 1, node, pos, node->n - pos);
	node->u.key[pos] = k;
	if (node->level)
		node->u.in.kid[pos] = kid;
	node->n++;
}

static void remove_at(nc_tnode *node, uint32_t pos)
{
	move(node, pos, node, pos + 1, node->n - pos - 1);
	node->n--;
}

/*
 * Where to cut a full node: in the middle, but behind its end when that is where the new entry
 * goes, as ids and what is ordered by them are made in order: full nodes stay full. An inner node
 * always has two kids, so that each has a neighbour.
 */
static uint32_t cut_of(const nc_tnode *node, uint32_t pos)
{
	if (pos < node->n)
		return node->n / 2u;
	return node->level ? node->n - 1u : node->n;
}

/* Put k into a full node; the new right half is *ret. */
static nc_code split(
	nc_forest *f, nc_tnode *node, uint32_t pos, const nc_ikey *k, nc_tnode *kid, nc_tnode **ret)
{
	nc_tnode *right = nc_tnode_new(f, node->level);
	if (!right)
		return NC_E_NOMEM;
	uint32_t cut = cut_of(node, pos);
	right->n = (uint16_t)(node->n - cut);
	move(right, 0, node, cut, right->n);
	node->n = (uint16_t)cut;
	if (pos < cut || (pos == cut && cut < cap_of(node) && right->n > 0))
		insert_at(node, pos, k, kid);
	else
		insert_at(right, pos - cut, k, kid);
	*ret = right;
	return NC_OK;
}

static nc_code grow_top(nc_forest *f, nc_tree *t, nc_tnode *left, nc_tnode *right)
{
	nc_tnode *top = nc_tnode_new(f, (uint8_t)(left->level + 1));
	if (!top)
		return NC_E_NOMEM;
	nc_assert(top->level < NC_TREE_DEPTH);
	insert_at(top, 0, left->u.key[0], left);
	insert_at(top, 1, right->u.key[0], right);
	t->top = top;
	return NC_OK;
}

static nc_code insert(nc_forest *f, nc_tree *t, path *p, uint32_t pos, const nc_ikey *k)
{
	nc_tnode *kid = NULL;
	for (int level = 0;; level++) {
		nc_tnode *node = p->node[level], *right;
		if (node->n < cap_of(node)) {
			insert_at(node, pos, k, kid);
			fix_lows(p, level);
			return NC_OK;
		}
		if (split(f, node, pos, k, kid, &right) != NC_OK)
			return NC_E_NOMEM;
		fix_lows(p, level);
		if (level == p->top)
			return grow_top(f, t, node, right);
		kid = right;
		k = right->u.key[0];
		pos = p->pos[level + 1] + 1;
	}
}

nc_code nc_tree_put(nc_forest *f, nc_tree *t, const nc_ikey *k, const nc_ikey **ret_old)
{
	*ret_old = NULL;
	if (!t->top) {
		nc_tnode *leaf = nc_tnode_new(f, 0);
		if (!leaf)
			return NC_E_NOMEM;
		insert_at(leaf, 0, k, NULL);
		*t = (nc_tree){ leaf, 1 };
		return NC_OK;
	}
	path p;
	nc_tkey place = nc_tkey_of(k);
	if (own_path(f, t, &place, &p) != 0)
		return NC_E_NOMEM;
	nc_tnode *leaf = p.node[0];
	uint32_t pos = nc_tnode_below(leaf, &place);
	if (pos < leaf->n && nc_tkey_cmp(&place, leaf->u.key[pos]) == 0) {
		*ret_old = leaf->u.key[pos];
		leaf->u.key[pos] = k;
		if (pos == 0)
			fix_lows(&p, 0);
		return NC_OK;
	}
	t->n++;
	return insert(f, t, &p, pos, k);
}

static void drop(nc_tnode *node)
{
	node->is_dropped = 1; /* stays in `made`, freed with the batch */
}

/* All of the right one into the left one; the parent's entry goes too. */
static void join(nc_tnode *up, uint32_t left_pos, nc_tnode *left, nc_tnode *right)
{
	move(left, left->n, right, 0, right->n);
	left->n = (uint16_t)(left->n + right->n);
	drop(right);
	remove_at(up, left_pos + 1);
}

static void even_out(nc_tnode *left, nc_tnode *right)
{
	uint32_t total = (uint32_t)left->n + right->n, want = total / 2;
	if (left->n > want) {
		uint32_t n = left->n - want;
		move(right, n, right, 0, right->n);
		move(right, 0, left, want, n);
	} else {
		uint32_t n = want - left->n;
		move(left, left->n, right, 0, n);
		move(right, 0, right, n, right->n - n);
	}
	left->n = (uint16_t)want;
	right->n = (uint16_t)(total - want);
}

/* The node at `level` has become small: join it with a neighbour, or share with it. */
static nc_code refill(nc_forest *f, path *p, int level)
{
	nc_tnode *up = p->node[level + 1];
	uint32_t pos = p->pos[level + 1];
	uint32_t left_pos = pos > 0 ? pos - 1 : 0;
	nc_tnode *left = own(f, &up->u.in.kid[left_pos]);
	nc_tnode *right = left ? own(f, &up->u.in.kid[left_pos + 1]) : NULL;
	if (!right)
		return NC_E_NOMEM;
	if ((uint32_t)left->n + right->n <= cap_of(left)) {
		join(up, left_pos, left, right);
	} else {
		even_out(left, right);
		up->u.in.low[left_pos + 1] = right->u.key[0];
	}
	p->node[level] = left;
	p->pos[level + 1] = left_pos;
	fix_lows(p, level);
	return NC_OK;
}

static void shrink_top(nc_tree *t)
{
	while (t->top->level > 0 && t->top->n == 1) {
		nc_tnode *top = t->top;
		t->top = top->u.in.kid[0];
		drop(top);
	}
	if (t->top->n == 0) {
		drop(t->top);
		t->top = NULL;
	}
}

nc_code nc_tree_del(nc_forest *f, nc_tree *t, const nc_ikey *k, const nc_ikey **ret_old)
{
	nc_tkey place = nc_tkey_of(k);
	*ret_old = nc_tree_get(t, place.key, place.id);
	if (!*ret_old)
		return NC_OK;
	path p;
	if (own_path(f, t, &place, &p) != 0)
		return NC_E_NOMEM;
	remove_at(p.node[0], nc_tnode_below(p.node[0], &place));
	t->n--;
	if (p.node[0]->n > 0)
		fix_lows(&p, 0);
	for (int level = 0; level < p.top; level++) {
		if (p.node[level]->n >= (level ? NC_KIDS_MIN : NC_LEAF_MIN))
			break;
		if (refill(f, &p, level) != NC_OK)
			return NC_E_NOMEM;
	}
	shrink_top(t);
	return NC_OK;
}
