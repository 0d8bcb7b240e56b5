/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "plugin_fixture.h"
#include "testing.h"

/*
 * Plugins of other minors of the ABI than the kernel's: tables that go on behind what it knows, and
 * tables that end before. In this process and in nc-plugin-host.
 */

typedef struct setup {
	fixture *f;
	nc_pinst *inst;
	waited w;
} setup;

static int begin(setup *s, const char *plugin, nc_isolation isolation)
{
	memset(s, 0, sizeof(*s));
	waited_init(&s->w);
	s->f = fixture_new(
		&(fixture_options){ .plugin = plugin, .isolation = isolation, .grace_us = 100000 });
	s->inst = s->f ? fixture_open(s->f, plugin, "{}") : NULL;
	return s->inst != NULL;
}

static void end(setup *s, const char *plugin)
{
	char text[400];

	if (s->inst) {
		fixture_status(s->f, plugin, "last_strike", text, sizeof(text));
		CHECK_STR(text, "");
		nc_pinst_close(s->inst, 0);
		nc_pinst_unref(s->inst);
	}
	fixture_free(s->f);
	waited_done(&s->w);
}

static void expect_verbs(setup *s, const char *plugin, const char *verbs)
{
	char text[8192];

	fixture_status(s->f, plugin, "instances", text, sizeof(text));
	CHECK_HAS(text, verbs);
}

static void expect_unsupported(setup *s, const char *verb)
{
	nc_call_spec spec = waited_spec(&s->w, verb, "h", "{}");
	nc_error err = NC_ERROR_INIT;

	CHECK_CODE(nc_pinst_call(s->inst, &spec, NULL, &err), NC_E_UNSUPPORTED);
	CHECK_HAS(err.message, "does not serve");
	CHECK_HAS(err.message, verb);
	CHECK(err.hint[0]);
}

static void newer(nc_isolation iso)
{
	static const char plugin[] = "test.newer_tables";
	setup s;

	if (begin(&s, plugin, iso)) {
		waited_run(&s.w, s.inst, "compute.create", "h", "{}", NC_OK);
		CHECK_INT(s.w.outcome, NC_DONE);
		waited_run(&s.w, s.inst, "compute.destroy", "h", "{}", NC_OK);
		CHECK_INT(s.w.outcome, NC_DONE);
		waited_run(&s.w, s.inst, "compute.inventory", "h", "{}", NC_OK);
		CHECK_INT(s.w.n_objects, 1);
		expect_unsupported(&s, "compute.power");
		expect_verbs(&s, plugin,
			"\"verbs\":[\"compute.inventory\",\"compute.create\",\"compute.destroy\","
			"\"stream.open\"]");
	}
	end(&s, plugin);
}

static void older(nc_isolation iso)
{
	static const char plugin[] = "test.older_tables";
	setup s;

	if (begin(&s, plugin, iso)) {
		waited_run(&s.w, s.inst, "compute.create", "h", "{}", NC_OK);
		CHECK_INT(s.w.outcome, NC_DONE);
		expect_unsupported(&s, "compute.destroy");
		expect_verbs(&s, plugin,
			"\"verbs\":[\"compute.inventory\",\"compute.create\",\"stream.open\"]");
	}
	end(&s, plugin);
}

static void tables_longer_than_the_kernel_knows_are_served(void)
{
	newer(NC_ISO_IN_PROCESS);
	newer(NC_ISO_PROCESS);
}

static void what_a_shorter_table_does_not_have_is_unsupported(void)
{
	older(NC_ISO_IN_PROCESS);
	older(NC_ISO_PROCESS);
}

NC_TESTS(plugin_minors){
	T(tables_longer_than_the_kernel_knows_are_served),
	T(what_a_shorter_table_does_not_have_is_unsupported),
};
