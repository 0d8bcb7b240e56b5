/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an act to one record and its answer: object, operation, event, sealed secrets and the
 * idempotency key together, or nothing.
 */
#include "base/clock.h"
#include "base/err.h"
#include "flow/idempotency.h"
#include "flow/sealing.h"

void nc_flow_event(nc_txn *t, const nc_object *obj, const char *type, const char *actor,
	const char *op_id, const char *decision_id)
{
	nc_event_add(t, &(nc_event){ .ts_ms = nc_clock_wall_ms(),
				.type = type,
				.topic = obj->kind->name,
				.key = obj->id,
				.name = obj->name,
				.project = obj->project,
				.actor = actor,
				.op_id = op_id,
				.decision_id = decision_id,
				.object_revision = obj->revision });
}

/* ---- one record ---- */

nc_code nc_stage_operation(nc_stage *s, const char *kind, const json_t *request, nc_error *err)
{
	nc_act *a = s->a;
	nc_object *target = s->object;
	nc_code rc = nc_ops_stage(a->flow->ops, a->arena, kind, &s->op, err);

	if (rc != NC_OK)
		return rc;
	s->op->target = (nc_op_target){
		.kind = target->kind->name, .id = target->id, .name = target->name
	};
	s->op->o.project = target->project;
	s->op->actor = a->actor;
	s->op->idempotency_key = a->idempotency_key;
	s->op->request_hash = a->request_hash;
	s->op->parent = a->parent;
	if (a->reason) {
		s->op->reason_trail = nc_arena_new_array(a->arena, const char *, 1);
		if (!s->op->reason_trail)
			return nc_err_nomem(err);
		s->op->reason_trail[s->op->n_reason_trail++] = a->reason;
	}
	if (json_object_size(request)) {
		char *text = nc_json_dump(request, JSON_COMPACT);
		s->op->request = nc_str(text ? nc_arena_strdup(a->arena, text) : NULL);
		nc_freep(&text);
		if (!s->op->request.ptr)
			return nc_err_nomem(err);
	}
	return NC_OK;
}

/* The answer's JSON from what was staged. */
static void render(nc_stage *s, nc_buf *out)
{
	if (!s->op) {
		if (s->is_delete)
			nc_buf_puts(out, "{\"deleted\":true,\"object\":");
		nc_object_render(s->object, out);
		if (s->is_delete)
			nc_buf_putc(out, '}');
		return;
	}
	nc_buf_puts(out, "{\"operation\":");
	nc_object_render(&s->op->o, out);
	nc_buf_puts(out, ",\"object\":");
	nc_object_render(s->object, out);
	if (s->a->placement.len) {
		nc_buf_puts(out, ",\"decision\":");
		nc_decision_render(s->a->placement, out, NULL); /* what fails is in the buffer */
	}
	nc_buf_putc(out, '}');
}

/* The operation's first steps in the same record, where that may be. If they can't be done now,
 * nothing of this attempt is any good: as a lost race, to be made again without. */
static nc_code begin_operation(nc_stage *s, const nc_root *r, nc_error *err)
{
	nc_act *a = s->a;
	nc_flow *f = a->flow;
	nc_opctx c = { .ops = f->ops,
		.db = f->db,
		.root = r,
		.arena = a->arena,
		.op = s->op,
		.target = s->object,
		.txn = s->txn,
		.user = f };

	/* Where others keep taking its place it is for the operation to say so. */
	if (a->begins_later || a->n_tries > 1 || a->is_dry_run ||
		!nc_ops_begins_at_once(f->ops, s->op))
		return NC_OK;
	if (nc_ops_begin(&c) == NC_BEGUN)
		return NC_OK;
	a->begins_later = 1;
	return nc_err(err, NC_E_CONFLICT, "it can't be begun at once");
}

static nc_code put_all(nc_stage *s, const nc_root *r, nc_error *err)
{
	nc_act *a = s->a;
	nc_code rc = NC_OK;

	if (s->is_delete) {
		nc_model_expect_unused(s->txn, s->object);
		nc_model_delete(s->txn, s->object);
		rc = nc_act_forget_secrets(a->flow, s->txn, s->object, err);
	} else {
		rc = nc_flow_seal(a->flow, s->txn, s->object, err);
		if (rc == NC_OK && s->op)
			rc = begin_operation(s, r, err);
		if (rc == NC_OK)
			rc = nc_model_put(s->txn, s->object, err);
	}
	if (rc == NC_OK && s->op)
		rc = nc_ops_put(s->txn, s->op, err);
	if (rc == NC_OK && s->event)
		nc_flow_event(
			s->txn, s->object, s->event, a->actor, s->op ? s->op->o.id : NULL, NULL);
	return rc;
}

static void on_answer(void *arg, uint64_t seq, const nc_error *why)
{
	nc_act *a = arg;

	a->seq = seq;
	if (why && a->operation)
		nc_ops_forget(a->flow->ops, a->operation);
	a->on_durable(a, why);
}

nc_code nc_stage_commit(nc_stage *s, int http_status, nc_error *err)
{
	nc_act *a = s->a;
	nc_txn *txn = s->txn;
	const nc_root *r = nc_db_read_begin(a->flow->db);
	size_t mark = a->body->len;
	nc_code rc = put_all(s, r, err);

	if (rc == NC_OK) {
		render(s, a->body);
		nc_bytes body = { a->body->ptr + mark, a->body->len - mark };
		if (nc_buf_failed(a->body))
			rc = nc_err_nomem(err);
		else if (a->idempotency_key && !a->is_dry_run)
			rc = nc_act_stage_key(s, http_status, s->op ? (nc_bytes){ 0 } : body, err);
	}
	nc_db_read_end(a->flow->db);
	if (rc != NC_OK || a->is_dry_run) {
		nc_txn_free(txn);
		if (s->op)
			nc_ops_forget(a->flow->ops, s->op->o.id);
		if (rc == NC_OK)
			a->http_status = 200;
		else
			a->body->len = mark;
		return rc;
	}
	a->http_status = http_status;
	a->operation = s->op ? s->op->o.id : NULL;
	a->revision = s->is_delete ? 0 : s->object->revision;
	if (a->on_durable) {
		nc_txn_submit(txn, on_answer, a);
		return NC_ACT_PENDING; /* and the act is no longer ours */
	}
	rc = nc_txn_commit(txn, &a->seq, err);
	if (rc == NC_OK)
		return NC_OK;
	if (a->operation)
		nc_ops_forget(a->flow->ops, a->operation);
	a->body->len = mark;
	return rc;
}
