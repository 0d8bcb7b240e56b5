/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_CONFIG_TESTING_H
#define NC_TESTS_CONFIG_TESTING_H

#include <stdarg.h>
#include <string.h>

#include "config/config.h"
#include "config/load.h"
#include "testing.h"

/* One load of texts, each in a file of its own, and of variables. */
typedef struct load_run {
	const nc_config *cfg; /* NULL when it failed */
	nc_code code;
	nc_error err;
	nc_config_report report;
} load_run;

static inline void load_run_done(load_run *r)
{
	nc_config_unref(r->cfg);
}

/* texts: NULL-ended, may be NULL; env as nc_config_load. Files are named 0.yaml, 1.yaml … */
static inline void load_texts(load_run *r, const char *const *texts, const char *const *env)
{
	char *path[8] = { NULL };
	size_t n = 0;

	*r = (load_run){ .err = NC_ERROR_INIT };
	for (; texts && texts[n]; n++) {
		char name[16] = { (char)('0' + n), '.', 'y', 'a', 'm', 'l', '\0' };
		path[n] = nc_test_path(name);
		nc_test_write(path[n], texts[n]);
	}
	r->code = nc_config_load((const char *const *)path, n, env, &r->cfg, &r->report, &r->err);
	CHECK((r->code == NC_OK) == (r->cfg != NULL));
	while (n)
		nc_free(path[--n]);
}

static inline void load_text(load_run *r, const char *text)
{
	load_texts(r, (const char *const[]){ text, NULL }, NULL);
}

static inline void load_env(load_run *r, const char *variable)
{
	load_texts(r, NULL, (const char *const[]){ variable, NULL });
}

/* The text is refused with exactly one fault: at this place, about this key, saying this. */
static inline void check_fault(const char *text, uint32_t line, uint32_t column, const char *key,
	const char *message, const char *hint)
{
	_cleanup_(load_run_done) load_run r;

	load_text(&r, text);
	CHECK(r.code != NC_OK);
	CHECK_UINT(r.report.n_faults, 1);
	CHECK_UINT(r.report.fault[0].line, line);
	CHECK_UINT(r.report.fault[0].column, column);
	CHECK_STR(r.report.fault[0].key, key);
	CHECK_HAS(r.report.fault[0].message, message);
	CHECK_HAS(r.report.fault[0].hint, hint);
	CHECK_HAS(r.report.fault[0].source, "/0.yaml");
	CHECK_HAS(r.err.message, message);
}

#endif
