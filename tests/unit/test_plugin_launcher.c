/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "plugin/launcher_internal.h"
#include "plugin/verify.h"
#include "testing.h"
#include "wrap_system.h"

/*
 * The root launcher with the n-th allocation, or the n-th system call, failing: in the daemon while it
 * forks, and in the launcher from then on, which has the count from there. A start may fail, saying why
 * and blaming nobody; the next one of the same launcher succeeds, and no descriptor is left in it.
 * Needs root, and a build that only root can write.
 */

/* What the launcher shares with us: whether what was to fail has. */
static struct shared {
	atomic_int has_failed;
	char what[32];
} * shared;

static void say_failed(const char *name)
{
	snprintf(shared->what, sizeof(shared->what), "%s", name);
	atomic_store(&shared->has_failed, 1);
}

static int is_possible(void)
{
	_cleanup_(nc_closep) int dir = -1;
	_cleanup_(nc_closep) int host = -1;
	nc_error err = NC_ERROR_INIT;
	if (geteuid() != 0 || nc_verify_folder(NC_TEST_TORTURE "/good", 0, &dir, &err) != NC_OK ||
		nc_verify_path(NC_TEST_HOST, 0, &host, &err) != NC_OK) {
		printf("# not tried: %s\n", geteuid() ? "it takes root" : err.message);
		return 0;
	}
	if (!shared)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return CHECK(shared != MAP_FAILED);
}

static int count_fds(pid_t pid)
{
	char path[64];
	int n = 0;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

/* The one process that we have started. */
static pid_t launcher_pid(void)
{
	int pid = 0;
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	FILE *file = fopen(path, "r");
	if (file) {
		CHECK(fscanf(file, "%d", &pid) == 1);
		fclose(file);
	}
	return pid;
}

/* Start a host, see that it lives, and end it. */
static nc_code start_and_end(nc_launcher *l, nc_error *err)
{
	nc_child child = NC_CHILD_NONE;
	_cleanup_(nc_closep) int sock = -1;
	_cleanup_(nc_closep) int out = -1;
	char how[128];
	nc_code rc = nc_launcher_start(l, "test.good", &child, &sock, &out, err);
	if (rc != NC_OK)
		return rc;
	CHECK(sock >= 0 && out >= 0 && child.pid > 0 && child.pidfd >= 0);
	nc_child_kill(&child);
	for (int i = 0; i < 100000 && !nc_child_reap(&child, how, sizeof(how)); i++)
		nc_clock_sleep_us(100);
	nc_child_done(&child);
	return NC_OK;
}

static int check_refusal(nc_code rc, const nc_error *err)
{
	int is_shortage = rc == NC_E_NOMEM || rc == NC_E_UNAVAILABLE || rc == NC_E_BUSY ||
			  (rc == NC_E_INTERNAL && err->native == EIO);
	return CHECK(rc == NC_OK || (is_shortage && err->message[0]));
}

/* Waits until the launcher has closed what it held for others. */
static int comes_to_rest(int fds)
{
	for (int i = 0; i < 20000 && count_fds(launcher_pid()) != fds; i++)
		nc_clock_sleep_us(100);
	return CHECK_INT(count_fds(launcher_pid()), fds);
}

/* Returns how many descriptors a launcher has that was of use and is at rest, or -1. */
static int run_whole(const nc_launcher_options *opt)
{
	nc_launcher *l = NULL;
	nc_error err = NC_ERROR_INIT;
	if (!CHECK_OK(nc_launcher_fork(opt, &l, &err), &err))
		return -1;
	CHECK_OK(start_and_end(l, &err), &err);
	nc_clock_sleep_us(100000);
	int fds = count_fds(launcher_pid());
	nc_launcher_free(l);
	return fds;
}

static void run_one(const nc_launcher_options *opt, wrap_class class, uint64_t n, int fds)
{
	nc_launcher *l = NULL;
	nc_error err = NC_ERROR_INIT;
	int is_well = 1;
	atomic_store(&shared->has_failed, 0);
	wrap_system_arm(class, n);
	nc_code rc = nc_launcher_fork(opt, &l, &err);
	wrap_system_disarm();
	is_well &= check_refusal(rc, &err);
	if (rc == NC_OK) {
		rc = start_and_end(l, &err);
		is_well &= check_refusal(rc, &err);
		if (atomic_load(&shared->has_failed)) { /* it is over */
			rc = start_and_end(l, &err);
			is_well &= CHECK_OK(rc, &err) && comes_to_rest(fds);
		}
		nc_launcher_free(l);
	}
	if (!is_well)
		printf("    %s %llu (%s): %s\n", class == WRAP_MEMORY ? "allocation" : "call",
			(unsigned long long)n, shared->what, err.message);
}

/* As in test_plugin_torture.c: sanitizers get a sample. */
static unsigned stride(void)
{
	return NC_SANITIZED && !getenv("NC_TEST_LONG") ? 11 : 1;
}

static void run_all(wrap_class class)
{
	_cleanup_(nc_freep) char *rights = nc_test_path("rights.json");
	const nc_launcher_options opt = { .rights_file = rights, .host_binary = NC_TEST_HOST };
	uint64_t n = 1 + nc_test_random() % stride();
	if (!is_possible())
		return;
	nc_test_write(rights, "{\"plugins\":{\"test.good\":{\"folder\":\"" NC_TEST_TORTURE
			      "/good\",\"user\":\"root\",\"groups\":[\"root\"]}}}");
	CHECK(chmod(rights, 0644) == 0);
	wrap_system_tell(say_failed);
	int fds = run_whole(&opt);
	do {
		run_one(&opt, class, n, fds);
		n += stride();
	} while (atomic_load(&shared->has_failed) && n < 100000);
	printf("# %s %llu was the last, every %uth\n",
		class == WRAP_MEMORY ? "allocation" : "system call", (unsigned long long)n,
		stride());
	CHECK(n > 9);
}

static void every_allocation_may_fail(void)
{
	run_all(WRAP_MEMORY);
}

static void every_system_call_may_fail(void)
{
	run_all(WRAP_SYSTEM);
}

NC_TESTS(plugin_launcher){
	T(every_allocation_may_fail),
	T(every_system_call_may_fail),
};
