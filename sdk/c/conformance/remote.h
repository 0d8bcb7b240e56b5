/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_KIT_REMOTE_H
#define NC_KIT_REMOTE_H

#include "host.h"

/*
 * The plugin in nc-plugin-host, for checks that can't tell the difference: a plugin table whose
 * functions are frames to a process of the daemon's own kind. What the process tells becomes calls
 * of the kit's host, so that the same yardstick judges both ways. A process that ends by itself ends
 * the check in the same manner.
 */
extern const nc_plugin kit_remote_plugin;

/* Threads of the process; it is still there after destroy, for what a plugin left behind. */
unsigned kit_remote_threads(const kit_host *h);
/* Let it end, at the end of a check. */
void kit_remote_end(kit_host *h);

/* remote_serve.c: what the process says, until its end of file. Runs on a thread of its own. */
void *kit_remote_listen(void *inst);

/* A call that waits for its return; on the caller's stack. */
typedef struct kit_remote_call {
	struct kit_remote_call *next;
	uint64_t id;
	struct nc_sink *sink; /* of a query; NULL: none */
	bool has_returned;
	nc_code code;
	int32_t recover_state;
	nc_error err;
	char *body;
	size_t len;
} kit_remote_call;

struct nc_inst {
	kit_host *h;
	int sock, pidfd;
	int32_t pid;
	uint64_t last_id; /* of calls that are no operation of the kit's */
	pthread_t listener;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	kit_remote_call *calls;
	bool is_ready, is_closed, is_ending;
	nc_code closed;
	nc_error ready_err;
	uint64_t serves[4]; /* bit per verb, by its number */
	/* Tables of extensions, made once. */
	struct kit_remote_table {
		const char *ext;
		_Alignas(max_align_t) char bytes[256];
	} tables[24];
	size_t n_tables;
};

#endif
