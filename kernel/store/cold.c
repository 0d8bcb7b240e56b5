/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "store/db_internal.h"
#include "store/value.h"

/*
 * Items that may have left memory. Always memory first, then the store: what has left memory by
 * the time it is looked at was written there before, so nothing falls between. Deleted ones that
 * the store still has are known by their tombs. Items are given out by reference, outside of read
 * sections and store calls. Workers.
 */

enum { PAGE_ITEMS = 256 };

typedef struct got {
	nc_db *db;
	uint16_t kind;
	nc_bytes id;
	const nc_item *item;
	nc_error *err;
} got;

static nc_code take_value(void *arg, const nc_kv *kv)
{
	got *g = arg;
	nc_item *it;
	if (!kv->val.ptr || (kv->flags & NC_KV_CORRUPT))
		return nc_damage_error(g->db, g->kind, g->id, g->err);
	nc_code code = nc_item_load(g->db, g->kind, g->id, kv->val, 0, &it, g->err);
	if (code == NC_OK)
		g->item = it;
	return code;
}

static nc_code get_cold(nc_db *db, uint16_t kind, nc_bytes id, const nc_item **ret, nc_error *err)
{
	char mem[NC_OBJECT_KEY_MAX];
	nc_error own = NC_ERROR_INIT;
	got g = { db, kind, id, NULL, &own };
	nc_code code = db->store->get(
		db->inst, NC_SPACE_COLD, nc_object_key(kind, id, mem), take_value, &g, err);
	if (own.code != NC_OK) {
		nc_err_copy(err, &own);
		code = own.code;
	}
	if (code == NC_OK && !g.item)
		code = NC_E_NOTFOUND;
	*ret = g.item;
	return code;
}

static nc_code not_found(nc_db *db, uint16_t kind, nc_bytes id, nc_error *err)
{
	if (nc_damage_has(db, kind, id))
		return nc_damage_error(db, kind, id, err);
	return nc_err(err, NC_E_NOTFOUND, "%s %.*s does not exist",
		nc_schema_kind_name(&db->schema, kind), (int)id.len, (const char *)id.ptr);
}

nc_code nc_db_get(nc_db *db, uint16_t kind, nc_bytes id, nc_item_fn fn, void *ctx, nc_error *err)
{
	if (!nc_schema_kind(&db->schema, kind) || id.len == 0 || id.len > NC_DB_ID_MAX)
		return not_found(db, kind, id, err);
	const nc_root *root = nc_db_read_begin(db);
	const nc_item *it = nc_root_get(root, kind, id);
	int is_buried = !it && nc_root_tomb(root, kind, id);
	if (it)
		nc_item_ref(it);
	/* memory has all of a kind that never goes cold; who saw an eviction sees this flag */
	int may_be_cold = atomic_load_explicit(&db->s.goes_cold[kind], memory_order_relaxed);
	nc_db_read_end(db);
	nc_code code = NC_OK;
	if (!it && !may_be_cold)
		code = NC_E_NOTFOUND;
	else if (!it && !is_buried)
		code = get_cold(db, kind, id, &it, err);
	if (code == NC_E_NOTFOUND || is_buried)
		return not_found(db, kind, id, err);
	if (code == NC_OK)
		code = fn(ctx, it);
	nc_item_unref(it);
	return code;
}

/* ---- pages of a kind ---- */

typedef struct page {
	const nc_item *item[PAGE_ITEMS]; /* in order, each a reference */
	uint32_t n;
	char end[NC_DB_ID_MAX]; /* ids up to here were looked at; the id of the last item of a full */
	uint16_t end_len;       /* page; 0 = up to the end of the kind */
} page;

typedef struct scan {
	nc_db *db;
	uint16_t kind;
	char after[NC_DB_ID_MAX];
	uint16_t after_len;
	page hot, tombs, cold;
	uint32_t rows; /* of the cold page, the damaged among them */
	nc_error own;  /* of our part in the store's callback */
} scan;

static void set_end(page *p, nc_bytes id)
{
	p->end_len = (uint16_t)id.len;
	memcpy(p->end, id.ptr, id.len);
}

/* -1, 0, 1; the end of the kind is behind everything. */
static int end_cmp(const page *a, nc_bytes id)
{
	if (a->end_len == 0)
		return 1;
	return nc_bytes_cmp((nc_bytes){ a->end, a->end_len }, id);
}

static void clear(page *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		nc_item_unref(p->item[i]);
	p->n = 0;
	p->end_len = 0;
}

static void fill(page *p, nc_walk *w)
{
	const nc_item *it;
	while (p->n < PAGE_ITEMS && (it = nc_walk_next(w, NULL)) != NULL) {
		nc_item_ref(it);
		p->item[p->n++] = it;
	}
	if (p->n == PAGE_ITEMS)
		set_end(p, nc_item_id_bytes(p->item[p->n - 1]));
}

static void fill_hot(scan *s)
{
	nc_walk w;
	nc_bytes after = { s->after, s->after_len };
	const nc_root *root = nc_db_read_begin(s->db);
	nc_root_walk_ids(&w, root, s->kind, after);
	fill(&s->hot, &w);
	nc_root_walk_tombs(&w, root, s->kind, after);
	fill(&s->tombs, &w);
	nc_db_read_end(s->db);
}

static nc_code take_cold(void *arg, const nc_kv *kv)
{
	scan *s = arg;
	uint16_t kind;
	nc_bytes id;
	nc_item *it;
	if ((kv->flags & NC_KV_LOST) || nc_object_key_parse(kv->key, &kind, &id) != 0 ||
		kind != s->kind)
		return NC_OK; /* check names it */
	if (s->rows++ == PAGE_ITEMS)
		return NC_E_CANCELLED;
	set_end(&s->cold, id);
	if (!kv->val.ptr || (kv->flags & NC_KV_CORRUPT)) {
		nc_damage_add(s->db, NC_SPACE_COLD, kind, id, (nc_bytes){ NULL, 0 }, NULL);
		return NC_OK;
	}
	nc_code code = nc_item_load(s->db, kind, id, kv->val, 0, &it, &s->own);
	if (code == NC_OK)
		s->cold.item[s->cold.n++] = it;
	return code;
}

static nc_code fill_cold(scan *s, nc_error *err)
{
	char from_mem[NC_OBJECT_KEY_MAX + 1], to_mem[NC_OBJECT_KEY_MAX];
	nc_bytes after = { s->after, s->after_len };
	nc_bytes from = nc_object_key(s->kind, after, from_mem);
	nc_bytes to = nc_object_key((uint16_t)(s->kind + 1), (nc_bytes){ NULL, 0 }, to_mem);
	from_mem[from.len++] = '\0'; /* the smallest key behind it */
	nc_err_clear(&s->own);
	s->rows = 0;
	nc_code code = s->db->store->scan(
		s->db->inst, NC_SPACE_COLD, from, to, PAGE_ITEMS, take_cold, s, err);
	if (s->own.code != NC_OK) {
		nc_err_copy(err, &s->own);
		return s->own.code;
	}
	if (s->rows < PAGE_ITEMS)
		s->cold.end_len = 0;
	return code == NC_E_CANCELLED ? NC_OK : code;
}

/* The smallest of the three ends: further than that not all of them have looked. */
static const page *nearest_end(const scan *s)
{
	const page *pages[] = { &s->hot, &s->tombs, &s->cold };
	const page *near = pages[0];
	for (size_t i = 1; i < NC_LEN(pages); i++) {
		nc_bytes end = { pages[i]->end, pages[i]->end_len };
		if (end.len > 0 && end_cmp(near, end) > 0)
			near = pages[i];
	}
	return near;
}

/* The next item of the merged pages: memory's own where both have it, and nothing that is buried. */
static const nc_item *merge_next(scan *s, uint32_t *h, uint32_t *t, uint32_t *c)
{
	for (;;) {
		const nc_item *hot = *h < s->hot.n ? s->hot.item[*h] : NULL;
		const nc_item *cold = *c < s->cold.n ? s->cold.item[*c] : NULL;
		if (!hot && !cold)
			return NULL;
		int order = !cold  ? -1
			    : !hot ? 1
				   : nc_bytes_cmp(nc_item_id_bytes(hot), nc_item_id_bytes(cold));
		*h += order <= 0;
		*c += order >= 0;
		if (order <= 0)
			return hot;
		nc_bytes id = nc_item_id_bytes(cold);
		while (*t < s->tombs.n && nc_bytes_cmp(nc_item_id_bytes(s->tombs.item[*t]), id) < 0)
			++*t;
		if (*t < s->tombs.n && nc_bytes_eq(nc_item_id_bytes(s->tombs.item[*t]), id))
			continue;
		return cold;
	}
}

/* One page through fn; *ret_more says whether another follows. */
static nc_code scan_page(
	scan *s, uint64_t *left, nc_item_fn fn, void *ctx, int *ret_more, nc_error *err)
{
	uint32_t h = 0, t = 0, c = 0;
	const nc_item *it;
	fill_hot(s);
	nc_code code = fill_cold(s, err);
	const page *end = nearest_end(s);
	while (code == NC_OK && *left > 0 && (it = merge_next(s, &h, &t, &c)) != NULL) {
		if (end_cmp(end, nc_item_id_bytes(it)) < 0)
			break;
		--*left;
		code = fn(ctx, it);
	}
	*ret_more = end->end_len > 0 && *left > 0;
	s->after_len = end->end_len;
	memcpy(s->after, end->end, end->end_len);
	clear(&s->hot);
	clear(&s->tombs);
	clear(&s->cold);
	return code;
}

nc_code nc_db_scan(nc_db *db, uint16_t kind, nc_bytes after, uint32_t max, nc_item_fn fn, void *ctx,
	nc_error *err)
{
	uint64_t left = max ? max : UINT64_MAX;
	int more = 1;
	nc_code code = NC_OK;
	if (!nc_schema_kind(&db->schema, kind) || after.len > NC_DB_ID_MAX)
		return nc_err(err, NC_E_INVAL, "kind %u can't be walked from there", kind);
	_cleanup_(nc_freep) scan *s = nc_calloc(1, sizeof(*s));
	if (!s)
		return nc_err_nomem(err);
	s->db = db;
	s->kind = kind;
	s->after_len = (uint16_t)after.len;
	if (after.len)
		memcpy(s->after, after.ptr, after.len);
	while (more && code == NC_OK)
		code = scan_page(s, &left, fn, ctx, &more, err);
	return code;
}
