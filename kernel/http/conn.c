/* SPDX-License-Identifier: Apache-2.0 */
#include "http/conn.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "http/metrics.h"
#include "http/req.h"
#include "http/server.h"
#include "http/tls.h"

/*
 * Connections between epoll and their codec. Events are edge-triggered and asked for once, at
 * adoption: an event only notes that something can be read, so nothing is read while an answer is
 * pending and no epoll_ctl is spent on saying so. EPOLLOUT alone is asked for when needed, because
 * a Unix socket would report it after each answer the peer takes. Reactor thread only. A closed
 * connection stays in memory until the batch of events is through: the batch may name it again.
 */

enum { EVENTS = EPOLLIN | EPOLLRDHUP | EPOLLET };

static void on_event(nc_http_source *s, uint32_t events)
{
	nc_http_conn *c = NC_CONTAINER(s, nc_http_conn, source);
	if (c->is_dead)
		return;
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		c->can_read = 1;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		c->has_rdhup = 1;
	if (events & (EPOLLHUP | EPOLLERR))
		c->has_hup = 1;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		c->is_blocked = c->wire.wants_write = 0;
	nc_http_conn_run(c);
}

static void on_deadline(nc_http_timer *t)
{
	nc_http_conn *c = NC_CONTAINER(t, nc_http_conn, deadline);
	if (c->is_open)
		c->codec->on_deadline(c);
	else
		nc_http_conn_break(c, NC_HTTP_END_GONE); /* it never shook hands */
}

static void run_adopt(nc_http_task *task, unsigned reactor)
{
	nc_http_conn *c = NC_CONTAINER(task, nc_http_conn, adopt);
	nc_http_conn_adopt(c, &c->reactor->server->reactors[reactor]);
}

nc_http_conn *nc_http_conn_new(int fd, nc_http_tls *tls, const nc_http_peer *peer)
{
	_cleanup_(nc_closep) int owned = fd;
	_cleanup_(nc_freep) nc_http_conn *fresh = nc_calloc(1, sizeof(*fresh));
	if (!fresh)
		return NULL;
	fresh->wire = (nc_http_wire){ .transport = &nc_http_plain, .fd = fd };
	if (tls && nc_http_tls_open(tls, &fresh->wire) != NC_OK)
		return NULL;
	nc_http_conn *c = nc_steal(&fresh);
	c->wire.fd = nc_steal_fd(&owned);
	c->source.on_event = on_event;
	c->adopt.run = run_adopt;
	c->codec = &nc_http_h1;
	c->peer = *peer;
	nc_list_init(&c->link);
	nc_list_init(&c->ready);
	nc_http_out_init(&c->out);
	nc_http_timer_init(&c->deadline, on_deadline);
	return c;
}

static void close_wire(nc_http_conn *c)
{
	if (c->wire.transport->done)
		c->wire.transport->done(&c->wire);
	nc_closep(&c->wire.fd);
	c->wire.fd = -1;
}

void nc_http_conn_free(nc_http_conn *c)
{
	nc_http_census_leave(&c->reactor->server->census, &c->peer);
	close_wire(c);
	nc_free(c);
}

void nc_http_conn_adopt(nc_http_conn *c, nc_http_reactor *r)
{
	c->reactor = r;
	if (r->is_stopping || nc_http_slot_take(r, c) < 0) {
		nc_http_conn_free(c);
		return;
	}
	if (nc_http_reactor_watch(r, c->wire.fd, EVENTS, &c->source) < 0) {
		nc_http_slot_put(r, c);
		nc_http_conn_free(c);
		return;
	}
	nc_list_add_tail(&r->conns, &c->link);
	r->conn_count++;
	nc_http_metric_connections(1);
	nc_http_conn_run(c); /* sets the first deadline; there is nothing to read yet */
}

void nc_http_conn_close(nc_http_conn *c, nc_http_end why)
{
	nc_http_reactor *r = c->reactor;
	if (c->is_dead)
		return;
	c->is_dead = 1;
	const nc_http_req *req = c->h1.req;
	c->wire.is_cut_off = !nc_http_out_is_empty(&c->out) ||
			     (req && (req->phase == NC_REQ_OPEN || req->phase == NC_REQ_STREAM));
	c->codec->cut(c, why);
	nc_http_timer_stop(&c->deadline);
	nc_http_out_done(&c->out);
	nc_list_del(&c->ready);
	nc_list_del(&c->link);
	nc_list_add_tail(&r->dead, &c->link);
	nc_http_slot_put(r, c);
	close_wire(c);
	r->conn_count--;
	nc_http_metric_connections(-1);
}

void nc_http_conn_break(nc_http_conn *c, nc_http_end why)
{
	if (c->is_broken || c->is_dead)
		return;
	c->is_broken = 1;
	c->why = why;
	nc_http_conn_schedule(c);
}

void nc_http_conn_schedule(nc_http_conn *c)
{
	if (!c->is_running)
		nc_http_conn_yield(c);
}

void nc_http_conn_yield(nc_http_conn *c)
{
	if (!c->is_dead && nc_list_is_empty(&c->ready))
		nc_list_add_tail(&c->reactor->ready, &c->ready);
}

static void want_out(nc_http_conn *c, int wanted)
{
	if (c->has_out == wanted)
		return;
	uint32_t events = EVENTS | (wanted ? (uint32_t)EPOLLOUT : 0);
	if (nc_http_reactor_rewatch(c->reactor, c->wire.fd, events, &c->source) < 0)
		nc_http_conn_break(c, NC_HTTP_END_GONE);
	c->has_out = (uint8_t)wanted;
}

/* Whether it has come to that; a peer that takes its time has as long as for a head. */
static int shake_hands(nc_http_conn *c)
{
	if (!c->wire.transport->handshake) {
		c->is_open = 1;
		return 1;
	}
	int state = c->wire.transport->handshake(&c->wire);
	if (state == NC_IO_ERROR)
		nc_http_conn_break(c, NC_HTTP_END_GONE);
	want_out(c, c->wire.wants_write);
	if (state != 1) {
		const nc_http_limits *l = &c->reactor->server->opts.limits;
		if (!nc_http_timer_is_set(&c->deadline))
			nc_http_timer_set(
				&c->reactor->wheel, &c->deadline, c->reactor->now_us + l->head_us);
		return 0;
	}
	nc_http_timer_stop(&c->deadline);
	c->is_open = 1;
	c->can_read = 1; /* what came behind the handshake may have been read ahead */
	return !c->is_broken;
}

void nc_http_conn_run(nc_http_conn *c)
{
	if (c->is_dead)
		return;
	c->is_running = 1;
	if (c->is_open || shake_hands(c))
		c->codec->run(c);
	if (c->is_broken)
		nc_http_conn_close(c, c->why);
	c->is_running = 0;
}

void nc_http_conn_drain(nc_http_conn *c)
{
	if (c->is_open)
		c->codec->on_drain(c);
	else
		nc_http_conn_close(c, NC_HTTP_END_STOPPED);
}

/* ---- receiving ---- */

ssize_t nc_http_conn_read(nc_http_conn *c, void *p, size_t n)
{
	if (!c->can_read)
		return NC_IO_AGAIN;
	ssize_t got = c->wire.transport->read(&c->wire, p, n);
	if (got == NC_IO_AGAIN && c->wire.wants_write) {
		want_out(c, 1); /* and then it is read again */
		return got;
	}
	/* With the end announced the next read must still be made: no further edge will come. */
	if (got == NC_IO_AGAIN || (got > 0 && (size_t)got < n && !c->has_rdhup &&
					  c->wire.transport->short_read_is_all))
		c->can_read = 0;
	return got;
}

/* ---- sending ---- */

nc_http_out_state nc_http_conn_flush(nc_http_conn *c)
{
	if (c->is_blocked)
		return NC_OUT_BLOCKED;
	nc_http_out_state state = nc_http_out_flush(&c->out, &c->wire);
	switch (state) {
	case NC_OUT_EMPTY:
		want_out(c, c->wire.wants_write);
		break;
	case NC_OUT_BLOCKED:
		c->is_blocked = 1;
		want_out(c, 1);
		break;
	case NC_OUT_MORE:
		nc_http_conn_yield(c);
		break;
	case NC_OUT_FAILED:
		nc_http_conn_break(c, NC_HTTP_END_GONE);
		break;
	}
	return state;
}

void nc_http_conn_queued(nc_http_conn *c, nc_code code, uint64_t high_water)
{
	if (code == NC_OK && nc_http_out_weight(&c->out) > high_water)
		nc_http_conn_flush(c);
	if (code != NC_OK)
		nc_http_conn_break(c, NC_HTTP_END_GONE);
	else if (nc_http_out_weight(&c->out) > high_water)
		nc_http_conn_break(c, NC_HTTP_END_SLOW);
	nc_http_conn_schedule(c);
}

/* What of head and body, together, the transport takes at once. */
static size_t send_now(nc_http_conn *c, nc_bytes head, nc_bytes body)
{
	if (!nc_http_out_is_empty(&c->out) || c->is_blocked)
		return 0;
	struct iovec iov[2];
	int n = 0;
	const nc_bytes parts[] = { head, body };
	for (size_t i = 0; i < NC_LEN(parts); i++) {
		union {
			const void *from;
			void *to;
		} unconst = { .from = parts[i].ptr }; /* writev only reads it */
		if (parts[i].len)
			iov[n++] = (struct iovec){ unconst.to, parts[i].len };
	}
	if (n == 0)
		return 0;
	ssize_t put = c->wire.transport->writev(&c->wire, iov, n);
	if (put == NC_IO_ERROR)
		nc_http_conn_break(c, NC_HTTP_END_GONE);
	if (put < 0)
		return 0;
	c->out.sent += (uint64_t)put;
	return (size_t)put;
}

static nc_bytes without_first(nc_bytes b, size_t n)
{
	return (nc_bytes){ b.len ? (const char *)b.ptr + n : NULL, b.len - n };
}

void nc_http_conn_send(nc_http_conn *c, nc_bytes head, nc_bytes body, nc_blob *blob)
{
	_cleanup_(nc_blob_unrefp) nc_blob *owned = blob;
	size_t put = send_now(c, head, body);
	if (put == head.len + body.len || c->is_broken)
		return;
	size_t of_head = NC_MIN(put, head.len), of_body = put - of_head;
	const nc_http_frame no_frame = { 0 };
	nc_code code = NC_OK;
	if (of_head < head.len)
		code = nc_http_out_copy(&c->out, without_first(head, of_head), no_frame);
	if (code == NC_OK && owned)
		code = nc_http_out_blob(&c->out, nc_steal(&owned), of_body, no_frame);
	else if (code == NC_OK && of_body < body.len)
		code = nc_http_out_copy(&c->out, without_first(body, of_body), no_frame);
	if (code != NC_OK)
		nc_http_conn_break(c, NC_HTTP_END_GONE);
}
