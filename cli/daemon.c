/* SPDX-License-Identifier: Apache-2.0 */
/* Becoming the daemon, and finding what is installed beside this program. */
#include "cli/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "cli/report.h"

enum { ARGS_MAX = 256, PATH_LEN_MAX = 4096 };

int nc_wants_daemon(int argc, char *const *argv)
{
	for (int i = 0; i < argc; i++)
		if (!strcmp(argv[i], "--config") || !strncmp(argv[i], "--config=", 9))
			return 1;
	return 0;
}

int nc_find_sibling(const char *name, char *out, size_t cap)
{
	char self[PATH_LEN_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return -1;
	self[n] = '\0';
	/* An installation keeps the daemon in sbin, a build tree beside us. */
	int dir = (int)(strrchr(self, '/') - self);
	for (int i = 0; i < 2; i++) {
		size_t len = (size_t)(i ? snprintf(out, cap, "%.*s/../sbin/%s", dir, self, name)
					: snprintf(out, cap, "%.*s/%s", dir, self, name));
		if (len < cap && access(out, X_OK) == 0)
			return 0;
	}
	return -1;
}

int nc_exec_daemon(const nc_cli *c, int argc, char **argv)
{
	nc_error err = NC_ERROR_INIT;
	char path[PATH_LEN_MAX], *args[ARGS_MAX + 2];
	static char name[] = "novacrond";

	if (argc > ARGS_MAX) {
		nc_err(&err, NC_E_INVAL, "too many arguments");
		return nc_report(c, &err);
	}
	args[0] = name;
	memcpy(args + 1, argv, (size_t)argc * sizeof(*argv));
	args[argc + 1] = NULL;
	if (nc_find_sibling(name, path, sizeof(path)) == 0)
		execv(path, args);
	else
		execvp(name, args);
	nc_err_errno(&err, errno, "could not run novacrond");
	nc_err_hint(&err, err.code, "it is installed beside novacron, or stands on PATH");
	return nc_report(c, &err);
}
