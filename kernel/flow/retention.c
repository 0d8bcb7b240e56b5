/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes by itself: soft-deleted VMs past their purge time (as an operation, so that the driver
 * is asked), idempotency keys past theirs, and what is old (aging.c). Each round does a bounded
 * amount; the next goes on.
 */
#include "flow/retention.h"
#include "flow/aging.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "model/records.h"

#define BATCH 256

typedef nc_code (*stage_fn)(nc_flow *f, nc_txn *t, const nc_root *r, nc_object *o, nc_error *err);

/* Objects of a kind that are due, staged by fn in one transaction. */
static void round_of(nc_flow *f, const nc_kind *kind,
	int (*is_due)(const nc_object *o, int64_t now), stage_fn stage)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(64u << 20);
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(f->db);
	nc_error err = NC_ERROR_INIT;
	int64_t now = nc_clock_wall_ms();
	nc_code rc = NC_OK;
	uint32_t n = 0;
	nc_walk w;

	if (!a || !t)
		return;
	const nc_root *r = nc_db_read_begin(f->db);
	nc_walk_init(&w, r, kind->number, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it; rc == NC_OK && n < BATCH && (it = nc_walk_next(&w, NULL));) {
		_cleanup_(nc_arena_freep) nc_arena *probe = nc_arena_new(1u << 20);
		nc_object *o = NULL;
		if (!probe || nc_model_load(it, probe, &o, NULL) != NC_OK || !is_due(o, now))
			continue;
		rc = nc_model_load(it, a, &o, &err);
		if (rc == NC_OK)
			rc = stage(f, t, r, o, &err);
		n++;
	}
	nc_db_read_end(f->db);
	if (rc == NC_OK && n)
		rc = nc_txn_commit(nc_steal(&t), NULL, &err);
	if (rc != NC_OK && rc != NC_E_CONFLICT)
		nc_log(L_WARN, "retention.failed", F_STR("kind", kind->name), F_ERR(&err),
			F_STR("consequence", "trying again at the next round"));
}

static int is_purge_due(const nc_object *o, int64_t now)
{
	return o->deleted_at_ms && o->purge_at_ms && o->purge_at_ms <= now &&
	       !NC_AS(nc_vm, (nc_object *)(uintptr_t)o)->operation;
}

static nc_code stage_purge(nc_flow *f, nc_txn *t, const nc_root *r, nc_object *o, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, o);
	nc_operation *op = NULL;
	nc_vm_move move;
	nc_code rc = nc_ops_stage(f->ops, o->arena, "vm.purge", &op, err);

	(void)r;
	if (rc != NC_OK)
		return rc;
	op->target = (nc_op_target){ .kind = "vm", .id = o->id, .name = o->name };
	op->o.project = o->project;
	op->actor = "system";
	if ((rc = nc_vm_begin(vm, NC_VM_PURGE, op->o.id, &move, err)) != NC_OK)
		return rc;
	if ((rc = nc_model_put(t, o, err)) != NC_OK)
		return rc;
	return nc_ops_put(t, op, err);
}

static int is_key_due(const nc_object *o, int64_t now)
{
	return NC_AS(nc_idempotency, (nc_object *)(uintptr_t)o)->expires_at_ms <= now;
}

static nc_code stage_forget(nc_flow *f, nc_txn *t, const nc_root *r, nc_object *o, nc_error *err)
{
	(void)f;
	(void)r;
	(void)err;
	nc_model_delete(t, o);
	return NC_OK;
}

void nc_retention_round(nc_flow *f)
{
	round_of(f, &nc_kind_vm, is_purge_due, stage_purge);
	round_of(f, &nc_kind_idempotency, is_key_due, stage_forget);
	nc_aging_round(f, nc_clock_wall_ms());
}
