/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "http/conn.h"
#include "http/metrics.h"
#include "http/req.h"
#include "http/server.h"

/*
 * HTTP/1 of one connection as a sequence of steps: flush what is queued, then whatever the phase of
 * the request asks for, until there is nothing to do but wait. The next request is not looked at
 * before the last byte of the answer is handed over, which bounds what a client can make us hold.
 * At the end of each run the deadline that now applies is set. Reactor thread.
 */

enum {
	STEPS_PER_RUN = 64,
	LINGER_US = 2000000,
	DRAIN_FIRST_US = 1000000 /* a drained server gives a new connection this long to ask */
};

/* ---- the end of a request ---- */

static void account(const nc_http_req *r)
{
	const nc_http_hooks *h = &r->conn->reactor->server->opts.hooks;
	if (r->status == 0)
		return;
	int64_t us = nc_clock_mono_us() - r->start_us;
	nc_http_metric_answered(r->status, us);
	if (h->access)
		h->access(h->user, r, r->status, r->body_sent, us);
}

static void free_request(nc_http_conn *c, nc_http_end why)
{
	nc_h1 *h1 = &c->h1;
	nc_http_req *r = h1->req;
	if (!r)
		return;
	account(r);
	nc_http_req_end(r, why);
	h1->req = NULL;
	nc_http_req_put(r);
	nc_free(h1->window);
	h1->window = NULL;
	h1->in_pos = h1->in_len = 0;
}

/* Closing with something unread would reset the connection and take the answer with it. */
static nc_h1_step say_goodbye(nc_http_conn *c, int must_linger)
{
	if (!must_linger) {
		nc_http_conn_break(c, NC_HTTP_END_GONE);
		return NC_STEP_CLOSED;
	}
	c->h1.is_lingering = 1;
	c->wire.transport->shut_write(&c->wire);
	return NC_STEP_ON;
}

/* A 101 has left: another codec has the connection from here on. */
static nc_h1_step hand_over(nc_http_conn *c)
{
	if (nc_ws_begin(c, nc_h1_at_hand(c)) != NC_OK)
		nc_http_conn_break(c, NC_HTTP_END_GONE);
	free_request(c, NC_HTTP_END_ANSWERED);
	return NC_STEP_CLOSED;
}

/* The answer has left. */
static nc_h1_step finish(nc_http_conn *c)
{
	nc_h1 *h1 = &c->h1;
	nc_http_req *r = h1->req;
	if (c->ws)
		return hand_over(c);
	h1->served = 1;
	h1->clock = NC_H1_CLOCK_STALE;
	int has_more = nc_h1_at_hand(c).len > 0;
	if (r->may_keep && (!c->reactor->is_draining || has_more)) {
		account(r);
		nc_http_req_end(r, r->end);
		nc_h1_next_request(c);
		return NC_STEP_ON;
	}
	int must_linger = h1->must_linger || h1->body != NC_H1_BODY_DONE || has_more || c->can_read;
	free_request(c, r->end);
	return say_goodbye(c, must_linger);
}

static void cut(nc_http_conn *c, nc_http_end why)
{
	free_request(c, why);
	nc_ws_cut(c, why); /* it was about to be one */
}

/* ---- running ---- */

static int is_streaming_body(const nc_http_req *r)
{
	return r->on_body && !r->is_body_told && !r->is_body_paused;
}

static nc_h1_step step_open(nc_http_conn *c)
{
	nc_http_req *r = c->h1.req;
	if (c->has_hup) {
		nc_http_conn_break(c, NC_HTTP_END_GONE);
		return NC_STEP_CLOSED;
	}
	return is_streaming_body(r) ? nc_h1_stream_body(c) : NC_STEP_WAIT;
}

static nc_h1_step step(nc_http_conn *c)
{
	const nc_http_req *r = c->h1.req;
	if (c->h1.is_lingering)
		return nc_h1_linger(c);
	if (!r)
		return nc_h1_read_head(c);
	switch (r->phase) {
	case NC_REQ_HEAD:
		return nc_h1_read_head(c);
	case NC_REQ_BODY:
		return nc_h1_read_body(c);
	case NC_REQ_OPEN:
	case NC_REQ_STREAM:
		return step_open(c);
	case NC_REQ_DONE:
		break;
	}
	return finish(c);
}

static void tell_low_water(nc_http_conn *c)
{
	nc_http_req *r = c->h1.req;
	if (!r || r->phase != NC_REQ_STREAM || !r->is_above_low ||
		c->out.queued > r->stream_opts.low_water)
		return;
	r->is_above_low = 0;
	if (r->stream_opts.on_low_water)
		r->stream_opts.on_low_water(r->stream_opts.user, nc_http_req_token(r));
}

/* Whether everything queued has left. */
static int flush(nc_http_conn *c)
{
	nc_http_out_state state = NC_OUT_EMPTY;
	if (!nc_http_out_is_empty(&c->out))
		state = nc_http_conn_flush(c);
	tell_low_water(c);
	return state == NC_OUT_EMPTY;
}

static void set_clock(nc_http_conn *c, nc_h1_clock clock, int64_t due_us, uint64_t moved)
{
	nc_h1 *h1 = &c->h1;
	int has_progressed = moved - h1->clock_mark >= c->reactor->server->opts.limits.progress;
	if (h1->clock == clock && !has_progressed)
		return;
	h1->clock = (uint8_t)clock;
	h1->clock_mark = moved;
	if (clock == NC_H1_CLOCK_NONE)
		nc_http_timer_stop(&c->deadline);
	else
		nc_http_timer_set(&c->reactor->wheel, &c->deadline, due_us);
}

static void set_deadline(nc_http_conn *c)
{
	const nc_h1 *h1 = &c->h1;
	const nc_http_req *r = h1->req;
	const nc_http_limits *l = &c->reactor->server->opts.limits;
	int64_t now = c->reactor->now_us;
	if (h1->is_lingering)
		set_clock(c, NC_H1_CLOCK_LINGER, now + LINGER_US, 0);
	else if (!nc_http_out_is_empty(&c->out))
		set_clock(c, NC_H1_CLOCK_WRITE, now + l->write_us, c->out.sent);
	else if (!r && c->reactor->is_draining)
		set_clock(
			c, NC_H1_CLOCK_IDLE, now + NC_MIN(l->idle_us, (int64_t)DRAIN_FIRST_US), 0);
	else if (!r)
		set_clock(c, NC_H1_CLOCK_IDLE, now + l->idle_us, 0);
	else if (r->phase == NC_REQ_HEAD)
		set_clock(c, NC_H1_CLOCK_HEAD, r->start_us + l->head_us, 0);
	else if (r->phase == NC_REQ_BODY || is_streaming_body(r))
		set_clock(c, NC_H1_CLOCK_BODY, now + l->body_us, h1->body_seen);
	else
		set_clock(c, NC_H1_CLOCK_NONE, 0, 0);
}

/* Whether there is more to do at once. */
static int run_steps(nc_http_conn *c)
{
	for (int i = 0; i < STEPS_PER_RUN; i++) {
		if (c->is_broken || !flush(c))
			return 0;
		nc_h1_step how = step(c);
		if (how == NC_STEP_CLOSED || (how == NC_STEP_WAIT && nc_http_out_is_empty(&c->out)))
			return 0;
	}
	return 1;
}

static void run(nc_http_conn *c)
{
	if (run_steps(c))
		nc_http_conn_yield(c);
	if (!c->is_broken && c->codec == &nc_http_h1)
		set_deadline(c);
}

/* ---- what else happens to a connection ---- */

static void on_deadline(nc_http_conn *c)
{
	nc_h1 *h1 = &c->h1;
	nc_h1_clock clock = h1->clock;
	h1->clock = NC_H1_CLOCK_STALE;
	if (clock == NC_H1_CLOCK_HEAD || clock == NC_H1_CLOCK_BODY)
		nc_h1_fatal(c, NC_FAULT_TIMEOUT);
	else
		nc_http_conn_break(
			c, clock == NC_H1_CLOCK_WRITE ? NC_HTTP_END_SLOW : NC_HTTP_END_GONE);
}

static void on_drain(nc_http_conn *c)
{
	if (c->h1.req || c->h1.is_lingering)
		return;
	if (c->h1.served) {
		nc_http_conn_close(c, NC_HTTP_END_STOPPED);
		return;
	}
	c->h1.clock = NC_H1_CLOCK_STALE;
	nc_http_conn_schedule(c);
}

static nc_http_req *find(nc_http_conn *c, uint32_t stream)
{
	nc_http_req *r = c->h1.req;
	return r && r->is_deferred && r->stream == stream ? r : NULL;
}

static void doom(nc_http_conn *c, uint32_t stream)
{
	nc_http_req *r = find(c, stream);
	if (r && r->phase == NC_REQ_OPEN)
		nc_http_reply(r, &(nc_http_res){ .status = 503 });
	else if (r || c->ws)
		nc_http_conn_break(c, NC_HTTP_END_GONE);
}

static void body_start(nc_http_req *r)
{
	nc_h1_say_continue(r->conn);
	nc_http_conn_schedule(r->conn);
}

static void body_resume(nc_http_req *r)
{
	r->is_body_paused = 0;
	nc_http_conn_schedule(r->conn);
}

const nc_http_codec nc_http_h1 = {
	.run = run,
	.on_deadline = on_deadline,
	.on_drain = on_drain,
	.cut = cut,
	.find = find,
	.doom = doom,
	.reply = nc_h1_reply,
	.stream_begin = nc_h1_stream_begin,
	.stream_write = nc_h1_stream_write,
	.stream_write_blob = nc_h1_stream_write_blob,
	.stream_end = nc_h1_stream_end,
	.abort = nc_h1_abort,
	.body_start = body_start,
	.body_resume = body_resume,
};
