/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idempotency keys: the answer to a request is kept under its key, and the same request again gets
 * it. A key is an object, written in one transaction with what the request did.
 */
#include "flow/idempotency.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "model/problem.h"
#include "model/records.h"

/* Scoped to principal and project: two users' keys never meet. */
static const char *key_id(const nc_act *a)
{
	char hex[65];
	const char *text = nc_arena_printf(a->arena, "%s\n%s\n%s", a->actor,
		a->reach.project ? a->reach.project : "", a->idempotency_key);

	if (!text)
		return NULL;
	nc_sha256_hex(nc_str(text), hex);
	return nc_arena_printf(a->arena, "idem_%.32s", hex);
}

nc_code nc_act_stage_key(nc_stage *s, int status, nc_bytes body, nc_error *err)
{
	nc_act *a = s->a;
	const char *id = key_id(a);
	nc_object *o = id ? nc_object_new(&nc_kind_idempotency, a->arena) : NULL;

	if (!o)
		return nc_err_nomem(err);
	nc_idempotency *k = NC_AS(nc_idempotency, o);
	o->id = id;
	o->rev = a->key_rev; /* one that may be used again */
	o->status = s->op ? "running" : "final";
	k->request_hash = a->request_hash;
	k->operation = s->op ? s->op->o.id : NULL;
	k->http_status = status;
	k->body = body;
	k->expires_at_ms = nc_clock_wall_ms() + nc_flow_get_settings(a->flow).idempotency_ttl_ms;
	return nc_model_put(s->txn, o, err);
}

nc_code nc_act_remember(nc_act *a, int http_status, nc_bytes body, nc_error *err)
{
	_cleanup_(nc_txn_freep) nc_txn *txn = nc_txn_new(a->flow->db);
	nc_stage s = { .a = a, .txn = txn };

	if (!txn)
		return nc_err_nomem(err);
	nc_code rc = nc_act_stage_key(&s, http_status, body, err);
	return rc == NC_OK ? nc_txn_commit(nc_steal(&txn), NULL, err) : rc;
}

/* The operation of an earlier request, wherever it lies now. */
typedef struct found_op {
	nc_act *a;
	nc_operation *op;
	nc_bytes body;
} found_op;

static nc_code on_operation(void *ctx, const nc_item *it)
{
	found_op *found = ctx;
	nc_object *o = NULL;
	nc_bytes body = nc_item_body(it);
	nc_code rc = nc_model_load(it, found->a->arena, &o, NULL);

	if (rc != NC_OK)
		return rc;
	found->op = NC_AS(nc_operation, o);
	found->body.ptr = nc_arena_memdup(found->a->arena, body.ptr, body.len);
	found->body.len = body.len;
	return found->body.ptr ? NC_OK : NC_E_NOMEM;
}

static void answer_operation(nc_act *a, const found_op *found)
{
	const nc_op_target *target = &found->op->target;
	const nc_kind *kind = nc_kind_find(target->kind ? target->kind : "");
	const nc_root *r = nc_db_read_begin(a->flow->db);
	const nc_item *it =
		kind && target->id ? nc_root_get(r, kind->number, nc_str(target->id)) : NULL;

	nc_buf_puts(a->body, "{\"operation\":");
	nc_buf_put(a->body, found->body.ptr, found->body.len);
	nc_buf_puts(a->body, ",\"object\":");
	if (it)
		nc_observed_serve(a->flow->observed, it, a->body);
	else
		nc_buf_puts(a->body, "null");
	nc_db_read_end(a->flow->db);
	nc_buf_putc(a->body, '}');
	a->operation = found->op->o.id;
}

nc_code nc_act_find_key(nc_act *a, const nc_root *r, const nc_idempotency **ret, nc_error *err)
{
	nc_object *o = NULL;
	const char *id = a->idempotency_key && !a->is_dry_run ? key_id(a) : NULL;
	const nc_item *it = id ? nc_root_get(r, NC_KIND_IDEMPOTENCY, nc_str(id)) : NULL;

	*ret = NULL;
	a->key_rev = it ? it->rev : 0;
	nc_code rc = it ? nc_model_load(it, a->arena, &o, err) : NC_OK;
	if (o && NC_AS(nc_idempotency, o)->expires_at_ms > nc_clock_wall_ms())
		*ret = NC_AS(nc_idempotency, o);
	return rc;
}

nc_code nc_act_replay(nc_act *a, const nc_idempotency *k, nc_error *err)
{
	found_op found = { .a = a };

	if (strcmp(k->request_hash, a->request_hash)) {
		nc_problem_err(err, "idempotency_mismatch",
			"idempotency key \"%.64s\" was used with another request",
			a->idempotency_key);
		return nc_err_hint(err, NC_E_INVAL, "use a fresh key for a fresh request");
	}
	if (k->operation) {
		nc_code rc = nc_db_get(a->flow->db, NC_KIND_OPERATION, nc_str(k->operation),
			on_operation, &found, err);
		if (rc != NC_OK)
			return rc == NC_E_NOTFOUND ? NC_OK : rc;
		/* A failure that may be retried has released the key. */
		if (!a->is_once && found.op->state == NC_OPER_FAILED && found.op->error &&
			found.op->error->is_retryable)
			return NC_OK;
		answer_operation(a, &found);
	} else {
		nc_buf_put(a->body, k->body.ptr, k->body.len);
	}
	a->http_status = (int)k->http_status;
	a->is_replay = 1;
	return NC_E_EXISTS;
}

nc_code nc_act_recall(nc_act *a, nc_error *err)
{
	const nc_idempotency *used = NULL;
	nc_code rc = nc_act_find_key(a, nc_db_read_begin(a->flow->db), &used, err);

	nc_db_read_end(a->flow->db);
	return rc == NC_OK && used ? nc_act_replay(a, used, err) : rc;
}
