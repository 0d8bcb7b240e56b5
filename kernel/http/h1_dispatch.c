/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "http/conn.h"
#include "http/req.h"
#include "http/server.h"

/*
 * HTTP/1, from a parsed head to the application: routing, the checks that come before any of the
 * body is read, 100 Continue, the handler. Reactor thread; handlers are called with nothing held.
 */

static void set_body(nc_http_conn *c)
{
	nc_h1 *h1 = &c->h1;
	const nc_h1_head *head = &h1->head;
	h1->body = NC_H1_BODY_DONE;
	if (head->flags & NC_H1_CHUNKED)
		h1->body = NC_H1_BODY_CHUNKED;
	else if (head->content_length > 0)
		h1->body = NC_H1_BODY_LENGTH;
	h1->body_left = head->content_length;
	h1->body_seen = 0;
	h1->body_max = UINT64_MAX;
	nc_h1_chunk_init(&h1->chunk);
	h1->must_linger = 0;
	h1->wants_100 = h1->body != NC_H1_BODY_DONE && (head->flags & NC_H1_EXPECT_100) &&
			head->minor > 0 && nc_h1_at_hand(c).len == 0;
	h1->keep_alive = (head->flags & NC_H1_CLOSE) == 0 &&
			 (head->minor > 0 || (head->flags & NC_H1_KEEP_ALIVE));
}

void nc_h1_say_continue(nc_http_conn *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	if (!c->h1.wants_100)
		return;
	c->h1.wants_100 = 0;
	nc_http_conn_send(c, (nc_bytes){ text, sizeof(text) - 1 }, (nc_bytes){ NULL, 0 }, NULL);
}

/* The handler has returned: it must have answered, or kept the request. */
static void check_answered(nc_http_conn *c)
{
	nc_http_req *r = c->h1.req;
	r->may_defer = 0;
	if (r->phase != NC_REQ_OPEN || r->is_deferred)
		return;
	nc_log(L_ERROR, "http.handler.no_answer", F_STR("method", r->method),
		F_STR("path", r->target_path), F_STR("request_id", r->id));
	nc_h1_fault(c, NC_FAULT_HANDLER, NULL);
}

void nc_h1_call_handler(nc_http_conn *c)
{
	nc_http_req *r = c->h1.req;
	const nc_http_options *o = &c->reactor->server->opts;
	r->phase = NC_REQ_OPEN;
	r->may_defer = 1;
	if (r->route)
		r->route->handler(r, r->route->user);
	else
		o->fallback(r, o->fallback_user);
	check_answered(c);
}

/* The body is all there already: use it where it lies. */
static int take_body_at_hand(nc_http_conn *c)
{
	nc_h1 *h1 = &c->h1;
	nc_http_req *r = h1->req;
	if (h1->body != NC_H1_BODY_LENGTH || nc_h1_at_hand(c).len < h1->body_left)
		return 0;
	r->body = (nc_bytes){ r->text + h1->in_pos, (size_t)h1->body_left };
	h1->in_pos += h1->body_left;
	h1->body = NC_H1_BODY_DONE;
	h1->nul_saved = r->text[h1->in_pos]; /* perhaps the next request's first byte */
	h1->has_nul = 1;
	r->text[h1->in_pos] = '\0';
	return 1;
}

static nc_h1_step begin_body(nc_http_conn *c, nc_http_body_mode mode, size_t limit)
{
	nc_h1 *h1 = &c->h1;
	nc_http_req *r = h1->req;
	h1->body_max = limit;
	if (h1->body == NC_H1_BODY_LENGTH && h1->body_left > limit) {
		nc_h1_fault(c, NC_FAULT_BODY_TOO_LARGE, NULL);
		return NC_STEP_ON;
	}
	if (h1->body == NC_H1_BODY_DONE || mode == NC_HTTP_BODY_STREAMED || take_body_at_hand(c)) {
		nc_h1_call_handler(c);
		return NC_STEP_ON;
	}
	r->phase = NC_REQ_BODY;
	r->body_buf.limit = limit;
	nc_h1_say_continue(c);
	return NC_STEP_ON;
}

static nc_h1_step dispatch(nc_http_conn *c)
{
	nc_http_req *r = c->h1.req;
	const nc_http_route *route = r->route;
	if (route->admit) {
		r->phase = NC_REQ_OPEN;
		route->admit(r, route->user);
		if (r->phase != NC_REQ_OPEN)
			return NC_STEP_ON;
	}
	if (route->body == NC_HTTP_BODY_NONE && c->h1.body != NC_H1_BODY_DONE) {
		nc_h1_fault(c, NC_FAULT_BODY_REFUSED, NULL);
		return NC_STEP_ON;
	}
	size_t limit = route->body_limit;
	if (limit == 0)
		limit = c->reactor->server->opts.limits.body;
	return begin_body(c, route->body, limit);
}

static void answer_options(nc_http_conn *c, const char *allow)
{
	nc_http_req *r = c->h1.req;
	r->phase = NC_REQ_OPEN;
	const nc_http_header header = { "Allow", allow ? allow : "" };
	nc_http_reply(r,
		&(nc_http_res){ .status = 204, .headers = &header, .header_count = allow ? 1 : 0 });
}

nc_h1_step nc_h1_on_head(nc_http_conn *c)
{
	nc_http_req *r = c->h1.req;
	nc_http_fault_id fault = NC_FAULT_NONE;
	const char *allow;
	nc_http_req_set_head(r, &c->h1.head);
	set_body(c);
	switch (nc_http_req_route(r, &fault, &allow)) {
	case NC_ROUTED:
		return dispatch(c);
	case NC_ROUTED_FALLBACK:
		nc_h1_call_handler(c);
		break;
	case NC_ROUTED_OPTIONS:
		answer_options(c, allow);
		break;
	case NC_ROUTED_FAULT:
		nc_h1_fault(c, fault, allow);
		break;
	}
	return NC_STEP_ON;
}
