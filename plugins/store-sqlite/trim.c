/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dropping the log's old end. First applied_seq is made to survive a power cut, then the new
 * beginning is written, then rows go in small transactions, between which appends go first. None
 * of those is synced: rows that a power cut brings back lie before the beginning, are never
 * looked at, and go with the next trim. Called by the materialising thread.
 */
#include "error.h"
#include "inst.h"

#define STEP_ROWS  128
#define STEP_BYTES (1u << 20)

/*
 * A synced commit after all the others: the write-ahead log is one file, so its sync covers them.
 * It must change a byte, since SQLite does not write, nor then sync, a page that stays the same.
 */
static nc_code sync_state(nc_inst *inst, uint64_t *ret_applied, nc_error *err)
{
	_cleanup_(ss_txn_endp) ss_conn *txn = NULL;
	ss_meta m;
	bool is_unknown = false;
	nc_code code = ss_txn_begin(inst->state, SS_BEGIN_WRITE, &txn, err);
	if (code == NC_OK)
		code = ss_meta_get(inst->state, SS_META_APPLIED, &m, err);
	if (code != NC_OK)
		return code;
	m.b++;
	code = ss_meta_put(inst->state, SS_META_APPLIED, &m, err);
	if (code == NC_OK)
		code = ss_txn_commit(&txn, "make the state durable", &is_unknown, err);
	if (is_unknown)
		ss_break(inst, "making the state durable failed at its commit");
	if (code == NC_OK)
		*ret_applied = m.a;
	return code;
}

static nc_code make_durable(nc_inst *inst, nc_error *err)
{
	bool is_off = inst->config.synchronous == SS_SYNC_OFF;
	uint64_t applied = 0;
	nc_code code = NC_OK;
	if (!is_off)
		code = ss_conn_set_sync(inst->state, SS_SYNC_FULL, err);
	if (code == NC_OK)
		code = sync_state(inst, &applied, err);
	if (!is_off)
		ss_conn_set_sync(inst->state, SS_SYNC_NORMAL, NULL); /* else only slower */
	if (code == NC_OK)
		inst->durable_seq = applied;
	return code;
}

/* The last seq of the next step; 0 = nothing is left. */
static nc_code find_step(ss_conn *c, uint64_t upto, uint64_t *ret_last, nc_error *err)
{
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	nc_code code = ss_stmt(c, SS_REC_SIZES, &st, err);
	if (code != NC_OK)
		return code;
	sqlite3_bind_int64(st, 1, (int64_t)upto);
	sqlite3_bind_int64(st, 2, STEP_ROWS);
	int rc = SQLITE_DONE;
	uint64_t last = 0;
	for (int64_t bytes = 0; bytes < STEP_BYTES;) {
		rc = sqlite3_step(st);
		if (rc != SQLITE_ROW)
			break;
		last = (uint64_t)sqlite3_column_int64(st, 0);
		bytes += sqlite3_column_int64(st, 1);
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return ss_fail_db(err, c->db, "trim the log", c->path);
	*ret_last = last;
	return NC_OK;
}

static nc_code drop(ss_conn *c, uint64_t last, nc_error *err)
{
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	nc_code code = ss_stmt(c, SS_REC_DROP, &st, err);
	if (code != NC_OK)
		return code;
	sqlite3_bind_int64(st, 1, (int64_t)last);
	if (sqlite3_step(st) != SQLITE_DONE)
		return ss_fail_db(err, c->db, "trim the log", c->path);
	return NC_OK;
}

static nc_code commit(nc_inst *inst, ss_conn **txn, nc_error *err)
{
	bool is_unknown = false;
	nc_code code = ss_txn_commit(txn, "trim the log", &is_unknown, err);
	if (is_unknown)
		ss_break(inst, "a trim failed at its commit");
	return code;
}

static nc_code drop_step(nc_inst *inst, uint64_t upto, bool *ret_is_over, nc_error *err)
{
	_cleanup_(ss_turn_givep) ss_unused ss_turn *turn = ss_turn_take_trim(&inst->turn);
	_cleanup_(ss_txn_endp) ss_conn *txn = NULL;
	uint64_t last = 0;
	nc_code code = ss_txn_begin(inst->trimmer, SS_BEGIN_WRITE, &txn, err);
	if (code == NC_OK)
		code = find_step(inst->trimmer, upto, &last, err);
	*ret_is_over = !last;
	if (code != NC_OK || !last)
		return code;
	code = drop(inst->trimmer, last, err);
	return code == NC_OK ? commit(inst, &txn, err) : code;
}

static nc_code move_beginning(nc_inst *inst, uint64_t upto, nc_error *err)
{
	_cleanup_(ss_turn_givep) ss_unused ss_turn *turn = ss_turn_take_trim(&inst->turn);
	_cleanup_(ss_txn_endp) ss_conn *txn = NULL;
	ss_meta m;
	nc_code code = ss_txn_begin(inst->trimmer, SS_BEGIN_WRITE, &txn, err);
	if (code == NC_OK)
		code = ss_meta_get(inst->trimmer, SS_META_TRIM, &m, err);
	if (code != NC_OK || m.a >= upto)
		return code;
	m.a = upto;
	code = ss_meta_put(inst->trimmer, SS_META_TRIM, &m, err);
	return code == NC_OK ? commit(inst, &txn, err) : code;
}

static nc_code check_reached(nc_inst *inst, uint64_t upto, nc_error *err)
{
	if (upto <= inst->durable_seq)
		return NC_OK;
	nc_code code = make_durable(inst, err);
	if (code == NC_OK && upto > inst->durable_seq)
		return ss_fail(err, NC_E_INVAL, "Materialise those records first.",
			"trim up to %llu, but the state has seen only %llu",
			(unsigned long long)upto, (unsigned long long)inst->durable_seq);
	return code;
}

static nc_code trim_log(nc_inst *inst, uint64_t upto, nc_error *err)
{
	_cleanup_(ss_turn_trim_endp) ss_unused ss_turn *trim = ss_turn_trim_begin(&inst->turn);
	bool is_over = false;
	nc_code code = check_reached(inst, upto, err);
	if (code == NC_OK)
		code = move_beginning(inst, upto, err);
	while (code == NC_OK && !is_over)
		code = drop_step(inst, upto, &is_over, err);
	return code;
}

nc_code ss_trim(nc_inst *inst, uint64_t epoch, uint64_t upto_seq, nc_error *err)
{
	_cleanup_(ss_gate_leavep) ss_gate *inside = NULL;
	nc_error unheard = { .struct_size = sizeof(unheard) };
	err = err ? err : &unheard;
	nc_code code = ss_gate_enter(&inst->gate, &inside, err);
	if (code == NC_OK)
		code = ss_refuse_read_only(inst, err);
	if (code == NC_OK)
		code = ss_tip_fence(&inst->tip, epoch, err);
	if (code != NC_OK)
		return code;
	code = trim_log(inst, upto_seq, err);
	if (code != NC_OK && code != NC_E_INVAL)
		ss_note_failure(inst, err);
	return code;
}
