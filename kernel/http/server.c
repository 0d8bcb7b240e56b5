/* SPDX-License-Identifier: Apache-2.0 */
#include "http/server.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/pool.h"
#include "http/chars.h"
#include "http/listen.h"
#include "http/metrics.h"

/*
 * The server's life: check and bind (new), threads (start), a graceful end (drain), the end (free).
 * new to free are called by one thread that is no reactor; that thread only ever waits here for
 * reports of the reactors, with state_lock, under which nothing is called.
 */

static const nc_http_limits defaults = {
	.head = 16 << 10,
	.headers = 100,
	.body = 1 << 20,
	.arena = 4 << 20,
	.connections = 10000,
	.connections_per_address = 256,
	.head_us = 10 * INT64_C(1000000),
	.body_us = 20 * INT64_C(1000000),
	.write_us = 20 * INT64_C(1000000),
	.idle_us = 75 * INT64_C(1000000),
	.progress = 16 << 10,
};

#define DEFAULT(field)                                                                             \
	do {                                                                                       \
		if (l->field == 0)                                                                 \
			l->field = defaults.field;                                                 \
	} while (0)

static nc_code complete_options(nc_http_options *o, nc_error *err)
{
	nc_http_limits *l = &o->limits;
	DEFAULT(head);
	DEFAULT(headers);
	DEFAULT(body);
	DEFAULT(arena);
	DEFAULT(connections);
	DEFAULT(connections_per_address);
	DEFAULT(head_us);
	DEFAULT(body_us);
	DEFAULT(write_us);
	DEFAULT(idle_us);
	DEFAULT(progress);
	if (o->reactors == 0)
		o->reactors = 1;
	if (l->head < 256 || l->head > (1 << 20) || l->headers > 10000)
		return nc_err(err, NC_E_INVAL,
			"a head of %zu bytes and %zu headers is out of range", l->head, l->headers);
	if (o->reactors > 256 || l->connections > 10000000)
		return nc_err(err, NC_E_INVAL, "%u reactors for %u connections are out of range",
			o->reactors, l->connections);
	if (l->head_us < 0 || l->body_us < 0 || l->write_us < 0 || l->idle_us < 0)
		return nc_err(err, NC_E_INVAL, "a deadline is negative");
	const char *name = o->server_name ? o->server_name : "";
	if (nc_http_span(name, strlen(name), NC_CH_VALUE) != strlen(name))
		return nc_err(err, NC_E_INVAL, "server name \"%s\" cannot be a header", name);
	return NC_OK;
}

/* ---- new ---- */

static nc_code bind_unix(nc_http_server *s, size_t i, nc_error *err)
{
	nc_http_bound *b = &s->bound[i];
	nc_code code = nc_http_listen_unix(&b->spec, &b->unix_fd, err);
	struct stat st;
	if (code == NC_OK && lstat(b->spec.address, &st) == 0)
		b->inode = st.st_ino;
	for (unsigned r = 0; r < s->opts.reactors; r++)
		s->reactors[r].listeners[i].fd = b->unix_fd;
	return code;
}

static nc_code bind_inet(nc_http_server *s, size_t i, nc_error *err)
{
	const nc_http_listen *l = &s->bound[i].spec;
	uint16_t port = l->port;
	nc_http_port_use use = s->opts.reactors > 1 ? NC_PORT_SHARED : NC_PORT_OWN;
	if (use == NC_PORT_SHARED) { /* see listen.c: is it free at all? */
		_cleanup_(nc_closep) int probe = -1;
		nc_code code = nc_http_listen_inet(l, port, NC_PORT_OWN, &probe, &port, err);
		if (code != NC_OK)
			return code;
	}
	for (unsigned r = 0; r < s->opts.reactors; r++) {
		nc_code code = nc_http_listen_inet(
			l, port, use, &s->reactors[r].listeners[i].fd, &port, err);
		if (code != NC_OK)
			return code;
	}
	s->bound[i].port = port;
	return NC_OK;
}

static nc_code bind_all(nc_http_server *s, nc_error *err)
{
	for (size_t i = 0; i < s->opts.listen_count; i++) {
		int is_unix = s->bound[i].spec.kind == NC_HTTP_LISTEN_UNIX;
		nc_code code = is_unix ? bind_unix(s, i, err) : bind_inet(s, i, err);
		if (code != NC_OK)
			return code;
	}
	return NC_OK;
}

static nc_code init_reactors(nc_http_server *s, nc_error *err)
{
	s->reactors = nc_calloc(s->opts.reactors, sizeof(*s->reactors));
	if (!s->reactors)
		return nc_err_nomem(err);
	for (unsigned r = 0; r < s->opts.reactors; r++) {
		nc_code code = nc_http_reactor_init(&s->reactors[r], s, r, err);
		if (code != NC_OK)
			return code;
	}
	return NC_OK;
}

static nc_code init_server(nc_http_server *s, nc_error *err)
{
	size_t n = s->opts.listen_count;
	s->bound = nc_calloc(n + 1, sizeof(*s->bound));
	if (!s->bound)
		return nc_err_nomem(err);
	for (size_t i = 0; i < n; i++) {
		s->bound[i].spec = s->opts.listen[i];
		s->bound[i].spec.address = NULL;
		s->bound[i].unix_fd = -1;
	}
	for (size_t i = 0; i < n; i++) {
		s->bound[i].address = nc_strdup(s->opts.listen[i].address);
		s->bound[i].spec.address = s->bound[i].address;
		if (!s->bound[i].address)
			return nc_err_nomem(err);
	}
	s->opts.listen = NULL; /* the caller's; bound has all of it */
	nc_code code = nc_http_router_new(s->opts.routes, s->opts.route_count, &s->router, err);
	if (code == NC_OK)
		code = init_reactors(s, err);
	return code == NC_OK ? bind_all(s, err) : code;
}

nc_code nc_http_server_new(const nc_http_options *opts, nc_http_server **ret, nc_error *err)
{
	nc_http_server *raw = nc_calloc(1, sizeof(*raw));
	if (!raw)
		return nc_err_nomem(err);
	raw->opts = *opts;
	nc_code code = complete_options(&raw->opts, err);
	if (code != NC_OK) {
		nc_free(raw);
		return code;
	}
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&raw->state_changed, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&raw->state_lock, NULL);
	nc_http_census_init(&raw->census, raw->opts.limits.connections,
		raw->opts.limits.connections_per_address);
	_cleanup_(nc_http_server_freep) nc_http_server *s = raw;
	if (!s->census.each)
		return nc_err_nomem(err);
	nc_http_metrics_register();
	code = init_server(s, err);
	if (code == NC_OK)
		*ret = nc_steal(&s);
	return code;
}

/* ---- reports of the reactors ---- */

void nc_http_server_report(nc_http_server *s, nc_code code)
{
	pthread_mutex_lock(&s->state_lock);
	s->reported++;
	if (code != NC_OK)
		s->start_code = code;
	pthread_cond_signal(&s->state_changed);
	pthread_mutex_unlock(&s->state_lock);
}

/* Until `n` have reported, then the count starts anew. Whether they did in time; -1 = for ever. */
static int wait_for_reports(nc_http_server *s, unsigned n, int64_t timeout_us)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + timeout_us % 1000000 * 1000;
	until.tv_sec += (time_t)(timeout_us / 1000000 + ns / 1000000000);
	until.tv_nsec = (long)(ns % 1000000000);
	int e = 0;
	pthread_mutex_lock(&s->state_lock);
	while (s->reported < n && e != ETIMEDOUT) {
		if (timeout_us < 0)
			pthread_cond_wait(&s->state_changed, &s->state_lock);
		else
			e = pthread_cond_timedwait(&s->state_changed, &s->state_lock, &until);
	}
	int did = s->reported >= n;
	if (did)
		s->reported = 0;
	pthread_mutex_unlock(&s->state_lock);
	return did;
}

/* ---- start and end ---- */

static void *thread_main(void *arg)
{
	nc_http_reactor_loop(arg);
	return NULL;
}

static void stop_threads(nc_http_server *s)
{
	for (unsigned r = 0; r < s->threads; r++)
		nc_http_reactor_post(&s->reactors[r], &s->reactors[r].stop_task);
	for (unsigned r = 0; r < s->threads; r++)
		nc_thread_join(s->reactors[r].thread);
	s->threads = 0;
}

nc_code nc_http_server_start(nc_http_server *s, nc_error *err)
{
	for (unsigned r = 0; r < s->opts.reactors; r++) {
		nc_http_reactor *reactor = &s->reactors[r];
		int e = nc_thread_start(&reactor->thread, "nc-http", thread_main, reactor);
		if (e) {
			stop_threads(s);
			return nc_err_errno(err, e, "could not start reactor thread %u", r);
		}
		wait_for_reports(s, 1, -1);
		if (s->start_code != NC_OK) {
			nc_thread_join(reactor->thread);
			stop_threads(s);
			return nc_err(err, s->start_code, "reactor %u could not start", r);
		}
		s->threads++;
	}
	return NC_OK;
}

/* The paths first, so that new clients are told at once that nobody is there. */
static void close_listeners(nc_http_server *s)
{
	for (size_t i = 0; s->bound && i < s->opts.listen_count; i++) {
		nc_http_bound *b = &s->bound[i];
		struct stat st;
		/* A successor may have put its own socket there. */
		if (b->unix_fd >= 0 && lstat(b->address, &st) == 0 && st.st_ino == b->inode)
			unlink(b->address);
		nc_closep(&b->unix_fd);
		b->unix_fd = -1;
	}
	for (unsigned r = 0; s->reactors && r < s->opts.reactors; r++)
		nc_http_reactor_close_listeners(&s->reactors[r]);
}

nc_code nc_http_server_drain(nc_http_server *s, int64_t timeout_us, nc_error *err)
{
	unsigned n = s->threads;
	if (n == 0)
		return NC_OK;
	for (unsigned r = 0; r < n; r++)
		nc_http_reactor_post(&s->reactors[r], &s->reactors[r].pause_task);
	wait_for_reports(s, n, -1);
	close_listeners(s);
	/* No connection is on its way to a reactor now that would not be in its inbox already. */
	for (unsigned r = 0; r < n; r++)
		nc_http_reactor_post(&s->reactors[r], &s->reactors[r].drain_task);
	if (wait_for_reports(s, n, timeout_us))
		return NC_OK;
	unsigned left = nc_http_census_total(&s->census);
	for (unsigned r = 0; r < n; r++)
		nc_http_reactor_post(&s->reactors[r], &s->reactors[r].cut_task);
	wait_for_reports(s, n, -1);
	return nc_err(err, NC_E_TIMEOUT, "%u connections were cut off", left);
}

void nc_http_server_free(nc_http_server *s)
{
	if (!s)
		return;
	stop_threads(s);
	close_listeners(s);
	/* What one reactor sent another that had stopped already. */
	for (unsigned r = 0; s->reactors && r < s->opts.reactors; r++)
		nc_http_reactor_run_left(&s->reactors[r]);
	for (unsigned r = 0; s->reactors && r < s->opts.reactors; r++)
		nc_http_reactor_done(&s->reactors[r]);
	nc_http_router_free(s->router);
	nc_http_census_done(&s->census);
	for (size_t i = 0; s->bound && i < s->opts.listen_count; i++)
		nc_free(s->bound[i].address);
	nc_free(s->bound);
	nc_free(s->reactors);
	pthread_cond_destroy(&s->state_changed);
	pthread_mutex_destroy(&s->state_lock);
	nc_free(s);
}

uint16_t nc_http_server_port(const nc_http_server *s, size_t listen_index)
{
	return listen_index < s->opts.listen_count ? s->bound[listen_index].port : 0;
}

unsigned nc_http_server_connections(nc_http_server *s)
{
	return nc_http_census_total(&s->census);
}
