/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control thread: continuations, timers, descriptors, and what the kit calls there. Callbacks
 * run without the lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "host.h"

typedef struct kit_post {
	struct kit_post *next;
	void (*fn)(kit_host *, void *);
	void *arg;
	nc_cont cont; /* in place of fn */
	nc_op op;
	nc_code code;
	uint64_t user;
	bool is_done; /* under the lock; its poster waits and frees. NULL fn: freed here */
} kit_post;

static void wake(kit_host *h)
{
	if (write(h->wake[1], "", 1) < 0 && errno != EAGAIN)
		_exit(3);
}

static void post(kit_host *h, kit_post *p)
{
	pthread_mutex_lock(&h->lock);
	p->next = NULL;
	*h->last_post = p;
	h->last_post = &p->next;
	pthread_mutex_unlock(&h->lock);
	wake(h);
}

void kit_control_run(kit_host *h, void (*fn)(kit_host *, void *), void *arg)
{
	kit_post p = { .fn = fn, .arg = arg };

	post(h, &p);
	pthread_mutex_lock(&h->lock);
	while (!p.is_done)
		pthread_cond_wait(&h->changed, &h->lock);
	pthread_mutex_unlock(&h->lock);
}

void kit_control_cont(kit_host *h, nc_cont cont, nc_op op, nc_code code, uint64_t user)
{
	kit_post *p = calloc(1, sizeof(*p));

	if (!p)
		_exit(3);
	p->cont = cont;
	p->op = op;
	p->code = code;
	p->user = user;
	post(h, p);
}

static void run_posts(kit_host *h)
{
	for (;;) {
		kit_post *p;

		pthread_mutex_lock(&h->lock);
		p = h->posts;
		if (p && !(h->posts = p->next))
			h->last_post = &h->posts;
		pthread_mutex_unlock(&h->lock);
		if (!p)
			return;
		if (p->cont) {
			if (!h->is_gone)
				p->cont(h->inst, p->op, p->code, p->user);
			free(p);
			continue;
		}
		p->fn(h, p->arg);
		pthread_mutex_lock(&h->lock);
		p->is_done = true;
		pthread_cond_broadcast(&h->changed);
		pthread_mutex_unlock(&h->lock);
	}
}

/* Timers that are due; milliseconds until the next, -1: none. */
static int run_timers(kit_host *h)
{
	for (;;) {
		uint64_t now = kit_mono_ns(), due = UINT64_MAX;
		kit_timer t = { 0 };

		pthread_mutex_lock(&h->lock);
		if (h->is_gone)
			h->n_timers = 0;
		for (size_t i = 0; i < h->n_timers; i++) {
			if (h->timers[i].due_ns > now) {
				due = h->timers[i].due_ns < due ? h->timers[i].due_ns : due;
				continue;
			}
			t = h->timers[i];
			if (t.period_ns)
				h->timers[i].due_ns = now + t.period_ns;
			else
				h->timers[i] = h->timers[--h->n_timers];
			break;
		}
		pthread_mutex_unlock(&h->lock);
		if (!t.id)
			return due == UINT64_MAX ? -1 : (int)((due - now) / 1000000u) + 1;
		t.fn(h->inst, t.id, t.user);
	}
}

static void run_fds(kit_host *h, const struct pollfd *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		kit_fd f = { .fd = -1 };
		uint32_t events =
			(p[i].revents & POLLIN ? 1u : 0u) | (p[i].revents & POLLOUT ? 4u : 0u) |
			(p[i].revents & POLLERR ? 8u : 0u) | (p[i].revents & POLLHUP ? 16u : 0u);

		pthread_mutex_lock(&h->lock);
		for (size_t k = 0; events && k < h->n_fds; k++)
			if (h->fds[k].fd == p[i].fd)
				f = h->fds[k];
		pthread_mutex_unlock(&h->lock);
		if (f.fd >= 0)
			f.fn(h->inst, f.fd, events, f.user);
	}
}

static void *control_main(void *arg)
{
	kit_host *h = arg;

	kit_thread_class = NC_THREAD_CONTROL;
	for (;;) {
		struct pollfd p[KIT_FDS_MAX + 1];
		size_t n = 1;
		char drop[64];
		int ms;

		run_posts(h);
		ms = run_timers(h);
		p[0] = (struct pollfd){ .fd = h->wake[0], .events = POLLIN };
		pthread_mutex_lock(&h->lock);
		for (size_t i = 0; i < h->n_fds; i++)
			p[n++] = (struct pollfd){ .fd = h->fds[i].fd,
				.events = (short)((h->fds[i].events & 1 ? POLLIN : 0) |
						  (h->fds[i].events & 4 ? POLLOUT : 0)) };
		pthread_mutex_unlock(&h->lock);
		if (poll(p, n, ms) < 0 && errno != EINTR)
			_exit(3);
		if (p[0].revents && read(h->wake[0], drop, sizeof(drop)) < 0 && errno != EAGAIN)
			_exit(3);
		run_fds(h, p, n);
	}
	return NULL;
}

void kit_control_start(kit_host *h)
{
	h->last_post = &h->posts;
	if (pipe2(h->wake, O_CLOEXEC | O_NONBLOCK) != 0 ||
		pthread_create(&h->control, NULL, control_main, h) != 0)
		_exit(3);
}

static nc_code timer_start(nc_host_ctx *h, uint64_t after_ns, uint64_t period_ns, nc_timer_fn fn,
	uint64_t user, uint64_t *ret_timer)
{
	nc_code rc = NC_E_UNAVAILABLE;

	kit_called(h, "nc.timer start");
	pthread_mutex_lock(&h->lock);
	if (h->n_timers < KIT_TIMERS_MAX) {
		*ret_timer = ++h->last_timer;
		h->timers[h->n_timers++] =
			(kit_timer){ *ret_timer, kit_mono_ns() + after_ns, period_ns, user, fn };
		rc = NC_OK;
	}
	pthread_mutex_unlock(&h->lock);
	wake(h);
	return rc;
}

static nc_code timer_stop(nc_host_ctx *h, uint64_t timer)
{
	nc_code rc = NC_E_NOTFOUND;

	kit_called(h, "nc.timer stop");
	pthread_mutex_lock(&h->lock);
	for (size_t i = 0; i < h->n_timers; i++)
		if (h->timers[i].id == timer) {
			h->timers[i] = h->timers[--h->n_timers];
			rc = NC_OK;
			break;
		}
	pthread_mutex_unlock(&h->lock);
	return rc;
}

const nc_timer kit_timer_table = { sizeof(kit_timer_table), 0, timer_start, timer_stop };

static kit_fd *fd_of(kit_host *h, int fd)
{
	for (size_t i = 0; i < h->n_fds; i++)
		if (h->fds[i].fd == fd)
			return &h->fds[i];
	return NULL;
}

static nc_code fd_add(nc_host_ctx *h, int32_t fd, uint32_t events, nc_fd_fn fn, uint64_t user)
{
	nc_code rc = NC_E_UNAVAILABLE;

	kit_called(h, "nc.fdwatch add");
	pthread_mutex_lock(&h->lock);
	if (fd_of(h, fd)) {
		rc = NC_E_EXISTS;
	} else if (h->n_fds < KIT_FDS_MAX) {
		h->fds[h->n_fds++] = (kit_fd){ fd, events, fn, user };
		rc = NC_OK;
	}
	pthread_mutex_unlock(&h->lock);
	wake(h);
	return rc;
}

static nc_code fd_mod(nc_host_ctx *h, int32_t fd, uint32_t events)
{
	kit_fd *f;

	kit_called(h, "nc.fdwatch mod");
	pthread_mutex_lock(&h->lock);
	f = fd_of(h, fd);
	if (f)
		f->events = events;
	pthread_mutex_unlock(&h->lock);
	wake(h);
	return f ? NC_OK : NC_E_NOTFOUND;
}

static nc_code fd_del(nc_host_ctx *h, int32_t fd)
{
	kit_fd *f;

	kit_called(h, "nc.fdwatch del");
	pthread_mutex_lock(&h->lock);
	f = fd_of(h, fd);
	if (f)
		*f = h->fds[--h->n_fds];
	pthread_mutex_unlock(&h->lock);
	return f ? NC_OK : NC_E_NOTFOUND;
}

const nc_fdwatch kit_fdwatch_table = { sizeof(kit_fdwatch_table), 0, fd_add, fd_mod, fd_del };
