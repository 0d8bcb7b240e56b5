/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_LOOP_H
#define NC_PLUGIN_LOOP_H

#include <stdint.h>

#include "base/cleanup.h"
#include "base/queue.h"
#include "novacron/abi.h"

/*
 * One thread that waits for descriptors, timers and tasks, and runs their callbacks one after
 * another with no lock held. It serves an instance's control thread, the supervisor, and the
 * sockets and deadlines. Everything but run and free may come from any thread.
 */
typedef struct nc_loop nc_loop;

/* What a callback finds again; copied, the loop doesn't look into it. */
typedef struct nc_closure {
	void *ctx;
	void (*fn)(void); /* a function pointer of the owner's, cast there and back */
	uint64_t arg;
} nc_closure;

typedef void (*nc_loop_timer_fn)(const nc_closure *c, uint64_t timer);
typedef void (*nc_loop_fd_fn)(const nc_closure *c, int fd, uint32_t epoll_events);

typedef struct nc_task {
	nc_qnode node;
	void (*run)(struct nc_task *task); /* may free it */
} nc_task;

nc_code nc_loop_new(const char *name, uint32_t max_timers, nc_loop **ret, nc_error *err);
/* Joins the thread if it was started; tasks posted before are run. Not from the loop itself. */
void nc_loop_free(nc_loop *l);
NC_DEFINE_CLEANUP(nc_loop *, nc_loop_free);
/* End the thread and leave the rest: no callback runs any more, the other functions are still safe. 0
 * when a callback did not come back in time; the loop can then never be freed. */
int nc_loop_stop_within(nc_loop *l, int64_t timeout_us);
nc_code nc_loop_start(nc_loop *l, nc_error *err); /* a thread of its own */
void nc_loop_run(nc_loop *l);                     /* or the caller's, until nc_loop_quit */
void nc_loop_quit(nc_loop *l);
int nc_loop_is_current(const nc_loop *l);
/* Since when the present callback has run, nc_clock_mono_us; 0 = idle. */
int64_t nc_loop_busy_since_us(nc_loop *l);

void nc_loop_post(nc_loop *l, nc_task *task); /* never fails; in order of arrival */
/* Run `fn(arg)` on the loop and wait for it; at once when on the loop already. */
void nc_loop_call(nc_loop *l, void (*fn)(void *arg), void *arg);

/* period_ns 0 = once. NC_E_UNAVAILABLE past max_timers, NC_E_NOMEM. */
nc_code nc_loop_timer_start(nc_loop *l, uint64_t after_ns, uint64_t period_ns, nc_loop_timer_fn fn,
	nc_closure c, uint64_t *ret_timer);
/* NC_E_NOTFOUND: ended already. From another thread the callback may be running just now. */
nc_code nc_loop_timer_stop(nc_loop *l, uint64_t timer);
size_t nc_loop_timers(nc_loop *l);

/* Level-triggered. NC_E_EXISTS, NC_E_INVAL (not pollable), NC_E_NOMEM, NC_E_UNAVAILABLE (the
 * machine's limit of watches). Remove before closing. */
nc_code nc_loop_fd_add(nc_loop *l, int fd, uint32_t epoll_events, nc_loop_fd_fn fn, nc_closure c);
nc_code nc_loop_fd_mod(nc_loop *l, int fd, uint32_t epoll_events);
nc_code nc_loop_fd_del(nc_loop *l, int fd);
size_t nc_loop_fds(nc_loop *l);

#endif
