/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "store/check.h"

/*
 * The cold space against memory: an id lies in one of the two. Values are read as they would be,
 * and what is both cold in the store and hot in memory is looked at again before it is a fault,
 * since it may just be coming back to life.
 */

enum { PAGE_ROWS = 256 };

typedef struct cold_page {
	nc_checker *c;
	uint16_t kind;
	uint32_t n;
	struct {
		char id[NC_DB_ID_MAX];
		uint16_t len;
	} rows[PAGE_ROWS];
} cold_page;

static nc_bytes id_at(const cold_page *p, uint32_t i)
{
	return (nc_bytes){ p->rows[i].id, p->rows[i].len };
}

static nc_code take_row(void *arg, const nc_kv *kv)
{
	cold_page *p = arg;
	uint16_t kind;
	nc_bytes id;
	nc_error why = NC_ERROR_INIT;
	if (kv->flags & NC_KV_LOST)
		return NC_OK; /* named by the store's own check */
	if (nc_object_key_parse(kv->key, &kind, &id) != 0 || kind != p->kind) {
		nc_check_fault(p->c, "cold objects: a key that is not of %s",
			nc_schema_kind_name(&p->c->db->schema, p->kind));
		return NC_OK;
	}
	if (kv->val.ptr && nc_value_check(kv->val, &why) != NC_OK)
		nc_check_fault(p->c, "cold objects: %s %.*s: %s",
			nc_schema_kind_name(&p->c->db->schema, kind), (int)id.len,
			(const char *)id.ptr, why.message);
	memcpy(p->rows[p->n].id, id.ptr, id.len);
	p->rows[p->n++].len = (uint16_t)id.len;
	return p->n < PAGE_ROWS ? NC_OK : NC_E_CANCELLED;
}

static int is_hot(nc_db *db, uint16_t kind, nc_bytes id)
{
	const nc_root *root = nc_db_read_begin(db);
	const nc_item *it = nc_root_get(root, kind, id);
	int is = it && !(it->flags & NC_ITEM_COLD);
	nc_db_read_end(db);
	return is;
}

static nc_code see(void *arg, const nc_kv *kv)
{
	(void)kv;
	*(int *)arg = 1;
	return NC_OK;
}

/* After all that was published is written: hot, still in the cold space, and hot again behind. */
static nc_code check_suspect(nc_checker *c, uint16_t kind, nc_bytes id, nc_error *err)
{
	char mem[NC_OBJECT_KEY_MAX];
	int is_there = 0;
	nc_code code = nc_db_flush(c->db, err);
	if (code != NC_OK || !is_hot(c->db, kind, id))
		return code;
	code = nc_db_flush(c->db, err);
	if (code == NC_OK)
		code = c->db->store->get(c->db->inst, NC_SPACE_COLD, nc_object_key(kind, id, mem),
			see, &is_there, err);
	if (code == NC_E_NOTFOUND)
		return NC_OK;
	if (code == NC_OK && is_there && is_hot(c->db, kind, id))
		nc_check_fault(c, "cold objects: %s %.*s is there, and in memory too",
			nc_schema_kind_name(&c->db->schema, kind), (int)id.len,
			(const char *)id.ptr);
	return code;
}

static nc_code check_kind(cold_page *p, nc_error *err)
{
	char from_mem[NC_OBJECT_KEY_MAX + 1], to_mem[NC_OBJECT_KEY_MAX];
	nc_db *db = p->c->db;
	nc_bytes none = { NULL, 0 };
	nc_bytes from = nc_object_key(p->kind, none, from_mem);
	nc_bytes to = nc_object_key((uint16_t)(p->kind + 1), none, to_mem);
	do {
		p->n = 0;
		nc_code code =
			db->store->scan(db->inst, NC_SPACE_COLD, from, to, 0, take_row, p, err);
		if (code == NC_E_CANCELLED)
			code = NC_OK;
		for (uint32_t i = 0; i < p->n && code == NC_OK; i++) {
			if (is_hot(db, p->kind, id_at(p, i)))
				code = check_suspect(p->c, p->kind, id_at(p, i), err);
		}
		if (code != NC_OK)
			return code;
		if (p->n > 0)
			from = nc_object_key(p->kind, id_at(p, p->n - 1), from_mem);
		from_mem[from.len++] = '\0'; /* the smallest key behind it */
	} while (p->n == PAGE_ROWS);
	return NC_OK;
}

nc_code nc_check_cold(nc_checker *c, nc_error *err)
{
	_cleanup_(nc_freep) cold_page *p = nc_malloc(sizeof(*p));
	nc_code code = p ? NC_OK : nc_err_nomem(err);
	for (uint16_t kind = 1; kind < NC_DB_KINDS_MAX && code == NC_OK; kind++) {
		if (!c->db->schema.kind[kind])
			continue;
		p->c = c;
		p->kind = kind;
		code = check_kind(p, err);
	}
	return code;
}
