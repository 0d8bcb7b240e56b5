/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking the lead: a new epoch, durable before it is told. Called by the appending thread. A store
 * that has lost its last records is not led, since appending would bury the loss; nor one whose two
 * files don't belong together. Must never give an epoch that was given before.
 */
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "inst.h"

static const char hint_restore[] =
	"Run `novacron state check`, keep a copy of the folder, and restore the last backup.";

static nc_code last_record(ss_conn *c, uint64_t *ret_seq, nc_error *err)
{
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	nc_code code = ss_stmt(c, SS_REC_LAST, &st, err);
	if (code != NC_OK)
		return code;
	int rc = sqlite3_step(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return ss_fail_db(err, c->db, "read the last record", c->path);
	*ret_seq = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(st, 0) : 0;
	return NC_OK;
}

/* The record that the head names is there, and is the last. Whether it is whole its readers say:
 * nothing that is appended behind it hides it. */
static nc_code check_tail(ss_conn *c, uint64_t head, uint64_t trimmed, nc_error *err)
{
	uint64_t last = 0;
	nc_code code = last_record(c, &last, err);
	if (code != NC_OK)
		return code;
	if (last <= trimmed) /* rows a trim has yet to drop */
		last = trimmed;
	if (last != head)
		return ss_fail(err, NC_E_PROTO, hint_restore,
			"the log's head is %llu, but its last record is %llu",
			(unsigned long long)head, (unsigned long long)last);
	return NC_OK;
}

static nc_code check_applied(nc_inst *inst, uint64_t head, uint64_t trimmed, nc_error *err)
{
	_cleanup_(ss_pool_givep) ss_reader *r = ss_pool_take(&inst->pool);
	ss_meta applied;
	nc_code code = ss_meta_get(r->conn[SS_STATE_FILE], SS_META_APPLIED, &applied, err);
	if (code != NC_OK)
		return code;
	if (applied.a > head)
		return ss_fail(err, NC_E_PROTO, hint_restore,
			"state.db has seen record %llu, but the log ends at %llu",
			(unsigned long long)applied.a, (unsigned long long)head);
	if (applied.a < trimmed)
		return ss_fail(err, NC_E_PROTO, hint_restore,
			"state.db has seen record %llu, but the log begins after %llu",
			(unsigned long long)applied.a, (unsigned long long)trimmed);
	return NC_OK;
}

static nc_code put_epoch(nc_inst *inst, const char *node, uint32_t ttl_ms, ss_meta *tip,
	ss_conn **txn, nc_error *err)
{
	ss_meta trim, lease = { .a = (uint64_t)ss_wall_ms() + ttl_ms };
	snprintf(lease.t, sizeof(lease.t), "%s", node);
	nc_code code = ss_txn_begin(inst->log, SS_BEGIN_WRITE, txn, err);
	if (code == NC_OK)
		code = ss_meta_get(inst->log, SS_META_TIP, tip, err);
	if (code == NC_OK)
		code = ss_meta_get(inst->log, SS_META_TRIM, &trim, err);
	if (code == NC_OK)
		code = check_tail(inst->log, tip->b, trim.a, err);
	if (code == NC_OK)
		code = check_applied(inst, tip->b, trim.a, err);
	if (code != NC_OK)
		return code;
	tip->a++;
	code = ss_meta_put(inst->log, SS_META_TIP, tip, err);
	return code == NC_OK ? ss_meta_put(inst->log, SS_META_LEASE, &lease, err) : code;
}

static nc_code new_epoch(
	nc_inst *inst, const char *node, uint32_t ttl_ms, ss_meta *ret_tip, nc_error *err)
{
	_cleanup_(ss_turn_givep) ss_unused ss_turn *turn = ss_turn_take_append(&inst->turn);
	_cleanup_(ss_txn_endp) ss_conn *txn = NULL;
	bool is_unknown = false;
	nc_code code = put_epoch(inst, node, ttl_ms, ret_tip, &txn, err);
	if (code == NC_OK)
		code = ss_txn_commit(&txn, "take the lead", &is_unknown, err);
	if (is_unknown)
		ss_break(inst, "taking the lead failed at its commit");
	return code;
}

nc_code ss_lead(nc_inst *inst, const char *node, uint32_t ttl_ms, uint64_t *epoch, uint64_t *head,
	nc_error *err)
{
	if (!node || !node[0] || strlen(node) > SS_NODE_MAX)
		return ss_fail(err, NC_E_INVAL, "", "a node's name has 1 to %d bytes", SS_NODE_MAX);
	bool may_write = inst->folder.is_read_only && ss_folder_can_write(&inst->folder);
	if (may_write || ss_is_rebuild_due(inst) || ss_gate_is_broken(&inst->gate)) {
		nc_code code = ss_files_reopen(inst, err);
		if (code != NC_OK)
			return code;
	}
	_cleanup_(ss_gate_leavep) ss_gate *inside = NULL;
	ss_meta tip;
	uint64_t kept = 0;
	nc_code code = ss_gate_enter(&inst->gate, &inside, err);
	if (code == NC_OK)
		code = ss_refuse_read_only(inst, err);
	if (code == NC_OK)
		code = ss_tip_renew(&inst->tip, node, ttl_ms, &kept, err);
	if (code != NC_OK)
		return code;
	if (kept) {
		*epoch = kept;
		*head = ss_tip_head(&inst->tip);
		return NC_OK;
	}
	code = new_epoch(inst, node, ttl_ms, &tip, err);
	if (code != NC_OK) {
		if (err)
			ss_note_failure(inst, err);
		return code;
	}
	ss_tip_lead(&inst->tip, node, ttl_ms, tip.a, tip.b);
	ss_note_success(inst);
	*epoch = tip.a;
	*head = tip.b;
	return NC_OK;
}
