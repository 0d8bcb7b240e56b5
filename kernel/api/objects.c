/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routes that every kind has: list, read, create, change, delete, actions, sub-resources. The
 * kind comes from the path; what it may do comes from its table.
 */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/err.h"
#include "base/hash.h"
#include "model/body.h"

#define BODY_MAX (1u << 20)

/* ---- shared ---- */

nc_code nc_kind_of_path(const char *plural, const nc_kind **ret, nc_error *err)
{
	const nc_kind *kind = nc_kind_find(plural);

	if (kind && !(kind->flags & (NC_KF_INTERNAL | NC_KF_LANE | NC_KF_SUB))) {
		*ret = kind;
		return NC_OK;
	}
	if (kind && kind == &nc_kind_orphan) {
		*ret = kind;
		return NC_OK;
	}
	const char *names[NC_KIND_LIMIT];
	size_t n = 0;
	for (size_t i = 0; i < nc_n_kinds; i++)
		if (!(nc_kinds[i]->flags & NC_KF_INTERNAL))
			names[n++] = nc_kinds[i]->plural;
	const char *close = nc_did_you_mean(plural, names, n);
	nc_problem_err(err, "not_found", "there is no kind \"%.40s\"", plural);
	return close ? nc_err_hint(err, NC_E_NOTFOUND, "did you mean /api/v1/%s?", close)
		     : nc_err_hint(err, NC_E_NOTFOUND, "GET /api/v1 lists them");
}

nc_code nc_reach_of(const nc_root *r, const char *project, nc_reach *ret, nc_error *err)
{
	nc_reach all = { .is_everywhere = 1 };
	const nc_item *it = NULL;

	*ret = all;
	if (project && !strcmp(project, "*"))
		return NC_OK;
	/* The user's default project comes with users; until then it is "default". */
	nc_code rc = nc_model_resolve(
		r, &nc_kind_project, &all, project ? project : "default", &it, NULL, err);
	if (rc == NC_OK)
		*ret = (nc_reach){ .project = nc_item_id(it) };
	return project ? rc : NC_OK;
}

static void etag_header(uint64_t revision, char text[24], nc_http_header *h)
{
	snprintf(text, 24, "\"%llu\"", (unsigned long long)revision);
	*h = (nc_http_header){ "ETag", text };
}

/* ---- reading, on the reactor ---- */

typedef struct listing {
	nc_api *api;
	nc_buf *out;
	const nc_query *q;
	int has_any;
} listing;

static nc_code add_row(void *ctx, const nc_item *it)
{
	listing *l = ctx;
	_cleanup_(nc_buf_done) nc_buf whole;

	if (l->has_any)
		nc_buf_putc(l->out, ',');
	l->has_any = 1;
	if (!l->q->n_fields) {
		nc_observed_serve(nc_flow_observed(l->api->o.flow), it, l->out);
		return NC_OK;
	}
	nc_buf_init(&whole, NC_STORE_VAL_MAX);
	nc_observed_serve(nc_flow_observed(l->api->o.flow), it, &whole);
	nc_body_project(nc_buf_bytes(&whole), l->q->fields, l->q->n_fields, l->out);
	return nc_buf_failed(&whole) ? NC_E_NOMEM : NC_OK;
}

static nc_code run_list(nc_call_ctx *c, const nc_root *r, const nc_kind *kind, nc_buf *out,
	nc_act *faults, nc_error *err)
{
	static const char *const ours[] = { "project", NULL };
	size_t n = 0;
	const nc_http_pair *pairs = nc_http_req_query_all(c->req, &n);
	nc_param *params = nc_arena_new_array(c->arena, nc_param, n + 1);
	nc_query q = { 0 };
	nc_reach reach;
	const char *cursor = NULL;

	if (!params)
		return nc_err_nomem(err);
	for (size_t i = 0; i < n; i++)
		params[i] = (nc_param){ pairs[i].name, pairs[i].value };
	nc_code rc = nc_reach_of(r, nc_http_req_query(c->req, "project"), &reach, err);
	if (rc != NC_OK)
		return rc;
	nc_query_parse(&q, kind, &reach, params, n, ours, r, c->arena, &faults->faults);
	if (nc_faults_any(&faults->faults))
		return nc_faults_error(&faults->faults, err);
	listing l = { .api = c->api, .out = out, .q = &q };
	nc_buf_puts(out, "{\"items\":[");
	rc = nc_query_run(&q, r, add_row, &l, &cursor, err);
	nc_buf_printf(out, "],\"revision\":%llu", (unsigned long long)nc_root_seq(r));
	if (cursor)
		nc_buf_printf(out, ",\"next_cursor\":\"%s\"", cursor);
	nc_buf_putc(out, '}');
	return rc;
}

static void list(nc_call_ctx *c)
{
	_cleanup_(nc_buf_done) nc_buf out;
	nc_error err = NC_ERROR_INIT;
	const nc_kind *kind = NULL;
	nc_act faults = { .arena = c->arena };

	nc_buf_init(&out, 64u << 20);
	nc_faults_init(&faults.faults, c->arena);
	nc_code rc = nc_kind_of_path(nc_http_req_param(c->req, "kind"), &kind, &err);
	if (rc == NC_OK) {
		const nc_root *r = nc_db_read_begin(c->api->o.db);
		rc = run_list(c, r, kind, &out, &faults, &err);
		nc_db_read_end(c->api->o.db);
	}
	if (rc == NC_OK && nc_buf_failed(&out))
		rc = nc_err_nomem(&err);
	if (rc != NC_OK) {
		nc_reply_problem(c->req, &err, &faults);
		return;
	}
	nc_reply_json(c->req, 200, nc_buf_bytes(&out), NULL, 0);
}

static uint64_t revision_in(nc_bytes body)
{
	nc_bytes v = nc_body_member(body, "revision");
	uint64_t n = 0;

	for (size_t i = 0; i < v.len; i++) {
		char ch = ((const char *)v.ptr)[i];
		if (ch < '0' || ch > '9')
			return 0;
		n = n * 10 + (uint64_t)(ch - '0');
	}
	return n;
}

static void get(nc_call_ctx *c)
{
	_cleanup_(nc_buf_done) nc_buf out;
	nc_error err = NC_ERROR_INIT;
	nc_act found = { .arena = c->arena };
	const nc_kind *kind = NULL;
	const nc_item *it = NULL;
	nc_reach reach;
	char etag[24];
	nc_http_header header;

	nc_buf_init(&out, 1u << 20);
	nc_code rc = nc_kind_of_path(nc_http_req_param(c->req, "kind"), &kind, &err);
	if (rc == NC_OK) {
		const nc_root *r = nc_db_read_begin(c->api->o.db);
		rc = nc_reach_of(r, nc_http_req_query(c->req, "project"), &reach, &err);
		if (rc == NC_OK)
			rc = nc_model_resolve(r, kind, &reach, nc_http_req_param(c->req, "ref"),
				&it, &found.candidates, &err);
		if (rc == NC_OK)
			nc_observed_serve(nc_flow_observed(c->api->o.flow), it, &out);
		nc_db_read_end(c->api->o.db);
	}
	if (rc == NC_OK && nc_buf_failed(&out))
		rc = nc_err_nomem(&err);
	if (rc != NC_OK) {
		nc_reply_problem(c->req, &err, &found);
		return;
	}
	etag_header(revision_in(nc_buf_bytes(&out)), etag, &header);
	nc_bytes none_match = nc_http_req_header(c->req, "If-None-Match");
	if (none_match.ptr && nc_bytes_eq(none_match, nc_str(etag))) {
		nc_http_res res = { .status = 304, .headers = &header, .header_count = 1 };
		nc_http_reply(c->req, &res);
		return;
	}
	nc_reply_json(c->req, 200, nc_buf_bytes(&out), &header, 1);
}

/* ---- acting, on a worker ---- */

/* What makes two requests the same one: method, path, query and body. */
static const char *hash_request(nc_api_job *j)
{
	_cleanup_(nc_buf_done) nc_buf b;
	char hex[65];

	nc_buf_init(&b, 4u << 20);
	nc_buf_printf(&b, "%s %s\n", j->method, j->path);
	for (size_t i = 0; i < j->n_query; i++)
		nc_buf_printf(&b, "%s=%s\n", j->query[i].name, j->query[i].value);
	nc_buf_put(&b, j->body.ptr, j->body.len);
	if (nc_buf_failed(&b))
		return NULL;
	nc_sha256_hex(nc_buf_bytes(&b), hex);
	return nc_arena_strdup(j->arena, hex);
}

static nc_code check_key(const char *key, nc_error *err)
{
	if (!key)
		return NC_OK;
	size_t n = strlen(key);
	for (size_t i = 0; i < n; i++)
		if (key[i] < 0x21 || key[i] > 0x7e)
			n = 0;
	if (n >= 1 && n <= 255)
		return NC_OK;
	return nc_problem_err(
		err, "invalid", "Idempotency-Key must be 1 to 255 printable characters");
}

static nc_code begin_act(nc_api_job *j, nc_act *a, const nc_kind **kind, nc_error *err)
{
	*a = (nc_act){ .flow = j->api->o.flow,
		.arena = j->arena,
		.actor = j->who.name,
		.idempotency_key = j->idempotency_key,
		.if_match = j->if_match,
		.body = &j->out };
	nc_faults_init(&a->faults, j->arena);
	const char *dry = nc_job_query(j, "dry_run");
	a->is_dry_run = dry && strcmp(dry, "0") && strcmp(dry, "false");
	nc_code rc = check_key(j->idempotency_key, err);
	if (rc != NC_OK)
		return rc;
	if (j->idempotency_key && !(a->request_hash = hash_request(j)))
		return nc_err_nomem(err);
	if ((rc = nc_kind_of_path(j->params[0], kind, err)) != NC_OK)
		return rc;
	const nc_root *r = nc_db_read_begin(j->api->o.db);
	rc = nc_reach_of(r, j->project, &a->reach, err);
	if (rc == NC_OK && a->reach.project)
		a->reach.project = nc_arena_strdup(j->arena, a->reach.project);
	nc_db_read_end(j->api->o.db);
	return rc;
}

/* "wait=60" in Prefer; -1 = not asked for. */
static int64_t prefer_wait_us(const nc_api_job *j)
{
	const char *p = j->prefer ? strstr(j->prefer, "wait=") : NULL;

	if (!p)
		return -1;
	int64_t s = strtoll(p + 5, NULL, 10);
	return s > 0 && s <= 3600 ? s * 1000000 : -1;
}

/* The object as it is in the end, or the operation that has not ended yet. */
static void finish_waiting(nc_api_job *j)
{
	nc_operation_answer(j, NC_ANSWER_OBJECT);
}

static void answer(nc_api_job *j, nc_act *a, nc_code rc, const nc_error *err)
{
	nc_http_header headers[4];
	char etag[24], location[80], cursor[32];
	size_t n = 0;

	if (rc != NC_OK) {
		nc_job_problem(j, err, a);
		return;
	}
	int64_t wait_us = a->operation && a->http_status == 202 ? prefer_wait_us(j) : -1;
	if (wait_us > 0) {
		j->is_streaming = 1;
		nc_waiters_add(j->api->waiters, j, a->operation, wait_us, finish_waiting);
		return;
	}
	if (a->operation) {
		snprintf(location, sizeof(location), "/api/v1/operations/%s", a->operation);
		headers[n++] = (nc_http_header){ "Location", location };
	}
	if (a->revision) {
		etag_header(a->revision, etag, &headers[n++]);
	}
	if (a->seq) {
		snprintf(cursor, sizeof(cursor), "%llu", (unsigned long long)a->seq);
		headers[n++] = (nc_http_header){ "X-Novacron-Seq", cursor };
	}
	if (a->is_replay)
		headers[n++] = (nc_http_header){ "Idempotency-Replayed", "true" };
	nc_job_reply(j, a->http_status, headers, n);
}

static nc_code need_object(const nc_api_job *j, nc_error *err)
{
	if (json_is_object(j->json))
		return NC_OK;
	return nc_problem_err(err, "malformed", "the body must be a JSON object");
}

static void create(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	const nc_kind *kind = NULL;
	nc_act a;
	nc_code rc = begin_act(j, &a, &kind, &err);

	if (rc == NC_OK)
		rc = need_object(j, &err);
	if (rc == NC_OK)
		rc = nc_act_create(&a, kind, j->json, &err);
	answer(j, &a, rc, &err);
}

static void patch(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	const nc_kind *kind = NULL;
	nc_act a;
	nc_code rc = begin_act(j, &a, &kind, &err);

	if (rc == NC_OK)
		rc = need_object(j, &err);
	if (rc == NC_OK)
		rc = nc_act_patch(&a, kind, j->params[1], j->json, &err);
	answer(j, &a, rc, &err);
}

static void put(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	const nc_kind *kind = NULL;
	nc_act a;
	nc_code rc = begin_act(j, &a, &kind, &err);

	if (rc == NC_OK)
		rc = need_object(j, &err);
	if (rc == NC_OK)
		rc = nc_act_replace(&a, kind, j->params[1], j->json, &err);
	answer(j, &a, rc, &err);
}

static void delete (nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	const nc_kind *kind = NULL;
	const char *purge = nc_job_query(j, "purge");
	nc_act a;
	nc_code rc = begin_act(j, &a, &kind, &err);

	if (rc == NC_OK)
		rc = nc_act_delete(&a, kind, j->params[1],
			purge && strcmp(purge, "0") ? NC_DELETE_PURGE : NC_DELETE_SOFT, &err);
	answer(j, &a, rc, &err);
}

static nc_code may_act(const nc_api_job *j, const nc_kind *kind, nc_error *err)
{
	for (const nc_action *x = nc_actions(); x->kind; x++)
		if (!strcmp(x->kind, kind->name) && !strcmp(x->name, j->params[2]))
			return nc_principal_may(&j->who, x->permission, err);
	return NC_OK; /* nc_act_do says what there is */
}

/* POST /{kind}/{ref}/{action}, or an element of a sub-resource: POST /vms/{id}/disks. */
static void act(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	const nc_kind *kind = NULL;
	nc_act a;
	nc_code rc = begin_act(j, &a, &kind, &err);

	if (rc == NC_OK)
		rc = may_act(j, kind, &err);
	if (rc == NC_OK && nc_kind_has_sub(kind, j->params[2]))
		rc = nc_act_sub(&a, kind, j->params[1], j->params[2], NULL, j->json, &err);
	else if (rc == NC_OK)
		rc = nc_act_do(&a, kind, j->params[1], j->params[2], j->json, &err);
	answer(j, &a, rc, &err);
}

static void sub_patch(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	const nc_kind *kind = NULL;
	nc_act a;
	nc_code rc = begin_act(j, &a, &kind, &err);

	if (rc == NC_OK)
		rc = need_object(j, &err);
	if (rc == NC_OK)
		rc = nc_act_sub(&a, kind, j->params[1], j->params[2], j->params[3], j->json, &err);
	answer(j, &a, rc, &err);
}

static void sub_delete(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	const nc_kind *kind = NULL;
	nc_act a;
	nc_code rc = begin_act(j, &a, &kind, &err);

	if (rc == NC_OK)
		rc = nc_act_sub(&a, kind, j->params[1], j->params[2], j->params[3], NULL, &err);
	answer(j, &a, rc, &err);
}

const nc_api_route nc_api_objects[] = {
	{ .method = "GET",
		.pattern = "/api/v1/{kind}",
		.permission = "{kind}.read",
		.read = list,
		.doc = "list: limit, cursor, fields, sort, filters, label.x" },
	{ .method = "POST",
		.pattern = "/api/v1/{kind}",
		.permission = "{kind}.create",
		.work = create,
		.body_limit = BODY_MAX,
		.doc = "create" },
	{ .method = "GET",
		.pattern = "/api/v1/{kind}/{ref}",
		.permission = "{kind}.read",
		.read = get,
		.doc = "one, by id or name" },
	{ .method = "PATCH",
		.pattern = "/api/v1/{kind}/{ref}",
		.permission = "{kind}.update",
		.work = patch,
		.body_limit = BODY_MAX,
		.doc = "JSON merge patch" },
	{ .method = "PUT",
		.pattern = "/api/v1/{kind}/{ref}",
		.permission = "{kind}.update",
		.work = put,
		.body_limit = BODY_MAX,
		.doc = "replace" },
	{ .method = "DELETE",
		.pattern = "/api/v1/{kind}/{ref}",
		.permission = "{kind}.delete",
		.work = delete,
		.doc = "delete; ?purge=1 for good" },
	{ .method = "POST",
		.pattern = "/api/v1/{kind}/{ref}/{action}",
		.permission = "{kind}.act",
		.work = act,
		.body_limit = BODY_MAX,
		.doc = "an action, or a new element of a sub-resource" },
	{ .method = "PATCH",
		.pattern = "/api/v1/{kind}/{ref}/{field}/{sub}",
		.permission = "{kind}.update",
		.work = sub_patch,
		.body_limit = BODY_MAX,
		.doc = "change an element of a sub-resource" },
	{ .method = "DELETE",
		.pattern = "/api/v1/{kind}/{ref}/{field}/{sub}",
		.permission = "{kind}.update",
		.work = sub_delete,
		.doc = "remove an element of a sub-resource" },
	{ .method = NULL },
};
