/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event list: the last of what happened, or all after a cursor; --follow goes on with what happens
 * next. Reading goes forward only, so the last are found by passing over the others.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/output.h"

enum { PAGE = 1000, LIMIT = 100 };

/* No log has this id: the server calls it a gap and goes on from the oldest event it keeps. */
#define OLDEST "00000000000000000000000000.0.0"

#define WAIT_US INT64_C(25000000)

/* ---- pages ---- */

static nc_code read_page(
	nc_cli *c, const char *after, int64_t limit, int64_t wait_us, json_t **ret, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	char text[32];

	nc_call_init(&call, "GET", &nc_kind_event, NULL, NULL);
	nc_call_query(&call, "after", after);
	snprintf(text, sizeof(text), "%" PRId64, NC_MIN(limit, (int64_t)PAGE));
	nc_call_query(&call, "limit", text);
	nc_call_query(&call, "topics", nc_args_str(&c->args, "topics"));
	if (wait_us) {
		snprintf(text, sizeof(text), "%" PRId64 "s", wait_us / 1000000);
		nc_call_query(&call, "wait", text);
		call.timeout_us = 2 * wait_us;
	}
	nc_code rc = nc_call_send(c, &call, err);
	if (rc == NC_OK && !json_is_array(json_object_get(call.json, "items")))
		rc = nc_err(err, NC_E_PROTO, "the answer is not a list of events");
	if (rc == NC_OK)
		*ret = nc_steal(&call.json);
	return rc;
}

/* Only the last `keep` of them. */
static void trim(json_t *items, int64_t keep)
{
	while ((int64_t)json_array_size(items) > keep)
		json_array_remove(items, 0);
}

/* The next page's events and cursor into the first. */
static nc_code join(json_t *whole, const json_t *page, nc_error *err)
{
	if (json_array_extend(json_object_get(whole, "items"), json_object_get(page, "items")) ||
		json_object_set(whole, "cursor", json_object_get(page, "cursor")))
		return nc_err_nomem(err);
	return NC_OK;
}

static void tell_gap(nc_cli *c, const json_t *page)
{
	const json_t *gap = json_object_get(page, "gap");

	if (gap)
		nc_tell(&c->term,
			"events before seq %" JSON_INTEGER_FORMAT " are no longer kept, or are of "
			"another log",
			json_integer_value(json_object_get(gap, "oldest_seq")));
}

/* With --after the first ones after it, else the last ones there are. */
static nc_code collect(nc_cli *c, json_t **ret, nc_error *err)
{
	const char *after = nc_args_str(&c->args, "after");
	int64_t limit = nc_args_num(&c->args, "limit", LIMIT);
	_cleanup_(nc_json_decrefp) json_t *whole = NULL;
	nc_code rc = read_page(c, after ? after : OLDEST, after ? limit : PAGE, 0, &whole, err);

	if (rc != NC_OK)
		return rc;
	if (after)
		tell_gap(c, whole);
	json_object_del(whole, "gap");
	json_t *items = json_object_get(whole, "items");
	for (size_t got = json_array_size(items); got;) {
		_cleanup_(nc_json_decrefp) json_t *page = NULL;
		int64_t wanted = after ? limit - (int64_t)json_array_size(items) : PAGE;
		if (wanted <= 0)
			break;
		rc = read_page(c, nc_json_text(whole, "cursor"), wanted, 0, &page, err);
		if (rc == NC_OK)
			rc = join(whole, page, err);
		if (rc != NC_OK)
			return rc;
		got = json_array_size(json_object_get(page, "items"));
		if (!after)
			trim(items, limit);
	}
	if (!after)
		trim(items, limit);
	*ret = nc_steal(&whole);
	return NC_OK;
}

/* ---- following ---- */

static void format_line(const json_t *e, nc_buf *line)
{
	const char *ts = nc_json_text(e, "ts"), *actor = nc_json_text(e, "actor");

	nc_buf_printf(line, "%.10s %.8s  %-26s %-20s %s\n", ts, *ts ? ts + 11 : "",
		nc_json_text(e, "type"), nc_json_text(e, "name"), actor);
}

static nc_code print_following(nc_cli *c, const json_t *page, nc_error *err)
{
	const json_t *items = json_object_get(page, "items");
	nc_code rc = NC_OK;

	for (size_t i = 0; rc == NC_OK && i < json_array_size(items); i++) {
		const json_t *e = json_array_get(items, i);
		_cleanup_(nc_buf_done) nc_buf line;
		nc_buf_init(&line, 1u << 20);
		if (nc_out_is_for_programs(c)) { /* one a line */
			char *text = json_dumps(e, JSON_COMPACT);
			nc_buf_printf(&line, "%s\n", text ? text : "");
			nc_free(text);
		} else {
			format_line(e, &line);
		}
		rc = nc_buf_failed(&line) ? nc_err_nomem(err)
					  : nc_print_text(nc_buf_bytes(&line), err);
	}
	return rc;
}

/* Until it is interrupted. A daemon that restarts is waited for: the cursor stays good. */
static nc_code follow(nc_cli *c, const char *from, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *last = NULL;
	const char *cursor = from;

	for (;;) {
		json_t *page = NULL;
		nc_code rc = read_page(c, cursor, PAGE, WAIT_US, &page, err);
		if (rc == NC_E_UNAVAILABLE && last) {
			nc_err_clear(err);
			nc_clock_sleep_us(500000);
			continue;
		}
		if (rc != NC_OK)
			return rc;
		json_decref(last);
		last = page;
		tell_gap(c, page);
		cursor = nc_json_text(page, "cursor");
		if ((rc = print_following(c, page, err)) != NC_OK)
			return rc;
	}
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *page = NULL;
	nc_code rc = collect(c, &page, err);

	if (rc != NC_OK)
		return rc;
	if (!nc_args_has(&c->args, "follow"))
		return nc_print_list(c, &nc_kind_event, page, err);
	rc = print_following(c, page, err);
	return rc == NC_OK ? follow(c, nc_json_text(page, "cursor"), err) : rc;
}

static const nc_flag flags[] = {
	{ .name = "follow", .doc = "go on with what happens next, until interrupted" },
	{ .name = "after",
		.value = "CURSOR",
		.type = NC_FLAG_TEXT,
		.doc = "the first ones after this one (-o wide shows cursors)" },
	{ .name = "topics",
		.value = "LIST",
		.type = NC_FLAG_TEXT,
		.doc = "only these: vm, vm.created, host.*; several with commas" },
	{ .name = "limit",
		.value = "N",
		.type = NC_FLAG_INT,
		.min = 1,
		.max = 100000,
		.doc = "at most N (default 100)" },
	{ .name = NULL },
};

const nc_cmd nc_cmd_event_list = {
	.path = "event list",
	.doc = "what happened last",
	.flags = flags,
	.uses = NC_USES_PROJECT | NC_USES_OUTPUT,
	.run = run,
};
