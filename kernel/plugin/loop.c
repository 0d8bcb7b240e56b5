/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/loop.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/pool.h"
#include "base/wait.h"
#include "plugin/loop_internal.h"

/*
 * The loop's life, its thread and its tasks (nc_mpsc). Tables are guarded by loop_lock, which is never
 * held while a callback runs: a callback's closure is copied out first, and what was removed meanwhile
 * is seen by its generation. The wake descriptor of the task queue also ends a sleep when an earlier
 * timer was added from elsewhere.
 */

#define EVENTS_AT_ONCE 64
#define WAKE_MARK      UINT64_MAX

nc_code nc_loop_new(const char *name, uint32_t max_timers, nc_loop **ret, nc_error *err)
{
	nc_loop *l = nc_calloc(1, sizeof(*l));
	if (!l)
		return nc_err_nomem(err);
	l->epoll_fd = -1;
	int errnum = nc_mpsc_init(&l->tasks);
	if (errnum == 0) {
		l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		struct epoll_event ev = { .events = EPOLLIN, .data.u64 = WAKE_MARK };
		if (l->epoll_fd < 0 ||
			epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->tasks.wake_fd, &ev) < 0)
			errnum = errno;
	}
	if (errnum != 0) {
		nc_closep(&l->epoll_fd);
		nc_mpsc_done(&l->tasks);
		nc_free(l);
		return nc_err_errno(err, errnum, "could not set up the event loop %s", name);
	}
	pthread_mutex_init(&l->loop_lock, NULL);
	nc_cond_init(&l->has_ended_cond);
	nc_slots_init(&l->timers, sizeof(loop_timer), max_timers);
	strncpy(l->name, name, sizeof(l->name) - 1);
	*ret = l;
	return NC_OK;
}

static void run_tasks(nc_loop *l)
{
	for (nc_qnode *n = nc_mpsc_pop_all(&l->tasks), *next; n; n = next) {
		next = n->next;
		nc_task *task = NC_CONTAINER(n, nc_task, node);
		task->run(task);
	}
}

void nc_loop_free(nc_loop *l)
{
	if (!l)
		return;
	nc_assert(!nc_loop_is_current(l));
	if (l->is_started) {
		nc_loop_quit(l);
		nc_thread_join(l->thread_storage);
	}
	run_tasks(l);
	nc_closep(&l->epoll_fd);
	nc_mpsc_done(&l->tasks);
	nc_slots_done(&l->timers);
	nc_free(l->heap);
	nc_free(l->fds);
	pthread_cond_destroy(&l->has_ended_cond);
	pthread_mutex_destroy(&l->loop_lock);
	nc_free(l);
}

int nc_loop_stop_within(nc_loop *l, int64_t timeout_us)
{
	int64_t until_us = nc_clock_mono_us() + timeout_us;
	nc_loop_quit(l);
	pthread_mutex_lock(&l->loop_lock);
	while (l->is_running && nc_cond_wait_until(&l->has_ended_cond, &l->loop_lock, until_us))
		;
	int has_ended = !l->is_running;
	pthread_mutex_unlock(&l->loop_lock);
	if (has_ended && l->is_started) {
		nc_thread_join(l->thread_storage);
		l->is_started = 0;
	}
	return has_ended;
}

void nc_loop_wake(nc_loop *l)
{
	uint64_t one = 1;
	while (write(l->tasks.wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void nc_loop_quit(nc_loop *l)
{
	pthread_mutex_lock(&l->loop_lock);
	l->is_quitting = 1;
	pthread_mutex_unlock(&l->loop_lock);
	nc_loop_wake(l);
}

int nc_loop_is_current(const nc_loop *l)
{
	nc_loop *m = (nc_loop *)(uintptr_t)l; /* for the lock alone */
	pthread_mutex_lock(&m->loop_lock);
	int is_current = l->has_thread && pthread_equal(l->thread, pthread_self());
	pthread_mutex_unlock(&m->loop_lock);
	return is_current;
}

int64_t nc_loop_busy_since_us(nc_loop *l)
{
	pthread_mutex_lock(&l->loop_lock);
	int64_t since = l->busy_since_us;
	pthread_mutex_unlock(&l->loop_lock);
	return since;
}

/* ---- tasks ---- */

void nc_loop_post(nc_loop *l, nc_task *task)
{
	nc_mpsc_push(&l->tasks, &task->node);
}

typedef struct call_task {
	nc_task task;
	void (*fn)(void *);
	void *arg;
	pthread_mutex_t lock;
	pthread_cond_t has_run_cond;
	int has_run;
} call_task;

static void run_call(nc_task *task)
{
	call_task *c = NC_CONTAINER(task, call_task, task);
	c->fn(c->arg);
	pthread_mutex_lock(&c->lock);
	c->has_run = 1;
	pthread_cond_signal(&c->has_run_cond); /* under the lock: the waiter frees c after it */
	pthread_mutex_unlock(&c->lock);
}

void nc_loop_call(nc_loop *l, void (*fn)(void *arg), void *arg)
{
	if (nc_loop_is_current(l)) {
		fn(arg);
		return;
	}
	call_task c = { .task.run = run_call, .fn = fn, .arg = arg };
	pthread_mutex_init(&c.lock, NULL);
	pthread_cond_init(&c.has_run_cond, NULL);
	nc_loop_post(l, &c.task);
	pthread_mutex_lock(&c.lock);
	while (!c.has_run)
		pthread_cond_wait(&c.has_run_cond, &c.lock);
	pthread_mutex_unlock(&c.lock);
	pthread_cond_destroy(&c.has_run_cond);
	pthread_mutex_destroy(&c.lock);
}

/* ---- the thread ---- */

/* Before sleeping and after; returns whether to quit. */
static int mark_idle(nc_loop *l, int *ret_sleep_ms)
{
	uint64_t now = nc_clock_mono_ns();
	pthread_mutex_lock(&l->loop_lock);
	l->busy_since_us = 0;
	*ret_sleep_ms = nc_loop_sleep_ms(l, now);
	int is_quitting = l->is_quitting;
	pthread_mutex_unlock(&l->loop_lock);
	return is_quitting;
}

static void mark_busy(nc_loop *l)
{
	int64_t now = nc_clock_mono_us();
	pthread_mutex_lock(&l->loop_lock);
	l->busy_since_us = now;
	pthread_mutex_unlock(&l->loop_lock);
}

static void run_events(nc_loop *l, const struct epoll_event *events, int n)
{
	for (int i = 0; i < n; i++) {
		if (events[i].data.u64 == WAKE_MARK)
			run_tasks(l);
		else
			nc_loop_run_fd(l, &events[i]);
	}
}

void nc_loop_run(nc_loop *l)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int timeout_ms;
	pthread_mutex_lock(&l->loop_lock);
	l->thread = pthread_self();
	l->has_thread = 1;
	pthread_mutex_unlock(&l->loop_lock);
	while (!mark_idle(l, &timeout_ms)) {
		int n = epoll_wait(l->epoll_fd, events, EVENTS_AT_ONCE, timeout_ms);
		mark_busy(l);
		run_events(l, events, n);
		nc_loop_run_timers(l);
	}
	run_tasks(l);
	pthread_mutex_lock(&l->loop_lock);
	l->has_thread = l->is_running = 0;
	pthread_cond_broadcast(&l->has_ended_cond);
	pthread_mutex_unlock(&l->loop_lock);
}

static void *loop_main(void *arg)
{
	nc_loop_run(arg);
	return NULL;
}

nc_code nc_loop_start(nc_loop *l, nc_error *err)
{
	l->is_running = 1; /* before its thread looks */
	int errnum = nc_thread_start(&l->thread_storage, l->name, loop_main, l);
	if (errnum != 0) {
		l->is_running = 0;
		return nc_err_errno(err, errnum, "could not start the thread %s", l->name);
	}
	l->is_started = 1;
	return NC_OK;
}
