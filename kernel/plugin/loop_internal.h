/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_LOOP_INTERNAL_H
#define NC_PLUGIN_LOOP_INTERNAL_H

#include <pthread.h>
#include <sys/epoll.h>

#include "plugin/loop.h"
#include "plugin/slots.h"

/* What the files of the loop share. loop.c: the thread and its tasks; loop_timer.c; loop_fd.c. */

typedef struct loop_timer {
	uint64_t when_ns, period_ns, handle;
	size_t at; /* place in the heap */
	nc_loop_timer_fn fn;
	nc_closure closure;
} loop_timer;

typedef struct loop_fd {
	uint32_t generation; /* counts additions, so that a late event of a removed one is seen */
	int is_set;
	nc_loop_fd_fn fn;
	nc_closure closure;
} loop_fd;

struct nc_loop {
	int epoll_fd, is_started;
	nc_mpsc tasks;
	uint64_t thread_storage;
	char name[16];

	pthread_mutex_t loop_lock; /* guards what follows */
	pthread_cond_t has_ended_cond;
	int is_quitting, is_running, has_thread;
	pthread_t thread;
	int64_t busy_since_us;
	nc_slots timers;
	loop_timer **heap;
	size_t n_heap, cap_heap;
	loop_fd *fds; /* by number */
	size_t n_fds, cap_fds;
};

/* Ends the loop's sleep. */
void nc_loop_wake(nc_loop *l);

/* loop_timer.c */
void nc_loop_run_timers(nc_loop *l);
int nc_loop_sleep_ms(nc_loop *l, uint64_t now_ns); /* under loop_lock */

/* loop_fd.c */
void nc_loop_run_fd(nc_loop *l, const struct epoll_event *ev);

#endif
