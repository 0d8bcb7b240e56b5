/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the API and what their answers mean. The one place where the flags that every change
 * takes become headers and query parameters, and where a problem document becomes an nc_error.
 */
#include "cli/call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "cli/url.h"
#include "model/problem.h"

enum { URL_MAX = 64 << 10, FIRST_LINE = 200 };

#define DEFAULT_SOCKET "/run/novacron/api.sock"
#define API            "/api/v1"

const char *nc_cli_socket(const nc_cli *c)
{
	const char *flag = nc_args_str(&c->args, "socket"), *env = getenv("NOVACRON_SOCKET");

	if (flag)
		return flag;
	return env && *env ? env : DEFAULT_SOCKET;
}

const char *nc_cli_project(const nc_cli *c)
{
	const char *flag = nc_args_str(&c->args, "project"), *env = getenv("NOVACRON_PROJECT");

	if (flag)
		return flag;
	return env && *env ? env : NULL;
}

const char *nc_json_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* ---- building ---- */

void nc_call_init_path(nc_call *call, const char *method, const char *path)
{
	*call = (nc_call){ .method = method };
	nc_buf_init(&call->path, URL_MAX);
	nc_buf_puts(&call->path, path);
}

void nc_call_init(
	nc_call *call, const char *method, const nc_kind *kind, const char *ref, const char *action)
{
	nc_call_init_path(call, method, API);
	nc_url_segment(&call->path, kind->plural);
	if (ref)
		nc_url_segment(&call->path, ref);
	if (action)
		nc_url_segment(&call->path, action);
}

void nc_call_done(nc_call *call)
{
	nc_buf_done(&call->path);
	json_decref(call->body);
	json_decref(call->json);
	nc_free(call->text);
}

void nc_call_segment(nc_call *call, const char *text)
{
	nc_url_segment(&call->path, text);
}

void nc_call_query(nc_call *call, const char *name, const char *value)
{
	if (value)
		nc_url_query(&call->path, name, value);
}

/* ---- answers ---- */

static const nc_problem *problem_of_status(int status)
{
	for (size_t i = 0; i < nc_n_problems; i++)
		if (nc_problems[i].http_status == status)
			return &nc_problems[i];
	return nc_problem_find("internal");
}

/* A refusal that is no problem document: something else answered, or a fault of ours. */
static nc_code plain_refusal(const nc_call *call, nc_error *err)
{
	size_t n = call->text ? strcspn(call->text, "\r\n") : 0;

	return nc_problem_err(err, problem_of_status(call->status)->code, "HTTP %d%s%.*s",
		call->status, n ? ": " : "", (int)NC_MIN(n, (size_t)FIRST_LINE),
		n ? call->text : "");
}

static nc_code refused(nc_cli *c, nc_call *call, nc_error *err)
{
	const json_t *j = call->json;
	const char *detail = nc_json_text(j, "detail"), *hint = nc_json_text(j, "hint");
	const nc_problem *p = nc_problem_find(nc_json_text(j, "code"));

	if (!json_is_object(j) || !*nc_json_text(j, "code"))
		return plain_refusal(call, err);
	p = p ? p : problem_of_status(call->status);
	nc_code rc =
		nc_problem_err(err, p->code, "%s", *detail ? detail : nc_json_text(j, "title"));
	if (*hint)
		nc_err_hint(err, rc, "%s", hint);
	if (!strcmp(p->code, "outcome_unknown") && err)
		err->flags |= NC_ERR_OUTCOME_UNKNOWN;
	json_decref(c->problem);
	c->problem = nc_steal(&call->json);
	return rc;
}

/* JSON where there is some; else the text as it is. */
static nc_code take_body(nc_call *call, nc_client_answer *a, nc_error *err)
{
	nc_error why = NC_ERROR_INIT;

	if (!a->body.len)
		return NC_OK;
	if (strstr(a->content_type, "json")) {
		nc_code rc = nc_json_parse(
			nc_buf_bytes(&a->body), NC_CLIENT_ANSWER_MAX, &call->json, &why);
		if (rc == NC_E_NOMEM)
			return nc_err_nomem(err);
		if (rc != NC_OK)
			return nc_err(
				err, NC_E_PROTO, "the answer is not JSON: %.250s", why.message);
		return NC_OK;
	}
	call->text = nc_buf_take(&a->body, NULL);
	return call->text ? NC_OK : nc_err_nomem(err);
}

/* ---- sending ---- */

static int is_change(const nc_call *call)
{
	return !call->is_aside && strcmp(call->method, "GET") != 0;
}

static void add_flags(const nc_cli *c, nc_call *call)
{
	if (c->cmd->uses & NC_USES_PROJECT)
		nc_call_query(call, "project", nc_cli_project(c));
	if (is_change(call) && nc_args_has(&c->args, "dry-run"))
		nc_call_query(call, "dry_run", "1");
}

static const char *if_match_of(const nc_cli *c, const nc_call *call, char etag[32])
{
	int64_t revision = nc_args_num(&c->args, "if-match", -1);

	if (call->if_match || !is_change(call) || revision < 0)
		return call->if_match;
	snprintf(etag, 32, "\"%" PRId64 "\"", revision);
	return etag;
}

static nc_code transmit(nc_cli *c, nc_call *call, nc_bytes body, nc_client_answer *a, nc_error *err)
{
	char etag[32];
	const char *key = is_change(call) ? nc_args_str(&c->args, "idempotency-key") : NULL;
	const nc_client_header headers[] = { { "Idempotency-Key", key },
		{ "If-Match", if_match_of(c, call, etag) } };
	const nc_client_request req = { .method = call->method,
		.path = call->path.ptr,
		.headers = headers,
		.n_headers = NC_LEN(headers),
		.body = body,
		.timeout_us = call->timeout_us,
		.changes_nothing = !strcmp(call->method, "GET"),
		.interrupted = call->interrupted };

	return nc_client_send(c->client, &req, a, err);
}

nc_code nc_call_send(nc_cli *c, nc_call *call, nc_error *err)
{
	_cleanup_(nc_freep) char *text = NULL;
	nc_client_answer a;
	nc_code rc = NC_OK;

	if (!c->client && (rc = nc_client_new(nc_cli_socket(c), &c->client, err)) != NC_OK)
		return rc;
	add_flags(c, call);
	if (call->body && !(text = json_dumps(call->body, JSON_COMPACT | JSON_ENCODE_ANY)))
		return nc_err_nomem(err);
	if (nc_buf_failed(&call->path))
		return call->path.error == NC_E_NOMEM
			       ? nc_err_nomem(err)
			       : nc_err(err, NC_E_INVAL, "the request is too long");
	rc = transmit(c, call, nc_str(text), &a, err);
	if (rc == NC_OK) {
		call->status = a.status;
		call->is_replay = !strcmp(a.replayed, "true");
		snprintf(call->etag, sizeof(call->etag), "%s", a.etag);
		rc = take_body(call, &a, err);
	}
	nc_client_answer_done(&a);
	if (rc == NC_OK && call->status >= 400 && !call->takes_any_status)
		rc = refused(c, call, err);
	return rc;
}

nc_code nc_get_object(nc_cli *c, const nc_kind *kind, const char *ref, json_t **ret, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init(&call, "GET", kind, ref, NULL);
	nc_code rc = nc_call_send(c, &call, err);
	if (rc != NC_OK)
		return rc;
	if (!json_is_object(call.json))
		return nc_err(
			err, NC_E_PROTO, "%s %s: the answer is not an object", kind->name, ref);
	*ret = nc_steal(&call.json);
	return NC_OK;
}
