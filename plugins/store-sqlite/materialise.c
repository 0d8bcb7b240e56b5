/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is derived from the log, put into state.db in one transaction with the seq it was derived
 * up to. Not synced: a power cut takes a whole transaction or none, and what it takes is replayed
 * from the log. Called by one thread.
 */
#include "crc32c.h"
#include "error.h"
#include "inst.h"

static nc_code check_kv(const nc_kv *kv, nc_error *err)
{
	if (!kv->key.ptr || !kv->key.len || kv->key.len > NC_STORE_KEY_MAX)
		return ss_fail(err, NC_E_INVAL, "", "a key of %zu bytes in space %u, limit %u",
			kv->key.len, kv->space, NC_STORE_KEY_MAX);
	if (kv->val.len > NC_STORE_VAL_MAX || (!kv->val.ptr && kv->val.len))
		return ss_fail(err, NC_E_INVAL, "", "a value of %zu bytes in space %u, limit %u",
			kv->val.len, kv->space, NC_STORE_VAL_MAX);
	if (kv->flags)
		return ss_fail(err, NC_E_INVAL, "", "flags %u of a key-value", kv->flags);
	return NC_OK;
}

static nc_code check_batch(const nc_kv *kv, uint32_t n, nc_error *err)
{
	size_t total = 0;
	for (uint32_t i = 0; i < n; i++) {
		nc_code code = check_kv(&kv[i], err);
		if (code != NC_OK)
			return code;
		total += kv[i].key.len + kv[i].val.len;
		if (total > NC_STORE_BATCH_MAX)
			return ss_fail(err, NC_E_INVAL, "Materialise fewer keys at a time.",
				"a batch of more than %u bytes", NC_STORE_BATCH_MAX);
	}
	return NC_OK;
}

static nc_code step_once(ss_conn *c, sqlite3_stmt *st, nc_error *err)
{
	int rc = sqlite3_step(st);
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? NC_OK : ss_fail_db(err, c->db, "materialise", c->path);
}

static nc_code put_kv(ss_conn *c, const nc_kv *kv, nc_error *err)
{
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	nc_code code = ss_stmt(c, kv->val.ptr ? SS_KV_PUT : SS_KV_DEL, &st, err);
	if (code != NC_OK)
		return code;
	sqlite3_bind_int64(st, 1, kv->space);
	ss_bind_bytes(st, 2, kv->key);
	if (kv->val.ptr) {
		ss_bind_bytes(st, 3, kv->val);
		sqlite3_bind_int64(st, 4, (int64_t)kv->rev);
		sqlite3_bind_int64(st, 5, ss_crc_kv(kv->space, kv->key, kv->rev, kv->val));
	}
	return step_once(c, st, err);
}

/* Forward only, and never past what the log holds. */
static nc_code move_applied(nc_inst *inst, uint64_t to, nc_error *err)
{
	ss_meta m;
	nc_code code = ss_meta_get(inst->state, SS_META_APPLIED, &m, err);
	if (code != NC_OK)
		return code;
	uint64_t head = ss_tip_head(&inst->tip);
	if (to < m.a || to > head)
		return ss_fail(err, NC_E_INVAL, "",
			"applied_seq %llu is outside %llu (applied) to %llu (head)",
			(unsigned long long)to, (unsigned long long)m.a, (unsigned long long)head);
	m.a = to;
	return ss_meta_put(inst->state, SS_META_APPLIED, &m, err);
}

static nc_code put_batch(
	nc_inst *inst, uint64_t applied_seq, const nc_kv *kv, uint32_t n, nc_error *err)
{
	_cleanup_(ss_txn_endp) ss_conn *txn = NULL;
	bool is_unknown = false;
	nc_code code = ss_txn_begin(inst->state, SS_BEGIN_WRITE, &txn, err);
	if (code == NC_OK)
		code = move_applied(inst, applied_seq, err);
	for (uint32_t i = 0; i < n && code == NC_OK; i++)
		code = put_kv(inst->state, &kv[i], err);
	if (code == NC_OK)
		code = ss_txn_commit(&txn, "materialise", &is_unknown, err);
	if (is_unknown)
		ss_break(inst, "a materialise failed at its commit");
	return code;
}

nc_code ss_materialise(nc_inst *inst, uint64_t epoch, uint64_t applied_seq, const nc_kv *kv,
	uint32_t n, nc_error *err)
{
	_cleanup_(ss_gate_leavep) ss_gate *inside = NULL;
	nc_error unheard = { .struct_size = sizeof(unheard) };
	err = err ? err : &unheard;
	nc_code code = ss_gate_enter(&inst->gate, &inside, err);
	if (code == NC_OK)
		code = check_batch(kv, n, err);
	if (code == NC_OK)
		code = ss_refuse_read_only(inst, err);
	if (code == NC_OK)
		code = ss_tip_fence(&inst->tip, epoch, err);
	if (code != NC_OK)
		return code;
	ss_checkpointer_finish(&inst->checkpointer, SS_STATE_FILE, inst->state);
	code = put_batch(inst, applied_seq, kv, n, err);
	if (code == NC_OK)
		ss_note_success(inst);
	else if (code != NC_E_INVAL)
		ss_note_failure(inst, err);
	if (code == NC_E_PROTO)
		ss_note_damage(inst);
	return code;
}
