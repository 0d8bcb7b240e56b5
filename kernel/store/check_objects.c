/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "store/check.h"

/*
 * The objects space against memory, page by page: both have the same ids at the same revisions
 * with the same bytes. Writers go on meanwhile, so a difference is only suspect at first, and a
 * fault when it is still there after all that was published has been written.
 */

enum { PAGE_ROWS = 256, TRIES = 5 };

typedef struct seen_row {
	char id[NC_DB_ID_MAX];
	uint16_t id_len, shape;
	uint64_t rev;
	uint32_t crc; /* of the value */
} seen_row;

typedef struct object_page {
	nc_checker *c;
	uint16_t kind;
	seen_row rows[PAGE_ROWS];
	uint32_t n;
	nc_buf value; /* of the item in memory that is being compared */
} object_page;

static nc_bytes id_of(const seen_row *r)
{
	return (nc_bytes){ r->id, r->id_len };
}

static nc_code take_row(void *arg, const nc_kv *kv)
{
	object_page *p = arg;
	uint16_t kind;
	nc_bytes id;
	if (kv->flags & NC_KV_LOST)
		return NC_OK; /* named by the store's own check */
	if (nc_object_key_parse(kv->key, &kind, &id) != 0 || kind != p->kind) {
		nc_check_fault(p->c, "objects: a key that is not of %s",
			nc_schema_kind_name(&p->c->db->schema, p->kind));
		return NC_OK;
	}
	seen_row *r = &p->rows[p->n++];
	memcpy(r->id, id.ptr, id.len);
	r->id_len = (uint16_t)id.len;
	r->rev = kv->val.ptr ? kv->rev : 0; /* damaged: no revision is right */
	r->shape = nc_value_shape(kv->val);
	r->crc = nc_crc32c(0, kv->val.ptr, kv->val.len);
	return p->n < PAGE_ROWS ? NC_OK : NC_E_CANCELLED;
}

static int is_like(object_page *p, const seen_row *r, const nc_item *it)
{
	if (r->rev != it->rev)
		return 0;
	if (r->shape != it->shape)
		return 1; /* upgraded when it was read; it lies there as it was */
	nc_buf_reset(&p->value);
	nc_value_put(&p->value, it);
	return r->crc == nc_crc32c(0, p->value.ptr, p->value.len);
}

/* ---- one suspect, looked at closely ---- */

typedef struct stored {
	nc_checker *c;
	const nc_item *item; /* in memory, a reference; NULL = it isn't there */
	int is_there, is_damaged, is_same;
	uint64_t rev;
} stored;

static nc_code compare_value(void *arg, const nc_kv *kv)
{
	stored *s = arg;
	_cleanup_(nc_buf_done) nc_buf want;
	nc_buf_init(&want, NC_STORE_VAL_MAX);
	s->is_there = 1;
	s->is_damaged = !kv->val.ptr || (kv->flags & NC_KV_CORRUPT);
	s->rev = kv->rev;
	if (s->is_damaged || !s->item)
		return NC_OK;
	nc_value_put(&want, s->item);
	s->is_same = s->rev == s->item->rev && (nc_value_shape(kv->val) != s->item->shape ||
						       nc_bytes_eq(nc_buf_bytes(&want), kv->val));
	return nc_buf_failed(&want) ? want.error : NC_OK;
}

/* Whether store and memory agree now; *ret tells what the store has. */
static nc_code look(nc_checker *c, uint16_t kind, nc_bytes id, stored *ret, nc_error *err)
{
	char mem[NC_OBJECT_KEY_MAX];
	const nc_root *root = nc_db_read_begin(c->db);
	const nc_item *it = nc_root_get(root, kind, id);
	if (it && (it->flags & NC_ITEM_COLD))
		it = NULL; /* on its way to the cold space */
	if (it)
		nc_item_ref(it);
	nc_db_read_end(c->db);
	*ret = (stored){ .c = c, .item = it };
	nc_code code = c->db->store->get(c->db->inst, NC_SPACE_OBJECTS,
		nc_object_key(kind, id, mem), compare_value, ret, err);
	if (code == NC_E_PROTO)
		ret->is_damaged = 1;
	return code == NC_E_NOTFOUND || code == NC_E_PROTO ? NC_OK : code;
}

static void tell(nc_checker *c, const char *kind, nc_bytes id, const stored *s)
{
	const char *p = id.ptr;
	int n = (int)id.len;
	if (!s->item)
		nc_check_fault(c, "objects: %s %.*s is there, but not in memory", kind, n, p);
	else if (!s->is_there)
		nc_check_fault(c, "objects: %s %.*s is missing", kind, n, p);
	else if (s->rev != s->item->rev)
		nc_check_fault(c, "objects: %s %.*s is of revision %llu, in memory of %llu", kind,
			n, p, (unsigned long long)s->rev, (unsigned long long)s->item->rev);
	else
		nc_check_fault(c, "objects: %s %.*s differs from memory", kind, n, p);
}

static nc_code check_suspect(nc_checker *c, uint16_t kind, nc_bytes id, nc_error *err)
{
	for (int i = 0;; i++) {
		stored s;
		nc_code code = look(c, kind, id, &s, err);
		if (code != NC_OK) {
			nc_item_unref(s.item);
			return code;
		}
		int is_known = s.is_damaged; /* the store's check named it */
		int agrees = s.item ? s.is_same : !s.is_there;
		if (!agrees && !is_known && i == TRIES)
			tell(c, nc_schema_kind_name(&c->db->schema, kind), id, &s);
		nc_item_unref(s.item);
		if (agrees || is_known || i == TRIES)
			return NC_OK;
		code = nc_db_flush(c->db, err); /* in between */
		if (code != NC_OK)
			return code;
	}
}

/* ---- pages ---- */

typedef struct suspects {
	seen_row *list;
	uint32_t n, cap;
} suspects;

static int suspect(suspects *s, nc_bytes id)
{
	if (s->n == s->cap) {
		uint32_t cap = s->cap ? s->cap * 2 : 64;
		seen_row *list = nc_realloc(s->list, cap * sizeof(*list));
		if (!list)
			return -1;
		s->list = list;
		s->cap = cap;
	}
	seen_row *r = &s->list[s->n++];
	memcpy(r->id, id.ptr, id.len);
	r->id_len = (uint16_t)id.len;
	return 0;
}

/* Merge a page with memory over the same ids: from `after` to the page's last, or to the end. */
static int compare_page(object_page *p, nc_bytes after, int is_last, suspects *s)
{
	uint32_t at = 0;
	int rc = 0;
	nc_walk w;
	const nc_root *root = nc_db_read_begin(p->c->db);
	nc_root_walk_ids(&w, root, p->kind, after);
	const nc_item *it = nc_walk_next(&w, NULL);
	while (rc == 0 && (at < p->n || (it && is_last))) {
		int c = !it          ? 1
			: at == p->n ? -1
				     : nc_bytes_cmp(nc_item_id_bytes(it), id_of(&p->rows[at]));
		if (c < 0 && !(it->flags & NC_ITEM_COLD))
			rc = suspect(s, nc_item_id_bytes(it));
		if (c > 0 || (c == 0 && !is_like(p, &p->rows[at], it)))
			rc = suspect(s, id_of(&p->rows[at]));
		if (c >= 0)
			at++;
		if (c <= 0)
			it = nc_walk_next(&w, NULL);
	}
	nc_db_read_end(p->c->db);
	return rc;
}

static nc_code check_page(object_page *p, seen_row *after, int *ret_is_last, nc_error *err)
{
	char from_mem[NC_OBJECT_KEY_MAX + 1], to_mem[NC_OBJECT_KEY_MAX];
	nc_db *db = p->c->db;
	nc_bytes none = { NULL, 0 };
	nc_bytes from = nc_object_key(p->kind, id_of(after), from_mem);
	from_mem[from.len++] = '\0';
	p->n = 0;
	nc_code code = db->store->scan(db->inst, NC_SPACE_OBJECTS, from,
		nc_object_key((uint16_t)(p->kind + 1), none, to_mem), 0, take_row, p, err);
	if (code != NC_OK && code != NC_E_CANCELLED)
		return code;
	*ret_is_last = p->n < PAGE_ROWS;
	suspects s = { NULL, 0, 0 };
	code = NC_OK;
	if (compare_page(p, id_of(after), *ret_is_last, &s) != 0)
		code = nc_err_nomem(err);
	for (uint32_t i = 0; i < s.n && code == NC_OK; i++)
		code = check_suspect(p->c, p->kind, id_of(&s.list[i]), err);
	nc_free(s.list);
	if (p->n > 0)
		*after = p->rows[p->n - 1];
	return code;
}

nc_code nc_check_objects(nc_checker *c, nc_error *err)
{
	_cleanup_(nc_freep) object_page *p = nc_malloc(sizeof(*p));
	if (!p)
		return nc_err_nomem(err);
	nc_code code = NC_OK;
	p->c = c;
	nc_buf_init(&p->value, NC_STORE_VAL_MAX);
	for (uint16_t kind = 1; kind < NC_DB_KINDS_MAX && code == NC_OK; kind++) {
		seen_row after = { .id_len = 0 };
		int is_last = !c->db->schema.kind[kind];
		p->kind = kind;
		while (!is_last && code == NC_OK)
			code = check_page(p, &after, &is_last, err);
	}
	nc_buf_done(&p->value);
	return code;
}
