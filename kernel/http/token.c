/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "http/conn.h"
#include "http/req.h"
#include "http/res.h"
#include "http/server.h"

/*
 * Answers from any thread. A call becomes a message, one block of memory, to the reactor that the
 * token names; there it finds its request, or nothing and is dropped. Even the reactor's own thread
 * goes by message, so a call never runs anything under its caller's feet and order is kept. Without
 * memory for an answer the request is doomed instead (503), which takes none.
 */

typedef struct message message;
struct message {
	nc_http_task task;
	nc_http_server *server;
	nc_http_token token;
	nc_code (*deliver)(nc_http_req *r, message *m); /* takes over res.blob, res.file, blob */
	nc_http_res res;
	nc_http_file file;
	nc_http_stream_opts opts;
	nc_blob *blob;
	nc_bytes bytes;
	char data[];
};

/* ---- the block ---- */

static size_t text_size(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

/* Bytes for all that the response points to. Headers first: they need alignment. */
static size_t res_size(const nc_http_res *res)
{
	size_t n = res->header_count * sizeof(nc_http_header) + text_size(res->content_type);
	for (size_t i = 0; i < res->header_count; i++)
		n += text_size(res->headers[i].name) + text_size(res->headers[i].value);
	return n + res->body.len;
}

static const char *copy_text(char **at, const char *s)
{
	size_t n = text_size(s);
	if (n == 0)
		return NULL;
	char *copy = memcpy(*at, s, n);
	*at += n;
	return copy;
}

static void copy_res(message *m, const nc_http_res *res)
{
	m->res = *res;
	nc_http_header *headers = (nc_http_header *)(void *)m->data;
	char *at = m->data + res->header_count * sizeof(*headers);
	for (size_t i = 0; i < res->header_count; i++) {
		headers[i].name = copy_text(&at, res->headers[i].name);
		headers[i].value = copy_text(&at, res->headers[i].value);
	}
	m->res.headers = headers;
	m->res.content_type = copy_text(&at, res->content_type);
	if (res->body.len)
		memcpy(at, res->body.ptr, res->body.len);
	m->res.body = (nc_bytes){ at, res->body.len };
	if (res->file) {
		m->file = *res->file;
		m->res.file = &m->file;
	}
}

static void run_message(nc_http_task *task, unsigned reactor)
{
	message *m = NC_CONTAINER(task, message, task);
	nc_http_req *r = nc_http_reactor_find(&m->server->reactors[reactor], m->token);
	if (r) {
		(void)m->deliver(r, m); /* it has logged what was out of order */
	} else {
		nc_http_res_drop(&m->res);
		nc_blob_unref(m->blob);
	}
	nc_free(m);
}

int nc_http_token_is_live(const nc_http_server *s, nc_http_token t)
{
	if (t.generation == 0 || t.reactor >= s->opts.reactors)
		return 0;
	const nc_http_reactor *r = &s->reactors[t.reactor];
	return t.slot < r->slot_max &&
	       atomic_load_explicit(&r->slots[t.slot].live, memory_order_relaxed) ==
		       ((uint64_t)t.generation << 32 | t.stream);
}

static message *message_new(nc_http_server *s, nc_http_token t, size_t data,
	nc_code (*deliver)(nc_http_req *, message *))
{
	if (data > SIZE_MAX / 2)
		return NULL;
	message *m = nc_malloc(sizeof(*m) + data);
	if (!m)
		return NULL;
	*m = (message){ .server = s, .token = t, .deliver = deliver };
	m->task.run = run_message;
	return m;
}

static nc_code send_message(message *m)
{
	nc_http_reactor_post(&m->server->reactors[m->token.reactor], &m->task);
	return NC_OK;
}

/* Nothing was sent, and must not be waited for. */
static nc_code doom(nc_http_server *s, nc_http_token t)
{
	nc_http_reactor_doom(&s->reactors[t.reactor], t);
	return NC_E_NOMEM;
}

/* ---- the calls ---- */

static nc_code deliver_reply(nc_http_req *r, message *m)
{
	return nc_http_reply(r, &m->res);
}

static nc_code deliver_begin(nc_http_req *r, message *m)
{
	return nc_http_req_stream_begin(r, &m->res, &m->opts);
}

static nc_code send_res(nc_http_server *s, nc_http_token t, const nc_http_res *res,
	const nc_http_stream_opts *opts, nc_code (*deliver)(nc_http_req *, message *))
{
	const char *what;
	if (!nc_http_token_is_live(s, t)) {
		nc_http_res_drop(res);
		return NC_E_NOTFOUND;
	}
	nc_code code = nc_http_res_check(res, &what);
	message *m = message_new(s, t, res_size(res), deliver);
	if (!m) {
		nc_http_res_drop(res);
		return doom(s, t);
	}
	copy_res(m, res);
	if (opts)
		m->opts = *opts;
	send_message(m); /* a faulty one too: the client must get its 500 */
	return code;
}

nc_code nc_http_token_reply(nc_http_server *s, nc_http_token t, const nc_http_res *res)
{
	return send_res(s, t, res, NULL, deliver_reply);
}

nc_code nc_http_stream_begin(
	nc_http_server *s, nc_http_token t, const nc_http_res *res, const nc_http_stream_opts *opts)
{
	return send_res(s, t, res, opts, deliver_begin);
}

/* Whether the stream is open; if not, that is the application's mistake. */
static int is_streaming(const nc_http_req *r, const char *call)
{
	if (r->phase == NC_REQ_STREAM)
		return 1;
	nc_log(L_ERROR, "http.response.out_of_order", F_STR("call", call),
		F_STR("path", r->target_path), F_STR("request_id", r->id));
	return 0;
}

static nc_code deliver_bytes(nc_http_req *r, message *m)
{
	if (!is_streaming(r, "stream_write"))
		return NC_E_INVAL;
	return r->conn->codec->stream_write(r, m->bytes);
}

nc_code nc_http_stream_write(nc_http_server *s, nc_http_token t, nc_bytes bytes)
{
	if (!nc_http_token_is_live(s, t))
		return NC_E_NOTFOUND;
	message *m = message_new(s, t, bytes.len, deliver_bytes);
	if (!m)
		return doom(s, t);
	if (bytes.len)
		memcpy(m->data, bytes.ptr, bytes.len);
	m->bytes = (nc_bytes){ m->data, bytes.len };
	return send_message(m);
}

static nc_code deliver_blob(nc_http_req *r, message *m)
{
	if (is_streaming(r, "stream_write_blob"))
		return r->conn->codec->stream_write_blob(r, m->blob);
	nc_blob_unref(m->blob);
	return NC_E_INVAL;
}

nc_code nc_http_stream_write_blob(nc_http_server *s, nc_http_token t, nc_blob *b)
{
	_cleanup_(nc_blob_unrefp) nc_blob *owned = b;
	if (!nc_http_token_is_live(s, t))
		return NC_E_NOTFOUND;
	message *m = message_new(s, t, 0, deliver_blob);
	if (!m)
		return doom(s, t);
	m->blob = nc_steal(&owned);
	return send_message(m);
}

static nc_code send_plain(
	nc_http_server *s, nc_http_token t, nc_code (*deliver)(nc_http_req *, message *))
{
	if (!nc_http_token_is_live(s, t))
		return NC_E_NOTFOUND;
	message *m = message_new(s, t, 0, deliver);
	return m ? send_message(m) : doom(s, t);
}

static nc_code deliver_end(nc_http_req *r, message *m nc_unused)
{
	return is_streaming(r, "stream_end") ? r->conn->codec->stream_end(r) : NC_E_INVAL;
}

nc_code nc_http_stream_end(nc_http_server *s, nc_http_token t)
{
	return send_plain(s, t, deliver_end);
}

static nc_code deliver_abort(nc_http_req *r, message *m nc_unused)
{
	r->conn->codec->abort(r);
	return NC_OK;
}

nc_code nc_http_abort(nc_http_server *s, nc_http_token t)
{
	return send_plain(s, t, deliver_abort);
}

static nc_code deliver_resume(nc_http_req *r, message *m nc_unused)
{
	r->conn->codec->body_resume(r);
	return NC_OK;
}

nc_code nc_http_body_resume(nc_http_server *s, nc_http_token t)
{
	return send_plain(s, t, deliver_resume);
}

nc_code nc_http_run(nc_http_server *s, unsigned reactor, nc_http_task *task)
{
	if (reactor >= s->opts.reactors)
		return NC_E_INVAL;
	nc_http_reactor_post(&s->reactors[reactor], task);
	return NC_OK;
}
