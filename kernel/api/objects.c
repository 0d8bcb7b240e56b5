/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routes that every kind has, and reading: list and one. What changes something is in
 * changes.c. The kind comes from the path; what it may do comes from its table.
 */
#include <string.h>

#include "api/internal.h"
#include "base/err.h"
#include "model/body.h"

#define BODY_MAX (1u << 20)

/* ---- shared ---- */

int nc_kind_has_path(const nc_kind *kind)
{
	return !(kind->flags & (NC_KF_INTERNAL | NC_KF_LANE | NC_KF_SUB));
}

nc_code nc_kind_of_path(const char *plural, const nc_kind **ret, nc_error *err)
{
	const nc_kind *kind = nc_kind_find(plural);

	if (kind && nc_kind_has_path(kind)) {
		*ret = kind;
		return NC_OK;
	}
	const char *names[NC_KIND_LIMIT];
	size_t n = 0;
	for (size_t i = 0; i < nc_n_kinds; i++)
		if (nc_kind_has_path(nc_kinds[i]))
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

void nc_etag_header(uint64_t revision, char text[24], nc_http_header *h)
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
	_cleanup_(nc_buf_done) nc_buf whole = { 0 };

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
	static const char *const ours[] = { "project", "min_seq", NULL };
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

uint64_t nc_revision_in(nc_bytes body)
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
	nc_etag_header(nc_revision_in(nc_buf_bytes(&out)), etag, &header);
	nc_bytes none_match = nc_http_req_header(c->req, "If-None-Match");
	if (none_match.ptr && nc_bytes_eq(none_match, nc_str(etag))) {
		nc_http_res res = { .status = 304, .headers = &header, .header_count = 1 };
		nc_http_reply(c->req, &res);
		return;
	}
	nc_reply_json(c->req, 200, nc_buf_bytes(&out), &header, 1);
}

static const char *const of_get[] = { NULL };
static const char *const of_change[] = { "dry_run", NULL };
static const char *const of_delete[] = { "dry_run", "purge", NULL };

#define OBJECTS(prefix)                                                                            \
	{ .method = "GET",                                                                         \
		.pattern = prefix "/{kind}",                                                       \
		.permission = "{kind}.read",                                                       \
		.read = list,                                                                      \
		.doc = "list: limit, cursor, fields, sort, filters, label.x" },                    \
		{ .method = "POST",                                                                \
			.pattern = prefix "/{kind}",                                               \
			.permission = "{kind}.create",                                             \
			.work = nc_change_create,                                                  \
			.query = of_change,                                                        \
			.body_limit = BODY_MAX,                                                    \
			.doc = "create" },                                                         \
		{ .method = "GET",                                                                 \
			.pattern = prefix "/{kind}/{ref}",                                         \
			.permission = "{kind}.read",                                               \
			.read = get,                                                               \
			.query = of_get,                                                           \
			.doc = "one, by id or name" },                                             \
		{ .method = "PATCH",                                                               \
			.pattern = prefix "/{kind}/{ref}",                                         \
			.permission = "{kind}.update",                                             \
			.work = nc_change_patch,                                                   \
			.query = of_change,                                                        \
			.body_limit = BODY_MAX,                                                    \
			.doc = "JSON merge patch" },                                               \
		{ .method = "PUT",                                                                 \
			.pattern = prefix "/{kind}/{ref}",                                         \
			.permission = "{kind}.update",                                             \
			.work = nc_change_put,                                                     \
			.query = of_change,                                                        \
			.body_limit = BODY_MAX,                                                    \
			.doc = "replace" },                                                        \
		{ .method = "DELETE",                                                              \
			.pattern = prefix "/{kind}/{ref}",                                         \
			.permission = "{kind}.delete",                                             \
			.work = nc_change_delete,                                                  \
			.query = of_delete,                                                        \
			.doc = "delete; ?purge=1 for good" },                                      \
		{ .method = "POST",                                                                \
			.pattern = prefix "/{kind}/{ref}/{action}",                                \
			.permission = "{kind}.act",                                                \
			.work = nc_change_action,                                                  \
			.query = of_change,                                                        \
			.body_limit = BODY_MAX,                                                    \
			.doc = "an action, or a new element of a sub-resource" },                  \
		{ .method = "PATCH",                                                               \
			.pattern = prefix "/{kind}/{ref}/{field}/{sub}",                           \
			.permission = "{kind}.update",                                             \
			.work = nc_change_sub_patch,                                               \
			.query = of_change,                                                        \
			.body_limit = BODY_MAX,                                                    \
			.doc = "change an element of a sub-resource" },                            \
	{                                                                                          \
		.method = "DELETE", .pattern = prefix "/{kind}/{ref}/{field}/{sub}",               \
		.permission = "{kind}.update", .work = nc_change_sub_delete, .query = of_change,   \
		.doc = "remove an element of a sub-resource"                                       \
	}

/* The product's documents have hosts and instance types under /compute, too. */
const nc_api_route nc_api_objects[] = {
	OBJECTS("/api/v1"),
	OBJECTS("/api/v1/compute"),
	{ .method = NULL },
};
