/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations: read one (live progress laid over the record), wait for its end, cancel, abandon.
 * Finished ones live in the store alone, so reading one is a worker's job.
 */
#include <string.h>

#include "api/internal.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/body.h"

/* ---- one operation, wherever it lies ---- */

typedef struct fetched {
	nc_api_job *j;
	nc_bytes body;
	nc_operation *op;
} fetched;

static nc_code on_item(void *ctx, const nc_item *it)
{
	fetched *f = ctx;
	nc_bytes body = nc_item_body(it);
	nc_object *o = NULL;
	nc_code rc = nc_model_load(it, f->j->arena, &o, NULL);

	if (rc != NC_OK)
		return rc;
	f->op = NC_AS(nc_operation, o);
	f->body.ptr = nc_arena_memdup(f->j->arena, body.ptr, body.len);
	f->body.len = body.len;
	return f->body.ptr ? NC_OK : NC_E_NOMEM;
}

static nc_code fetch(nc_api_job *j, const char *id, fetched *f, nc_error *err)
{
	*f = (fetched){ .j = j };
	nc_code rc = nc_db_get(j->api->o.db, NC_KIND_OPERATION, nc_str(id), on_item, f, err);
	if (rc != NC_E_NOTFOUND)
		return rc;
	nc_problem_err(err, "not_found", "there is no operation %.48s", id);
	return nc_err_hint(err, rc,
		"finished ones are kept for store.operation_retention: novacron operation list");
}

/* What is under way right now, into the operation before it is rendered. */
static void lay_progress(nc_api_job *j, nc_operation *op)
{
	nc_op_live live;

	if (nc_ops_get_live(j->api->o.ops, op->o.id, &live) != NC_OK)
		return;
	op->progress.phase = nc_arena_strdup(j->arena, live.phase);
	op->progress.permille = live.permille;
	op->progress.stalled_since_ms = live.stalled_since_ms;
	if (*live.waiting_for) {
		const char **trail =
			nc_arena_new_array(j->arena, const char *, op->n_reason_trail + 1);
		if (!trail)
			return;
		for (size_t i = 0; i < op->n_reason_trail; i++)
			trail[i] = op->reason_trail[i];
		trail[op->n_reason_trail++] =
			nc_arena_printf(j->arena, "waits for %s", live.waiting_for);
		op->reason_trail = trail;
	}
}

static void render(nc_api_job *j, fetched *f)
{
	if (nc_operation_state_is_final(f->op->state)) {
		nc_buf_put(&j->out, f->body.ptr, f->body.len);
		return;
	}
	lay_progress(j, f->op);
	nc_object_render(&f->op->o, &j->out);
}

/* ---- after a wait ---- */

static int put_target(nc_api_job *j, const nc_operation *op)
{
	const nc_kind *kind = nc_kind_find(op->target.kind ? op->target.kind : "");
	const nc_root *r = nc_db_read_begin(j->api->o.db);
	const nc_item *it = kind ? nc_root_get(r, kind->number, nc_str(op->target.id)) : NULL;

	if (it)
		nc_observed_serve(nc_flow_observed(j->api->o.flow), it, &j->out);
	nc_db_read_end(j->api->o.db);
	return it != NULL;
}

static void failed_operation(nc_api_job *j, const nc_operation *op)
{
	nc_error err = NC_ERROR_INIT;
	nc_act act = { .arena = j->arena };

	nc_faults_init(&act.faults, j->arena);
	if (op->error)
		nc_op_error_to(op->error, &err);
	else
		nc_problem_err(&err, "cancelled", "operation %s was cancelled", op->o.id);
	if (op->n_decision_ids)
		snprintf(act.decision, sizeof(act.decision), "%s",
			op->decision_ids[op->n_decision_ids - 1]);
	snprintf(act.other_operation, sizeof(act.other_operation), "%s", op->o.id);
	nc_job_problem(j, &err, &act);
}

/* ---- headers ---- */

typedef struct told {
	nc_http_header list[4];
	size_t n;
	char location[80], etag[24], cursor[32];
} told;

/* The operation's last record covers its object as well. revision 0 = of nothing. */
static void tell_change(told *t, const nc_operation *op, uint64_t revision)
{
	t->n = 0;
	if (revision)
		nc_etag_header(revision, t->etag, &t->list[t->n++]);
	snprintf(t->cursor, sizeof(t->cursor), "%llu", (unsigned long long)op->o.rev);
	t->list[t->n++] = (nc_http_header){ "X-Novacron-Seq", t->cursor };
}

static void reply_operation(nc_api_job *j, int status, const nc_operation *op)
{
	told t;

	tell_change(&t, op, op->o.revision);
	nc_job_reply(j, status, t.list, t.n);
}

/* Of a change that waited: what one that did not would have told as well. */
static void reply_waited(nc_api_job *j, int status, const nc_operation *op, uint64_t revision)
{
	told t;

	tell_change(&t, op, revision);
	snprintf(t.location, sizeof(t.location), "/api/v1/operations/%s", op->o.id);
	t.list[t.n++] = (nc_http_header){ "Location", t.location };
	if (j->is_replay)
		t.list[t.n++] = (nc_http_header){ "Idempotency-Replayed", "true" };
	nc_job_reply(j, status, t.list, t.n);
}

void nc_operation_answer(nc_api_job *j, nc_answer_what what)
{
	nc_error err = NC_ERROR_INIT;
	fetched f;

	if (fetch(j, j->waits_for, &f, &err) != NC_OK) {
		nc_job_problem(j, &err, NULL);
		return;
	}
	int is_final = nc_operation_state_is_final(f.op->state);
	j->out.len = 0;
	if (what == NC_ANSWER_OPERATION) {
		render(j, &f);
		reply_operation(j, 200, f.op);
		return;
	}
	if (is_final && f.op->state != NC_OPER_SUCCEEDED) {
		failed_operation(j, f.op);
		return;
	}
	if (is_final) {
		if (!put_target(j, f.op))
			nc_buf_puts(&j->out, "{\"deleted\":true}");
		reply_waited(j, 200, f.op, nc_revision_in(nc_buf_bytes(&j->out)));
		return;
	}
	nc_buf_puts(&j->out, "{\"operation\":");
	render(j, &f);
	nc_buf_puts(&j->out, ",\"object\":");
	if (!put_target(j, f.op))
		nc_buf_puts(&j->out, "null");
	nc_buf_putc(&j->out, '}');
	reply_waited(j, 202, f.op, 0);
}

static void finish_wait(nc_api_job *j)
{
	nc_operation_answer(j, NC_ANSWER_OPERATION);
}

/* ---- routes ---- */

static void get(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	const char *wait = nc_job_query(j, "wait");
	int64_t wait_us = 0;
	fetched f;

	if (wait && nc_duration_parse(wait, &wait_us) < 0) {
		nc_problem_err(&err, "invalid", "wait: \"%.20s\" is not a duration like 30s", wait);
		nc_job_problem(j, &err, NULL);
		return;
	}
	if (fetch(j, j->params[0], &f, &err) != NC_OK) {
		nc_job_problem(j, &err, NULL);
		return;
	}
	if (wait_us && !nc_operation_state_is_final(f.op->state)) {
		nc_waiters_add(j->api->waiters, j, f.op->o.id, NC_MIN(wait_us, INT64_C(3600000000)),
			finish_wait);
		return;
	}
	render(j, &f);
	reply_operation(j, 200, f.op);
}

typedef struct listing {
	nc_page page;
	const char *state, *kind; /* only these; NULL = any */
	int is_live;              /* only such a state as finished ones don't have */
} listing;

static int is_asked_for(nc_bytes value, const char *word)
{
	return !word || nc_body_is_word(value, word);
}

static nc_code on_listed(void *ctx, const nc_item *it)
{
	listing *l = ctx;
	nc_buf *out = &l->page.j->out;
	nc_bytes body = nc_item_body(it);

	nc_page_looked_at(&l->page, nc_item_id(it));
	if (!nc_page_shows(&l->page, nc_body_member(body, "project")) ||
		!is_asked_for(nc_body_member(body, "state"), l->state) ||
		!is_asked_for(nc_body_member(body, "kind"), l->kind))
		return NC_OK;
	if (l->page.n)
		nc_buf_putc(out, ',');
	nc_buf_put(out, body.ptr, body.len);
	return nc_page_added(&l->page);
}

static nc_code read_state(listing *l, nc_error *err)
{
	int i = 0;

	l->state = nc_job_query(l->page.j, "state");
	while (l->state && nc_operation_state_words[i] &&
		strcmp(nc_operation_state_words[i], l->state) != 0)
		i++;
	if (!l->state || nc_operation_state_words[i]) {
		l->is_live = l->state && !nc_operation_state_is_final((nc_operation_state)i);
		return NC_OK;
	}
	nc_problem_err(err, "invalid", "state: there is no state \"%.20s\"", l->state);
	const char *close =
		nc_did_you_mean(l->state, nc_operation_state_words, (size_t)NC_OPER_STATE_COUNT);
	return close ? nc_err_hint(err, NC_E_INVAL, "did you mean \"%s\"?", close) : NC_E_INVAL;
}

/* Those under way are all in memory; the history may be long. */
static nc_code walk_live(listing *l)
{
	const nc_page *p = &l->page;
	const nc_root *r = nc_db_read_begin(p->j->api->o.db);
	nc_code rc = NC_OK;
	nc_walk w;

	nc_walk_init(&w, r, NC_KIND_OPERATION, NC_BY_ID, (nc_bytes){ 0 }, nc_str(p->cursor),
		NC_ASCENDING);
	for (const nc_item *it; rc == NC_OK && (it = nc_walk_next(&w, NULL));)
		if (strcmp(nc_item_id(it), p->cursor) != 0)
			rc = on_listed(l, it);
	nc_db_read_end(p->j->api->o.db);
	return rc;
}

/* By age; but for a live state the finished ones too, which lie in the store. */
static void list(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	listing l = { .kind = nc_job_query(j, "kind") };
	nc_code rc = nc_page_begin(&l.page, j, &err);

	if (rc == NC_OK)
		rc = read_state(&l, &err);
	if (rc == NC_OK)
		rc = l.is_live ? walk_live(&l)
			       : nc_db_scan(j->api->o.db, NC_KIND_OPERATION, nc_str(l.page.cursor),
					 0, on_listed, &l, &err);
	nc_page_answer(&l.page, rc, &err);
}

static void answer_after(nc_api_job *j, nc_code rc, const nc_error *err)
{
	fetched f;
	nc_error lost = NC_ERROR_INIT;

	if (rc != NC_OK) {
		nc_job_problem(j, err, NULL);
		return;
	}
	if (fetch(j, j->params[0], &f, &lost) != NC_OK) {
		nc_job_problem(j, &lost, NULL);
		return;
	}
	render(j, &f);
	reply_operation(j, nc_operation_state_is_final(f.op->state) ? 200 : 202, f.op);
}

static void cancel(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_ops_cancel(j->api->o.ops, j->params[0], j->who.name, &err);

	answer_after(j, rc, &err);
}

static void abandon(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	const char *reason = json_string_value(json_object_get(j->json, "reason"));
	nc_code rc = nc_ops_abandon(j->api->o.ops, j->params[0], j->who.name, reason, &err);

	answer_after(j, rc, &err);
}

static const char *const of_list[] = { "state", "kind", "limit", "cursor", NULL };
static const char *const of_get[] = { "wait", NULL };

#define FAMILY(prefix)                                                                             \
	{ .method = "GET",                                                                         \
		.pattern = prefix,                                                                 \
		.permission = "operation.read",                                                    \
		.work = list,                                                                      \
		.query = of_list,                                                                  \
		.doc = "operations, hot and finished: project, state, kind, limit, cursor" },      \
		{ .method = "GET",                                                                 \
			.pattern = prefix "/{id}",                                                 \
			.permission = "operation.read",                                            \
			.work = get,                                                               \
			.query = of_get,                                                           \
			.doc = "one; ?wait=30s blocks until it has ended" },                       \
		{ .method = "DELETE",                                                              \
			.pattern = prefix "/{id}",                                                 \
			.permission = "operation.cancel",                                          \
			.work = cancel,                                                            \
			.is_once = 1,                                                              \
			.doc = "ask for cancel" },                                                 \
		{ .method = "POST",                                                                \
			.pattern = prefix "/{id}/cancel",                                          \
			.permission = "operation.cancel",                                          \
			.work = cancel,                                                            \
			.is_once = 1,                                                              \
			.body_limit = 4096,                                                        \
			.doc = "ask for cancel" },                                                 \
	{                                                                                          \
		.method = "POST", .pattern = prefix "/{id}/abandon",                               \
		.permission = "operation.abandon", .work = abandon, .is_once = 1,                  \
		.body_limit = 4096, .doc = "end it, outcome unknown: {reason}"                     \
	}

const nc_api_route nc_api_operations[] = {
	FAMILY("/api/v1/operations"),
	FAMILY("/api/v1/tasks"),
	{ .method = NULL },
};
