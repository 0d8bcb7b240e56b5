/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "plugin/launcher_internal.h"

/*
 * posix_spawn, so that a daemon with hundreds of megabytes is not copied and no code of ours runs
 * between fork and exec. The child gets a clean environment, signal mask and descriptor table, and a
 * process group of its own: a Ctrl-C is for the daemon, which then drains.
 */

#define ABOVE 16 /* sources are moved up here first, out of the way of the targets */

/* Sanitizers are told what to do by their variables; harmless where there are none. */
static const char *const passed_on[] = { "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
	"LSAN_OPTIONS" };

static char fixed_path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
static char fixed_lang[] = "LANG=C.UTF-8";

typedef struct environment {
	char *vars[3 + NC_LEN(passed_on)];
	char copies[NC_LEN(passed_on)][512];
} environment;

static void fill_environment(environment *e)
{
	size_t n = 0;
	e->vars[n++] = fixed_path;
	e->vars[n++] = fixed_lang;
	for (size_t i = 0; i < NC_LEN(passed_on); i++) {
		const char *v = getenv(passed_on[i]);
		int len = v ? snprintf(e->copies[i], sizeof(e->copies[i]), "%s=%s", passed_on[i], v)
			    : 0;
		if (len > 0 && (size_t)len < sizeof(e->copies[i]))
			e->vars[n++] = e->copies[i];
	}
	e->vars[n] = NULL;
}

static int set_actions(posix_spawn_file_actions_t *fa, const int above[NC_SPAWN_FDS])
{
	for (int i = 0; i < NC_SPAWN_FDS; i++) {
		int rc = 0;
		if (above[i] >= 0)
			rc = posix_spawn_file_actions_adddup2(fa, above[i], i);
		else if (i <= STDERR_FILENO)
			rc = posix_spawn_file_actions_addopen(fa, i, "/dev/null", O_RDWR, 0);
		if (rc != 0)
			return rc;
	}
	int first = NC_SPAWN_FDS;
	while (first > 3 && above[first - 1] < 0)
		first--;
	return posix_spawn_file_actions_addclosefrom_np(fa, first);
}

static int set_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	(void)posix_spawnattr_setsigmask(attr, &none);
	(void)posix_spawnattr_setsigdefault(attr, &all);
	(void)posix_spawnattr_setpgroup(attr, 0);
	return posix_spawnattr_setflags(
		attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

static int spawn(const nc_spawn *s, const int above[NC_SPAWN_FDS], pid_t *ret_pid)
{
	environment env;
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	char path[4096], argument[64];
	char *argv[] = { path, argument, NULL };
	snprintf(path, sizeof(path), "%s", s->path);
	snprintf(argument, sizeof(argument), "%s", s->argument);
	fill_environment(&env);
	int rc = posix_spawn_file_actions_init(&fa);
	if (rc != 0)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (rc == 0) {
		rc = set_actions(&fa, above);
		if (rc == 0)
			rc = set_attributes(&attr);
		if (rc == 0)
			rc = posix_spawn(ret_pid, path, &fa, &attr, argv, env.vars);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&fa);
	return rc;
}

nc_code nc_spawn_start(const nc_spawn *s, nc_child *ret, nc_error *err)
{
	int above[NC_SPAWN_FDS], rc = 0;
	pid_t pid = 0;
	for (int i = 0; i < NC_SPAWN_FDS; i++) {
		above[i] =
			s->fds[i] >= 0 && rc == 0 ? fcntl(s->fds[i], F_DUPFD_CLOEXEC, ABOVE) : -1;
		if (s->fds[i] >= 0 && above[i] < 0 && rc == 0)
			rc = errno;
	}
	if (rc == 0)
		rc = spawn(s, above, &pid);
	for (int i = 0; i < NC_SPAWN_FDS; i++)
		nc_closep(&above[i]);
	if (rc != 0)
		return nc_err_errno(err, rc, "could not start %s", s->path);
	/* It can't be reaped by anyone else, so the number is still its own. */
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		rc = errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return nc_err_errno(err, rc, "could not watch %s", s->path);
	}
	fcntl(pidfd, F_SETFD, FD_CLOEXEC);
	*ret = (nc_child){ .pid = pid, .pidfd = pidfd, .end_fd = -1 };
	return NC_OK;
}

void nc_child_kill(const nc_child *c)
{
	(void)syscall(SYS_pidfd_send_signal, c->pidfd, SIGKILL, NULL, 0); /* ended already: fine */
}

int nc_child_wait_fd(const nc_child *c)
{
	return c->end_fd >= 0 ? c->end_fd : c->pidfd;
}

static void format_end(int code, int status, char *how, size_t cap)
{
	const char *name = sigdescr_np(status);
	if (code == CLD_EXITED)
		snprintf(how, cap, "exit status %d", status);
	else
		snprintf(how, cap, "signal %d (%s)", status, name ? name : "unknown");
}

static int reap_launched(const nc_child *c, char *how, size_t cap)
{
	nc_child_end end;
	struct pollfd pfd = { .fd = c->pidfd, .events = POLLIN };
	ssize_t n = read(c->end_fd, &end, sizeof(end));
	if (n == (ssize_t)sizeof(end)) {
		format_end(end.code, end.status, how, cap);
		return 1;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	/* The launcher is gone, and its children follow it. */
	snprintf(how, cap, "it ended with the launcher");
	return poll(&pfd, 1, 0) > 0;
}

int nc_child_reap(const nc_child *c, char *how, size_t cap)
{
	siginfo_t info = { .si_pid = 0 };
	if (c->end_fd >= 0)
		return reap_launched(c, how, cap);
	if (waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED | WNOHANG) < 0) {
		snprintf(how, cap, "it ended");
		return 1;
	}
	if (info.si_pid == 0)
		return 0;
	format_end(info.si_code, info.si_status, how, cap);
	return 1;
}

void nc_child_done(nc_child *c)
{
	nc_closep(&c->pidfd);
	nc_closep(&c->end_fd);
}
