/* SPDX-License-Identifier: Apache-2.0 */
#include "store/root.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

/*
 * A root's trees as one set: looking up (any thread, inside a read section) and changing the tip
 * (the sequencer, or the opener before it). Keeps the indexes equal to the items' keys: whoever
 * puts or removes an item here changes all of its entries.
 */

nc_root *nc_root_new(const nc_schema *s)
{
	nc_root *r = nc_calloc(1, sizeof(*r) + s->n_trees * sizeof(r->trees[0]));
	if (r)
		r->schema = s;
	return r;
}

void nc_root_assign(nc_root *r, const nc_root *from)
{
	r->seq = from->seq;
	memcpy(r->trees, from->trees, r->schema->n_trees * sizeof(r->trees[0]));
}

void nc_root_free(nc_root *r)
{
	nc_free(r);
}

static void unref_all(const nc_tree *t)
{
	nc_walk w;
	nc_tree_seek(t, NULL, NC_ASCENDING, &w);
	/* the walk reads only nodes, and the entry just given not again */
	for (const nc_ikey *k; (k = nc_tree_next(&w)) != NULL;)
		nc_item_unref(nc_ikey_item(k));
}

void nc_root_unref_items(nc_root *r)
{
	for (uint16_t kind = 1; kind < NC_DB_KINDS_MAX; kind++) {
		if (!r->schema->kind[kind])
			continue;
		unref_all(nc_root_id_tree(r, kind));
		unref_all(nc_root_tomb_tree(r, kind));
	}
}

void nc_root_free_trees(nc_root *r)
{
	for (uint32_t i = 0; i < r->schema->n_trees; i++)
		nc_tree_free(&r->trees[i]);
}

/* Of a declared kind and index. */
static uint32_t place_of(const nc_root *r, uint16_t kind, uint32_t nth)
{
	return r->schema->first_tree[kind] + nth;
}

nc_tree *nc_root_id_tree(nc_root *r, uint16_t kind)
{
	return &r->trees[place_of(r, kind, 0)];
}

nc_tree *nc_root_index_tree(nc_root *r, uint16_t kind, uint16_t index)
{
	return &r->trees[place_of(r, kind, index + 1u)];
}

nc_tree *nc_root_tomb_tree(nc_root *r, uint16_t kind)
{
	return &r->trees[place_of(r, kind, r->schema->kind[kind]->n_indexes + 1u)];
}

/* NULL where kind or index is not declared: a question about nothing has no answer. */
static const nc_tree *tree_of(const nc_root *r, uint16_t kind, uint16_t index)
{
	const nc_kind_def *def = nc_schema_kind(r->schema, kind);
	if (!def || (index != NC_BY_ID && index >= def->n_indexes))
		return NULL;
	return &r->trees[place_of(r, kind, index == NC_BY_ID ? 0 : index + 1u)];
}

uint64_t nc_root_seq(const nc_root *r)
{
	return r->seq;
}

uint64_t nc_root_count(const nc_root *r, uint16_t kind)
{
	const nc_tree *t = tree_of(r, kind, NC_BY_ID);
	return t ? t->n : 0;
}

const nc_item *nc_root_get(const nc_root *r, uint16_t kind, nc_bytes id)
{
	const nc_tree *t = tree_of(r, kind, NC_BY_ID);
	const nc_ikey *k = t ? nc_tree_get(t, id, id) : NULL;
	return k ? nc_ikey_item(k) : NULL;
}

const nc_item *nc_root_tomb(const nc_root *r, uint16_t kind, nc_bytes id)
{
	const nc_kind_def *def = nc_schema_kind(r->schema, kind);
	if (!def)
		return NULL;
	const nc_ikey *k = nc_tree_get(&r->trees[place_of(r, kind, def->n_indexes + 1u)], id, id);
	return k ? nc_ikey_item(k) : NULL;
}

static void seek_key(nc_walk *w, const nc_root *r, uint16_t kind, uint16_t index, nc_bytes key)
{
	*w = (nc_walk){ .root = r, .kind = kind, .index = index };
	const nc_tree *t = tree_of(r, kind, index);
	nc_tkey place = { key, { NULL, 0 }, NC_TIE_BEFORE };
	if (t)
		nc_tree_seek(t, &place, NC_ASCENDING, w);
}

const nc_item *nc_root_find(const nc_root *r, uint16_t kind, uint16_t index, nc_bytes key)
{
	nc_walk w;
	seek_key(&w, r, kind, index, key);
	const nc_ikey *k = nc_tree_next(&w);
	return k && nc_bytes_eq(nc_ikey_bytes(k), key) ? nc_ikey_item(k) : NULL;
}

uint64_t nc_root_count_key(
	const nc_root *r, uint16_t kind, uint16_t index, nc_bytes key, uint64_t cap)
{
	nc_walk w;
	uint64_t n = 0;
	seek_key(&w, r, kind, index, key);
	for (const nc_ikey *k; n < cap && (k = nc_tree_next(&w)) != NULL; n++) {
		if (!nc_bytes_eq(nc_ikey_bytes(k), key))
			break;
	}
	return n;
}

void nc_walk_init(nc_walk *w, const nc_root *r, uint16_t kind, uint16_t index, nc_bytes key,
	nc_bytes id, nc_order order)
{
	*w = (nc_walk){ .root = r, .kind = kind, .index = index };
	const nc_tree *t = tree_of(r, kind, index);
	nc_tkey place = { key, id, NC_TIE_ID };
	if (index == NC_BY_ID)
		place.key = place.id = id.len ? id : key;
	else if (id.len == 0)
		place.tie = order == NC_DESCENDING ? NC_TIE_AFTER : NC_TIE_BEFORE;
	int is_end = place.key.len == 0 && place.id.len == 0;
	if (t)
		nc_tree_seek(t, is_end ? NULL : &place, order, w);
}

static void walk_behind(nc_walk *w, const nc_root *r, uint16_t kind, uint32_t nth, nc_bytes after)
{
	nc_tkey place = { after, after, NC_TIE_AFTER };
	*w = (nc_walk){ .root = r, .kind = kind, .index = NC_BY_ID };
	nc_tree_seek(&r->trees[place_of(r, kind, nth)], after.len ? &place : NULL, NC_ASCENDING, w);
}

void nc_root_walk_ids(nc_walk *w, const nc_root *r, uint16_t kind, nc_bytes after)
{
	walk_behind(w, r, kind, 0, after);
}

void nc_root_walk_tombs(nc_walk *w, const nc_root *r, uint16_t kind, nc_bytes after)
{
	walk_behind(w, r, kind, r->schema->kind[kind]->n_indexes + 1u, after);
}

const nc_item *nc_walk_next(nc_walk *w, nc_bytes *ret_key)
{
	const nc_ikey *k = nc_tree_next(w);
	if (!k)
		return NULL;
	if (ret_key)
		*ret_key = nc_ikey_bytes(k);
	return nc_ikey_item(k);
}

/* Both items' keys are sorted: what is in one alone goes or comes, what is in both is replaced. */
static nc_code change_indexes(nc_forest *f, nc_root *r, const nc_item *was, const nc_item *now)
{
	const nc_ikey *a = was ? nc_item_idkey(was) : NULL, *b = now ? nc_item_idkey(now) : NULL;
	const nc_ikey *old;
	uint32_t n_a = was ? was->n_keys : 0, n_b = now ? now->n_keys : 0;
	uint16_t kind = was ? was->kind : now->kind;
	a = n_a ? nc_ikey_next(a) : NULL;
	b = n_b ? nc_ikey_next(b) : NULL;
	while (n_a > 0 || n_b > 0) {
		int c = n_a == 0 ? 1 : n_b == 0 ? -1 : nc_ikey_cmp(a, b);
		uint16_t index = c < 0 ? a->index : b->index;
		nc_tree *t = nc_root_index_tree(r, kind, index);
		nc_code code = c < 0 ? nc_tree_del(f, t, a, &old) : nc_tree_put(f, t, b, &old);
		if (code != NC_OK)
			return code;
		if (c <= 0 && --n_a > 0)
			a = nc_ikey_next(a);
		if (c >= 0 && --n_b > 0)
			b = nc_ikey_next(b);
	}
	return NC_OK;
}

nc_code nc_root_put(nc_forest *f, nc_root *r, const nc_item *now, const nc_item **ret_was)
{
	const nc_ikey *old;
	nc_code code = nc_tree_put(f, nc_root_id_tree(r, now->kind), nc_item_idkey(now), &old);
	if (code != NC_OK)
		return code;
	*ret_was = old ? nc_ikey_item(old) : NULL;
	return change_indexes(f, r, *ret_was, now);
}

nc_code nc_root_del(nc_forest *f, nc_root *r, uint16_t kind, nc_bytes id, const nc_item **ret_was)
{
	const nc_ikey *old;
	*ret_was = nc_root_get(r, kind, id);
	if (!*ret_was)
		return NC_OK;
	nc_code code = nc_tree_del(f, nc_root_id_tree(r, kind), nc_item_idkey(*ret_was), &old);
	if (code != NC_OK)
		return code;
	return change_indexes(f, r, *ret_was, NULL);
}

nc_code nc_root_bury(nc_forest *f, nc_root *r, const nc_item *tomb, const nc_item **ret_was)
{
	const nc_ikey *old;
	nc_code code = nc_tree_put(f, nc_root_tomb_tree(r, tomb->kind), nc_item_idkey(tomb), &old);
	*ret_was = code == NC_OK && old ? nc_ikey_item(old) : NULL;
	return code;
}

nc_code nc_root_exhume(nc_forest *f, nc_root *r, const nc_item *tomb, const nc_item **ret_was)
{
	const nc_ikey *old;
	nc_code code = nc_tree_del(f, nc_root_tomb_tree(r, tomb->kind), nc_item_idkey(tomb), &old);
	*ret_was = code == NC_OK && old ? nc_ikey_item(old) : NULL;
	return code;
}
