/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers: JSON, and problem documents (RFC 9457) made from an nc_error and what an act found. The
 * one table in model/problem.c says which status and title a code has; the server's own faults have
 * theirs in http/fault.c.
 */
#include <string.h>

#include "api/internal.h"
#include "base/err.h"

#define PROBLEM_TYPE "application/problem+json"
#define JSON_TYPE    "application/json"

static void put_used_by(nc_jw *w, const nc_act *act)
{
	size_t shown = NC_MIN(act->n_used_by, (uint64_t)NC_LEN(act->used_by));

	nc_jw_karr(w, "used_by");
	for (size_t i = 0; i < shown; i++) {
		nc_jw_obj(w);
		nc_jw_kstr(w, "kind", act->used_by[i].kind->name);
		nc_jw_kstr(w, "id", act->used_by[i].id);
		nc_jw_kstr(w, "name", act->used_by[i].name);
		nc_jw_obj_end(w);
	}
	nc_jw_arr_end(w);
	nc_jw_ku64(w, "used_by_count", act->n_used_by);
}

static void put_candidates(nc_jw *w, const nc_act *act)
{
	nc_jw_karr(w, "candidates");
	for (uint32_t i = 0; i < act->candidates.n; i++)
		nc_jw_str(w, act->candidates.ids[i]);
	nc_jw_arr_end(w);
}

static void put_act(nc_jw *w, const nc_act *act, const nc_problem *p)
{
	if (act->faults.n) {
		nc_jw_kstr(w, "field", act->faults.list[0].field);
		nc_jw_key(w, "errors");
		nc_faults_render(&act->faults, w);
	}
	if (act->n_used_by)
		put_used_by(w, act);
	if (!strcmp(p->code, "ambiguous"))
		put_candidates(w, act);
	if (*act->decision)
		nc_jw_kstr(w, "decision", act->decision);
	if (*act->other_operation)
		nc_jw_kstr(w, "operation", act->other_operation);
}

void nc_problem_render(const nc_error *err, const nc_act *act, const char *request_id, nc_buf *out)
{
	const nc_problem *p = nc_problem_of(err);
	char type[80];
	nc_jw w;

	snprintf(type, sizeof(type), "urn:novacron:problem:%s", p->code);
	nc_jw_init(&w, out);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "type", type);
	nc_jw_kstr(&w, "title", p->title);
	nc_jw_ki64(&w, "status", p->http_status);
	nc_jw_kstr(&w, "code", p->code);
	nc_jw_kstr(&w, "detail", err->message);
	if (*err->hint)
		nc_jw_kstr(&w, "hint", err->hint);
	nc_jw_kbool(&w, "retryable", p->is_retryable || (err->flags & NC_ERR_RETRYABLE));
	nc_jw_kstr(&w, "request_id", request_id);
	if (act)
		put_act(&w, act, p);
	nc_jw_obj_end(&w);
}

void nc_reply_json(
	nc_http_req *req, int status, nc_bytes json, const nc_http_header *headers, size_t n)
{
	nc_http_res res = { .status = status,
		.content_type = JSON_TYPE,
		.headers = headers,
		.header_count = n,
		.body = json };

	nc_http_reply(req, &res);
}

void nc_reply_problem(nc_http_req *req, const nc_error *err, const nc_act *act)
{
	_cleanup_(nc_buf_done) nc_buf b;

	nc_buf_init(&b, 256u << 10);
	nc_problem_render(err, act, nc_http_req_id(req), &b);
	nc_http_res res = { .status = nc_problem_of(err)->http_status,
		.content_type = PROBLEM_TYPE,
		.body = nc_buf_bytes(&b) };
	nc_http_reply(req, &res);
}

void nc_job_reply(nc_api_job *j, int status, const nc_http_header *headers, size_t n)
{
	nc_error err = NC_ERROR_INIT;

	if (nc_buf_failed(&j->out)) {
		nc_err_nomem(&err);
		nc_job_problem(j, &err, NULL);
		return;
	}
	nc_job_remember(j, status);
	nc_http_res res = { .status = status,
		.content_type = JSON_TYPE,
		.headers = headers,
		.header_count = n,
		.body = nc_buf_bytes(&j->out) };
	nc_http_token_reply(j->api->server, j->token, &res);
}

void nc_job_problem(nc_api_job *j, const nc_error *err, const nc_act *act)
{
	_cleanup_(nc_buf_done) nc_buf b;
	char seconds[16];
	nc_http_header retry = { "Retry-After", seconds };

	nc_buf_init(&b, 256u << 10);
	nc_problem_render(err, act, j->request_id, &b);
	snprintf(seconds, sizeof(seconds), "%u", (err->retry_after_ms + 999) / 1000);
	nc_http_res res = { .status = nc_problem_of(err)->http_status,
		.content_type = PROBLEM_TYPE,
		.headers = &retry,
		.header_count = err->retry_after_ms ? 1 : 0,
		.body = nc_buf_bytes(&b) };
	nc_http_token_reply(j->api->server, j->token, &res);
}

const char *nc_api_render_fault(void *user, const nc_http_fault *f, nc_buf *body)
{
	nc_jw w;
	char type[80];

	(void)user;
	snprintf(type, sizeof(type), "urn:novacron:problem:%s", f->code);
	nc_jw_init(&w, body);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "type", type);
	nc_jw_kstr(&w, "title", f->detail);
	nc_jw_ki64(&w, "status", f->status);
	nc_jw_kstr(&w, "code", f->code);
	nc_jw_kstr(&w, "detail", f->detail);
	if (f->hint)
		nc_jw_kstr(&w, "hint", f->hint);
	nc_jw_kbool(&w, "retryable", f->status >= 500);
	nc_jw_kstr(&w, "request_id", f->request_id);
	nc_jw_obj_end(&w);
	return PROBLEM_TYPE;
}
