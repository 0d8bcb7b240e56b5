/* SPDX-License-Identifier: Apache-2.0 */
#include "http/reactor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "http/conn.h"
#include "http/listen.h"
#include "http/req.h"
#include "http/server.h"

/*
 * The loop of one reactor thread: wait, events, tasks, timers, connections with work left, and only
 * then the memory of those that closed meanwhile. Everything in nc_http_reactor belongs to its
 * thread but the inbox, what slots.c shares with all threads. It must never block but in
 * epoll_wait, and holds no lock while it calls anything.
 */

enum { BATCH = 256, SCRATCH_MAX = 256 << 10 };

static _Thread_local nc_http_reactor *current;

int nc_http_reactor_watch(nc_http_reactor *r, int fd, uint32_t events, nc_http_source *s)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };
	return epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

int nc_http_reactor_rewatch(nc_http_reactor *r, int fd, uint32_t events, nc_http_source *s)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };
	return epoll_ctl(r->epoll_fd, EPOLL_CTL_MOD, fd, &ev);
}

/* ---- tasks ---- */

static void run_chain(nc_http_reactor *r, nc_qnode *n)
{
	while (n) {
		nc_qnode *next = n->next; /* run may free the task */
		nc_http_task *task = NC_CONTAINER(n, nc_http_task, node);
		task->run(task, r->index);
		n = next;
	}
}

static void run_local(nc_http_reactor *r)
{
	nc_qnode *first = r->local_first;
	r->local_first = r->local_last = NULL;
	run_chain(r, first);
}

static void on_inbox(nc_http_source *s, uint32_t events nc_unused)
{
	nc_http_reactor *r = NC_CONTAINER(s, nc_http_reactor, inbox_source);
	run_chain(r, nc_mpsc_pop_all(&r->inbox));
	nc_http_reactor_answer_doomed(r);
}

void nc_http_reactor_post(nc_http_reactor *r, nc_http_task *task)
{
	if (current != r) {
		nc_mpsc_push(&r->inbox, &task->node);
		return;
	}
	task->node.next = NULL;
	if (r->local_last)
		r->local_last->next = &task->node;
	else
		r->local_first = &task->node;
	r->local_last = &task->node;
}

void nc_http_reactor_run_left(nc_http_reactor *r)
{
	nc_http_reactor *outer = current;
	current = r;
	while (r->server) { /* else it was never made */
		nc_qnode *n = nc_mpsc_pop_all(&r->inbox);
		if (!n && !r->local_first)
			break;
		run_chain(r, n);
		run_local(r);
	}
	current = outer;
}

/* ---- time ---- */

const char *nc_http_reactor_date(nc_http_reactor *r)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	int64_t s = r->now_us / 1000000;
	if (s == r->date_s && r->date[0])
		return r->date;
	r->date_s = s;
	time_t wall = (time_t)(nc_clock_wall_ms() / 1000);
	struct tm tm;
	gmtime_r(&wall, &tm);
	snprintf(r->date, sizeof(r->date), "%s, %02d %s %04d %02d:%02d:%02d GMT",
		days[tm.tm_wday % 7], tm.tm_mday % 100, months[tm.tm_mon % 12],
		(tm.tm_year + 1900) % 10000, tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
	return r->date;
}

/* Milliseconds for epoll_wait, rounded up so that it doesn't spin towards a deadline. */
static int wait_ms(const nc_http_reactor *r)
{
	if (!nc_list_is_empty(&r->ready) || r->local_first)
		return 0;
	int64_t us = nc_http_wheel_wait_us(&r->wheel, nc_clock_mono_us());
	return us < 0 ? -1 : (int)((us + 999) / 1000);
}

/* ---- starting, draining, stopping ---- */

static void begin_drain(nc_http_task *task, unsigned index nc_unused)
{
	nc_http_reactor *r = NC_CONTAINER(task, nc_http_reactor, drain_task);
	const nc_http_hooks *h = &r->server->opts.hooks;
	r->is_draining = 1;
	if (h->drain)
		h->drain(h->user, r->index);
	NC_LIST_EACH (n, &r->conns) {
		nc_http_conn *c = NC_LIST_ENTRY(n, nc_http_conn, link);
		nc_http_conn_drain(c);
	}
}

/* Taking from the front each time: a callback may close others. */
static void close_all(nc_http_reactor *r)
{
	while (!nc_list_is_empty(&r->conns)) {
		nc_http_conn *c = NC_LIST_ENTRY(r->conns.next, nc_http_conn, link);
		nc_http_conn_close(c, NC_HTTP_END_STOPPED);
	}
}

static void cut(nc_http_task *task, unsigned index nc_unused)
{
	close_all(NC_CONTAINER(task, nc_http_reactor, cut_task));
}

static void stop_listening(nc_http_reactor *r)
{
	for (size_t i = 0; i < r->listener_count; i++)
		nc_http_listener_stop(&r->listeners[i]);
}

static void pause_accept(nc_http_task *task, unsigned index nc_unused)
{
	nc_http_reactor *r = NC_CONTAINER(task, nc_http_reactor, pause_task);
	for (size_t i = 0; i < r->listener_count; i++)
		nc_http_listener_accept_rest(&r->listeners[i]);
	stop_listening(r);
	nc_http_server_report(r->server, NC_OK);
}

static void stop(nc_http_task *task, unsigned index nc_unused)
{
	NC_CONTAINER(task, nc_http_reactor, stop_task)->is_stopping = 1;
}

static void check_drained(nc_http_reactor *r)
{
	if (!r->is_draining || r->has_drained || r->conn_count > 0)
		return;
	r->has_drained = 1;
	nc_http_server_report(r->server, NC_OK);
}

nc_code nc_http_reactor_init(nc_http_reactor *r, nc_http_server *s, unsigned index, nc_error *err)
{
	*r = (nc_http_reactor){ .server = s, .index = index, .epoll_fd = -1, .spare_fd = -1 };
	r->inbox.wake_fd = -1;
	r->inbox_source.on_event = on_inbox;
	r->pause_task.run = pause_accept;
	r->drain_task.run = begin_drain;
	r->cut_task.run = cut;
	r->stop_task.run = stop;
	nc_list_init(&r->conns);
	nc_list_init(&r->ready);
	nc_list_init(&r->dead);
	nc_list_init(&r->pool);
	r->now_us = nc_clock_mono_us();
	nc_http_wheel_init(&r->wheel, r->now_us);
	nc_buf_init(&r->head_buf, SCRATCH_MAX);
	nc_buf_init(&r->fault_buf, SCRATCH_MAX);
	r->slot_max = s->opts.limits.connections;
	r->slots = nc_calloc(r->slot_max, sizeof(*r->slots)); /* pages are touched when used */
	r->listeners = nc_calloc(s->opts.listen_count + 1, sizeof(*r->listeners));
	if (!r->slots || !r->listeners)
		return nc_err_nomem(err);
	r->listener_count = s->opts.listen_count;
	for (size_t i = 0; i < r->listener_count; i++) {
		r->listeners[i].reactor = r;
		r->listeners[i].spec = &s->bound[i].spec;
		r->listeners[i].fd = -1;
	}
	int e = nc_mpsc_init(&r->inbox);
	if (e)
		return nc_err_errno(err, e, "could not create an eventfd");
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll_fd < 0)
		return nc_err_errno(err, errno, "could not create an epoll descriptor");
	if (nc_http_reactor_watch(r, r->inbox.wake_fd, EPOLLIN, &r->inbox_source) < 0)
		return nc_err_errno(err, errno, "could not watch an eventfd");
	r->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return NC_OK;
}

void nc_http_reactor_close_listeners(nc_http_reactor *r)
{
	for (size_t i = 0; i < r->listener_count; i++) {
		nc_http_listener *l = &r->listeners[i];
		if (l->spec->kind == NC_HTTP_LISTEN_INET)
			nc_closep(&l->fd);
		l->fd = -1;
	}
}

static void free_dead(nc_http_reactor *r)
{
	while (!nc_list_is_empty(&r->dead)) {
		nc_http_conn *c = NC_LIST_ENTRY(r->dead.next, nc_http_conn, link);
		nc_list_del(&c->link);
		nc_http_conn_free(c);
	}
}

void nc_http_reactor_done(nc_http_reactor *r)
{
	if (!r->server)
		return;
	while (!nc_list_is_empty(&r->pool)) {
		nc_http_req *req = NC_LIST_ENTRY(r->pool.next, nc_http_req, pool_link);
		nc_list_del(&req->pool_link);
		nc_http_req_free(req);
	}
	nc_mpsc_done(&r->inbox);
	nc_closep(&r->epoll_fd);
	nc_closep(&r->spare_fd);
	nc_buf_done(&r->head_buf);
	nc_buf_done(&r->fault_buf);
	nc_free(r->slots);
	nc_free(r->listeners);
}

/* ---- the loop ---- */

/* Each that was ready when the turn came here; what they add waits for the next turn. */
static void run_ready(nc_http_reactor *r)
{
	nc_list batch;
	nc_list_init(&batch);
	while (!nc_list_is_empty(&r->ready)) {
		nc_list *n = r->ready.next;
		nc_list_del(n);
		nc_list_add_tail(&batch, n);
	}
	while (!nc_list_is_empty(&batch)) {
		nc_list *n = batch.next;
		nc_list_del(n);
		nc_http_conn_run(NC_LIST_ENTRY(n, nc_http_conn, ready));
	}
}

static int wait_for_events(nc_http_reactor *r, struct epoll_event *events)
{
	const nc_http_hooks *h = &r->server->opts.hooks;
	if (h->before_wait)
		h->before_wait(h->user, r->index);
	int n = epoll_wait(r->epoll_fd, events, BATCH, wait_ms(r));
	nc_assert(n >= 0 || errno == EINTR);
	if (h->after_wait)
		h->after_wait(h->user, r->index);
	r->now_us = nc_clock_mono_us();
	return n;
}

static void turn(nc_http_reactor *r)
{
	const nc_http_hooks *h = &r->server->opts.hooks;
	struct epoll_event events[BATCH];
	int n = wait_for_events(r, events);
	for (int i = 0; i < n; i++) {
		nc_http_source *s = events[i].data.ptr;
		s->on_event(s, events[i].events);
	}
	run_local(r);
	nc_http_wheel_advance(&r->wheel, r->now_us);
	run_ready(r);
	free_dead(r);
	check_drained(r);
	if (h->turn)
		h->turn(h->user, r->index);
}

static nc_code start(nc_http_reactor *r)
{
	const nc_http_hooks *h = &r->server->opts.hooks;
	nc_error err = NC_ERROR_INIT;
	nc_code code = h->thread_start ? h->thread_start(h->user, r->index) : NC_OK;
	if (code != NC_OK)
		return code;
	for (size_t i = 0; i < r->listener_count && code == NC_OK; i++)
		code = nc_http_listener_start(&r->listeners[i], &err);
	if (code == NC_OK)
		return NC_OK;
	nc_log(L_ERROR, "http.listen.failed", F_ERR(&err));
	stop_listening(r);
	if (h->thread_stop)
		h->thread_stop(h->user, r->index);
	return code;
}

void nc_http_reactor_loop(nc_http_reactor *r)
{
	const nc_http_hooks *h = &r->server->opts.hooks;
	current = r;
	nc_code code = start(r);
	nc_http_server_report(r->server, code);
	if (code != NC_OK)
		return;
	while (!r->is_stopping)
		turn(r);
	stop_listening(r);
	close_all(r);
	nc_http_reactor_run_left(r);
	close_all(r);
	free_dead(r);
	if (h->thread_stop)
		h->thread_stop(h->user, r->index);
	current = NULL;
}
