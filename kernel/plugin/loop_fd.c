/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "plugin/loop_internal.h"

/* Watched descriptors: a table by their number, each place with a generation, since a number comes
 * round again as soon as it is closed. */

#define FD_MAX (1 << 20)

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
		return errno == EEXIST   ? NC_E_EXISTS
		       : errno == ENOMEM ? NC_E_NOMEM
		       : errno == ENOSPC ? NC_E_UNAVAILABLE
					 : NC_E_INVAL;
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

void nc_loop_run_fd(nc_loop *l, const struct epoll_event *ev)
{
	int fd = (int)(uint32_t)ev->data.u64;
	pthread_mutex_lock(&l->loop_lock);
	loop_fd *w = find_fd(l, fd);
	loop_fd found = w ? *w : (loop_fd){ 0 };
	pthread_mutex_unlock(&l->loop_lock);
	if (w && found.generation == (uint32_t)(ev->data.u64 >> 32))
		found.fn(&found.closure, fd, ev->events);
}
