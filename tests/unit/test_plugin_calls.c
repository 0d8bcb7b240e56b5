/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "novacron/companions.h"
#include "plugin_fixture.h"
#include "testing.h"

/*
 * Calls through the whole stack with a plugin that keeps the rules. Each test runs twice: with the
 * plugin in this process and with it in nc-plugin-host; nobody above may see a difference.
 */

typedef struct setup {
	fixture *f;
	nc_pinst *inst;
	waited w;
} setup;

static int begin(setup *s, nc_isolation isolation, const char *config)
{
	memset(s, 0, sizeof(*s));
	waited_init(&s->w);
	s->f = fixture_new(&(fixture_options){
		.plugin = "test.good", .isolation = isolation, .grace_us = 100000 });
	s->inst = s->f ? fixture_open(s->f, "test.good", config) : NULL;
	return s->inst != NULL;
}

static void end(setup *s)
{
	if (s->inst) {
		nc_pinst_close(s->inst, 0);
		nc_pinst_unref(s->inst);
	}
	fixture_free(s->f);
	waited_done(&s->w);
}

#define BOTH_WAYS(name)                                                                            \
	static void name##_here(void)                                                              \
	{                                                                                          \
		name(NC_ISO_IN_PROCESS);                                                           \
	}                                                                                          \
	static void name##_in_a_process(void)                                                      \
	{                                                                                          \
		name(NC_ISO_PROCESS);                                                              \
	}                                                                                          \
	struct nc_needs_semicolon

static void an_operation_is_accepted_and_completed(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_run(&s.w, s.inst, "compute.create", "host-1", "{\"do\":\"sync\"}", NC_OK);
		CHECK_STR(s.w.result.ptr,
			"{\"target\":\"host-1\",\"key\":\"op_1.step.0\",\"deadline\":1}");
		CHECK_INT(s.w.outcome, NC_DONE);
		CHECK_INT(s.w.was_sent, 1);
		CHECK_INT(s.w.recover_state, -1);
	}
	end(&s);
}
BOTH_WAYS(an_operation_is_accepted_and_completed);

NC_TESTS(plugin_calls){
	T(an_operation_is_accepted_and_completed_here),
	T(an_operation_is_accepted_and_completed_in_a_process),
};
