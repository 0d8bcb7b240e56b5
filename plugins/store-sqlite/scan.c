/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the state: a range of keys, or one. Any number of threads, each with a connection of
 * the pool for as long as it reads. One scan sees one moment.
 */
#include "error.h"
#include "inst.h"
#include "walk.h"

static nc_code check_range(nc_bytes from, nc_bytes to, nc_error *err)
{
	if (from.len > SS_PLACE_MAX || to.len > SS_PLACE_MAX)
		return ss_fail(err, NC_E_INVAL, "", "a scan bound of more than %u bytes",
			(unsigned)SS_PLACE_MAX);
	return NC_OK;
}

nc_code ss_scan(nc_inst *inst, uint32_t space, nc_bytes from, nc_bytes to, uint32_t max,
	nc_kv_cb cb, void *arg, nc_error *err)
{
	_cleanup_(ss_gate_leavep) ss_gate *inside = NULL;
	nc_code code = ss_gate_enter(&inst->gate, &inside, err);
	if (code == NC_OK)
		code = check_range(from, to, err);
	if (code != NC_OK)
		return code;
	_cleanup_(ss_pool_givep) ss_reader *r = ss_pool_take(&inst->pool);
	_cleanup_(ss_txn_endp) ss_conn *txn = NULL;
	code = ss_txn_begin(r->conn[SS_STATE_FILE], SS_BEGIN_READ, &txn, err);
	if (code != NC_OK)
		return code;
	ss_walk w = {
		.c = r->conn[SS_STATE_FILE],
		.space = space,
		.to = to,
		.left = max ? max : UINT32_MAX,
		.cb = cb,
		.arg = arg,
	};
	ss_place_set(&w.at, from);
	code = ss_walk_space(&w, err);
	if (w.saw_damage)
		ss_note_damage(inst);
	return code;
}

/* ---- one key ---- */

typedef struct single {
	nc_bytes key;
	nc_kv_cb cb;
	void *arg;
	bool is_found, is_lost;
} single;

static nc_code pass_single(void *arg, const nc_kv *kv)
{
	single *s = arg;
	s->is_lost = kv->flags == NC_KV_LOST;
	if (s->is_lost || ss_bytes_cmp(kv->key, s->key))
		return NC_OK;
	s->is_found = true;
	return s->cb(s->arg, kv);
}

nc_code ss_get(nc_inst *inst, uint32_t space, nc_bytes key, nc_kv_cb cb, void *arg, nc_error *err)
{
	if (!key.ptr || !key.len || key.len > NC_STORE_KEY_MAX)
		return ss_fail(err, NC_E_INVAL, "", "a key of %zu bytes, limit %u", key.len,
			NC_STORE_KEY_MAX);
	ss_place end;
	ss_place_after(&end, key);
	single s = { .key = key, .cb = cb, .arg = arg };
	nc_code code = ss_scan(inst, space, key, ss_place_bytes(&end), 1, pass_single, &s, err);
	if (code != NC_OK || s.is_found)
		return code;
	if (s.is_lost)
		return ss_fail(err, NC_E_PROTO,
			"Run `novacron state check`; restore the last backup.",
			"a key of space %u can't be read: its page is damaged", space);
	return ss_fail(err, NC_E_NOTFOUND, "", "space %u has no such key", space);
}
