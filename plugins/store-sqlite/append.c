/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way into the log: a transaction for each call, which moves the head under the fence of
 * epoch and head and puts the records behind it. Called by one thread. All or nothing, and nothing
 * is told before SQLite has synced it; where that can't be known, the files go out of use.
 */
#include "crc32c.h"
#include "error.h"
#include "inst.h"

static nc_code check_batch(const nc_bytes *rec, uint32_t n, nc_error *err)
{
	size_t total = 0;
	if (!n)
		return ss_fail(err, NC_E_INVAL, "", "an append of no records");
	for (uint32_t i = 0; i < n; i++) {
		if (rec[i].len > NC_STORE_BATCH_MAX || (!rec[i].ptr && rec[i].len))
			return ss_fail(err, NC_E_INVAL, "", "record %u of %u has %zu bytes", i + 1,
				n, rec[i].len);
		total += rec[i].len;
		if (total > NC_STORE_BATCH_MAX)
			return ss_fail(err, NC_E_INVAL, "Append fewer records at a time.",
				"an append of more than %u bytes", NC_STORE_BATCH_MAX);
	}
	return NC_OK;
}

static nc_code put_record(ss_conn *c, sqlite3_stmt *st, uint64_t seq, nc_bytes rec, nc_error *err)
{
	sqlite3_bind_int64(st, 1, (int64_t)seq);
	sqlite3_bind_int64(st, 2, ss_crc_record(seq, rec));
	ss_bind_bytes(st, 3, rec);
	int rc = sqlite3_step(st);
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? NC_OK : ss_fail_db(err, c->db, "append to the log", c->path);
}

static nc_code put_records(
	ss_conn *c, uint64_t head, const nc_bytes *rec, uint32_t n, nc_error *err)
{
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	nc_code code = ss_stmt(c, SS_REC_PUT, &st, err);
	for (uint32_t i = 0; i < n && code == NC_OK; i++)
		code = put_record(c, st, head + 1 + i, rec[i], err);
	return code;
}

static nc_code append_batch(nc_inst *inst, uint64_t epoch, uint64_t head, const nc_bytes *rec,
	uint32_t n, nc_error *err)
{
	_cleanup_(ss_turn_givep) ss_unused ss_turn *turn = ss_turn_take_append(&inst->turn);
	_cleanup_(ss_txn_endp) ss_conn *txn = NULL;
	bool is_unknown = false;
	nc_code code = ss_txn_begin(inst->log, SS_BEGIN_WRITE, &txn, err);
	if (code == NC_OK)
		code = ss_meta_move_head(inst->log, epoch, head, head + n, err);
	if (code == NC_OK)
		code = put_records(inst->log, head, rec, n, err);
	if (code == NC_OK)
		code = ss_txn_commit(&txn, "append to the log", &is_unknown, err);
	if (is_unknown)
		ss_break(inst, "an append failed at its commit");
	return code;
}

nc_code ss_append(nc_inst *inst, uint64_t epoch, uint64_t head, const nc_bytes *rec, uint32_t n,
	nc_error *err)
{
	_cleanup_(ss_gate_leavep) ss_gate *inside = NULL;
	nc_error unheard = { .struct_size = sizeof(unheard) };
	err = err ? err : &unheard;
	nc_code code = ss_gate_enter(&inst->gate, &inside, err);
	if (code == NC_OK)
		code = check_batch(rec, n, err);
	if (code == NC_OK)
		code = ss_refuse_read_only(inst, err);
	if (code == NC_OK)
		code = ss_tip_fence(&inst->tip, epoch, err);
	if (code != NC_OK)
		return code;
	ss_checkpointer_finish(&inst->checkpointer, SS_LOG_FILE, inst->log);
	code = append_batch(inst, epoch, head, rec, n, err);
	if (code == NC_OK) {
		ss_tip_set_head(&inst->tip, head + n);
		ss_note_success(inst);
	} else if (code != NC_E_CONFLICT) {
		ss_note_failure(inst, err);
	}
	return code;
}
