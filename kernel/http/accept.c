/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "http/conn.h"
#include "http/fault.h"
#include "http/listen.h"
#include "http/metrics.h"
#include "http/server.h"

/*
 * Taking connections in. When descriptors run out, the spare one is given up for a moment, so that
 * the peer is closed on instead of waiting in a backlog that keeps waking us. Reactor thread.
 */

enum { ACCEPTS_PER_TURN = 64, AGAIN_US = 100000, WARN_US = 1000000 };

/* Best effort: the peer has not been read from and may not be reading. */
static void turn_away(int fd, const nc_http_peer *peer)
{
	static const char answer[] =
		"HTTP/1.1 503 Service Unavailable\r\n"
		"Retry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	if (!peer->is_tls) /* there it would be no answer but noise */
		(void)send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
	nc_http_metric_refused(NC_REFUSED_LIMIT);
}

/*
 * Which reactor serves it. TCP connections were spread by the kernel, each reactor having its own
 * listener; the one socket of a Unix listener wakes whoever comes first, so they go round.
 */
static nc_http_reactor *choose_reactor(const nc_http_listener *l)
{
	nc_http_server *s = l->reactor->server;
	if (l->spec->kind == NC_HTTP_LISTEN_INET || s->opts.reactors == 1)
		return l->reactor;
	unsigned n = atomic_fetch_add_explicit(&s->next_reactor, 1, memory_order_relaxed);
	return &s->reactors[n % s->opts.reactors];
}

static void take_in(nc_http_listener *l, int fd, const struct sockaddr *sa)
{
	nc_http_server *s = l->reactor->server;
	nc_http_peer peer;
	if (nc_http_peer_of(fd, sa, &peer) < 0) {
		close(fd);
		return;
	}
	peer.is_tls = l->spec->tls != NULL;
	if (nc_http_census_enter(&s->census, &peer) != NC_OK) {
		turn_away(fd, &peer);
		return;
	}
	nc_http_conn *c = nc_http_conn_new(fd, l->spec->tls, &peer);
	if (!c) {
		nc_http_census_leave(&s->census, &peer);
		nc_http_metric_refused(NC_REFUSED_MEMORY);
		return;
	}
	c->reactor = l->reactor;
	nc_http_reactor *to = choose_reactor(l);
	if (to == l->reactor)
		nc_http_conn_adopt(c, to);
	else
		nc_http_reactor_post(to, &c->adopt);
}

static void pause_listener(nc_http_listener *l)
{
	nc_http_listener_stop(l);
	nc_http_timer_set(&l->reactor->wheel, &l->again, l->reactor->now_us + AGAIN_US);
}

/*
 * The spare descriptor lets one peer in, only to be closed on. There may be none waiting: accept
 * looks for a descriptor before it looks for a peer.
 */
static void give_up_spare(nc_http_listener *l)
{
	nc_http_reactor *r = l->reactor;
	if (r->now_us - l->warned_us >= WARN_US) {
		l->warned_us = r->now_us;
		nc_log(L_WARN, "http.accept.no_descriptors", F_STR("listen", l->spec->address));
	}
	if (r->spare_fd < 0)
		r->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (r->spare_fd < 0) {
		pause_listener(l);
		return;
	}
	close(r->spare_fd);
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		nc_http_metric_refused(NC_REFUSED_DESCRIPTORS);
	}
	r->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* accept4 has failed. Whether to try again at once. */
static int go_on_after(nc_http_listener *l, int error)
{
	switch (error) {
	case EAGAIN:
		return 0;
	case EINTR:
	case ECONNABORTED:
	case EPERM: /* a firewall; and what the network says of the one peer */
	case EPROTO:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
		return 1;
	case EMFILE:
	case ENFILE:
		give_up_spare(l);
		return 0; /* if more are waiting, epoll says so again */
	default:
		nc_http_metric_refused(NC_REFUSED_MEMORY);
		pause_listener(l); /* or it would be reported again and again */
		return 0;
	}
}

/* One connection. Whether there may be another. */
static int accept_one(nc_http_listener *l)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} peer = { .sa.sa_family = AF_UNSPEC };
	socklen_t len = sizeof(peer);
	int fd = accept4(l->fd, &peer.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		if (l->spec->kind == NC_HTTP_LISTEN_UNIX)
			peer.sa.sa_family = AF_UNIX; /* an unnamed peer may have none */
		take_in(l, fd, &peer.sa);
		return 1;
	}
	return go_on_after(l, errno);
}

static void on_event(nc_http_source *s, uint32_t events nc_unused)
{
	nc_http_listener *l = NC_CONTAINER(s, nc_http_listener, source);
	for (int i = 0; i < ACCEPTS_PER_TURN && l->is_watched && accept_one(l); i++)
		;
}

static void on_again(nc_http_timer *t)
{
	nc_http_listener *l = NC_CONTAINER(t, nc_http_listener, again);
	if (nc_http_listener_start(l, NULL) != NC_OK)
		nc_http_timer_set(&l->reactor->wheel, t, l->reactor->now_us + AGAIN_US);
}

nc_code nc_http_listener_start(nc_http_listener *l, nc_error *err)
{
	l->source.on_event = on_event;
	if (!l->again.fire)
		nc_http_timer_init(&l->again, on_again);
	/* Several reactors wait on one unix socket: wake one of them, not all. */
	uint32_t events = EPOLLIN;
	if (l->spec->kind == NC_HTTP_LISTEN_UNIX)
		events |= EPOLLEXCLUSIVE;
	if (nc_http_reactor_watch(l->reactor, l->fd, events, &l->source) < 0)
		return nc_err_errno(
			err, errno, "could not watch the listener %s", l->spec->address);
	l->is_watched = 1;
	return NC_OK;
}

void nc_http_listener_stop(nc_http_listener *l)
{
	if (l->again.fire)
		nc_http_timer_stop(&l->again);
	if (l->is_watched)
		(void)epoll_ctl(l->reactor->epoll_fd, EPOLL_CTL_DEL, l->fd, NULL);
	l->is_watched = 0;
}

void nc_http_listener_accept_rest(nc_http_listener *l)
{
	while (l->is_watched && accept_one(l))
		;
}
