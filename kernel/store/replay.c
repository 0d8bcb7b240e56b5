/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db_internal.h"

/*
 * Records of the log turned back into changes: at start what was not materialised, later what was
 * found behind an epoch. Read in bounded pieces, each applied and published as a batch, so the
 * materialiser gets them like any other. A record that can't be read is a hole at start (hole.c)
 * and an error later. The opener's thread, then the sequencer's.
 */

enum { PIECE_RECORDS = 1024 };

typedef struct piece {
	nc_db *db;
	nc_db_batch *batch;
	size_t bytes;
	uint64_t upto;
	uint32_t max;       /* records */
	uint8_t is_damaged; /* the next record */
	nc_error *err;
} piece;

static nc_code see_identity(nc_db *db, nc_db_batch *b, const nc_record *r, nc_error *err)
{
	nc_record_iter it = nc_record_entries(r);
	nc_record_entry e;
	while (nc_record_next(&it, &e)) {
		if (e.tag != NC_TAG_IDENTITY)
			continue;
		b->says_who = 1;
		return nc_identity_seen(db, &e.identity, err);
	}
	return NC_OK;
}

static nc_code take_record(piece *p, uint64_t seq, nc_bytes raw)
{
	nc_record r;
	nc_txn *t = NULL;
	nc_code code = nc_record_open(raw, &r, p->err);
	if (code == NC_OK && r.seq != seq)
		code = nc_err(
			p->err, NC_E_PROTO, "it says it is record %llu", (unsigned long long)r.seq);
	p->is_damaged = code == NC_E_PROTO;
	if (code == NC_OK && r.type == NC_REC_EPOCH)
		code = see_identity(p->db, p->batch, &r, p->err);
	if (code == NC_OK) {
		code = nc_txn_from_record(p->db, &r, &t, p->err);
		p->is_damaged = code == NC_E_PROTO;
	}
	if (code != NC_OK)
		return nc_err_wrap(p->err, code, "record %llu of the log", (unsigned long long)seq);
	nc_batch_add(p->batch, t);
	p->batch->bytes += raw.len; /* it has no record of its own to be counted by */
	p->bytes += raw.len;
	return NC_OK;
}

static nc_code on_record(void *arg, uint64_t seq, nc_bytes raw)
{
	piece *p = arg;
	if (seq > p->upto || p->batch->n == p->max ||
		(p->batch->n > 0 && p->bytes + raw.len > NC_STORE_BATCH_MAX))
		return NC_E_CANCELLED; /* enough for now */
	if (seq != p->batch->last + 1) {
		p->is_damaged = 1;
		return nc_err(p->err, NC_E_PROTO, "record %llu of the log is missing",
			(unsigned long long)p->batch->last + 1);
	}
	return take_record(p, seq, raw);
}

/* The next record can't be read: what came before it first, and then it. */
static nc_code meet_damage(nc_db *db, nc_db_batch *b, const nc_error *why, nc_error *err)
{
	if (b->n > 0)
		return NC_OK;
	if (!db->is_open)
		return nc_hole_take(db, b, b->first, why, err);
	nc_err_copy(err, why);
	return why->code;
}

static nc_code read_piece(nc_db *db, nc_db_batch *b, uint64_t upto, nc_error *err)
{
	/* apart, so that `cancelled` is told from what the store says */
	nc_error own = NC_ERROR_INIT, why = NC_ERROR_INIT;
	piece p = { .db = db, .batch = b, .upto = upto, .err = &own };
	/* behind a hole one by one: what one takes out the next may put again */
	p.max = db->damage.n_holes > 0 ? 1 : PIECE_RECORDS;
	nc_code code = db->store->read(db->inst, db->s.head, 0, on_record, &p, &why);
	if (own.code != NC_OK && p.is_damaged)
		return meet_damage(db, b, &own, err);
	if (own.code != NC_OK) {
		nc_err_copy(err, &own);
		return own.code;
	}
	if (code == NC_OK && b->n == 0)
		nc_err(&why, NC_E_PROTO, "the log ends at record %llu, and its head is %llu",
			(unsigned long long)db->s.head, (unsigned long long)upto);
	else if (code == NC_E_PROTO && why.code == NC_OK)
		nc_err(&why, code, "the store doesn't say why");
	if (why.code == NC_E_PROTO)
		return meet_damage(db, b, &why, err);
	if (code == NC_OK || code == NC_E_CANCELLED)
		return NC_OK;
	nc_err_copy(err, &why);
	return nc_err_wrap(err, code, "could not read the log");
}

static nc_code apply_piece(nc_db *db, nc_db_batch *b, nc_error *err)
{
	nc_code code = nc_tip_begin(db, err);
	for (nc_txn *t = b->head; t && code == NC_OK; t = t->next) {
		if (db->damage.n_holes > 0)
			code = nc_hole_free_keys(db, t);
		if (code == NC_OK)
			code = nc_tip_apply(db, b, t);
		if (code != NC_OK)
			nc_err_nomem(err);
	}
	if (code != NC_OK)
		nc_tip_reset(db);
	return code;
}

nc_code nc_replay(nc_db *db, uint64_t upto, nc_error *err)
{
	while (db->s.head < upto) {
		nc_db_batch *b = nc_batch_new(db->s.head + 1);
		if (!b)
			return nc_err_nomem(err);
		nc_code code = read_piece(db, b, upto, err);
		if (code == NC_OK)
			code = apply_piece(db, b, err);
		if (code != NC_OK) {
			nc_batch_unref(b);
			return code;
		}
		db->s.head = b->last;
		nc_batch_settle(db, b);
		code = nc_hole_list(db, err);
		if (code != NC_OK)
			return code;
	}
	return NC_OK;
}
