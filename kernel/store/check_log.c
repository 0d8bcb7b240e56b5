/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "store/check.h"

/*
 * The log against the items: every record is whole and follows the one before, every item is as
 * its last record says, and what a record put and memory doesn't have was deleted later or has
 * gone cold. Looks only at what was published when it began.
 */

typedef struct log_check {
	nc_checker *c;
	uint64_t last; /* seq of the record before */
	uint64_t upto;
	nc_map *absent; /* object key → seq + 1 as a pointer: put, and not in memory */
	nc_code code;
	nc_error *err;
} log_check;

static const char *kind_name(const log_check *l, uint16_t kind)
{
	return nc_schema_kind_name(&l->c->db->schema, kind);
}

static void check_same(log_check *l, const nc_item *it, const nc_record_entry *e)
{
	nc_item *want = NULL;
	_cleanup_(nc_buf_done) nc_buf is, should;
	nc_buf_init(&is, NC_STORE_VAL_MAX);
	nc_buf_init(&should, NC_STORE_VAL_MAX);
	nc_code code = nc_item_load(l->c->db, e->kind, e->id, e->value, it->rev, &want, l->err);
	if (code == NC_E_NOMEM)
		l->code = code;
	if (code != NC_OK) {
		if (code != NC_E_NOMEM)
			nc_check_fault(l->c,
				"record %llu of the log: value of %s %s is not readable",
				(unsigned long long)it->rev, kind_name(l, e->kind), nc_item_id(it));
		return;
	}
	nc_value_put(&is, it);
	nc_value_put(&should, want);
	if (nc_buf_failed(&is) || nc_buf_failed(&should))
		l->code = nc_err_nomem(l->err);
	else if (!nc_bytes_eq(nc_buf_bytes(&is), nc_buf_bytes(&should)))
		nc_check_fault(l->c, "%s %s is not what record %llu says", kind_name(l, e->kind),
			nc_item_id(it), (unsigned long long)it->rev);
	nc_item_unref(want);
}

static void check_change(log_check *l, uint64_t seq, const nc_record_entry *e)
{
	char mem[NC_OBJECT_KEY_MAX];
	const nc_root *root = nc_db_read_begin(l->c->db);
	const nc_item *it = nc_root_get(root, e->kind, e->id);
	if (it && it->rev == seq)
		check_same(l, it, e);
	else if (it && it->rev < seq)
		nc_check_fault(l->c, "%s %s is of revision %llu, but record %llu changed it",
			kind_name(l, e->kind), nc_item_id(it), (unsigned long long)it->rev,
			(unsigned long long)seq);
	int is_absent = !it;
	nc_db_read_end(l->c->db);
	if (is_absent && nc_map_put(l->absent, nc_object_key(e->kind, e->id, mem),
				 (void *)(uintptr_t)seq, NULL) != NC_OK)
		l->code = nc_err_nomem(l->err);
}

static void check_delete(log_check *l, uint64_t seq, const nc_record_entry *e)
{
	char mem[NC_OBJECT_KEY_MAX];
	const nc_root *root = nc_db_read_begin(l->c->db);
	const nc_item *it = nc_root_get(root, e->kind, e->id);
	if (it && it->rev < seq)
		nc_check_fault(l->c, "%s %s is there, but record %llu deleted it",
			kind_name(l, e->kind), nc_item_id(it), (unsigned long long)seq);
	nc_db_read_end(l->c->db);
	nc_map_del(l->absent, nc_object_key(e->kind, e->id, mem));
}

static nc_code on_record(void *arg, uint64_t seq, nc_bytes raw)
{
	log_check *l = arg;
	nc_record r;
	nc_record_entry e;
	nc_error why = NC_ERROR_INIT;
	if (seq > l->upto)
		return NC_E_CANCELLED;
	if (seq != l->last + 1)
		nc_check_fault(
			l->c, "record %llu of the log is missing", (unsigned long long)l->last + 1);
	l->last = seq;
	if (nc_record_open(raw, &r, &why) != NC_OK) {
		nc_check_fault(
			l->c, "record %llu of the log: %s", (unsigned long long)seq, why.message);
		return NC_OK;
	}
	if (r.seq != seq)
		nc_check_fault(l->c, "record %llu of the log says it is %llu",
			(unsigned long long)seq, (unsigned long long)r.seq);
	nc_record_iter it = nc_record_entries(&r);
	while (l->code == NC_OK && nc_record_next(&it, &e)) {
		if (e.tag == NC_TAG_CHANGES)
			check_change(l, seq, &e);
		else if (e.tag == NC_TAG_DELETES)
			check_delete(l, seq, &e);
	}
	return l->code;
}

static nc_code see_rev(void *arg, const nc_item *it)
{
	*(uint64_t *)arg = it->rev;
	return NC_OK;
}

/* Put by the log, not in memory: it must have gone cold, or be listed as damaged. */
static nc_code check_absent(log_check *l)
{
	size_t at = 0;
	nc_bytes key, id;
	void *val;
	uint16_t kind;
	while (nc_map_next(l->absent, &at, &key, &val)) {
		uint64_t seq = (uintptr_t)val, rev = 0;
		if (nc_object_key_parse(key, &kind, &id) != 0)
			continue;
		nc_code code = nc_db_get(l->c->db, kind, id, see_rev, &rev, l->err);
		if (code == NC_E_PROTO)
			continue; /* named already */
		if (code != NC_OK && code != NC_E_NOTFOUND)
			return code;
		/* not found: a transaction after `upto` may have deleted it, which a later run sees */
		if (code == NC_OK && rev < seq)
			nc_check_fault(l->c,
				"%s %.*s is of revision %llu, but record %llu changed it",
				kind_name(l, kind), (int)id.len, (const char *)id.ptr,
				(unsigned long long)rev, (unsigned long long)seq);
		else if (code == NC_E_NOTFOUND && nc_db_seq(l->c->db) == l->upto)
			nc_check_fault(l->c, "%s %.*s is missing, which record %llu put",
				kind_name(l, kind), (int)id.len, (const char *)id.ptr,
				(unsigned long long)seq);
	}
	return NC_OK;
}

/* A damaged record ends the store's walk; it has been named, and the walk goes on behind it. */
static nc_code walk_log(log_check *l)
{
	nc_db *db = l->c->db;
	while (l->last < l->upto) {
		nc_code code = db->store->read(db->inst, l->last, 0, on_record, l, l->err);
		if (l->code != NC_OK)
			return l->code;
		if (code == NC_E_CANCELLED)
			return NC_OK;
		if (code == NC_E_PROTO)
			l->last++;
		else if (code != NC_OK && code != NC_E_NOTFOUND)
			return code;
		else if (code == NC_E_NOTFOUND || l->last < l->upto)
			break;
	}
	return NC_OK;
}

nc_code nc_check_log(nc_checker *c, nc_error *err)
{
	nc_store_head h = { .struct_size = sizeof(h) };
	nc_code code = c->db->store->head(c->db->inst, &h, err);
	if (code != NC_OK)
		return code;
	_cleanup_(nc_map_freep) nc_map *absent = nc_map_new();
	if (!absent)
		return nc_err_nomem(err);
	log_check l = { .c = c,
		.last = h.trimmed_seq,
		.upto = nc_db_seq(c->db),
		.absent = absent,
		.err = err };
	code = walk_log(&l);
	if (code == NC_OK && l.last < l.upto && h.trimmed_seq == l.last)
		return NC_OK; /* trimmed meanwhile */
	if (code == NC_OK && l.last < l.upto)
		nc_check_fault(c, "the log ends at record %llu, but %llu is published",
			(unsigned long long)l.last, (unsigned long long)l.upto);
	return code == NC_OK ? check_absent(&l) : code;
}
