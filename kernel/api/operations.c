/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations: read one (live progress laid over the record), wait for its end, cancel, abandon.
 * Finished ones live in the store alone, so reading one is a worker's job.
 */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/body.h"

int nc_kind_has_sub(const nc_kind *kind, const char *field)
{
	for (size_t i = 0; i < kind->n_fields; i++)
		if (kind->fields[i].mut == NC_SUBRESOURCE && !strcmp(kind->fields[i].name, field))
			return 1;
	return 0;
}

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
	nc_api_job *j;
	const char *state, *kind; /* only these; NULL = any */
	nc_reach reach;           /* and of these */
	int is_live;              /* only such a state as finished ones don't have */
	uint32_t n, limit;
	const char *last, *cursor;
} listing;

static int is_word(nc_bytes json, const char *word)
{
	return !word || (json.len == strlen(word) + 2 &&
				!memcmp((const char *)json.ptr + 1, word, json.len - 2));
}

/* Those of the project, and of none: what is done to hosts and providers. */
static int is_visible(nc_bytes body, const nc_reach *reach)
{
	nc_bytes project = nc_body_member(body, "project");

	return reach->is_everywhere || !project.len || nc_bytes_eq(project, nc_str("null")) ||
	       (reach->project && is_word(project, reach->project));
}

static nc_code on_listed(void *ctx, const nc_item *it)
{
	listing *l = ctx;
	nc_bytes body = nc_item_body(it);

	l->last = nc_arena_strdup(l->j->arena, nc_item_id(it));
	if (!is_visible(body, &l->reach) || !is_word(nc_body_member(body, "state"), l->state) ||
		!is_word(nc_body_member(body, "kind"), l->kind))
		return NC_OK;
	if (l->n++)
		nc_buf_putc(&l->j->out, ',');
	nc_buf_put(&l->j->out, body.ptr, body.len);
	return l->n == l->limit ? NC_E_BUSY : NC_OK; /* the page is full: end the walk */
}

static nc_code read_page(listing *l, nc_error *err)
{
	const char *limit = nc_job_query(l->j, "limit"), *cursor = nc_job_query(l->j, "cursor");

	l->limit = 100;
	l->cursor = cursor ? cursor : "";
	if (!limit)
		return NC_OK;
	long n = strtol(limit, NULL, 10);
	if (n < 1 || n > 1000)
		return nc_problem_err(err, "invalid", "limit: must be 1 to 1000");
	l->limit = (uint32_t)n;
	return NC_OK;
}

static nc_code read_state(listing *l, nc_error *err)
{
	int i = 0;

	l->state = nc_job_query(l->j, "state");
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
	const nc_root *r = nc_db_read_begin(l->j->api->o.db);
	nc_code rc = NC_OK;
	nc_walk w;

	nc_walk_init(&w, r, NC_KIND_OPERATION, NC_BY_ID, (nc_bytes){ 0 }, nc_str(l->cursor),
		NC_ASCENDING);
	for (const nc_item *it; rc == NC_OK && (it = nc_walk_next(&w, NULL));)
		if (strcmp(nc_item_id(it), l->cursor) != 0)
			rc = on_listed(l, it);
	nc_db_read_end(l->j->api->o.db);
	return rc;
}

static void answer_list(listing *l, nc_code rc, const nc_error *err)
{
	nc_api_job *j = l->j;

	if (rc != NC_OK && rc != NC_E_BUSY) {
		nc_job_problem(j, err, NULL);
		return;
	}
	nc_buf_putc(&j->out, ']');
	if (rc == NC_E_BUSY && l->last)
		nc_buf_printf(&j->out, ",\"next_cursor\":\"%s\"", l->last);
	nc_buf_putc(&j->out, '}');
	nc_job_reply(j, 200, NULL, 0);
}

/* By age; but for a live state the finished ones too, which lie in the store. */
static void list(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	listing l = { .j = j, .kind = nc_job_query(j, "kind") };
	nc_code rc = read_page(&l, &err);

	if (rc == NC_OK)
		rc = read_state(&l, &err);
	if (rc == NC_OK)
		rc = nc_job_reach(j, &l.reach, &err);
	nc_buf_puts(&j->out, "{\"items\":[");
	if (rc == NC_OK)
		rc = l.is_live ? walk_live(&l)
			       : nc_db_scan(j->api->o.db, NC_KIND_OPERATION, nc_str(l.cursor), 0,
					 on_listed, &l, &err);
	answer_list(&l, rc, &err);
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

static nc_code render_decision(void *ctx, const nc_item *it)
{
	nc_api_job *j = ctx;

	return nc_decision_render(nc_item_body(it), &j->out, NULL);
}

static void decision(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;

	if (nc_db_get(j->api->o.db, NC_KIND_DECISION, nc_str(j->params[0]), render_decision, j,
		    &err) != NC_OK) {
		if (err.code == NC_E_NOTFOUND)
			nc_problem_err(
				&err, "not_found", "there is no decision %.48s", j->params[0]);
		nc_job_problem(j, &err, NULL);
		return;
	}
	nc_job_reply(j, 200, NULL, 0);
}

static nc_code on_decision(void *ctx, const nc_item *it)
{
	listing *l = ctx;
	size_t mark = l->j->out.len;

	l->last = nc_arena_strdup(l->j->arena, nc_item_id(it));
	if (l->n)
		nc_buf_putc(&l->j->out, ',');
	if (nc_decision_render(nc_item_body(it), &l->j->out, NULL) != NC_OK) {
		l->j->out.len = mark; /* a damaged one is left out, as elsewhere */
		return NC_OK;
	}
	return ++l->n == l->limit ? NC_E_BUSY : NC_OK;
}

static void list_decisions(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	listing l = { .j = j };
	nc_code rc = read_page(&l, &err);

	nc_buf_puts(&j->out, "{\"items\":[");
	if (rc == NC_OK)
		rc = nc_db_scan(
			j->api->o.db, NC_KIND_DECISION, nc_str(l.cursor), 0, on_decision, &l, &err);
	answer_list(&l, rc, &err);
}

static const char *const of_list[] = { "state", "kind", "limit", "cursor", NULL };
static const char *const of_decisions[] = { "limit", "cursor", NULL };
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
	{ .method = "GET",
		.pattern = "/api/v1/decisions",
		.permission = "decision.read",
		.work = list_decisions,
		.query = of_decisions,
		.doc = "all of them, oldest first: limit, cursor" },
	{ .method = "GET",
		.pattern = "/api/v1/decisions/{id}",
		.permission = "decision.read",
		.work = decision,
		.doc = "why a placement went as it did" },
	{ .method = NULL },
};
