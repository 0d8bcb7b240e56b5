/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is swept without anybody's word, which is little: an orphan whose tag names an operation that
 * this store records as failed or cancelled, of the same object, in the epoch in which both were
 * made. The journal then says that what it left behind is nobody's. After a restore, and after a start
 * that comes too late to keep the lease, the epoch is another one: everything stays listed. One that could not be destroyed
 * is not tried again. The keeper alone; blocking.
 */
#include "flow/sweep.h"

#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "model/records.h"

#define SWEPT_MAX 16 /* a round */

typedef struct candidate {
	char id[NC_DB_ID_MAX + 1], object[NC_DB_ID_MAX + 1], operation[NC_DB_ID_MAX + 1];
} candidate;

static int may_be_swept(const nc_flow *f, const nc_orphan *o, int64_t now_ms)
{
	return !strcmp(o->o.status, "listed") && o->tag_epoch == nc_db_epoch(f->db) &&
	       o->found_at_ms <= now_ms - NC_SWEEP_AFTER_MS && !strcmp(o->reason, NC_ORPHAN_GONE) &&
	       o->tag_object && o->tag_operation;
}

static uint32_t list_candidates(nc_flow *f, int64_t now_ms, candidate list[SWEPT_MAX])
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	uint32_t n = 0;
	nc_walk w;

	if (!a)
		return 0;
	const nc_root *r = nc_db_read_begin(f->db);
	nc_walk_init(
		&w, r, NC_KIND_ORPHAN, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it; n < SWEPT_MAX && (it = nc_walk_next(&w, NULL));) {
		nc_object *o = NULL;
		nc_arena_reset(a);
		if (nc_model_load(it, a, &o, NULL) != NC_OK ||
			!may_be_swept(f, NC_AS(nc_orphan, o), now_ms))
			continue;
		candidate *c = &list[n++];
		snprintf(c->id, sizeof(c->id), "%s", o->id);
		snprintf(c->object, sizeof(c->object), "%s", NC_AS(nc_orphan, o)->tag_object);
		snprintf(c->operation, sizeof(c->operation), "%s",
			NC_AS(nc_orphan, o)->tag_operation);
	}
	nc_db_read_end(f->db);
	return n;
}

typedef struct judgement {
	const nc_flow *f;
	const candidate *c;
	int is_failed;
} judgement;

static nc_code judge(void *ctx, const nc_item *it)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	judgement *j = ctx;
	nc_object *o = NULL;

	if (!a || nc_model_load(it, a, &o, NULL) != NC_OK)
		return NC_OK;
	const nc_operation *op = NC_AS(nc_operation, o);
	int is_over = op->state == NC_OPER_FAILED || op->state == NC_OPER_CANCELED;
	j->is_failed = is_over && op->epoch == nc_db_epoch(j->f->db) && op->target.id &&
		       !strcmp(op->target.id, j->c->object);
	return NC_OK;
}

static nc_code stage(nc_flow *f, nc_txn *t, nc_object *o, nc_error *err)
{
	nc_operation *op = NULL;
	nc_code rc = nc_ops_stage(f->ops, o->arena, "orphan.delete", &op, err);

	if (rc != NC_OK)
		return rc;
	op->target = (nc_op_target){ .kind = "orphan", .id = o->id };
	op->actor = "system";
	o->status = "deleting";
	nc_flow_event(t, o, "orphan.swept", "system", op->o.id, NULL);
	if ((rc = nc_model_put(t, o, err)) != NC_OK)
		return rc;
	return nc_ops_put(t, op, err);
}

static nc_code sweep(nc_flow *f, const candidate *c, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(f->db);
	judgement j = { .f = f, .c = c };
	nc_object *o = NULL;

	if (!a || !t)
		return nc_err_nomem(err);
	nc_code rc = nc_db_get(f->db, NC_KIND_OPERATION, nc_str(c->operation), judge, &j, err);
	if (rc != NC_OK || !j.is_failed)
		return rc == NC_E_NOTFOUND ? NC_OK : rc;
	const nc_root *r = nc_db_read_begin(f->db);
	/* The VM may have been adopted meanwhile: then the orphan is gone, too. */
	rc = nc_model_get(r, &nc_kind_orphan, c->id, a, &o, err);
	if (rc == NC_OK && !strcmp(o->status, "listed"))
		rc = stage(f, t, o, err);
	else
		rc = rc == NC_OK ? NC_E_CONFLICT : rc;
	nc_db_read_end(f->db);
	return rc == NC_OK ? nc_txn_commit(nc_steal(&t), NULL, err) : rc;
}

void nc_sweep_round(nc_flow *f, int64_t now_ms)
{
	candidate list[SWEPT_MAX];
	uint32_t n = list_candidates(f, now_ms, list);

	for (uint32_t i = 0; i < n; i++) {
		nc_error err = NC_ERROR_INIT;
		nc_code rc = sweep(f, &list[i], &err);
		if (rc != NC_OK && rc != NC_E_CONFLICT && rc != NC_E_NOTFOUND)
			nc_log(L_WARN, "orphan.sweep.failed", F_STR("orphan", list[i].id),
				F_ERR(&err), F_STR("consequence", "it stays listed"));
	}
}
