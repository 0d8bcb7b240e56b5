/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/log.h"
#include "base/map.h"
#include "store/db_internal.h"

/*
 * The log keeps its last records well beyond what is materialised, so a value that was damaged in
 * the objects space can often be had from there: its last change counts, if no record after it is
 * damaged too. What is found is put into the tip and given to the materialiser to be written anew.
 * The opener's thread, between loading and replay; where it can't help, it changes nothing.
 */

typedef struct repair {
	nc_db *db;
	nc_map *found; /* object key → item, or the tomb of what was deleted; references */
	uint64_t last, upto;
	nc_error err;
} repair;

static void keep(repair *p, nc_bytes key, nc_item *it)
{
	void *old = NULL;
	if (it && nc_map_put(p->found, key, it, &old) == NC_OK) {
		nc_item_unref(old);
		return;
	}
	nc_item_unref(it);
	nc_err_nomem(&p->err);
}

static void see_entry(repair *p, uint64_t seq, const nc_record_entry *e)
{
	char mem[NC_OBJECT_KEY_MAX];
	nc_item *it = NULL;
	nc_bytes key = nc_object_key(e->kind, e->id, mem);
	if (!nc_damage_has(p->db, e->kind, e->id) && !nc_damage_is_lost(&p->db->damage, key))
		return;
	if (e->tag == NC_TAG_DELETES)
		keep(p, key, nc_item_tomb(e->kind, e->id));
	else if (nc_item_load(p->db, e->kind, e->id, e->value, seq, &it, &p->err) == NC_OK)
		keep(p, key, it);
}

static nc_code on_record(void *arg, uint64_t seq, nc_bytes raw)
{
	repair *p = arg;
	nc_record r;
	nc_record_entry e;
	if (seq > p->upto)
		return NC_E_CANCELLED;
	nc_code code = nc_record_open(raw, &r, &p->err);
	if (code != NC_OK)
		return code;
	p->last = seq;
	nc_record_iter it = nc_record_entries(&r);
	while (p->err.code == NC_OK && nc_record_next(&it, &e)) {
		if (e.tag == NC_TAG_CHANGES || e.tag == NC_TAG_DELETES)
			see_entry(p, seq, &e);
	}
	return p->err.code;
}

/* Whether every record up to applied could be read; only then the last change seen is the last. */
static int read_log(repair *p)
{
	nc_error err = NC_ERROR_INIT;
	p->last = atomic_load_explicit(&p->db->trimmed, memory_order_relaxed);
	p->upto = p->db->pending.applied;
	if (p->last == p->upto)
		return 1;
	nc_code code = p->db->store->read(p->db->inst, p->last, 0, on_record, p, &err);
	if (p->last == p->upto && (code == NC_OK || code == NC_E_CANCELLED))
		return 1;
	nc_log(L_ERROR, "store.repair.impossible", F_U64("after", p->last),
		F_ERR(p->err.code != NC_OK ? &p->err : &err));
	return 0;
}

/* An item as a transaction of its own, as its record was. */
static nc_code add_found(nc_db *db, nc_db_batch *b, nc_item *it)
{
	nc_txn *t = nc_txn_new(db);
	if (!t)
		return NC_E_NOMEM;
	t->seq = it->rev;
	nc_item_ref(it);
	nc_txn_put_item(t, it);
	if (t->err.code != NC_OK) {
		nc_txn_free(t);
		return NC_E_NOMEM;
	}
	nc_batch_add(b, t);
	nc_code code = nc_tip_apply(db, b, t);
	t->ops[0].clears_other = 1; /* the damaged value may lie in either space */
	return code;
}

static nc_code put_back(repair *p, nc_db_batch *b)
{
	size_t at = 0;
	nc_bytes key;
	void *val;
	nc_code code = nc_tip_begin(p->db, &p->err);
	while (code == NC_OK && nc_map_next(p->found, &at, &key, &val)) {
		nc_item *it = val;
		if (it->flags & NC_ITEM_TOMB)
			continue;
		code = add_found(p->db, b, it);
		nc_log(L_WARN, "store.value.repaired", F_STR("id", nc_item_id(it)),
			F_STR("kind", nc_schema_kind_name(&p->db->schema, it->kind)),
			F_U64("rev", it->rev));
	}
	b->first = p->upto + 1;
	b->last = p->upto; /* the log stays where it is */
	return code;
}

static nc_code repair_found(repair *p, nc_error *err)
{
	nc_db_batch *b = nc_batch_new(p->upto + 1);
	if (!b)
		return nc_err_nomem(err);
	nc_code code = put_back(p, b);
	if (code == NC_OK && b->n > 0) {
		nc_batch_settle(p->db, b);
		return NC_OK;
	}
	nc_batch_unref(b);
	nc_tip_reset(p->db);
	return code == NC_OK ? NC_OK : nc_err_nomem(err);
}

nc_code nc_repair(nc_db *db, nc_error *err)
{
	if (atomic_load_explicit(&db->damage.n, memory_order_relaxed) == 0)
		return NC_OK;
	repair p = { .db = db, .found = nc_map_new() };
	if (!p.found)
		return nc_err_nomem(err);
	nc_code code = NC_OK;
	nc_err_clear(&p.err);
	int is_whole = read_log(&p);
	if (is_whole)
		code = repair_found(&p, err);
	/* from its first record on: whatever lay in a lost range has been found */
	if (is_whole && code == NC_OK &&
		atomic_load_explicit(&db->trimmed, memory_order_relaxed) == 0)
		nc_damage_regain(db);
	if (!is_whole && p.err.code == NC_E_NOMEM)
		code = nc_err_nomem(err);
	size_t at = 0;
	nc_bytes key;
	void *val;
	while (nc_map_next(p.found, &at, &key, &val))
		nc_item_unref(val);
	nc_map_free(p.found);
	return code;
}
