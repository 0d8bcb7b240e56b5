/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_HOSTPROC_INTERNAL_H
#define NC_PLUGIN_HOSTPROC_INTERNAL_H

#include <pthread.h>

#include "plugin/hostproc.h"
#include "plugin/loader_internal.h"
#include "plugin/spawn.h"

/* What the files of a host process share. hostproc.c: its start, sending, who lives in it;
 * hostproc_frame.c: what it says; hostproc_end.c: how it ends. */

typedef enum { H_STARTING, H_READY, H_REFUSED, H_GONE } host_state;

typedef struct attached {
	uint32_t number;
	nc_pinst *inst; /* borrowed: it detaches before it goes */
	int is_closed;
	nc_code closed; /* NC_E_TIMEOUT: it hangs there */
} attached;

struct nc_hostproc {
	nc_found *f;
	nc_loop *io;
	nc_child child;
	int out_fd;        /* its stdout and stderr; io loop */
	nc_frame_in *in;   /* io loop */
	int64_t output_us; /* when it last had a strike for it; io loop */

	pthread_mutex_t host_lock; /* guards what follows */
	pthread_cond_t has_changed;
	uint32_t refs;
	host_state state;
	nc_error why; /* refused */
	char kill_reason[128];
	nc_error blameless; /* code not NC_OK: it was killed for want of memory of ours */
	int sock;           /* -1 when it was taken away */
	int is_ending, is_watching_write;
	nc_wire_queue queue;
	attached *list;
	size_t n_list, cap_list;
	uint32_t last_number;
	uint32_t n_asks;
	uint64_t ready_timer; /* holds a reference while it is set */
};

/* hostproc.c; find and watch_write under host_lock */
attached *nc_hostproc_find(nc_hostproc *h, uint32_t number);
void nc_hostproc_watch_write(nc_hostproc *h);

/* hostproc_frame.c; on the io loop */
void nc_hostproc_on_socket(const nc_closure *c, int fd, uint32_t events);
/* Reads up to n frames, or all of them (-1). 0 when the other end is gone. */
int nc_hostproc_read_frames(nc_hostproc *h, int sock, int n);
void nc_hostproc_lose_socket(nc_hostproc *h);

/* hostproc_end.c; the callbacks on the io loop */
void nc_hostproc_on_output(const nc_closure *c, int fd, uint32_t events);
void nc_hostproc_on_exit(const nc_closure *c, int fd, uint32_t events);
void nc_hostproc_kill_process(nc_hostproc *h);
void nc_hostproc_stop_ready_timer(nc_hostproc *h);

#endif
