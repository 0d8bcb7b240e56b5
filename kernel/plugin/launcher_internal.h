/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_LAUNCHER_INTERNAL_H
#define NC_PLUGIN_LAUNCHER_INTERNAL_H

#include <sys/types.h>

#include "plugin/launcher.h"
#include "plugin/manifest.h"
#include "plugin/spawn.h"

/* Have the launcher start the host of a plugin. All descriptors are the caller's. On the supervisor;
 * waits for the launcher's answer. */
nc_code nc_launcher_start(nc_launcher *l, const char *id, nc_child *ret_child, int *ret_sock,
	int *ret_out_fd, nc_error *err);

/* Kill one it started, which the daemon may lack the right to. Any thread, never blocks for long. */
void nc_launcher_kill(nc_launcher *l, pid_t pid);

/* ---- between the daemon's side (launcher.c) and the launcher's (launcher_serve.c) ---- */

#define NC_LAUNCHER_REQUEST_MAX (NC_PLUGIN_ID_MAX + 9)

/* The reply's fixed part; descriptors (socket, pidfd, output, its end) go with a good one. */
#define NC_LAUNCHER_FDS 4
typedef struct nc_launcher_reply {
	int32_t code, native; /* of the error */
	int32_t pid;
	char message[320];
	char hint[320];
} nc_launcher_reply;

/* What is then read once from the last of them, when the launcher has reaped it; without a word at
 * its end the launcher itself is gone. */
typedef struct nc_child_end {
	int32_t code, status; /* si_code, si_status */
} nc_child_end;

nc_noreturn void nc_launcher_serve(int sock, const nc_launcher_options *opt);

/* ---- launcher_rights.c ---- */

#define NC_LAUNCHER_GROUPS_MAX 32

typedef struct nc_launcher_rights {
	char folder[4096];
	uid_t uid;
	gid_t gid, groups[NC_LAUNCHER_GROUPS_MAX];
	size_t n_groups;
} nc_launcher_rights;

/* What the file gives that plugin; only a file that root alone may write is read. */
nc_code nc_launcher_read_rights(
	const char *path, const char *id, nc_launcher_rights *ret, nc_error *err);

#endif
