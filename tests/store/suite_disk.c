/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformance: a disk that is full, or that can't be written. Mounts lie in a mount namespace of
 * this process's own, so nothing outlives it.
 */
#include "suites.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TTL_MS 60000u

typedef struct grown {
	uint64_t epoch, head, applied;
} grown;

static bool open_led(st_store *s, const char *dir, grown *g)
{
	nc_error err = ST_ERROR;
	return st_open(s, dir) &&
	       CHECK_OK(s->t->lead(s->inst, "n1", TTL_MS, &g->epoch, &g->head, &err), &err);
}

/* Appends and materialises until one fails; gives that failure. */
static nc_code grow_until_refused(st_store *s, grown *g, nc_error *err)
{
	for (int i = 0; i < 20000; i++) {
		nc_code code = st_append_model(s, 1, g->epoch, g->head, 20, err);
		if (code != NC_OK)
			return code;
		g->head += 20;
		if (i % 4)
			continue;
		uint64_t to = g->head - g->applied > 60 ? g->applied + 60 : g->head;
		code = st_materialise_model(s, 1, g->epoch, g->applied, to, err);
		if (code != NC_OK)
			return code;
		g->applied = to;
	}
	return NC_OK;
}

static bool holds(st_store *s, const grown *g)
{
	nc_store_head h = { .struct_size = sizeof(h) };
	nc_error err = ST_ERROR;
	st_model m;
	st_model_init(&m, 1);
	st_model_advance(&m, g->applied);
	return CHECK_OK(s->t->head(s->inst, &h, &err), &err) && CHECK_U64(h.head, g->head) &&
	       CHECK_U64(h.applied_seq, g->applied) &&
	       CHECK(st_model_matches_log(1, s, h.trimmed_seq + 1, g->head)) &&
	       CHECK(st_model_matches_state(&m, s));
}

static bool health_says(st_store *s, const char *what)
{
	char *text = st_health(s);
	bool ok = text && strstr(text, what);
	if (!ok)
		fprintf(stderr, "  health: %s\n", text ? text : "none");
	free(text);
	return ok;
}

/* A refusal for want of room: known to have had no effect, with something to do about it. */
static void check_refusal(nc_code code, const nc_error *err)
{
	CHECK_FAILS(code, NC_E_UNAVAILABLE, err);
	CHECK(!(err->flags & NC_ERR_OUTCOME_UNKNOWN));
	CHECK(err->hint[0]);
	CHECK(err->native == ENOSPC || err->native == EFBIG);
}

static bool mount_small(const char *dir, const char *size)
{
	static bool is_apart;
	char options[64];
	if (!is_apart && (unshare(CLONE_NEWNS) < 0 ||
				 mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
		return false;
	is_apart = true;
	snprintf(options, sizeof(options), "size=%s,mode=0700", size);
	return mkdir(dir, 0700) == 0 && mount("tmpfs", dir, "tmpfs", 0, options) == 0;
}

static void fill_rest(const char *path)
{
	static const char zeros[65536];
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	for (size_t n = sizeof(zeros); n > 0;)
		if (write(fd, zeros, n) <= 0)
			n /= 2;
	close(fd);
}

static void a_full_disk_refuses_cleanly_and_reads_go_on(void)
{
	st_store s;
	grown g = { 0 };
	nc_error err = ST_ERROR;
	char dir[400], store[420], ballast[420];
	snprintf(dir, sizeof(dir), "%s/small", st_dir());
	snprintf(store, sizeof(store), "%s/store", dir);
	snprintf(ballast, sizeof(ballast), "%s/ballast", dir);
	NEED(CHECK(mount_small(dir, "24m")));
	if (open_led(&s, store, &g)) {
		CHECK(health_says(&s, "\"healthy\""));
		for (int round = 0; round < 3; round++) {
			fill_rest(ballast);
			check_refusal(grow_until_refused(&s, &g, &err), &err);
			CHECK(health_says(&s, "degraded"));
			CHECK(holds(&s, &g));
			check_refusal(st_append_model(&s, 1, g.epoch, g.head, 500, &err), &err);
			CHECK(holds(&s, &g));
			CHECK(truncate(ballast, 4 << 20) == 0);
			CHECK_OK(st_append_model(&s, 1, g.epoch, g.head, 20, &err), &err);
			g.head += 20;
			CHECK(health_says(&s, "\"healthy\""));
			CHECK(holds(&s, &g));
		}
		CHECK(st_checks_clean(&s));
		fill_rest(ballast);
		st_destroy(&s);
		/* It opens on the full disk, too, and serves. */
		if (st_open(&s, store)) {
			CHECK(holds(&s, &g));
			st_destroy(&s);
		}
	}
	CHECK(umount2(dir, MNT_DETACH) == 0);
}

static void a_file_size_limit_refuses_cleanly_too(void)
{
	st_store s;
	grown g = { 0 };
	nc_error err = ST_ERROR;
	struct rlimit was, small = { 6 << 20, 0 };
	NEED(open_led(&s, st_dir(), &g));
	CHECK(getrlimit(RLIMIT_FSIZE, &was) == 0);
	small.rlim_max = was.rlim_max;
	CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
	check_refusal(grow_until_refused(&s, &g, &err), &err);
	CHECK(holds(&s, &g));
	CHECK(setrlimit(RLIMIT_FSIZE, &was) == 0);
	CHECK_OK(st_append_model(&s, 1, g.epoch, g.head, 20, &err), &err);
	g.head += 20;
	CHECK(holds(&s, &g));
	CHECK(st_checks_clean(&s));
	st_destroy(&s);
}

static void check_read_only(const char *store, const grown *g)
{
	st_store s;
	uint64_t epoch = 5, head = 6;
	nc_error err = ST_ERROR;
	NEED(st_open(&s, store));
	CHECK(holds(&s, g));
	CHECK(st_checks_clean(&s));
	CHECK(health_says(&s, "degraded"));
	CHECK_FAILS(s.t->lead(s.inst, "n1", TTL_MS, &epoch, &head, &err), NC_E_UNAVAILABLE, &err);
	CHECK(err.hint[0]);
	CHECK_U64(epoch, 5);
	CHECK(st_append_model(&s, 1, g->epoch, g->head, 1, &err) != NC_OK);
	CHECK(!(err.flags & NC_ERR_OUTCOME_UNKNOWN));
	CHECK(s.t->materialise(s.inst, g->epoch, g->applied, NULL, 0, &err) != NC_OK);
	CHECK(s.t->trim(s.inst, g->epoch, 1, &err) != NC_OK);
	CHECK(holds(&s, g));
	st_destroy(&s);
}

/* Opened while nothing can be written; then it can be, and the next lead makes it so. */
static void check_comes_back(const char *dir, const char *store, grown *g)
{
	st_store s;
	nc_error err = ST_ERROR;
	NEED(st_open(&s, store));
	CHECK(s.t->lead(s.inst, "n1", TTL_MS, &g->epoch, &g->head, &err) != NC_OK);
	CHECK(mount(NULL, dir, NULL, MS_REMOUNT, "size=64m") == 0);
	CHECK_OK(s.t->lead(s.inst, "n1", TTL_MS, &g->epoch, &g->head, &err), &err);
	CHECK(health_says(&s, "\"healthy\""));
	CHECK(holds(&s, g));
	CHECK_OK(st_append_model(&s, 1, g->epoch, g->head, 20, &err), &err);
	g->head += 20;
	CHECK(holds(&s, g));
	st_store other;
	CHECK_FAILS(st_try_open(&other, store, &err), NC_E_BUSY, &err);
	st_destroy(&s);
	NEED(st_open(&s, store));
	CHECK(holds(&s, g));
	st_destroy(&s);
}

static void a_disk_that_cannot_be_written_is_read(void)
{
	st_store s;
	grown g = { 0 };
	nc_error err = ST_ERROR;
	char dir[400], store[420];
	snprintf(dir, sizeof(dir), "%s/ro", st_dir());
	snprintf(store, sizeof(store), "%s/store", dir);
	NEED(CHECK(mount_small(dir, "64m")));
	if (open_led(&s, store, &g)) {
		for (; g.head < 1000; g.head += 20)
			CHECK_OK(st_append_model(&s, 1, g.epoch, g.head, 20, &err), &err);
		CHECK_OK(st_materialise_model(&s, 1, g.epoch, 0, 60, &err), &err);
		g.applied = 60;
		st_destroy(&s);
		CHECK(mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY, "size=64m") == 0);
		check_read_only(store, &g);
		check_comes_back(dir, store, &g);
	}
	CHECK(umount2(dir, MNT_DETACH) == 0);
}

/* Writes in a child that is killed, so that nothing is tidied up after it. */
static bool grow_and_die(const char *store, grown *g)
{
	pid_t pid = fork();
	g->epoch = 1;
	g->head = 1000;
	g->applied = 60;
	if (pid == 0) {
		st_store s;
		nc_error err = ST_ERROR;
		grown in = { 0 };
		if (!open_led(&s, store, &in))
			_exit(1);
		for (; in.head < g->head; in.head += 20)
			if (st_append_model(&s, 1, in.epoch, in.head, 20, &err) != NC_OK)
				_exit(1);
		if (st_materialise_model(&s, 1, in.epoch, 0, g->applied, &err) != NC_OK)
			_exit(1);
		raise(SIGKILL);
	}
	int status = 0;
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
}

static void what_a_killed_process_left_is_read_on_a_disk_that_cannot_be_written(void)
{
	grown g = { 0 };
	char dir[400], store[420];
	snprintf(dir, sizeof(dir), "%s/ro", st_dir());
	snprintf(store, sizeof(store), "%s/store", dir);
	NEED(CHECK(mount_small(dir, "64m")));
	if (CHECK(grow_and_die(store, &g))) {
		CHECK(mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY, "size=64m") == 0);
		check_read_only(store, &g);
		check_comes_back(dir, store, &g);
	}
	CHECK(umount2(dir, MNT_DETACH) == 0);
}

/* No byte is left, not even for what a write-ahead log needs beside it. */
static void a_store_without_any_room_at_its_opening_is_read(void)
{
	st_store s;
	grown g = { 0 };
	nc_error err = ST_ERROR;
	char dir[400], store[420], ballast[420];
	snprintf(dir, sizeof(dir), "%s/small", st_dir());
	snprintf(store, sizeof(store), "%s/store", dir);
	snprintf(ballast, sizeof(ballast), "%s/ballast", dir);
	NEED(CHECK(mount_small(dir, "24m")));
	if (open_led(&s, store, &g)) {
		for (; g.head < 400; g.head += 20)
			CHECK_OK(st_append_model(&s, 1, g.epoch, g.head, 20, &err), &err);
		CHECK_OK(st_materialise_model(&s, 1, g.epoch, 0, 60, &err), &err);
		g.applied = 60;
		st_destroy(&s);
		fill_rest(ballast);
		if (st_open(&s, store)) {
			CHECK(holds(&s, &g));
			nc_code code = s.t->lead(s.inst, "n1", TTL_MS, &g.epoch, &g.head, &err);
			check_refusal(code, &err);
			CHECK(health_says(&s, "degraded"));
			CHECK(holds(&s, &g));
			CHECK(truncate(ballast, 4 << 20) == 0);
			CHECK_OK(s.t->lead(s.inst, "n1", TTL_MS, &g.epoch, &g.head, &err), &err);
			CHECK_OK(st_append_model(&s, 1, g.epoch, g.head, 20, &err), &err);
			g.head += 20;
			CHECK(holds(&s, &g));
			CHECK(health_says(&s, "\"healthy\""));
			st_destroy(&s);
		}
	}
	CHECK(umount2(dir, MNT_DETACH) == 0);
}

static void a_folder_that_cannot_be_made_is_said_so(void)
{
	st_store s;
	nc_error err = ST_ERROR;
	char dir[400];
	snprintf(dir, sizeof(dir), "%s/no/such/parent", st_dir());
	CHECK_FAILS(st_try_open(&s, dir, &err), NC_E_UNAVAILABLE, &err);
	CHECK(strstr(err.message, "no/such/parent") != NULL);
	CHECK_U64((uint64_t)err.native, ENOENT);
}

const st_test st_disk_tests[] = {
	ST_TEST(a_full_disk_refuses_cleanly_and_reads_go_on, ST_EMBEDDED | ST_ROOT),
	ST_TEST(a_file_size_limit_refuses_cleanly_too, ST_EMBEDDED),
	ST_TEST(a_disk_that_cannot_be_written_is_read, ST_EMBEDDED | ST_ROOT),
	ST_TEST(what_a_killed_process_left_is_read_on_a_disk_that_cannot_be_written,
		ST_EMBEDDED | ST_ROOT),
	ST_TEST(a_store_without_any_room_at_its_opening_is_read, ST_EMBEDDED | ST_ROOT),
	ST_TEST(a_folder_that_cannot_be_made_is_said_so, ST_EMBEDDED),
	{ NULL, NULL, 0 },
};
