/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decisions: why a placement went as it did. They are stored as columns, in the store alone, and
 * rendered when somebody asks; so these are a worker's.
 */
#include "api/internal.h"
#include "base/err.h"
#include "model/body.h"

static nc_code render(void *ctx, const nc_item *it)
{
	nc_api_job *j = ctx;

	return nc_decision_render(nc_item_body(it), &j->out, NULL);
}

static void get(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	const char *id = j->params[0];

	if (nc_db_get(j->api->o.db, NC_KIND_DECISION, nc_str(id), render, j, &err) != NC_OK) {
		if (err.code == NC_E_NOTFOUND)
			nc_problem_err(&err, "not_found", "there is no decision %.48s", id);
		nc_job_problem(j, &err, NULL);
		return;
	}
	nc_job_reply(j, 200, NULL, 0);
}

/* Of the decision that was rendered from there on. */
static nc_bytes project_of(const nc_buf *out, size_t from)
{
	nc_bytes all = nc_buf_bytes(out);
	nc_bytes one = { (const char *)all.ptr + from, all.len - from };

	return nc_body_member(nc_body_member(one, "request"), "project");
}

static nc_code on_listed(void *ctx, const nc_item *it)
{
	nc_page *p = ctx;
	nc_buf *out = &p->j->out;
	size_t mark = out->len;

	nc_page_looked_at(p, nc_item_id(it));
	if (p->n)
		nc_buf_putc(out, ',');
	size_t from = out->len;
	/* A damaged one is left out, as elsewhere. */
	if (nc_decision_render(nc_item_body(it), out, NULL) == NC_OK &&
		nc_page_shows(p, project_of(out, from)))
		return nc_page_added(p);
	out->len = mark;
	return NC_OK;
}

static void list(nc_api_job *j)
{
	nc_error err = NC_ERROR_INIT;
	nc_page page;
	nc_code rc = nc_page_begin(&page, j, &err);

	if (rc == NC_OK)
		rc = nc_db_scan(j->api->o.db, NC_KIND_DECISION, nc_str(page.cursor), 0, on_listed,
			&page, &err);
	nc_page_answer(&page, rc, &err);
}

static const char *const of_list[] = { "limit", "cursor", NULL };

const nc_api_route nc_api_decisions[] = {
	{ .method = "GET",
		.pattern = "/api/v1/decisions",
		.permission = "decision.read",
		.work = list,
		.query = of_list,
		.doc = "all of them, oldest first: project, limit, cursor" },
	{ .method = "GET",
		.pattern = "/api/v1/decisions/{id}",
		.permission = "decision.read",
		.work = get,
		.doc = "why a placement went as it did" },
	{ .method = NULL },
};
