/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "boot/component.h"
#include "testing.h"

/* What is stopped, in which order, and where a stop leaves the rest alone. */

typedef struct world {
	nc_runner *r;
	char stopped[8];
} world;

static nc_code start(void *ctx, nc_error *err)
{
	(void)ctx;
	(void)err;
	return NC_OK;
}

static nc_code fail(void *ctx, nc_error *err)
{
	(void)ctx;
	return nc_err(err, NC_E_INTERNAL, "told to fail");
}

static void note(world *w, char c)
{
	w->stopped[strlen(w->stopped)] = c;
}

static void stop_store(void *ctx)
{
	note(ctx, 's');
}

static void stop_work(void *ctx)
{
	note(ctx, 'w');
}

static void stop_work_that_hangs(void *ctx)
{
	note(ctx, 'h');
	nc_runner_hold(((world *)ctx)->r);
}

static void stop_server(void *ctx)
{
	note(ctx, 'v');
}

static int begin(world *w, nc_component *table, unsigned n)
{
	static const nc_boot_limits limits = { .phase_us = {
						       60000000, 60000000, 60000000, 60000000 } };
	*w = (world){ .r = NULL };
	return CHECK_OK(nc_runner_new(table, n, w, &limits, &w->r, NULL), NULL);
}

static nc_component parts[] = {
	{ "store", NC_PHASE_CORE_INIT, 0, { NULL }, start, stop_store },
	{ "work", NC_PHASE_SERVICE_INIT, 0, { "store" }, start, stop_work },
	{ "server", NC_PHASE_POST_INIT, 0, { "work" }, start, stop_server },
	{ "ready", NC_PHASE_POST_INIT, 0, { "server" }, start, NULL },
};

static void all_is_stopped_in_reverse(void)
{
	world w;
	REQUIRE(begin(&w, parts, NC_LEN(parts)));
	CHECK_OK(nc_runner_start(w.r, NC_PHASE_POST_INIT, NULL), NULL);
	nc_runner_stop(w.r);
	CHECK_STR(w.stopped, "vws");
	CHECK(!nc_runner_is_held(w.r));
	nc_runner_free(w.r);
}

static void what_a_hanging_thread_still_has_is_left_as_it_is(void)
{
	world w;
	nc_component table[NC_LEN(parts)];
	memcpy(table, parts, sizeof(parts));
	table[1].stop = stop_work_that_hangs;
	REQUIRE(begin(&w, table, NC_LEN(table)));
	CHECK_OK(nc_runner_start(w.r, NC_PHASE_POST_INIT, NULL), NULL);
	nc_runner_stop(w.r);
	CHECK_STR(w.stopped, "vh");
	CHECK(nc_runner_is_held(w.r));
	nc_runner_free(w.r);
}

static void a_start_that_is_undone_is_held_alike(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	nc_component table[NC_LEN(parts)];
	memcpy(table, parts, sizeof(parts));
	table[1].stop = stop_work_that_hangs;
	table[3].start = fail;
	REQUIRE(begin(&w, table, NC_LEN(table)));
	CHECK_CODE(nc_runner_start(w.r, NC_PHASE_POST_INIT, &err), NC_E_INTERNAL);
	CHECK_STR(w.stopped, "vh");
	CHECK(nc_runner_is_held(w.r));
	nc_runner_free(w.r);
}

NC_TESTS(boot_runner){
	T(all_is_stopped_in_reverse),
	T(what_a_hanging_thread_still_has_is_left_as_it_is),
	T(a_start_that_is_undone_is_held_alike),
};
