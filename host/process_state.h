/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HOST_PROCESS_STATE_H
#define NC_HOST_PROCESS_STATE_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

#include "novacron/abi.h"

/* What of the process a plugin has no business to change (P2, P7), before and after. */
typedef struct process_state {
	struct sigaction actions[65];
	char cwd[4096], locale[256];
	mode_t mask;
	size_t n_env, n_threads, n_fds;
} process_state;

nc_code process_state_read(process_state *s, nc_error *err);
/* The first difference in words ("it starts a thread"), and its rule; NULL when there is none. */
const char *process_state_compare(
	const process_state *before, const process_state *after, int *ret_rule);

#endif
