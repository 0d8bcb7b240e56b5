/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /events: what happened after a cursor, waiting for it if asked (long poll). The same events,
 * the same cursors as the streams that come with the full API. A worker's job: old ones are read
 * from the store.
 */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"

#define TOPICS_MAX 16
#define WAITS_FOR  "events" /* no operation is called so */

typedef struct reading {
	nc_api_job *j;
	uint32_t n;
} reading;

static void on_event(void *arg, const nc_event *e, uint64_t seq, uint32_t n, nc_bytes entry)
{
	reading *r = arg;

	(void)entry;
	if (r->n++)
		nc_buf_putc(&r->j->out, ',');
	nc_event_render(e, nc_db_log_id(r->j->api->o.db), seq, n, &r->j->out);
}

static void never_wake(void *arg)
{
	(void)arg;
}

static void sub_freep(nc_sub **s)
{
	nc_sub_free(*s);
}

static nc_code split_topics(nc_api_job *j, const char **list, uint32_t *ret_n, nc_error *err)
{
	const char *topics = nc_job_query(j, "topics");
	char *text = topics ? nc_arena_strdup(j->arena, topics) : NULL, *save = NULL;

	*ret_n = 0;
	if (topics && !text)
		return nc_err_nomem(err);
	for (char *word = text ? strtok_r(text, ",", &save) : NULL; word;
		word = strtok_r(NULL, ",", &save)) {
		if (*ret_n == TOPICS_MAX)
			return nc_problem_err(err, "invalid", "topics: at most %d", TOPICS_MAX);
		list[(*ret_n)++] = word;
	}
	return NC_OK;
}

static nc_code subscribe(nc_api_job *j, nc_sub **ret, nc_error *err)
{
	const char *topics[TOPICS_MAX];
	nc_sub_options o = {
		.after = nc_job_query(j, "after"), .topics = topics, .wake = never_wake
	};
	nc_reach reach = { .is_everywhere = 1 };

	if (split_topics(j, topics, &o.n_topics, err) != NC_OK)
		return err->code;
	if (j->project && strcmp(j->project, "*")) {
		nc_code rc = nc_job_reach(j, &reach, err);
		if (rc != NC_OK)
			return rc;
		o.project = reach.project;
	}
	return nc_sub_new(j->api->o.events, &o, ret, err);
}

/* Fill one page; the cursor to go on from is the subscriber's. */
static nc_code fill(nc_sub *sub, reading *r, uint32_t limit, uint64_t *gap, nc_error *err)
{
	nc_pull got = NC_PULL_EVENTS;

	while (r->n < limit && (got == NC_PULL_EVENTS || got == NC_PULL_GAP)) {
		uint64_t oldest = 0;
		got = nc_sub_pull(sub, limit - r->n, on_event, r, &oldest);
		if (got == NC_PULL_NEEDS_STORE)
			got = nc_sub_catch_up(sub, limit - r->n, on_event, r, &oldest, err);
		if (got == NC_PULL_NEEDS_STORE)
			return err->code;
		if (got == NC_PULL_GAP)
			*gap = oldest;
	}
	return NC_OK;
}

static void answer_page(nc_api_job *j)
{
	_cleanup_(sub_freep) nc_sub *sub = NULL;
	nc_error err = NC_ERROR_INIT;
	reading r = { .j = j };
	uint64_t gap = 0;
	char cursor[64];
	int64_t wait_us = 0;
	const char *wait = nc_job_query(j, "wait"), *limit = nc_job_query(j, "limit");
	char *end = NULL;
	long n = limit ? strtol(limit, &end, 10) : 100;

	if ((end && *end) || n < 1 || n > 1000 || (wait && nc_duration_parse(wait, &wait_us) < 0)) {
		nc_problem_err(&err, "invalid", "limit: 1 to 1000; wait: a duration like 30s");
		nc_job_problem(j, &err, NULL);
		return;
	}
	j->out.len = 0;
	nc_buf_puts(&j->out, "{\"items\":[");
	nc_code rc = subscribe(j, &sub, &err);
	if (rc == NC_OK)
		rc = fill(sub, &r, (uint32_t)n, &gap, &err);
	if (rc != NC_OK) {
		nc_job_problem(j, &err, NULL);
		return;
	}
	int64_t left = j->deadline_us ? j->deadline_us - nc_clock_mono_us() : wait_us;
	if (!r.n && !gap && left > 0 && !j->is_cut && nc_job_query(j, "after")) {
		j->deadline_us = nc_clock_mono_us() + left;
		/* Looked at again after a little while: events come in bursts anyway. */
		nc_waiters_add(
			j->api->waiters, j, WAITS_FOR, NC_MIN(left, (int64_t)200000), answer_page);
		return;
	}
	nc_sub_cursor(sub, cursor);
	nc_buf_printf(&j->out, "],\"cursor\":\"%s\"", cursor);
	if (gap)
		nc_buf_printf(&j->out, ",\"gap\":{\"oldest_seq\":%llu}", (unsigned long long)gap);
	nc_buf_putc(&j->out, '}');
	nc_job_reply(j, 200, NULL, 0);
}

static const char *const words[] = { "after", "topics", "limit", "wait", NULL };

const nc_api_route nc_api_events_routes[] = {
	{ .method = "GET",
		.pattern = "/api/v1/events",
		.permission = "event.read",
		.work = answer_page,
		.query = words,
		.doc = "events after a cursor: after, topics, limit, wait" },
	{ .method = NULL },
};
