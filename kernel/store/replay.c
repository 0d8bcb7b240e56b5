/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db_internal.h"

/*
 * Records of the log turned back into changes: at start what was not materialised, later what was
 * found behind an epoch. Read in bounded pieces, each applied and published as a batch, so the
 * materialiser gets them like any other. The opener's thread, then the sequencer's.
 */

enum { PIECE_RECORDS = 1024 };

typedef struct piece {
	nc_db *db;
	nc_db_batch *batch;
	size_t bytes;
	uint64_t upto;
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
	if (code == NC_OK && r.type == NC_REC_EPOCH)
		code = see_identity(p->db, p->batch, &r, p->err);
	if (code == NC_OK)
		code = nc_txn_from_record(p->db, &r, &t, p->err);
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
	if (seq > p->upto || p->batch->n == PIECE_RECORDS ||
		(p->batch->n > 0 && p->bytes + raw.len > NC_STORE_BATCH_MAX))
		return NC_E_CANCELLED; /* enough for now */
	if (seq != p->batch->last + 1)
		return nc_err(p->err, NC_E_PROTO, "record %llu of the log is missing",
			(unsigned long long)p->batch->last + 1);
	return take_record(p, seq, raw);
}

static nc_code read_piece(nc_db *db, nc_db_batch *b, uint64_t upto, nc_error *err)
{
	nc_error own = NC_ERROR_INIT; /* so that `cancelled` is told from what the store says */
	piece p = { .db = db, .batch = b, .upto = upto, .err = &own };
	nc_code code = db->store->read(db->inst, db->s.head, 0, on_record, &p, err);
	if (own.code != NC_OK) {
		nc_err_copy(err, &own);
		return own.code;
	}
	if (code != NC_OK && code != NC_E_CANCELLED)
		return nc_err_wrap(err, code, "could not read the log");
	if (b->n == 0)
		return nc_err(err, NC_E_PROTO, "the log ends at record %llu, and its head is %llu",
			(unsigned long long)db->s.head, (unsigned long long)upto);
	return NC_OK;
}

static nc_code apply_piece(nc_db *db, nc_db_batch *b, nc_error *err)
{
	nc_code code = nc_tip_begin(db, err);
	for (nc_txn *t = b->head; t && code == NC_OK; t = t->next) {
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
	}
	return NC_OK;
}
