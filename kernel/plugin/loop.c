/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/loop.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/pool.h"
#include "plugin/slots.h"
#include "plugin/wait.h"

/*
 * epoll for descriptors, a binary heap for timers, nc_mpsc for tasks. Tables are guarded by
 * loop_lock, which is never held while a callback runs: a callback's closure is copied out first,
 * and what was removed meanwhile is seen by its generation. The wake descriptor of the task queue
 * also ends a sleep when an earlier timer was added from elsewhere.
 */

#define EVENTS_AT_ONCE 64
#define FD_MAX         (1 << 20)
#define WAKE_MARK      UINT64_MAX

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

static void wake(nc_loop *l)
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
	wake(l);
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

/* ---- timers ---- */

static void heap_place(nc_loop *l, size_t at, loop_timer *t)
{
	l->heap[at] = t;
	t->at = at;
}

static void heap_up(nc_loop *l, size_t at)
{
	loop_timer *t = l->heap[at];
	while (at > 0 && l->heap[(at - 1) / 2]->when_ns > t->when_ns) {
		heap_place(l, at, l->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_place(l, at, t);
}

static void heap_down(nc_loop *l, size_t at)
{
	loop_timer *t = l->heap[at];
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= l->n_heap)
			break;
		if (child + 1 < l->n_heap && l->heap[child + 1]->when_ns < l->heap[child]->when_ns)
			child++;
		if (l->heap[child]->when_ns >= t->when_ns)
			break;
		heap_place(l, at, l->heap[child]);
		at = child;
	}
	heap_place(l, at, t);
}

static void heap_remove(nc_loop *l, loop_timer *t)
{
	size_t at = t->at;
	loop_timer *last = l->heap[--l->n_heap];
	if (last == t)
		return;
	heap_place(l, at, last);
	heap_up(l, at);
	heap_down(l, last->at);
}

static int heap_reserve(nc_loop *l)
{
	if (l->n_heap < l->cap_heap)
		return 0;
	size_t cap = NC_MAX(l->cap_heap * 2, (size_t)16);
	loop_timer **more = nc_realloc(l->heap, cap * sizeof(*more));
	if (!more)
		return -1;
	l->heap = more;
	l->cap_heap = cap;
	return 0;
}

nc_code nc_loop_timer_start(nc_loop *l, uint64_t after_ns, uint64_t period_ns, nc_loop_timer_fn fn,
	nc_closure c, uint64_t *ret_timer)
{
	uint64_t now = nc_clock_mono_ns(), handle;
	pthread_mutex_lock(&l->loop_lock);
	if (l->timers.used >= l->timers.max) {
		pthread_mutex_unlock(&l->loop_lock);
		return NC_E_UNAVAILABLE;
	}
	loop_timer *t = heap_reserve(l) == 0 ? nc_slots_take(&l->timers, &handle) : NULL;
	if (!t) {
		pthread_mutex_unlock(&l->loop_lock);
		return NC_E_NOMEM;
	}
	uint64_t when = now + after_ns;
	*t = (loop_timer){ .when_ns = when < now ? UINT64_MAX : when,
		.period_ns = period_ns,
		.handle = handle,
		.fn = fn,
		.closure = c };
	heap_place(l, l->n_heap++, t);
	heap_up(l, t->at);
	if (ret_timer)
		*ret_timer = handle; /* under the lock: the callback may be faster than we are */
	int is_first = t->at == 0;
	pthread_mutex_unlock(&l->loop_lock);
	if (is_first)
		wake(l);
	return NC_OK;
}

nc_code nc_loop_timer_stop(nc_loop *l, uint64_t timer)
{
	nc_code rc = NC_E_NOTFOUND;
	pthread_mutex_lock(&l->loop_lock);
	loop_timer *t = nc_slots_get(&l->timers, timer);
	if (t) {
		heap_remove(l, t);
		nc_slots_release(&l->timers, timer);
		rc = NC_OK;
	}
	pthread_mutex_unlock(&l->loop_lock);
	return rc;
}

size_t nc_loop_timers(nc_loop *l)
{
	pthread_mutex_lock(&l->loop_lock);
	size_t n = l->timers.used;
	pthread_mutex_unlock(&l->loop_lock);
	return n;
}

/* Takes the first timer that is due out of the heap, or sets a period's next time. */
static int take_due(nc_loop *l, uint64_t now, loop_timer *ret)
{
	if (l->n_heap == 0 || l->heap[0]->when_ns > now)
		return 0;
	loop_timer *t = l->heap[0];
	*ret = *t;
	if (t->period_ns == 0) {
		heap_remove(l, t);
		nc_slots_release(&l->timers, t->handle);
		return 1;
	}
	/* Missed periods are skipped, not made up for. */
	t->when_ns += t->period_ns * ((now - t->when_ns) / t->period_ns + 1);
	heap_down(l, 0);
	return 1;
}

static void run_timers(nc_loop *l)
{
	uint64_t now = nc_clock_mono_ns(); /* once: a timer of 0 ns set anew can't hold the loop */
	loop_timer due;
	pthread_mutex_lock(&l->loop_lock);
	while (!l->is_quitting && take_due(l, now, &due)) {
		pthread_mutex_unlock(&l->loop_lock);
		due.fn(&due.closure, due.handle);
		pthread_mutex_lock(&l->loop_lock);
	}
	pthread_mutex_unlock(&l->loop_lock);
}

/* ---- descriptors ---- */

static int fds_reserve(nc_loop *l, int fd)
{
	if ((size_t)fd < l->cap_fds)
		return 0;
	size_t cap = NC_MAX(l->cap_fds * 2, (size_t)fd + 16);
	loop_fd *more = nc_realloc(l->fds, cap * sizeof(*more));
	if (!more)
		return -1;
	memset(more + l->cap_fds, 0, (cap - l->cap_fds) * sizeof(*more));
	l->fds = more;
	l->cap_fds = cap;
	return 0;
}

static nc_code fd_add_locked(
	nc_loop *l, int fd, uint32_t epoll_events, nc_loop_fd_fn fn, nc_closure c)
{
	if (fds_reserve(l, fd) < 0)
		return NC_E_NOMEM;
	loop_fd *w = &l->fds[fd];
	uint32_t generation = w->generation + 1;
	struct epoll_event ev = { .events = epoll_events,
		.data.u64 = (uint64_t)generation << 32 | (uint32_t)fd };
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return errno == EEXIST ? NC_E_EXISTS : errno == ENOMEM ? NC_E_NOMEM : NC_E_INVAL;
	/* A set entry here was closed without being removed: its number came round again. */
	l->n_fds += !w->is_set;
	*w = (loop_fd){ .generation = generation, .is_set = 1, .fn = fn, .closure = c };
	return NC_OK;
}

nc_code nc_loop_fd_add(nc_loop *l, int fd, uint32_t epoll_events, nc_loop_fd_fn fn, nc_closure c)
{
	if (fd < 0 || fd > FD_MAX)
		return NC_E_INVAL;
	pthread_mutex_lock(&l->loop_lock);
	nc_code rc = fd_add_locked(l, fd, epoll_events, fn, c);
	pthread_mutex_unlock(&l->loop_lock);
	return rc;
}

static loop_fd *find_fd(nc_loop *l, int fd)
{
	return fd >= 0 && (size_t)fd < l->cap_fds && l->fds[fd].is_set ? &l->fds[fd] : NULL;
}

nc_code nc_loop_fd_mod(nc_loop *l, int fd, uint32_t epoll_events)
{
	nc_code rc = NC_E_NOTFOUND;
	pthread_mutex_lock(&l->loop_lock);
	loop_fd *w = find_fd(l, fd);
	if (w) {
		struct epoll_event ev = { .events = epoll_events,
			.data.u64 = (uint64_t)w->generation << 32 | (uint32_t)fd };
		rc = epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, fd, &ev) < 0 ? NC_E_INVAL : NC_OK;
	}
	pthread_mutex_unlock(&l->loop_lock);
	return rc;
}

nc_code nc_loop_fd_del(nc_loop *l, int fd)
{
	nc_code rc = NC_E_NOTFOUND;
	pthread_mutex_lock(&l->loop_lock);
	loop_fd *w = find_fd(l, fd);
	if (w) {
		w->is_set = 0;
		l->n_fds--;
		(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL); /* closed already: gone */
		rc = NC_OK;
	}
	pthread_mutex_unlock(&l->loop_lock);
	return rc;
}

size_t nc_loop_fds(nc_loop *l)
{
	pthread_mutex_lock(&l->loop_lock);
	size_t n = l->n_fds;
	pthread_mutex_unlock(&l->loop_lock);
	return n;
}

static void run_fd(nc_loop *l, const struct epoll_event *ev)
{
	int fd = (int)(uint32_t)ev->data.u64;
	pthread_mutex_lock(&l->loop_lock);
	loop_fd *w = find_fd(l, fd);
	loop_fd found = w ? *w : (loop_fd){ 0 };
	pthread_mutex_unlock(&l->loop_lock);
	if (w && found.generation == (uint32_t)(ev->data.u64 >> 32))
		found.fn(&found.closure, fd, ev->events);
}

/* ---- the thread ---- */

/* How long to sleep: 0 … for ever (-1). Milliseconds, rounded up so as not to spin. */
static int sleep_ms(nc_loop *l, uint64_t now)
{
	if (l->n_heap == 0)
		return -1;
	if (l->heap[0]->when_ns <= now)
		return 0;
	uint64_t ms = (l->heap[0]->when_ns - now + 999999) / 1000000;
	return ms > 86400000 ? 86400000 : (int)ms;
}

/* Before sleeping and after; returns whether to quit. */
static int mark_idle(nc_loop *l, int *ret_sleep_ms)
{
	uint64_t now = nc_clock_mono_ns();
	pthread_mutex_lock(&l->loop_lock);
	l->busy_since_us = 0;
	*ret_sleep_ms = sleep_ms(l, now);
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
			run_fd(l, &events[i]);
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
		run_timers(l);
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
