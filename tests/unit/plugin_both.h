/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_PLUGIN_BOTH_H
#define NC_TESTS_PLUGIN_BOTH_H

#include <string.h>

#include "plugin_fixture.h"
#include "testing.h"

/*
 * One instance of a plugin that keeps the rules. Each test runs twice: with the plugin in this process
 * and with it in nc-plugin-host; nobody above may see a difference.
 */

typedef struct setup {
	fixture *f;
	nc_pinst *inst;
	waited w;
} setup;

static inline int begin(setup *s, nc_isolation isolation, const char *config)
{
	memset(s, 0, sizeof(*s));
	waited_init(&s->w);
	s->f = fixture_new(&(fixture_options){
		.plugin = "test.good", .isolation = isolation, .grace_us = 100000 });
	s->inst = s->f ? fixture_open(s->f, "test.good", config) : NULL;
	return s->inst != NULL;
}

static inline void end(setup *s)
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

#endif
