/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of what lies in the store and not in memory: finished operations, decisions. They are read
 * by a worker, oldest first, from one id to the next; what is not the caller's project's is passed
 * over. Objects have their own lists: see objects.c.
 */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/err.h"
#include "model/body.h"

nc_code nc_page_begin(nc_page *p, nc_api_job *j, nc_error *err)
{
	const char *limit = nc_job_query(j, "limit"), *cursor = nc_job_query(j, "cursor");

	*p = (nc_page){ .j = j, .limit = 100, .cursor = cursor ? cursor : "" };
	nc_buf_puts(&j->out, "{\"items\":[");
	if (limit) {
		long n = strtol(limit, NULL, 10);
		if (n < 1 || n > 1000)
			return nc_problem_err(err, "invalid", "limit: must be 1 to 1000");
		p->limit = (uint32_t)n;
	}
	return nc_job_reach(j, &p->reach, err);
}

int nc_page_shows(const nc_page *p, nc_bytes project)
{
	const nc_reach *r = &p->reach;

	return r->is_everywhere || !project.len || nc_bytes_eq(project, nc_str("null")) ||
	       (r->project && nc_body_is_word(project, r->project));
}

void nc_page_looked_at(nc_page *p, const char *id)
{
	p->last = nc_arena_strdup(p->j->arena, id);
}

nc_code nc_page_added(nc_page *p)
{
	return ++p->n == p->limit ? NC_E_BUSY : NC_OK;
}

void nc_page_answer(nc_page *p, nc_code rc, const nc_error *err)
{
	nc_api_job *j = p->j;

	if (rc != NC_OK && rc != NC_E_BUSY) {
		nc_job_problem(j, err, NULL);
		return;
	}
	nc_buf_putc(&j->out, ']');
	if (rc == NC_E_BUSY && p->last)
		nc_buf_printf(&j->out, ",\"next_cursor\":\"%s\"", p->last);
	nc_buf_putc(&j->out, '}');
	nc_job_reply(j, 200, NULL, 0);
}
