/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "http/conn.h"
#include "http/req.h"
#include "http/res.h"
#include "http/server.h"

/*
 * HTTP/1, the answer side. Called from handlers and for tokens, so nothing here closes a connection
 * or ends a request: a failure breaks the connection, which its next run sees. A whole answer
 * leaves in one write where the socket takes it; only what it doesn't take is copied.
 */

static const nc_bytes nothing = { NULL, 0 };

/* Head of the answer into the reactor's scratch. NC_OK or NC_E_NOMEM. */
static nc_code write_head(nc_http_req *r, const nc_http_res *res, nc_http_framing framing)
{
	nc_http_conn *c = r->conn;
	nc_http_reactor *reactor = c->reactor;
	r->may_keep = c->h1.keep_alive && !reactor->is_draining && nc_h1_can_skip_body(c) &&
		      framing != NC_HTTP_UNTIL_CLOSE;
	const char *keep = r->is_parsed && c->h1.head.minor == 0 ? "keep-alive" : NULL;
	const nc_http_head_info info = {
		.framing = framing,
		.length = nc_http_res_length(res),
		.date = nc_http_reactor_date(reactor),
		.request_id = r->id,
		.server = reactor->server->opts.server_name,
		.connection = r->may_keep ? keep : "close",
	};
	nc_buf_reset(&reactor->head_buf);
	nc_http_res_write_head(&reactor->head_buf, res, &info);
	r->status = res->status;
	return reactor->head_buf.error;
}

static void send_file(nc_http_conn *c, const nc_http_file *f)
{
	if (nc_http_out_file(&c->out, f->fd, f->offset, f->length) != NC_OK)
		nc_http_conn_break(c, NC_HTTP_END_GONE);
}

nc_code nc_h1_reply(nc_http_req *r, const nc_http_res *res)
{
	nc_http_conn *c = r->conn;
	nc_code code = write_head(r, res, NC_HTTP_LENGTH);
	r->phase = NC_REQ_DONE;
	nc_http_conn_schedule(c);
	if (code != NC_OK) {
		nc_http_res_drop(res);
		nc_http_conn_break(c, NC_HTTP_END_GONE);
		return NC_E_NOMEM;
	}
	nc_bytes head = nc_buf_bytes(&c->reactor->head_buf);
	if (r->is_head || !nc_http_status_has_body(res->status)) {
		nc_http_conn_send(c, head, nothing, NULL);
		nc_http_res_drop(res);
		return NC_OK;
	}
	r->body_sent = nc_http_res_length(res);
	if (res->blob)
		nc_http_conn_send(c, head, nc_blob_bytes(res->blob), res->blob);
	else
		nc_http_conn_send(c, head, res->body, NULL);
	if (res->file)
		send_file(c, res->file);
	return NC_OK;
}

/* ---- streams ---- */

nc_code nc_h1_stream_begin(nc_http_req *r, const nc_http_res *res)
{
	nc_http_conn *c = r->conn;
	r->is_chunked = c->h1.head.minor > 0 && !r->is_head && nc_http_status_has_body(res->status);
	nc_http_framing framing = c->h1.head.minor > 0 ? NC_HTTP_CHUNKED : NC_HTTP_UNTIL_CLOSE;
	nc_code code = write_head(r, res, framing);
	r->phase = NC_REQ_STREAM;
	if (code == NC_OK)
		nc_http_conn_send(c, nc_buf_bytes(&c->reactor->head_buf), nothing, NULL);
	else
		nc_http_conn_break(c, NC_HTTP_END_GONE);
	nc_http_conn_schedule(c);
	return code;
}

static nc_http_frame chunk_frame(const nc_http_req *r, size_t n, char before[NC_FRAME_MAX])
{
	if (!r->is_chunked)
		return (nc_http_frame){ nothing, nothing };
	int len = snprintf(before, NC_FRAME_MAX, "%zx\r\n", n);
	return (nc_http_frame){ { before, (size_t)len }, { "\r\n", 2 } };
}

/* Something was queued, or could not be. Many small writes leave together, at the next run. */
static nc_code after_write(nc_http_req *r, nc_code code, size_t n)
{
	nc_http_conn *c = r->conn;
	nc_http_conn_queued(c, code, r->stream_opts.high_water);
	if (code != NC_OK)
		return code;
	r->body_sent += n;
	if (c->out.queued > r->stream_opts.low_water)
		r->is_above_low = 1;
	return NC_OK;
}

static int takes_body(const nc_http_req *r)
{
	return !r->is_head && nc_http_status_has_body(r->status);
}

nc_code nc_h1_stream_write(nc_http_req *r, nc_bytes bytes)
{
	if (bytes.len == 0 || !takes_body(r))
		return NC_OK;
	char before[NC_FRAME_MAX];
	nc_http_frame frame = chunk_frame(r, bytes.len, before);
	return after_write(r, nc_http_out_copy(&r->conn->out, bytes, frame), bytes.len);
}

nc_code nc_h1_stream_write_blob(nc_http_req *r, nc_blob *blob)
{
	size_t n = nc_blob_bytes(blob).len;
	if (n == 0 || !takes_body(r)) {
		nc_blob_unref(blob);
		return NC_OK;
	}
	char before[NC_FRAME_MAX];
	nc_http_frame frame = chunk_frame(r, n, before);
	return after_write(r, nc_http_out_blob(&r->conn->out, blob, 0, frame), n);
}

nc_code nc_h1_stream_end(nc_http_req *r)
{
	nc_http_conn *c = r->conn;
	r->phase = NC_REQ_DONE;
	if (r->is_chunked)
		nc_http_conn_send(c, (nc_bytes){ "0\r\n\r\n", 5 }, nothing, NULL);
	nc_http_conn_schedule(c);
	return NC_OK;
}

void nc_h1_abort(nc_http_req *r)
{
	nc_http_conn_break(r->conn, NC_HTTP_END_GONE);
}

/* ---- faults ---- */

static const char *render_fault(nc_http_conn *c, const nc_http_fault *f, nc_buf *body)
{
	const nc_http_hooks *h = &c->reactor->server->opts.hooks;
	nc_buf_reset(body);
	if (h->render_fault)
		return h->render_fault(h->user, f, body);
	nc_buf_printf(body, "%s\n", f->detail);
	if (f->hint)
		nc_buf_printf(body, "%s\n", f->hint);
	return "text/plain; charset=utf-8";
}

void nc_h1_fault(nc_http_conn *c, nc_http_fault_id id, const char *allow)
{
	nc_http_req *r = c->h1.req;
	const nc_http_fault_row *row = nc_http_fault_get(id);
	const nc_http_fault fault = {
		.status = row->status,
		.code = row->code,
		.detail = row->detail,
		.hint = row->hint,
		.allow = allow,
		.request_id = r->id,
		.req = r->is_parsed ? r : NULL,
	};
	nc_buf *body = &c->reactor->fault_buf;
	const char *content_type = render_fault(c, &fault, body);
	if (nc_buf_failed(body))
		nc_buf_reset(body); /* the status alone still says it */
	const nc_http_header header = { allow ? "Allow" : "Retry-After", allow ? allow : "1" };
	r->phase = NC_REQ_OPEN;
	nc_http_reply(r, &(nc_http_res){
				 .status = row->status,
				 .content_type = body->len ? content_type : NULL,
				 .headers = &header,
				 .header_count = allow || row->status == 503,
				 .body = nc_buf_bytes(body),
			 });
}

void nc_h1_fatal(nc_http_conn *c, nc_http_fault_id id)
{
	nc_http_req *r = c->h1.req;
	c->h1.keep_alive = 0;
	c->h1.must_linger = 1;
	r->end = NC_HTTP_END_GONE;
	if (r->phase >= NC_REQ_STREAM) {
		nc_http_conn_break(c, NC_HTTP_END_GONE);
		return;
	}
	if (r->id[0] == '\0')
		nc_ulid_make(r->id);
	nc_h1_fault(c, id, NULL);
}
