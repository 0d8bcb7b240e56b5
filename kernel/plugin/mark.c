/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/log.h"

/*
 * The handler may run on a broken heap with any lock held: it formats by hand into its own stack,
 * writes once to a descriptor opened long before, and hands the signal on. It must never allocate,
 * lock or log.
 */

static _Thread_local volatile nc_mark current; /* read by the handler on the same thread */
static volatile int crash_fd = -1;

static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
static struct sigaction former_actions[NC_LEN(fatal)];

nc_mark nc_mark_enter(const char *plugin, const char *what)
{
	nc_mark former = { current.plugin, current.what };
	current.what = what;
	current.plugin = plugin;
	return former;
}

void nc_mark_leave(nc_mark former)
{
	current.plugin = former.plugin;
	current.what = former.what;
}

/* strlcpy without a library. */
static size_t append(char *line, size_t used, size_t cap, const char *s)
{
	while (*s && used < cap)
		line[used++] = *s++;
	return used;
}

static size_t append_number(char *line, size_t used, size_t cap, int n)
{
	char digits[12];
	size_t i = 0;
	do
		digits[i++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	while (i > 0 && used < cap)
		line[used++] = digits[--i];
	return used;
}

/* "11 com.acme.kvm compute.create\n" */
static void write_record(int sig)
{
	char line[256];
	size_t used = append_number(line, 0, sizeof(line) - 1, sig);
	used = append(line, used, sizeof(line) - 1, " ");
	used = append(line, used, sizeof(line) - 1, current.plugin);
	used = append(line, used, sizeof(line) - 1, " ");
	used = append(line, used, sizeof(line) - 1, current.what ? current.what : "-");
	line[used++] = '\n';
	ssize_t n = write(crash_fd, line, used);
	(void)n; /* nobody is left to tell */
}

static void on_fatal(int sig, siginfo_t *info, void *context)
{
	int saved = errno;
	(void)context;
	if (current.plugin && crash_fd >= 0) {
		write_record(sig);
		current.plugin = NULL; /* once, whatever the next handler does */
	}
	for (size_t i = 0; i < NC_LEN(fatal); i++)
		if (fatal[i] == sig)
			sigaction(sig, &former_actions[i], NULL);
	/* A fault comes again by itself when we return, with its true place for the core dump. */
	if (info->si_code <= 0)
		raise(sig);
	errno = saved;
}

nc_code nc_mark_install(const char *path, nc_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EROFS || errno == ENOSPC || errno == EDQUOT)) {
		nc_log(L_WARN, "plugin.crash_record.failed", F_STR("path", path),
			F_STR("consequence", "crashes of plugins are not recorded"));
		fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return nc_err_errno(err, errno, "could not open the crash record %s", path);
	int is_first = crash_fd < 0, old = crash_fd;
	crash_fd = fd;
	nc_closep(&old);
	if (!is_first)
		return NC_OK;
	struct sigaction act = { .sa_sigaction = on_fatal,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < NC_LEN(fatal); i++)
		if (sigaction(fatal[i], &act, &former_actions[i]) < 0)
			return nc_err_errno(err, errno, "could not watch for crashes");
	return NC_OK;
}
