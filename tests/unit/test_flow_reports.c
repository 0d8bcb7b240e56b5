/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "flow/reports.h"
#include "testing.h"

/* Which word of a driver about an object counts: the one with the highest obs_seq, whenever it came. */

typedef struct heard {
	int n;
	char last[64];
} heard;

static void on_report(void *ctx, nc_bytes json)
{
	heard *h = ctx;
	h->n++;
	snprintf(h->last, sizeof(h->last), "%.*s", (int)json.len, (const char *)json.ptr);
}

static int is_held(void *held, const char *instance)
{
	return held && !strcmp(held, instance);
}

static heard drain(nc_reports *r)
{
	heard h = { 0 };
	nc_reports_drain(r, is_held, NULL, on_report, &h);
	return h;
}

#define ON  "{\"native_id\":\"g1\",\"power\":\"running\"}"
#define OFF "{\"native_id\":\"g1\",\"power\":\"stopped\"}"

static nc_reports *fresh(void)
{
	nc_reports *r = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_reports_new(&r, &err), &err);
	return r;
}

static void an_older_report_is_dropped_while_the_newer_waits(void)
{
	nc_reports *r = fresh();
	CHECK_INT(nc_reports_add(r, "farm", 7, nc_str(OFF)), 1);
	CHECK_INT(nc_reports_add(r, "farm", 6, nc_str(ON)), 1);
	heard h = drain(r);
	CHECK_INT(h.n, 1);
	CHECK_STR(h.last, OFF);
	nc_reports_free(r);
}

static void an_older_report_is_dropped_after_the_newer_was_read(void)
{
	nc_reports *r = fresh();
	nc_reports_add(r, "farm", 7, nc_str(OFF));
	CHECK_INT(drain(r).n, 1);
	CHECK_INT(nc_reports_add(r, "farm", 6, nc_str(ON)), 1); /* no look is needed */
	CHECK_INT(drain(r).n, 0);
	nc_reports_add(r, "farm", 7, nc_str(ON)); /* the same one again is taken */
	nc_reports_add(r, "farm", 8, nc_str(ON));
	heard h = drain(r);
	CHECK_INT(h.n, 1);
	CHECK_STR(h.last, ON);
	nc_reports_free(r);
}

static void an_answer_outdoes_reports_that_came_before_and_after_it(void)
{
	nc_reports *r = fresh();
	nc_reports_add(r, "farm", 4, nc_str(ON));
	nc_reports_saw(r, "farm", "g1", 5);
	CHECK_INT(drain(r).n, 0);
	nc_reports_add(r, "farm", 4, nc_str(ON));
	CHECK_INT(drain(r).n, 0);
	CHECK(nc_reports_is_old(r, "farm", "g1", 4));
	CHECK(!nc_reports_is_old(r, "farm", "g1", 5));
	nc_reports_saw(r, "farm", "g1", 3); /* counts never go back */
	CHECK(nc_reports_is_old(r, "farm", "g1", 4));
	nc_reports_free(r);
}

static void objects_and_instances_are_counted_apart(void)
{
	nc_reports *r = fresh();
	nc_reports_saw(r, "farm", "g1", 9);
	CHECK(!nc_reports_is_old(r, "farm", "g2", 1));
	CHECK(!nc_reports_is_old(r, "farm-2", "g1", 1));
	nc_reports_add(r, "farm-2", 1, nc_str(ON));
	CHECK_INT(drain(r).n, 1);
	nc_reports_free(r);
}

static void a_new_instance_may_count_from_the_start(void)
{
	nc_reports *r = fresh();
	nc_reports_saw(r, "farm", "g1", 9);
	nc_reports_saw(r, "farm-2", "g1", 9);
	nc_reports_forget(r, "farm");
	CHECK(!nc_reports_is_old(r, "farm", "g1", 1));
	CHECK(nc_reports_is_old(r, "farm-2", "g1", 1));
	nc_reports_add(r, "farm", 1, nc_str(ON));
	CHECK_INT(drain(r).n, 1);
	nc_reports_free(r);
}

NC_TESTS(flow_reports){
	T(an_older_report_is_dropped_while_the_newer_waits),
	T(an_older_report_is_dropped_after_the_newer_was_read),
	T(an_answer_outdoes_reports_that_came_before_and_after_it),
	T(objects_and_instances_are_counted_apart),
	T(a_new_instance_may_count_from_the_start),
};
