/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/log.h"
#include "store/db_internal.h"

/*
 * Records of the log that can't be read and are not materialised: they were durable, so somebody
 * may have been told so, and what they changed is gone. The rest is served: each record behind
 * holds the whole of what it changed. Out of memory go, and are named, those of which it is known
 * or likely that their last change is lost: what can still be made out in the record's bytes, and
 * who has a unique key that a later record gave to another. Whatever else the record held nobody
 * can know, so nothing is written, nothing behind the hole is materialised (at the next start it
 * must be found again), until somebody says to go on without it. The opener's thread.
 */

/* Its last change is lost: listed when the transaction, which may take it out, is published. */
static nc_code suspect(nc_db *db, nc_txn *t, nc_item *it, int takes_out)
{
	nc_damage *d = &db->damage;
	nc_item **list = nc_realloc(d->suspects, (d->n_suspects + 1) * sizeof(*list));
	if (!list) {
		nc_item_unref(it);
		return NC_E_NOMEM;
	}
	d->suspects = list;
	list[d->n_suspects++] = it;
	if (takes_out)
		nc_txn_del(t, it->kind, nc_item_id_bytes(it));
	return t->err.code;
}

/* ---- what is left of its bytes ---- */

typedef struct remains {
	nc_db *db;
	nc_txn *txn;
	nc_code code;
} remains;

static int is_plausible(const nc_db *db, const nc_record_entry *e)
{
	if (!nc_schema_kind(&db->schema, e->kind))
		return 0;
	const uint8_t *id = e->id.ptr;
	for (size_t i = 0; i < e->id.len; i++) {
		if (id[i] <= ' ' || id[i] >= 0x7f)
			return 0;
	}
	return 1;
}

/* What tells its name: the lost value itself, or what was there before, or nothing but the id. */
static nc_item *names_of(nc_db *db, const nc_record_entry *e)
{
	nc_item *it = NULL;
	if (e->tag == NC_TAG_CHANGES &&
		nc_item_load(db, e->kind, e->id, e->value, 0, &it, NULL) == NC_OK)
		return it;
	const nc_item *was = nc_root_get(nc_db_published(db), e->kind, e->id);
	if (!was)
		return nc_item_tomb(e->kind, e->id);
	nc_item_ref(was);
	return (nc_item *)(uintptr_t)was; /* a counted one is changed by nobody */
}

static nc_code see_remains(void *arg, uint64_t seq, nc_bytes raw)
{
	remains *r = arg;
	nc_record_entry e;
	(void)seq;
	if (raw.len <= NC_RECORD_HEAD)
		return NC_OK;
	nc_record rec = { .body = { (const char *)raw.ptr + NC_RECORD_HEAD,
				  raw.len - NC_RECORD_HEAD } };
	nc_record_iter at = nc_record_entries(&rec);
	while (r->code == NC_OK && nc_record_next(&at, &e)) {
		if ((e.tag != NC_TAG_CHANGES && e.tag != NC_TAG_DELETES) ||
			!is_plausible(r->db, &e))
			continue;
		nc_item *it = names_of(r->db, &e);
		/* who goes on without it has what was there before */
		r->code = it ? suspect(r->db, r->txn, it, !r->db->accepts_loss) : NC_E_NOMEM;
	}
	return r->code;
}

static nc_code look_at_remains(nc_db *db, nc_txn *t, uint64_t seq)
{
	remains r = { db, t, NC_OK };
	if (NC_HAS(db->store, salvage))
		(void)db->store->salvage(db->inst, seq, see_remains, &r, NULL);
	return r.code;
}

/* ---- in the place of the record ---- */

/* The state is served from here on, and not written. */
static void bar(nc_db *db, uint64_t seq)
{
	nc_error why = NC_ERROR_INIT;
	db->is_barred = 1;
	nc_pending_bar(db, seq);
	nc_err(&why, NC_E_PROTO, "record %llu of the log is damaged, and not applied yet",
		(unsigned long long)seq);
	nc_err_hint(&why, NC_E_PROTO,
		"novacron state check says what it held; restore a backup, or go on without it: "
		"stop the daemon, novacron state repair");
	nc_store_broke(db, &why);
}

nc_code nc_hole_take(nc_db *db, nc_db_batch *b, uint64_t seq, const nc_error *why, nc_error *err)
{
	nc_assert(b->n == 0);
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(db);
	if (!t)
		return nc_err_nomem(err);
	nc_code code = nc_damage_add_hole(db, seq, why->message, err);
	if (code != NC_OK)
		return code;
	if (look_at_remains(db, t, seq) != NC_OK)
		return nc_err_nomem(err);
	if (!db->accepts_loss && !db->is_barred)
		bar(db, seq);
	t->seq = seq;
	nc_batch_add(b, nc_steal(&t));
	return NC_OK;
}

/* Who has the key can't have it any more: its last change is among what is lost. */
static nc_code take_key_from(nc_db *db, nc_txn *t, const nc_item *it, const nc_ikey *k)
{
	const nc_item *holder = nc_root_find(db->s.tip, it->kind, k->index, nc_ikey_bytes(k));
	if (!holder || nc_bytes_eq(nc_item_id_bytes(holder), nc_item_id_bytes(it)) ||
		nc_txn_own_op(t, it->kind, nc_item_id_bytes(holder)))
		return NC_OK;
	nc_item_ref(holder);
	return suspect(db, t, (nc_item *)(uintptr_t)holder, 1);
}

nc_code nc_hole_free_keys(nc_db *db, nc_txn *t)
{
	uint32_t n = t->n_ops;
	nc_code code = NC_OK;
	for (uint32_t i = 0; i < n && code == NC_OK; i++) {
		const nc_item *it = t->ops[i].item;
		const nc_ikey *k = nc_item_idkey(it);
		for (uint16_t j = 0; j < it->n_keys && code == NC_OK; j++) {
			k = nc_ikey_next(k);
			if (nc_schema_is_unique(&db->schema, it->kind, k->index))
				code = take_key_from(db, t, it, k);
		}
	}
	return code;
}

nc_code nc_hole_list(nc_db *db, nc_error *err)
{
	nc_damage *d = &db->damage;
	nc_code code = NC_OK;
	for (uint32_t i = 0; i < d->n_suspects; i++) {
		if (code == NC_OK)
			code = nc_damage_add_change(db, d->suspects[i], err);
		else
			nc_item_unref(d->suspects[i]);
	}
	d->n_suspects = 0;
	return code;
}
