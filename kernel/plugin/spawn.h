/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_SPAWN_H
#define NC_PLUGIN_SPAWN_H

#include <stddef.h>
#include <sys/types.h>

#include "novacron/abi.h"

/*
 * Start nc-plugin-host with exactly the descriptors it is to have. From one long-lived thread only:
 * the child dies with the thread that started it (PR_SET_PDEATHSIG).
 */
#define NC_SPAWN_FDS 6

typedef struct nc_spawn {
	const char *path;
	const char *argument;  /* "--probe", "--serve" */
	int fds[NC_SPAWN_FDS]; /* become 0 … 5 in the child; -1: /dev/null up to 2, else closed */
} nc_spawn;

typedef struct nc_child {
	pid_t pid;
	int pidfd;  /* the caller's to close (nc_child_done); readable when it has ended */
	int end_fd; /* the launcher's child: how it ended comes in here; else -1 */
} nc_child;
#define NC_CHILD_NONE ((nc_child){ .pidfd = -1, .end_fd = -1 })

nc_code nc_spawn_start(const nc_spawn *s, nc_child *ret, nc_error *err);
void nc_child_kill(const nc_child *c);
int nc_child_wait_fd(const nc_child *c); /* readable when nc_child_reap may have something to say */
/* Collect one that has ended: "exit status 3", "signal 11 (Segmentation fault)". 1 when collected, 0
 * when it still runs. One of the launcher's has ended when that has told how. */
int nc_child_reap(const nc_child *c, char *how, size_t cap);
void nc_child_done(nc_child *c);

#endif
