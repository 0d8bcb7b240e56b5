/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformance: a process that is killed while it writes. The child is this program once more; it
 * tells through a pipe what was acknowledged, and is killed at a random moment.
 */
#include "suites.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH_MAX 48u

typedef enum { TOLD_LEAD = 1, TOLD_HEAD, TOLD_APPLIED, TOLD_TRIMMED, TOLD_FAILURE } told_what;

typedef struct told {
	uint64_t what, value;
} told;

/* ---- the child ---- */

typedef struct child {
	st_store s;
	uint64_t seed, epoch;
	int fd;
	pthread_mutex_t lock;
	uint64_t head; /* under lock */
} child;

static void tell(const child *c, told_what what, uint64_t value)
{
	told t = { what, value };
	if (write(c->fd, &t, sizeof(t)) != (ssize_t)sizeof(t))
		_exit(3);
}

static void fail(const child *c, const char *doing, const nc_error *err)
{
	fprintf(stderr, "  child could not %s: %d %s\n", doing, err->code, err->message);
	tell(c, TOLD_FAILURE, 0);
	_exit(1);
}

static uint64_t child_head(child *c)
{
	pthread_mutex_lock(&c->lock);
	uint64_t head = c->head;
	pthread_mutex_unlock(&c->lock);
	return head;
}

static void *child_materialise(void *arg)
{
	child *c = arg;
	nc_error err = ST_ERROR;
	nc_store_head h = { .struct_size = sizeof(h) };
	if (c->s.t->head(c->s.inst, &h, &err) != NC_OK)
		fail(c, "read the head", &err);
	for (uint64_t applied = h.applied_seq, steps = 0;; steps++) {
		uint64_t to = child_head(c);
		if (to - applied > ST_MODEL_BATCH_MAX)
			to = applied + ST_MODEL_BATCH_MAX;
		if (st_materialise_model(&c->s, c->seed, c->epoch, applied, to, &err) != NC_OK)
			fail(c, "materialise", &err);
		applied = to;
		tell(c, TOLD_APPLIED, applied);
		if (steps % 9 == 8 && applied > 500) {
			if (c->s.t->trim(c->s.inst, c->epoch, applied - 500, &err) != NC_OK)
				fail(c, "trim", &err);
			tell(c, TOLD_TRIMMED, applied - 500);
		}
	}
	return NULL;
}

int st_crash_child(int argc, char **argv)
{
	child c = { .lock = PTHREAD_MUTEX_INITIALIZER };
	st_plugin p;
	nc_error err = ST_ERROR;
	pthread_t thread;
	if (argc != 6 || st_plugin_load(&p, argv[2]) < 0)
		return 2;
	c.seed = strtoull(argv[4], NULL, 0);
	c.fd = atoi(argv[5]);
	if (st_create(&p, argv[3], &c.s, &err) != NC_OK)
		fail(&c, "open", &err);
	if (c.s.t->lead(c.s.inst, "child", 60000, &c.epoch, &c.head, &err) != NC_OK)
		fail(&c, "lead", &err);
	tell(&c, TOLD_LEAD, c.epoch);
	if (pthread_create(&thread, NULL, child_materialise, &c))
		return 2;
	for (uint64_t head = c.head, step = 0;; step++) {
		uint32_t n = step % 3 ? 1 + (uint32_t)(head * 7 % BATCH_MAX) : 1;
		if (st_append_model(&c.s, c.seed, c.epoch, head, n, &err) != NC_OK)
			fail(&c, "append", &err);
		head += n;
		tell(&c, TOLD_HEAD, head);
		pthread_mutex_lock(&c.lock);
		c.head = head;
		pthread_mutex_unlock(&c.lock);
	}
}

/* ---- the parent ---- */

typedef struct ledger {
	uint64_t epoch, head, applied, trimmed;
	bool has_failed;
} ledger;

static void note(ledger *l, const told *t)
{
	uint64_t *const place[] = { [TOLD_LEAD] = &l->epoch,
		[TOLD_HEAD] = &l->head,
		[TOLD_APPLIED] = &l->applied,
		[TOLD_TRIMMED] = &l->trimmed };
	if (t->what == TOLD_FAILURE)
		l->has_failed = true;
	else
		*place[t->what] = t->value;
}

static pid_t start_child(const char *config, uint64_t seed, int *ret_fd)
{
	int fd[2];
	char seed_text[24], fd_text[12];
	if (pipe(fd) < 0)
		return -1;
	snprintf(seed_text, sizeof(seed_text), "%llu", (unsigned long long)seed);
	snprintf(fd_text, sizeof(fd_text), "%d", fd[1]);
	pid_t pid = fork();
	if (pid == 0) {
		close(fd[0]);
		execl("/proc/self/exe", "store_conformance", "--crash-child", st_opts.plugin,
			config, seed_text, fd_text, (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	*ret_fd = fd[0];
	return pid;
}

static bool read_told(int fd, told *t)
{
	ssize_t n;
	while ((n = read(fd, t, sizeof(*t))) < 0 && errno == EINTR)
		;
	return n == (ssize_t)sizeof(*t); /* writes of a pipe this small are whole */
}

/* Runs a child for a while and kills it. */
static bool run_and_kill(const char *config, uint64_t seed, uint64_t after_ms, ledger *l)
{
	int fd = -1;
	told t;
	pid_t pid = start_child(config, seed, &fd);
	if (!CHECK(pid > 0))
		return false;
	while (read_told(fd, &t)) {
		note(l, &t);
		if (t.what == TOLD_LEAD || t.what == TOLD_FAILURE)
			break;
	}
	/* The pipe is read meanwhile, so that the child never waits for us. */
	uint64_t end = st_now_ms() + after_ms;
	while (st_now_ms() < end && read_told(fd, &t))
		note(l, &t);
	kill(pid, SIGKILL);
	while (read_told(fd, &t))
		note(l, &t);
	waitpid(pid, NULL, 0);
	close(fd);
	return CHECK(!l->has_failed) && CHECK(l->epoch > 0);
}

static bool holds_ledger(st_store *s, uint64_t seed, const ledger *l)
{
	nc_store_head h = { .struct_size = sizeof(h) };
	nc_error err = ST_ERROR;
	st_model m;
	if (!CHECK_OK(s->t->head(s->inst, &h, &err), &err))
		return false;
	st_model_init(&m, seed);
	st_model_advance(&m, h.applied_seq);
	/* Every bit is evaluated, so that a failure tells all. */
	bool ok = CHECK_U64(h.epoch, l->epoch);
	ok &= CHECK(h.head >= l->head && h.head <= l->head + BATCH_MAX);
	ok &= CHECK(h.applied_seq >= l->applied && h.applied_seq <= h.head);
	ok &= CHECK(h.trimmed_seq >= l->trimmed && h.trimmed_seq <= h.applied_seq);
	ok &= CHECK(st_model_matches_log(seed, s, h.trimmed_seq + 1, h.head));
	ok &= CHECK(st_model_matches_state(&m, s));
	ok &= CHECK(st_checks_clean(s));
	return ok;
}

static void make_config(char *out, size_t cap)
{
	const char *at = strstr(st_opts.config, "@DIR@");
	int before = at ? (int)(at - st_opts.config) : (int)strlen(st_opts.config);
	snprintf(
		out, cap, "%.*s%s%s", before, st_opts.config, at ? st_dir() : "", at ? at + 5 : "");
}

static void nothing_acknowledged_is_lost_when_the_process_is_killed(void)
{
	char config[8192];
	uint64_t seed = st_random();
	ledger l = { 0 };
	make_config(config, sizeof(config));
	int rounds = st_opts.is_long ? 100 : 12;
	for (int i = 0; i < rounds; i++) {
		st_store s;
		NEED(run_and_kill(config, seed, st_random() % 120, &l));
		NEED(st_open(&s, st_dir()));
		NEED(holds_ledger(&s, seed, &l));
		st_destroy(&s);
	}
	CHECK(l.head > 0);
}

static void a_second_process_is_refused_and_told_who_has_the_store(void)
{
	char config[8192], pid_text[24];
	ledger l = { 0 };
	told t;
	int fd;
	st_store s = { 0 };
	nc_error err = ST_ERROR;
	make_config(config, sizeof(config));
	pid_t pid = start_child(config, 1, &fd);
	NEED(CHECK(pid > 0) && CHECK(read_told(fd, &t)));
	note(&l, &t);
	snprintf(pid_text, sizeof(pid_text), "%ld", (long)pid);
	CHECK_FAILS(st_try_open(&s, st_dir(), &err), NC_E_BUSY, &err);
	CHECK(strstr(err.message, pid_text) != NULL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
	NEED(st_open(&s, st_dir()));
	st_store second = { 0 };
	CHECK_FAILS(st_try_open(&second, st_dir(), &err), NC_E_BUSY, &err);
	st_destroy(&s);
}

const st_test st_crash_tests[] = {
	ST_TEST(nothing_acknowledged_is_lost_when_the_process_is_killed, 0),
	ST_TEST(a_second_process_is_refused_and_told_who_has_the_store, ST_EMBEDDED),
	{ NULL, NULL, 0 },
};
