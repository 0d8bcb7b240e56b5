/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <CUnit/Basic.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/id.h"

/*
 * The harness behind testing.h. The table of tests is a linker section, so a test program needs
 * no list in a second place. Here, and only here, a failed library call may end the run.
 */

enum { TORTURE_MAX = 100000 };
extern const nc_test __start_nc_tests[], __stop_nc_tests[];

static char temp_dir[4096];
static uint64_t random_state;

nc_noreturn static void die(const char *what)
{
	fprintf(stderr, "testing: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int report(int ok, const char *text, const char *file, int line)
{
	CU_assertImplementation(ok ? CU_TRUE : CU_FALSE, (unsigned)line, text, file, "", CU_FALSE);
	return ok;
}

int nc_check_true(int ok, const char *expr, const char *file, int line)
{
	return report(ok, expr, file, line);
}

int nc_check_int(int64_t got, int64_t want, const char *expr, const char *file, int line)
{
	char text[512];
	snprintf(text, sizeof(text), "%s is %" PRId64 ", not %" PRId64, expr, got, want);
	return report(got == want, text, file, line);
}

int nc_check_uint(uint64_t got, uint64_t want, const char *expr, const char *file, int line)
{
	char text[512];
	snprintf(text, sizeof(text), "%s is %" PRIu64 ", not %" PRIu64, expr, got, want);
	return report(got == want, text, file, line);
}

static int report_str(int ok, const char *got, const char *relation, const char *want,
	const char *expr, const char *file, int line)
{
	char text[2048];
	snprintf(text, sizeof(text), "%s is \"%s\", %s \"%s\"", expr, got ? got : "(null)",
		relation, want ? want : "(null)");
	return report(ok, text, file, line);
}

int nc_check_str(const char *got, const char *want, const char *expr, const char *file, int line)
{
	int ok = got && want ? strcmp(got, want) == 0 : got == want;
	return report_str(ok, got, "not", want, expr, file, line);
}

int nc_check_has(const char *got, const char *part, const char *expr, const char *file, int line)
{
	int ok = got && strstr(got, part);
	return report_str(ok, got, "without", part, expr, file, line);
}

int nc_check_mem(
	const void *got, const void *want, size_t n, const char *expr, const char *file, int line)
{
	const unsigned char *a = got, *b = want;
	char text[512];
	size_t i = 0;
	while (i < n && a[i] == b[i])
		i++;
	snprintf(text, sizeof(text), "%s differs at byte %zu of %zu", expr, i, n);
	return report(i == n, text, file, line);
}

int nc_check_code(nc_code got, nc_code want, const nc_error *err, const char *expr,
	const char *file, int line)
{
	char text[1024];
	snprintf(text, sizeof(text), "%s is %s, not %s%s%s", expr, nc_code_name(got),
		nc_code_name(want), err && err->message[0] ? ": " : "", err ? err->message : "");
	return report(got == want, text, file, line);
}

/* What the body that just ran has shown; 0 when this mode is over. */
static int torture_judge(nc_torture *t, nc_code rc)
{
	char text[160];
	int fired = nc_alloc_has_failed();
	int ok = rc == NC_OK || (fired && rc == NC_E_NOMEM);
	snprintf(text, sizeof(text), "with allocation %" PRIu64 " failing%s: %s", t->n,
		t->mode == NC_FAIL_STICKY ? " and all after it" : "", nc_code_name(rc));
	report(ok, text, t->file, t->line);
	if (t->n >= TORTURE_MAX) {
		report(0, "the body never ends without a failed allocation", t->file, t->line);
		return 0;
	}
	return ok && fired;
}

int nc_torture_step(nc_torture *t, nc_code *rc)
{
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	if (t->n > 0 && !torture_judge(t, *rc)) {
		if (t->mode == NC_FAIL_STICKY)
			return 0;
		t->mode = NC_FAIL_STICKY;
		t->n = 0;
	}
	*rc = NC_OK;
	nc_alloc_fail_at(++t->n, t->mode);
	return 1;
}

/* The child's half: no core file, stderr into the pipe. */
nc_noreturn static void run_child(void (*fn)(void *), void *arg, int to)
{
	struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGABRT, SIG_DFL);
	if (dup2(to, STDERR_FILENO) < 0)
		_exit(2);
	fn(arg);
	_exit(0);
}

int nc_test_aborts(void (*fn)(void *), void *arg)
{
	int ends[2], status;
	char text[1024] = "";
	fflush(NULL);
	if (pipe2(ends, O_CLOEXEC) != 0)
		die("pipe");
	pid_t child = fork();
	if (child < 0)
		die("fork");
	if (child == 0)
		run_child(fn, arg, ends[1]);
	close(ends[1]);
	size_t len = 0;
	ssize_t n;
	while (len < sizeof(text) - 1 &&
		(n = read(ends[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	close(ends[0]);
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	int aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
	return aborted && strstr(text, "assertion failed: ") != NULL;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void remove_temp_dir(void)
{
	if (temp_dir[0])
		nftw(temp_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *nc_test_dir(void)
{
	if (temp_dir[0])
		return temp_dir;
	const char *base = getenv("TMPDIR");
	char path[sizeof(temp_dir)];
	snprintf(path, sizeof(path), "%s/nc-test-XXXXXX", base && base[0] ? base : "/tmp");
	if (!mkdtemp(path))
		die(path);
	memcpy(temp_dir, path, sizeof(path));
	return temp_dir;
}

char *nc_test_path(const char *name)
{
	char *path = nc_asprintf("%s/%s", nc_test_dir(), name);
	if (!path)
		die("nc_test_path");
	return path;
}

void nc_test_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		die(path);
}

static void seed_random(void)
{
	const char *given = getenv("NC_TEST_SEED");
	if (given)
		random_state = strtoull(given, NULL, 0);
	else
		nc_random_bytes(&random_state, sizeof(random_state));
	printf("NC_TEST_SEED=%" PRIu64 "\n", random_state);
}

/* A weak mixer is enough: what matters is that a run can be had again. */
uint64_t nc_test_random(void)
{
	if (random_state == 0)
		seed_random();
	uint64_t z = random_state += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static int add_tests(CU_pSuite suite, const char *filter)
{
	int n = 0;
	for (const nc_test *t = __start_nc_tests; t < __stop_nc_tests; t++) {
		if (!t->name || (filter && !strstr(t->name, filter)))
			continue; /* tables of two files may have a gap between them */
		if (!CU_add_test(suite, t->name, t->run))
			die("CU_add_test");
		n++;
	}
	return n;
}

static void list_tests(void)
{
	for (const nc_test *t = __start_nc_tests; t < __stop_nc_tests; t++) {
		if (t->name)
			puts(t->name);
	}
}

static int run_tests(const char *filter, CU_BasicRunMode mode)
{
	if (CU_initialize_registry() != CUE_SUCCESS)
		die("CU_initialize_registry");
	CU_pSuite suite = CU_add_suite(program_invocation_short_name, NULL, NULL);
	if (!suite)
		die("CU_add_suite");
	if (add_tests(suite, filter) == 0) {
		fprintf(stderr, "testing: no test is named like \"%s\"\n", filter ? filter : "");
		CU_cleanup_registry();
		return 2;
	}
	CU_basic_set_mode(mode);
	CU_ErrorCode rc = CU_basic_run_tests();
	unsigned failed = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
	CU_cleanup_registry();
	return rc != CUE_SUCCESS || failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *filter = NULL;
	CU_BasicRunMode mode = CU_BRM_NORMAL;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-l") == 0) {
			list_tests();
			return 0;
		}
		if (strcmp(argv[i], "-v") == 0)
			mode = CU_BRM_VERBOSE;
		else
			filter = argv[i];
	}
	setvbuf(stdout, NULL, _IOLBF, 0); /* a crash must not take the report with it */
	signal(SIGPIPE, SIG_IGN);
	nc_alloc_install();
	int rc = run_tests(filter, mode);
	remove_temp_dir();
	return rc;
}
