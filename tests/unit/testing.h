/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_TESTING_H
#define NC_TESTS_TESTING_H

#include <CUnit/CUnit.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "novacron/abi.h"

/*
 * A little over CUnit. A test file is static void functions named as sentences and one table:
 *
 *	NC_TESTS(json) { T(parse_rejects_duplicate_keys), T(parse_names_line_and_column) };
 *
 * main() comes with the library: `test_json` runs all, `test_json dupl` those whose name contains
 * "dupl", -v names each, -l lists. Each failure prints file:line and what was found; any failure,
 * and a run without a test, exits non-zero. Tests run on the main thread; only it may check, other
 * threads report to it.
 */
typedef struct nc_test {
	const char *name;
	void (*run)(void);
} nc_test;

#define T(fn) ((nc_test){ #fn, fn })
#define NC_TESTS(suite)                                                                            \
	static const nc_test nc_tests_of_##suite[]                                                 \
		__attribute__((section("nc_tests"), used, aligned(sizeof(void *)))) =

/* Checks. They evaluate their arguments once, go on after a failure, and give whether they held. */
#define CHECK(e)                nc_check_true(!!(e), #e, __FILE__, __LINE__)
#define CHECK_INT(got, want)    nc_check_int((got), (want), #got, __FILE__, __LINE__)
#define CHECK_UINT(got, want)   nc_check_uint((got), (want), #got, __FILE__, __LINE__)
#define CHECK_STR(got, want)    nc_check_str((got), (want), #got, __FILE__, __LINE__)
#define CHECK_HAS(got, part)    nc_check_has((got), (part), #got, __FILE__, __LINE__)
#define CHECK_MEM(got, want, n) nc_check_mem((got), (want), (n), #got, __FILE__, __LINE__)
#define CHECK_CODE(got, want)   nc_check_code((got), (want), NULL, #got, __FILE__, __LINE__)
#define CHECK_OK(got, err)      nc_check_code((got), NC_OK, (err), #got, __FILE__, __LINE__)
/* Ends the test: for what nothing after it can do without. */
#define REQUIRE(e)                                                                                 \
	do {                                                                                       \
		int nc_holds_ = !!(e);                                                             \
		nc_check_true(nc_holds_, #e, __FILE__, __LINE__);                                  \
		if (!nc_holds_)                                                                    \
			return;                                                                    \
	} while (0)

int nc_check_true(int ok, const char *expr, const char *file, int line);
int nc_check_int(int64_t got, int64_t want, const char *expr, const char *file, int line);
int nc_check_uint(uint64_t got, uint64_t want, const char *expr, const char *file, int line);
int nc_check_str(const char *got, const char *want, const char *expr, const char *file, int line);
int nc_check_has(const char *got, const char *part, const char *expr, const char *file, int line);
int nc_check_mem(
	const void *got, const void *want, size_t n, const char *expr, const char *file, int line);
int nc_check_code(nc_code got, nc_code want, const nc_error *err, const char *expr,
	const char *file, int line);

/*
 * Fails each allocation of a body in turn:
 *
 *	nc_code rc = NC_OK;
 *	NC_TORTURE (rc) {
 *		json_t *doc = NULL;
 *		rc = nc_json_parse(text, 100, &doc, NULL);
 *		CHECK((rc == NC_OK) == (doc != NULL));
 *		json_decref(doc);
 *	}
 *
 * The body runs with the 1st, 2nd, … allocation of this thread failing until none failed; then
 * again with all from the n-th on failing. Each time it must end in NC_OK or, where the fault came
 * to pass, NC_E_NOMEM; the last time in NC_OK. That outputs stay untouched is the body's to check.
 */
#define NC_TORTURE(rc)                                                                             \
	for (nc_torture nc_torture_ = { .file = __FILE__, .line = __LINE__ };                      \
		nc_torture_step(&nc_torture_, &(rc));)
typedef struct nc_torture {
	const char *file;
	int line;
	uint64_t n;
	nc_fail_mode mode;
} nc_torture;
int nc_torture_step(nc_torture *t, nc_code *rc);

/* Whether fn(arg), in a child, ends in SIGABRT with nc_assert's line on stderr. */
int nc_test_aborts(void (*fn)(void *), void *arg);

/* The folder of this run under $TMPDIR (or /tmp), made at the first call, removed at the end. */
const char *nc_test_dir(void);
char *nc_test_path(const char *name); /* a path in it; caller frees with nc_free */
void nc_test_write(const char *path, const char *text);
uint64_t nc_test_random(void); /* from a seed that is printed, or set by NC_TEST_SEED */

#endif
