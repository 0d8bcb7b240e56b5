/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "http/conn.h"
#include "http/req.h"
#include "http/server.h"

/*
 * HTTP/1, the request side: reading heads and bodies. A head is read straight into the request's
 * text; what came with it is used from there. A body that doesn't fit goes into a buffer (length
 * known: straight from the socket) or through a window, which exists only for that long. Each step
 * reads at most once, and nothing here runs while an answer is pending. Reactor thread.
 */

enum { WINDOW = 64 << 10, LINGER_BYTES = 4 << 20 };

static const char *input_base(const nc_http_conn *c)
{
	return c->h1.window ? c->h1.window : c->h1.req->text;
}

nc_bytes nc_h1_at_hand(const nc_http_conn *c)
{
	const nc_h1 *h1 = &c->h1;
	if (!h1->req || h1->in_pos >= h1->in_len)
		return (nc_bytes){ NULL, 0 };
	return (nc_bytes){ input_base(c) + h1->in_pos, h1->in_len - h1->in_pos };
}

int nc_h1_can_skip_body(const nc_http_conn *c)
{
	const nc_h1 *h1 = &c->h1;
	if (h1->body == NC_H1_BODY_LENGTH)
		return !h1->wants_100 && nc_h1_at_hand(c).len >= h1->body_left;
	return h1->body == NC_H1_BODY_DONE;
}

/* ---- heads ---- */

static void begin_head(nc_http_conn *c)
{
	nc_http_req *r = c->h1.req;
	const nc_http_limits *l = &c->reactor->server->opts.limits;
	if (++c->h1.last_stream == 0)
		c->h1.last_stream = 1;
	r->stream = c->h1.last_stream;
	c->h1.in_pos = c->h1.in_len = 0;
	nc_h1_head_init(&c->h1.head, (uint32_t)l->head, r->fields, r->field_max);
}

static void drop_request(nc_http_conn *c)
{
	nc_h1 *h1 = &c->h1;
	nc_http_req_put(h1->req);
	h1->req = NULL;
	nc_free(h1->window);
	h1->window = NULL;
	h1->in_pos = h1->in_len = 0;
}

/* More of the head. ON, or WAIT for the peer, or CLOSED. */
static nc_h1_step read_more_head(nc_http_conn *c)
{
	nc_http_req *r = c->h1.req;
	if (r->text_len == r->text_cap) {
		/* MORE was said, so the text is shorter than the limit */
		size_t cap = NC_MIN(r->text_cap * 2, (size_t)c->h1.head.limit);
		if (nc_http_req_grow(r, cap) != NC_OK) {
			nc_h1_fatal(c, NC_FAULT_MEMORY);
			return NC_STEP_ON;
		}
	}
	ssize_t n = nc_http_conn_read(c, r->text + r->text_len, r->text_cap - r->text_len);
	if (n > 0) {
		r->text_len += (size_t)n;
		return NC_STEP_ON;
	}
	if (n == NC_IO_AGAIN) {
		if (r->text_len == 0)
			drop_request(c);
		return NC_STEP_WAIT;
	}
	/* The end, or half a head and the end: there is nobody to say anything to. */
	nc_http_conn_break(c, NC_HTTP_END_GONE);
	return NC_STEP_CLOSED;
}

nc_h1_step nc_h1_read_head(nc_http_conn *c)
{
	nc_h1 *h1 = &c->h1;
	if (!h1->req) {
		if (!c->can_read)
			return NC_STEP_WAIT;
		h1->req = nc_http_req_take(c);
		if (!h1->req) {
			nc_http_conn_break(c, NC_HTTP_END_GONE);
			return NC_STEP_CLOSED;
		}
		begin_head(c);
	}
	nc_http_req *r = h1->req;
	if (r->text_len == 0) {
		nc_h1_step step = read_more_head(c);
		if (step != NC_STEP_ON)
			return step;
	}
	nc_h1_verdict verdict = nc_h1_head_parse(&h1->head, r->text, r->text_len);
	if (verdict == NC_H1_MORE)
		return read_more_head(c);
	if (verdict == NC_H1_BAD) {
		nc_h1_fatal(c, h1->head.fault);
		return NC_STEP_ON;
	}
	h1->in_pos = h1->head.len;
	h1->in_len = r->text_len;
	return nc_h1_on_head(c);
}

void nc_h1_next_request(nc_http_conn *c)
{
	nc_h1 *h1 = &c->h1;
	nc_http_req *r = h1->req;
	if (h1->body == NC_H1_BODY_LENGTH)
		h1->in_pos += h1->body_left; /* nc_h1_can_skip_body */
	if (h1->has_nul)
		r->text[h1->in_pos] = h1->nul_saved;
	h1->has_nul = 0;
	h1->body = NC_H1_BODY_DONE;
	nc_bytes left = nc_h1_at_hand(c);
	if (left.len == 0) {
		drop_request(c);
		return;
	}
	if (nc_http_req_grow(r, left.len) != NC_OK) {
		nc_http_conn_break(c, NC_HTTP_END_GONE);
		return;
	}
	/* growing moves the text only when `left` lies in the window: the text holds it otherwise */
	memmove(r->text, left.ptr, left.len);
	nc_free(h1->window);
	h1->window = NULL;
	nc_http_req_renew(r, left.len);
	begin_head(c);
}

/* ---- bodies ---- */

static void use_input(nc_http_conn *c, size_t n)
{
	c->h1.in_pos += n;
}

/* Refill the window, with at most `most` bytes; nothing is at hand. */
static nc_h1_step fill_window(nc_http_conn *c, uint64_t most)
{
	nc_h1 *h1 = &c->h1;
	if (!c->can_read)
		return NC_STEP_WAIT;
	if (!h1->window)
		h1->window = nc_malloc(WINDOW);
	if (!h1->window) {
		nc_h1_fatal(c, NC_FAULT_MEMORY);
		return NC_STEP_ON;
	}
	h1->in_pos = h1->in_len = 0;
	ssize_t n = nc_http_conn_read(c, h1->window, (size_t)NC_MIN((uint64_t)WINDOW, most));
	if (n == NC_IO_AGAIN)
		return NC_STEP_WAIT;
	if (n <= 0) {
		nc_h1_fatal(c, NC_FAULT_SHORT_BODY);
		return NC_STEP_ON;
	}
	h1->in_len = (size_t)n;
	return NC_STEP_ON;
}

static nc_h1_step body_complete(nc_http_conn *c)
{
	nc_http_req *r = c->h1.req;
	c->h1.body = NC_H1_BODY_DONE;
	r->body = nc_buf_bytes(&r->body_buf);
	nc_h1_call_handler(c);
	return NC_STEP_ON;
}

/* Length known: what is at hand, then straight from the socket into the buffer. */
static nc_h1_step read_length(nc_http_conn *c)
{
	nc_h1 *h1 = &c->h1;
	nc_buf *b = &h1->req->body_buf;
	nc_bytes in = nc_h1_at_hand(c);
	size_t n = (size_t)NC_MIN((uint64_t)in.len, h1->body_left);
	if (n > 0) {
		nc_buf_put(b, in.ptr, n);
		use_input(c, n);
	} else {
		n = (size_t)NC_MIN(h1->body_left, (uint64_t)WINDOW);
		char *p = nc_buf_reserve(b, n);
		ssize_t got = p ? nc_http_conn_read(c, p, n) : 0;
		if (got == NC_IO_AGAIN)
			return NC_STEP_WAIT;
		if (p && got <= 0) {
			nc_h1_fatal(c, NC_FAULT_SHORT_BODY);
			return NC_STEP_ON;
		}
		n = (size_t)got;
		nc_buf_commit(b, n);
	}
	if (nc_buf_failed(b)) {
		nc_h1_fatal(c, NC_FAULT_MEMORY);
		return NC_STEP_ON;
	}
	h1->body_left -= n;
	h1->body_seen += n;
	return h1->body_left ? NC_STEP_ON : body_complete(c);
}

/* The next piece of a chunked body. *ret_data is empty at its end, when the body is DONE. */
static nc_h1_step next_chunk(nc_http_conn *c, nc_bytes *ret_data)
{
	nc_h1 *h1 = &c->h1;
	*ret_data = (nc_bytes){ NULL, 0 };
	nc_bytes in = nc_h1_at_hand(c);
	if (in.len == 0)
		return fill_window(c, WINDOW);
	size_t used = 0;
	nc_h1_chunk_verdict verdict = nc_h1_chunk_next(&h1->chunk, in.ptr, in.len, &used, ret_data);
	if (verdict == NC_H1_CHUNK_BAD) {
		nc_h1_fatal(c, h1->chunk.fault);
		return NC_STEP_ON;
	}
	use_input(c, used);
	if (verdict == NC_H1_CHUNK_DONE)
		h1->body = NC_H1_BODY_DONE;
	h1->body_seen += ret_data->len;
	if (h1->body_seen > h1->body_max) {
		nc_h1_fatal(c, NC_FAULT_BODY_TOO_LARGE);
		*ret_data = (nc_bytes){ NULL, 0 };
	}
	return NC_STEP_ON;
}

static nc_h1_step read_chunked(nc_http_conn *c)
{
	nc_bytes data;
	nc_h1_step step = next_chunk(c, &data);
	nc_http_req *r = c->h1.req;
	if (step != NC_STEP_ON || r->phase != NC_REQ_BODY)
		return step;
	if (data.len)
		nc_buf_put(&r->body_buf, data.ptr, data.len);
	if (nc_buf_failed(&r->body_buf)) {
		nc_h1_fatal(c, NC_FAULT_MEMORY);
		return NC_STEP_ON;
	}
	return c->h1.body == NC_H1_BODY_DONE ? body_complete(c) : NC_STEP_ON;
}

nc_h1_step nc_h1_read_body(nc_http_conn *c)
{
	return c->h1.body == NC_H1_BODY_LENGTH ? read_length(c) : read_chunked(c);
}

/* ---- streamed to the application ---- */

static nc_h1_step tell(nc_http_req *r, nc_bytes piece, int last)
{
	r->is_body_told = (uint8_t)last;
	if (r->on_body(r->on_body_user, r, piece, last) == NC_HTTP_BODY_PAUSE && !last)
		r->is_body_paused = 1;
	return NC_STEP_ON;
}

nc_h1_step nc_h1_stream_body(nc_http_conn *c)
{
	nc_h1 *h1 = &c->h1;
	nc_http_req *r = h1->req;
	nc_bytes data = { NULL, 0 };
	if (h1->body == NC_H1_BODY_DONE)
		return tell(r, data, 1);
	if (h1->body == NC_H1_BODY_CHUNKED) {
		nc_h1_step step = next_chunk(c, &data);
		if (step != NC_STEP_ON || r->phase == NC_REQ_DONE || c->is_broken)
			return step;
		return data.len ? tell(r, data, 0) : NC_STEP_ON; /* its end comes as DONE */
	}
	data = nc_h1_at_hand(c);
	if (data.len == 0)
		return fill_window(c, h1->body_left);
	data.len = (size_t)NC_MIN((uint64_t)data.len, h1->body_left);
	use_input(c, data.len);
	h1->body_left -= data.len;
	h1->body_seen += data.len;
	if (h1->body_left == 0)
		h1->body = NC_H1_BODY_DONE;
	return tell(r, data, h1->body_left == 0);
}

/* ---- after the last answer ---- */

nc_h1_step nc_h1_linger(nc_http_conn *c)
{
	char sink[16 << 10];
	ssize_t n = nc_http_conn_read(c, sink, sizeof(sink));
	if (n == NC_IO_AGAIN)
		return NC_STEP_WAIT;
	c->h1.linger_read += n > 0 ? (uint64_t)n : 0;
	if (n > 0 && c->h1.linger_read <= LINGER_BYTES)
		return NC_STEP_ON;
	nc_http_conn_break(c, NC_HTTP_END_GONE);
	return NC_STEP_CLOSED;
}
