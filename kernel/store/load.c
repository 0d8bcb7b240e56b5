/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/db_internal.h"
#include "store/value.h"

/*
 * The first root from the objects space: the values come in order of kind and id, so each kind is
 * gathered, its index entries are sorted, and its trees are built bottom up. What is damaged is
 * left out and listed. The opener's thread.
 */

typedef struct loader {
	nc_db *db;
	nc_root *root;
	uint16_t kind; /* that is being gathered; 0 = none yet */
	const nc_item **items;
	size_t n, cap;
	nc_item **damaged; /* no more than their ids */
	size_t n_damaged, cap_damaged;
	char lost_from[NC_STORE_KEY_MAX]; /* nothing could be read from here on */
	size_t lost_len;
	int is_lost;
	nc_error err; /* of our part in the store's callback */
} loader;

/* The list with room for one more, or NULL without memory. */
static void *grow(void *list, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return list;
	size_t want = *cap ? *cap * 2 : 256;
	void *p = nc_realloc(list, want * size);
	if (p)
		*cap = want;
	return p;
}

/* ---- building one kind's trees ---- */

/* An index entry with the front of its key, so that most comparisons need not look at the item. */
typedef struct sorted {
	uint64_t front; /* first 8 bytes, big-endian */
	const nc_ikey *key;
	uint32_t nth; /* items are in order of id */
	uint32_t len;
} sorted;

static sorted sorted_of(const nc_ikey *k, size_t nth)
{
	sorted s = { 0, k, (uint32_t)nth, k->len };
	for (uint32_t i = 0; i < 8; i++)
		s.front = s.front << 8 | (i < k->len ? (uint8_t)k->ptr[i] : 0);
	return s;
}

static int sorted_cmp(const void *a, const void *b)
{
	const sorted *x = a, *y = b;
	if (x->front != y->front)
		return x->front < y->front ? -1 : 1;
	int c = x->len <= 8 && y->len <= 8
			? (x->len > y->len) - (x->len < y->len)
			: nc_bytes_cmp(nc_ikey_bytes(x->key), nc_ikey_bytes(y->key));
	return c ? c : (x->nth > y->nth) - (x->nth < y->nth);
}

typedef struct index_room {
	size_t first[NC_DB_INDEXES_MAX + 1];
	sorted *entries;
	const nc_ikey **keys;
} index_room;

static void count_keys(const loader *l, index_room *room)
{
	size_t count[NC_DB_INDEXES_MAX] = { 0 };
	for (size_t i = 0; i < l->n; i++) {
		const nc_ikey *k = nc_item_idkey(l->items[i]);
		for (uint16_t j = 0; j < l->items[i]->n_keys; j++) {
			k = nc_ikey_next(k);
			count[k->index]++;
		}
	}
	room->first[0] = 0;
	for (size_t i = 0; i < NC_DB_INDEXES_MAX; i++)
		room->first[i + 1] = room->first[i] + count[i];
}

static void place_keys(const loader *l, const index_room *room)
{
	size_t at[NC_DB_INDEXES_MAX];
	memcpy(at, room->first, sizeof(at));
	for (size_t i = 0; i < l->n; i++) {
		const nc_ikey *k = nc_item_idkey(l->items[i]);
		for (uint16_t j = 0; j < l->items[i]->n_keys; j++) {
			k = nc_ikey_next(k);
			room->entries[at[k->index]++] = sorted_of(k, i);
		}
	}
}

static nc_code build_indexes(loader *l, const index_room *room)
{
	const nc_kind_def *def = l->db->schema.kind[l->kind];
	place_keys(l, room);
	for (uint16_t index = 0; index < def->n_indexes; index++) {
		size_t n = room->first[index + 1] - room->first[index];
		sorted *entries = room->entries + room->first[index];
		qsort(entries, n, sizeof(*entries), sorted_cmp);
		for (size_t i = 0; i < n; i++)
			room->keys[i] = entries[i].key;
		nc_tree *t = nc_root_index_tree(l->root, l->kind, index);
		if (nc_tree_build(&l->db->s.forest, t, room->keys, n) != NC_OK)
			return NC_E_NOMEM;
	}
	return NC_OK;
}

/* The gathered items become the kind's trees, which own them from here on. */
static nc_code build_kind(loader *l)
{
	if (l->n == 0)
		return NC_OK;
	index_room room;
	count_keys(l, &room);
	size_t n = NC_MAX(room.first[NC_DB_INDEXES_MAX], l->n);
	_cleanup_(nc_freep) sorted *entries = nc_malloc(n * sizeof(*entries));
	_cleanup_(nc_freep) const nc_ikey **keys = nc_malloc(n * sizeof(*keys));
	room.entries = entries;
	room.keys = keys;
	if (!entries || !keys)
		return NC_E_NOMEM;
	for (size_t i = 0; i < l->n; i++)
		keys[i] = nc_item_idkey(l->items[i]);
	nc_tree *ids = nc_root_id_tree(l->root, l->kind);
	if (nc_tree_build(&l->db->s.forest, ids, keys, l->n) != NC_OK)
		return NC_E_NOMEM;
	nc_code code = build_indexes(l, &room);
	l->n = 0;
	return code;
}

/* ---- gathering ---- */

static nc_code set_aside(loader *l, uint16_t kind, nc_bytes id)
{
	nc_item **list = grow(l->damaged, l->n_damaged, &l->cap_damaged, sizeof(*list));
	if (!list)
		return nc_err_nomem(&l->err);
	l->damaged = list;
	nc_item *it = nc_item_tomb(kind, id);
	if (!it)
		return nc_err_nomem(&l->err);
	list[l->n_damaged++] = it;
	return NC_OK;
}

static nc_code take_item(loader *l, uint16_t kind, nc_bytes id, nc_bytes value)
{
	nc_item *it;
	const nc_item **list = grow(l->items, l->n, &l->cap, sizeof(*list));
	if (!list)
		return nc_err_nomem(&l->err);
	l->items = list;
	nc_code code = nc_item_load(l->db, kind, id, value, 0, &it, &l->err);
	if (code == NC_E_PROTO)
		return set_aside(l, kind, id);
	if (code != NC_OK)
		return code;
	if (l->n > 0 && nc_bytes_cmp(nc_item_id_bytes(list[l->n - 1]), id) >= 0) {
		nc_item_unref(it);
		return nc_err(&l->err, NC_E_PROTO, "the store gives its keys out of order");
	}
	list[l->n++] = it;
	return NC_OK;
}

/* Up to this key, or to the end. */
static nc_code end_lost(loader *l, nc_bytes to)
{
	nc_bytes from = { l->lost_from, l->lost_len };
	if (!l->is_lost)
		return NC_OK;
	l->is_lost = 0;
	return nc_damage_add_lost(l->db, from, to, &l->err);
}

static nc_code begin_lost(loader *l, nc_bytes from)
{
	nc_code code = end_lost(l, from);
	l->is_lost = 1;
	l->lost_len = NC_MIN(from.len, sizeof(l->lost_from));
	if (from.len)
		memcpy(l->lost_from, from.ptr, l->lost_len);
	return code;
}

static nc_code on_value(void *arg, const nc_kv *kv)
{
	loader *l = arg;
	uint16_t kind;
	nc_bytes id;
	if (kv->flags & NC_KV_LOST)
		return begin_lost(l, kv->key);
	if (end_lost(l, kv->key) != NC_OK)
		return NC_E_NOMEM;
	if (nc_object_key_parse(kv->key, &kind, &id) != 0)
		return nc_err(
			&l->err, NC_E_PROTO, "a key of %zu bytes among the objects", kv->key.len);
	if (kind != l->kind) {
		if (build_kind(l) != NC_OK)
			return nc_err_nomem(&l->err);
		l->kind = kind;
	}
	if (!kv->val.ptr || (kv->flags & NC_KV_CORRUPT))
		return set_aside(l, kind, id);
	return take_item(l, kind, id, kv->val);
}

/* ---- what is beside the items ---- */

static nc_code take_names(void *arg, const nc_kv *kv)
{
	nc_buf *b = arg;
	nc_buf_reset(b);
	if (kv->val.ptr && !(kv->flags & NC_KV_CORRUPT))
		nc_buf_put(b, kv->val.ptr, kv->val.len);
	return NC_OK;
}

static nc_code list_damage(loader *l, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf names;
	nc_buf_init(&names, NC_STORE_VAL_MAX);
	for (size_t i = 0; i < l->n_damaged; i++) {
		char mem[NC_OBJECT_KEY_MAX];
		const nc_item *it = l->damaged[i];
		nc_bytes id = nc_item_id_bytes(it);
		nc_buf_reset(&names);
		/* without a name it is still known by its id */
		(void)l->db->store->get(l->db->inst, NC_SPACE_NAMES,
			nc_object_key(it->kind, id, mem), take_names, &names, NULL);
		nc_code code = nc_damage_add(
			l->db, NC_SPACE_OBJECTS, it->kind, id, nc_buf_bytes(&names), err);
		if (code != NC_OK)
			return code;
	}
	return NC_OK;
}

static nc_code take_lost_name(void *arg, const nc_kv *kv)
{
	loader *l = arg;
	uint16_t kind;
	nc_bytes id;
	if ((kv->flags & NC_KV_LOST) || nc_object_key_parse(kv->key, &kind, &id) != 0)
		return NC_OK;
	return nc_damage_add(l->db, NC_SPACE_OBJECTS, kind, id, kv->val, &l->err);
}

/* What has a name and lay where nothing could be read. */
static nc_code list_lost(loader *l, nc_error *err)
{
	nc_code code = NC_OK;
	const nc_damage *d = &l->db->damage;
	for (uint32_t i = 0; i < d->n_lost && code == NC_OK; i++) {
		const nc_lost_range *r = &d->lost[i];
		code = l->db->store->scan(l->db->inst, NC_SPACE_NAMES,
			(nc_bytes){ r->from, r->from_len }, (nc_bytes){ r->to, r->to_len }, 0,
			take_lost_name, l, err);
	}
	if (l->err.code != NC_OK)
		nc_err_copy(err, &l->err);
	return code;
}

static nc_code see_cold(void *arg, const nc_kv *kv)
{
	(void)kv;
	*(int *)arg = 1;
	return NC_OK;
}

static nc_code find_cold_kinds(nc_db *db, nc_error *err)
{
	for (uint16_t kind = 1; kind < NC_DB_KINDS_MAX; kind++) {
		char from[NC_OBJECT_KEY_MAX], to[NC_OBJECT_KEY_MAX];
		nc_bytes none = { NULL, 0 };
		int is_there = 0;
		if (!db->schema.kind[kind])
			continue;
		nc_code code = db->store->scan(db->inst, NC_SPACE_COLD,
			nc_object_key(kind, none, from),
			nc_object_key((uint16_t)(kind + 1), none, to), 1, see_cold, &is_there, err);
		if (code != NC_OK)
			return code;
		atomic_store_explicit(
			&db->s.goes_cold[kind], (uint8_t)is_there, memory_order_relaxed);
	}
	return NC_OK;
}

static nc_code load_all(loader *l, nc_error *err)
{
	nc_bytes all = { NULL, 0 };
	nc_err_clear(&l->err);
	nc_code code =
		l->db->store->scan(l->db->inst, NC_SPACE_OBJECTS, all, all, 0, on_value, l, err);
	if (l->err.code != NC_OK && code != NC_OK) {
		nc_err_copy(err, &l->err);
		return l->err.code;
	}
	if (code == NC_OK && (build_kind(l) != NC_OK || end_lost(l, all) != NC_OK))
		code = nc_err_nomem(err);
	if (code == NC_OK)
		code = list_damage(l, err);
	if (code == NC_OK)
		code = list_lost(l, err);
	if (code == NC_OK)
		code = find_cold_kinds(l->db, err);
	return code;
}

nc_code nc_load_items(nc_db *db, nc_error *err)
{
	loader l = { .db = db, .root = nc_root_new(&db->schema) };
	nc_code code = l.root ? load_all(&l, err) : nc_err_nomem(err);
	for (size_t i = 0; i < l.n; i++) /* gathered, not built */
		nc_item_unref(l.items[i]);
	for (size_t i = 0; i < l.n_damaged; i++)
		nc_item_unref(l.damaged[i]);
	nc_free(l.items);
	nc_free(l.damaged);
	if (code == NC_OK) {
		l.root->seq = db->pending.applied;
		nc_forest_commit(&db->s.forest);
		atomic_store_explicit(&db->root, l.root, memory_order_release);
		atomic_store_explicit(&db->seq, l.root->seq, memory_order_relaxed);
	} else if (l.root) {
		nc_root_unref_items(l.root);
		nc_forest_rollback(&db->s.forest);
		nc_root_free(l.root);
	}
	return code;
}
