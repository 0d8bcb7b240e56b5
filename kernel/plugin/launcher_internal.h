/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_LAUNCHER_INTERNAL_H
#define NC_PLUGIN_LAUNCHER_INTERNAL_H

#include "plugin/launcher.h"
#include "plugin/spawn.h"

/* Have the launcher start the host of a plugin. All descriptors are the caller's. On the supervisor;
 * waits for the launcher's answer. */
nc_code nc_launcher_start(nc_launcher *l, const char *id, nc_child *ret_child, int *ret_sock,
	int *ret_out_fd, nc_error *err);

/* Kill one it started, which the daemon may lack the right to. Any thread, never blocks for long. */
void nc_launcher_kill(nc_launcher *l, pid_t pid);

#endif
