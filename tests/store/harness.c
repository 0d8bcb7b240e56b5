/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs tables of tests against a store plugin named on the command line, each in a folder of its
 * own. One failed check fails the run; so does a run of no test. Main thread, but for the checks.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

st_options st_opts = { .restore_config = "{\"path\":\"@DIR@\",\"purpose\":\"restore\"}" };
st_plugin st_the_plugin;

static pthread_mutex_t check_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned checks, failures; /* under check_lock */
static uint64_t random_state;     /* under check_lock */
static char run_dir[256], test_dir[300];

/* ---- checks ---- */

static bool count(bool ok)
{
	pthread_mutex_lock(&check_lock);
	checks++;
	failures += !ok;
	pthread_mutex_unlock(&check_lock);
	return ok;
}

bool st_check(bool ok, const char *expr, const char *file, int line)
{
	if (!ok)
		fprintf(stderr, "%s:%d: not so: %s\n", file, line, expr);
	return count(ok);
}

bool st_check_u64(uint64_t got, uint64_t want, const char *expr, const char *file, int line)
{
	if (got != want)
		fprintf(stderr, "%s:%d: %s is %llu, not %llu\n", file, line, expr,
			(unsigned long long)got, (unsigned long long)want);
	return count(got == want);
}

bool st_check_code(nc_code got, nc_code want, const nc_error *err, const char *expr,
	const char *file, int line)
{
	bool ok = got == want;
	if (!ok)
		fprintf(stderr, "%s:%d: %s gave %d, not %d: %s\n", file, line, expr, got, want,
			got != NC_OK && err ? err->message : "");
	/* An error says who, what, and in one line. */
	if (ok && got != NC_OK && err &&
		(err->code != got || !err->domain[0] || !err->message[0] ||
			strchr(err->message, '\n'))) {
		fprintf(stderr, "%s:%d: %s: code %d domain \"%s\" message \"%s\"\n", file, line,
			expr, err->code, err->domain, err->message);
		ok = false;
	}
	return count(ok);
}

/* ---- small things ---- */

uint64_t st_random(void)
{
	pthread_mutex_lock(&check_lock);
	random_state += 0x9e3779b97f4a7c15u;
	uint64_t x = random_state;
	pthread_mutex_unlock(&check_lock);
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* ---- stores ---- */

const char *st_dir(void)
{
	return test_dir;
}

static void expand(const char *template, const char *dir, char *out, size_t cap)
{
	size_t n = 0;
	for (const char *p = template; *p && n + 1 < cap;) {
		bool is_dir = !strncmp(p, "@DIR@", 5);
		n += (size_t)snprintf(
			out + n, cap - n, "%.*s", is_dir ? 4096 : 1, is_dir ? dir : p);
		p += is_dir ? 5 : 1;
	}
}

nc_code st_try_open(st_store *s, const char *dir, nc_error *err)
{
	char config[8192];
	s->inst = NULL;
	expand(st_opts.config, dir, config, sizeof(config));
	return st_create(&st_the_plugin, config, s, err);
}

bool st_open(st_store *s, const char *dir)
{
	nc_error err = ST_ERROR;
	return CHECK_OK(st_try_open(s, dir, &err), &err);
}

bool st_open_restorer(st_store *s, const char *dir, const nc_store_restore **ret)
{
	char config[8192];
	nc_error err = ST_ERROR;
	s->inst = NULL;
	expand(st_opts.restore_config, dir, config, sizeof(config));
	if (!CHECK_OK(st_create(&st_the_plugin, config, s, &err), &err))
		return false;
	*ret = s->plugin->get_extension(s->inst, NC_EXT_STORE_RESTORE);
	return CHECK(*ret != NULL);
}

nc_code st_restore_file(const char *dir, const char *path, nc_error *err)
{
	st_store s;
	const nc_store_restore *t;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (!CHECK(fd >= 0) || !st_open_restorer(&s, dir, &t))
		return NC_E_INTERNAL;
	nc_code code = t->restore(s.inst, fd, dir, err);
	close(fd);
	st_destroy(&s);
	return code;
}

bool st_backup_file(st_store *s, const char *path)
{
	nc_error err = ST_ERROR;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (!CHECK(fd >= 0))
		return false;
	nc_code code = s->t->backup(s->inst, ST_OP, fd, &err);
	close(fd);
	return CHECK_OK(code, &err);
}

bool st_corrupt(const char *dir, const char *what)
{
	char command[8192];
	snprintf(command, sizeof(command), "%s '%s' '%s'", st_opts.corrupt, dir, what);
	return CHECK(system(command) == 0); /* NOLINT(cert-env33-c): a hook of the tester's */
}

/* ---- running ---- */

static bool has_restore(void)
{
	st_store s;
	nc_error err = ST_ERROR;
	char config[8192];
	expand(st_opts.restore_config, test_dir, config, sizeof(config));
	if (st_create(&st_the_plugin, config, &s, &err) != NC_OK)
		return false;
	bool has = s.plugin->get_extension(s.inst, NC_EXT_STORE_RESTORE) != NULL;
	st_destroy(&s);
	return has;
}

static const char *lacking(unsigned needs)
{
	if (needs & ST_CORRUPTS && !st_opts.corrupt)
		return "no --corrupt";
	if (needs & ST_ROOT && geteuid() != 0)
		return "not root";
	if (needs & ST_EMBEDDED && !st_opts.is_embedded)
		return "no --embedded";
	if (needs & ST_RESTORES && !has_restore())
		return "no " NC_EXT_STORE_RESTORE;
	return NULL;
}

static void run_test(const st_test *t, unsigned *run, unsigned *skipped)
{
	snprintf(test_dir, sizeof(test_dir), "%s/t", run_dir);
	if (mkdir(test_dir, 0700) < 0)
		perror(test_dir);
	const char *why = lacking(t->needs);
	unsigned before = failures;
	uint64_t start = st_now_ms();
	if (why)
		++*skipped;
	else
		t->run();
	*run += !why;
	const char *result = why ? "skip" : failures == before ? "ok  " : "FAIL";
	printf("%s %-64s %5llu ms %s%s\n", result, t->name,
		(unsigned long long)(st_now_ms() - start), why ? "# " : "", why ? why : "");
	fflush(stdout);
	st_remove_tree(test_dir);
}

static const struct option long_options[] = {
	{ "plugin", required_argument, NULL, 'p' },
	{ "config", required_argument, NULL, 'c' },
	{ "restore-config", required_argument, NULL, 'r' },
	{ "corrupt", required_argument, NULL, 'x' },
	{ "embedded", no_argument, NULL, 'e' },
	{ "list", no_argument, NULL, 'l' },
	{ NULL, 0, NULL, 0 },
};

static void begin_run(const char *self)
{
	const char *seed = getenv("NC_SEED") ? getenv("NC_SEED") : getenv("NC_TEST_SEED");
	const char *tmp = getenv("TMPDIR"), *is_long = getenv("NC_TEST_LONG");
	random_state = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL) * 1000003u;
	st_opts.self = self;
	st_opts.is_long = is_long && *is_long && *is_long != '0';
	printf("# NC_SEED=%llu\n", (unsigned long long)random_state);
	snprintf(run_dir, sizeof(run_dir), "%s/nc-store-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(run_dir)) {
		perror(run_dir);
		exit(2);
	}
}

static int end_run(unsigned run, unsigned skipped)
{
	st_remove_tree(run_dir);
	printf("# %u tests, %u skipped, %u checks, %u failed\n", run, skipped, checks, failures);
	return failures || !run || !checks;
}

int st_main(int argc, char **argv, const st_test *const suites[], const char *usage)
{
	bool is_list = false;
	for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		switch (c) {
		case 'p':
			st_opts.plugin = optarg;
			break;
		case 'c':
			st_opts.config = optarg;
			break;
		case 'r':
			st_opts.restore_config = optarg;
			break;
		case 'x':
			st_opts.corrupt = optarg;
			break;
		case 'e':
			st_opts.is_embedded = true;
			break;
		case 'l':
			is_list = true;
			break;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (!is_list && (!st_opts.plugin || !st_opts.config)) {
		fputs(usage, stderr);
		return 2;
	}
	if (!is_list && st_plugin_load(&st_the_plugin, st_opts.plugin) < 0)
		return 2;
	if (!is_list)
		begin_run(argv[0]);
	unsigned run = 0, skipped = 0;
	for (size_t i = 0; suites[i]; i++) {
		for (const st_test *t = suites[i]; t->name; t++) {
			if (optind < argc && !strstr(t->name, argv[optind]))
				continue;
			if (is_list)
				puts(t->name);
			else
				run_test(t, &run, &skipped);
		}
	}
	return is_list ? 0 : end_run(run, skipped);
}
