/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the log, and where it stands. Any number of threads, each with a connection of the pool
 * for as long as it reads, none while it waits. Records are read some at a time, so that a long
 * walk does not hold on to an old snapshot and let the write-ahead log grow.
 */
#include <string.h>

#include "crc32c.h"
#include "error.h"
#include "inst.h"

#define RECORDS_A_TIME 256

static const char hint_skip[] =
	"Run `novacron state check`; restore the last backup if the record is needed.";

/* One walk over the log; `next` is the seq that must come next. */
typedef struct walk {
	ss_conn *c;
	uint64_t next;
	uint64_t end; /* head of the snapshot */
	nc_rec_cb cb;
	void *arg;
} walk;

static nc_code missing(const walk *w, nc_error *err)
{
	return ss_fail(err, NC_E_PROTO, hint_skip, "record %llu is missing from the log",
		(unsigned long long)w->next);
}

static nc_code pass_record(walk *w, sqlite3_stmt *st, nc_error *err)
{
	uint64_t seq = (uint64_t)sqlite3_column_int64(st, 0);
	nc_bytes data = ss_column_bytes(st, 2);
	if (seq != w->next)
		return missing(w, err);
	if (ss_crc_record(seq, data) != (uint32_t)sqlite3_column_int64(st, 1))
		return ss_fail(err, NC_E_PROTO, hint_skip, "record %llu has a wrong checksum",
			(unsigned long long)seq);
	w->next++;
	return w->cb(w->arg, seq, data);
}

static nc_code unreadable(const walk *w, int rc, nc_error *err)
{
	if (!ss_is_damage(rc))
		return ss_fail_db(err, w->c->db, "read the log", w->c->path);
	return ss_fail(err, NC_E_PROTO, hint_skip, "record %llu can't be read: %s",
		(unsigned long long)w->next, sqlite3_errstr(rc));
}

static nc_code pass_some(walk *w, nc_error *err)
{
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	nc_code code = ss_stmt(w->c, SS_REC_READ, &st, err);
	if (code != NC_OK)
		return code;
	sqlite3_bind_int64(st, 1, (int64_t)w->next);
	sqlite3_bind_int64(st, 2, RECORDS_A_TIME);
	for (int i = 0; i < RECORDS_A_TIME && w->next <= w->end && code == NC_OK; i++) {
		int rc = sqlite3_step(st);
		if (rc == SQLITE_DONE)
			return missing(w, err);
		code = rc == SQLITE_ROW ? pass_record(w, st, err) : unreadable(w, rc, err);
	}
	return code;
}

/* One snapshot's worth: what is trimmed and where the end is may change between two. */
static nc_code walk_on(walk *w, bool *ret_is_over, nc_error *err)
{
	_cleanup_(ss_txn_endp) ss_conn *txn = NULL;
	ss_meta tip, trim;
	nc_code code = ss_txn_begin(w->c, SS_BEGIN_READ, &txn, err);
	if (code == NC_OK)
		code = ss_meta_get(w->c, SS_META_TIP, &tip, err);
	if (code == NC_OK)
		code = ss_meta_get(w->c, SS_META_TRIM, &trim, err);
	if (code != NC_OK)
		return code;
	if (w->next <= trim.a)
		return ss_fail(err, NC_E_NOTFOUND, "Start over from a snapshot of the state.",
			"record %llu is trimmed from the log, which begins after %llu",
			(unsigned long long)w->next, (unsigned long long)trim.a);
	w->end = tip.b;
	if (w->next <= w->end)
		code = pass_some(w, err);
	*ret_is_over = w->next > w->end;
	return code;
}

static nc_code walk_log(nc_inst *inst, walk *w, nc_error *err)
{
	_cleanup_(ss_pool_givep) ss_reader *r = ss_pool_take(&inst->pool);
	w->c = r->conn[SS_LOG_FILE];
	bool is_over = false;
	nc_code code = NC_OK;
	while (code == NC_OK && !is_over)
		code = walk_on(w, &is_over, err);
	return code;
}

nc_code ss_read(
	nc_inst *inst, uint64_t after, uint32_t wait_ms, nc_rec_cb cb, void *arg, nc_error *err)
{
	_cleanup_(ss_gate_leavep) ss_gate *inside = NULL;
	walk w = { .next = after + 1, .cb = cb, .arg = arg };
	nc_code code = ss_gate_enter(&inst->gate, &inside, err);
	if (code != NC_OK)
		return code;
	if (wait_ms && ss_tip_head(&inst->tip) <= after) {
		uint64_t wakes = ss_tip_wakes(&inst->tip);
		ss_gate_step_out(&inside);
		ss_tip_wait(&inst->tip, after, wakes, wait_ms);
		code = ss_gate_step_in(&inst->gate, &inside, err);
	}
	return code == NC_OK ? walk_log(inst, &w, err) : code;
}

nc_code ss_salvage(nc_inst *inst, uint64_t seq, nc_rec_cb cb, void *arg, nc_error *err)
{
	_cleanup_(ss_gate_leavep) ss_gate *inside = NULL;
	nc_code code = ss_gate_enter(&inst->gate, &inside, err);
	if (code != NC_OK)
		return code;
	_cleanup_(ss_pool_givep) ss_reader *r = ss_pool_take(&inst->pool);
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	code = ss_stmt(r->conn[SS_LOG_FILE], SS_REC_READ, &st, err);
	if (code != NC_OK)
		return code;
	sqlite3_bind_int64(st, 1, (int64_t)seq);
	sqlite3_bind_int64(st, 2, 1);
	int rc = sqlite3_step(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE && !ss_is_damage(rc))
		return ss_fail_db(
			err, r->conn[SS_LOG_FILE]->db, "read the log", r->conn[SS_LOG_FILE]->path);
	if (rc != SQLITE_ROW || (uint64_t)sqlite3_column_int64(st, 0) != seq)
		return ss_fail(err, NC_E_NOTFOUND, "", "nothing is left of record %llu",
			(unsigned long long)seq);
	return cb(arg, seq, ss_column_bytes(st, 2));
}

nc_code ss_head(nc_inst *inst, nc_store_head *ret, nc_error *err)
{
	_cleanup_(ss_gate_leavep) ss_gate *inside = NULL;
	nc_code code = ss_gate_enter(&inst->gate, &inside, err);
	if (code != NC_OK)
		return code;
	_cleanup_(ss_pool_givep) ss_reader *r = ss_pool_take(&inst->pool);
	ss_meta tip, trim, applied;
	/* State first: what it has seen is then in the log. */
	code = ss_meta_get(r->conn[SS_STATE_FILE], SS_META_APPLIED, &applied, err);
	if (code == NC_OK)
		code = ss_meta_get(r->conn[SS_LOG_FILE], SS_META_TRIM, &trim, err);
	if (code == NC_OK)
		code = ss_meta_get(r->conn[SS_LOG_FILE], SS_META_TIP, &tip, err);
	if (code != NC_OK)
		return code;
	size_t size = ret->struct_size ? SS_MIN(ret->struct_size, sizeof(*ret)) : sizeof(*ret);
	nc_store_head h = {
		.struct_size = (uint32_t)size,
		.epoch = tip.a,
		.head = tip.b,
		.trimmed_seq = trim.a,
		.applied_seq = applied.a,
	};
	memcpy(ret, &h, size);
	return NC_OK;
}
