/* SPDX-License-Identifier: Apache-2.0 */
#include "http/ws.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/log.h"
#include "base/utf8.h"
#include "http/chars.h"
#include "http/conn.h"
#include "http/req.h"
#include "http/server.h"
#include "http/ws_frame.h"

/*
 * WebSockets (RFC 6455). A handler accepts, the request is answered 101 and gone; from then on this
 * is the connection's codec. Idle it is a few hundred bytes: a message's buffer lives as long as
 * the message. Messages are put together before they are told; what is sent goes into the
 * connection's queue, shared where it is a blob. Reactor thread, but for the calls by token, which
 * come as tasks.
 */

enum {
	READ = 16 << 10,
	READS_PER_RUN = 16,
	MESSAGE = 64 << 10,
	HIGH_WATER = 1 << 20,
	PING_US = 30000000,
	CLOSING_US = 2000000, /* a peer has this long to say goodbye */
	REASON_MAX = NC_WS_CONTROL_MAX - 2
};

enum {
	NORMAL = 1000,
	GOING_AWAY = 1001,
	PROTOCOL = 1002,
	NO_CODE = 1005,
	NO_CLOSE = 1006,
	NOT_UTF8 = 1007,
	TOO_BIG = 1009,
	NO_MEMORY = 1011
};

typedef enum { CLOCK_NONE, CLOCK_WRITE, CLOCK_PING, CLOCK_MESSAGE, CLOCK_CLOSING } ws_clock;

struct nc_ws {
	nc_ws_opts opts;
	uint32_t stream; /* of its token */
	nc_ws_parser parser;
	nc_buf message; /* so far */
	uint8_t kind;   /* of that message */
	uint8_t control_len;
	uint8_t control[NC_WS_CONTROL_MAX];
	uint8_t pong_len,
		is_pong_due; /* the last ping is to be answered, when the last pong has left */
	uint8_t pong[NC_WS_CONTROL_MAX];
	uint64_t pong_left_at; /* c->out.sent by then */
	uint8_t has_said_close, has_heard_close, is_failed, is_shut;
	uint8_t is_pinged, is_above_low;
	uint8_t clock;
	uint64_t clock_mark, received, data_received;
	int peer_code;
	uint8_t *early; /* what came behind the request, until the first run */
	size_t early_len;
};

/* ---- sending ---- */

static const nc_bytes nothing = { NULL, 0 };

/* Takes the reference. Small messages of one turn leave together, at the next run. */
static void queue(nc_http_conn *c, uint8_t opcode, nc_bytes bytes, nc_blob *blob)
{
	nc_ws *ws = c->ws;
	_cleanup_(nc_blob_unrefp) nc_blob *owned = blob;
	uint8_t head[NC_WS_HEAD_MAX];
	if (ws->has_said_close)
		return;
	nc_http_frame frame = { { head, nc_ws_head(opcode, bytes.len, head) }, nothing };
	nc_code code = owned ? nc_http_out_blob(&c->out, nc_steal(&owned), 0, frame)
			     : nc_http_out_copy(&c->out, bytes, frame);
	nc_http_conn_queued(c, code, ws->opts.high_water);
	if (opcode < NC_WS_OP_CLOSE && c->out.queued > ws->opts.low_water)
		ws->is_above_low = 1;
}

/* How much of it fits, cut between two letters. */
static size_t reason_length(const char *reason)
{
	size_t n = strnlen(reason, REASON_MAX + 1);
	if (n <= REASON_MAX)
		return n;
	for (n = REASON_MAX; n > 0 && ((uint8_t)reason[n] & 0xc0) == 0x80;)
		n--;
	return n;
}

static void say_close(nc_http_conn *c, int code, const char *reason)
{
	uint8_t payload[NC_WS_CONTROL_MAX] = { (uint8_t)(code >> 8), (uint8_t)code };
	size_t n = reason_length(reason);
	memcpy(payload + 2, reason, n);
	queue(c, NC_WS_OP_CLOSE, (nc_bytes){ payload, code == NO_CODE ? 0 : n + 2 }, NULL);
	c->ws->has_said_close = 1;
}

/* What comes after that is read and dropped. */
static void fail(nc_http_conn *c, int code, const char *reason)
{
	say_close(c, code, reason);
	c->ws->is_failed = 1;
}

/* ---- what comes ---- */

static int is_code_allowed(int code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 && code != NO_CODE &&
		       code != NO_CLOSE) ||
	       (code >= 3000 && code <= 4999);
}

static void hear_close(nc_http_conn *c)
{
	nc_ws *ws = c->ws;
	int has_code = ws->control_len >= 2;
	int code = has_code ? ws->control[0] << 8 | ws->control[1] : NO_CODE;
	nc_bytes reason = { ws->control + 2, has_code ? ws->control_len - 2u : 0 };
	if (ws->control_len == 1 || (has_code && !is_code_allowed(code)) || !nc_utf8_is(reason)) {
		fail(c, PROTOCOL, "that is no close frame");
		return;
	}
	ws->has_heard_close = 1;
	ws->peer_code = code;
	say_close(c, code, ""); /* unless it answers ours */
}

static void tell_message(nc_http_conn *c)
{
	nc_ws *ws = c->ws;
	nc_bytes message = nc_buf_bytes(&ws->message);
	if (ws->kind == NC_WS_OP_TEXT && !nc_utf8_is(message)) {
		fail(c, NOT_UTF8, "text has to be UTF-8");
		return;
	}
	if (ws->opts.on_message)
		ws->opts.on_message(ws->opts.user, nc_ws_token(c),
			ws->kind == NC_WS_OP_TEXT ? NC_WS_TEXT : NC_WS_BINARY, message);
	nc_buf_done(&ws->message);
	nc_buf_init(&ws->message, ws->opts.message_max);
}

static void end_frame(nc_http_conn *c)
{
	nc_ws *ws = c->ws;
	switch (ws->parser.opcode) {
	case NC_WS_OP_CLOSE:
		hear_close(c);
		break;
	case NC_WS_OP_PING:
		memcpy(ws->pong, ws->control, ws->control_len);
		ws->pong_len = ws->control_len;
		ws->is_pong_due = 1;
		break;
	case NC_WS_OP_PONG:
		break;
	default:
		if (ws->parser.opcode != NC_WS_OP_MORE)
			ws->kind = ws->parser.opcode;
		if (ws->parser.is_final && !ws->has_said_close)
			tell_message(c);
	}
	ws->control_len = 0;
}

static void take_data(nc_http_conn *c, nc_bytes data)
{
	nc_ws *ws = c->ws;
	if (ws->parser.opcode >= NC_WS_OP_CLOSE) {
		memcpy(ws->control + ws->control_len, data.ptr, data.len);
		ws->control_len = (uint8_t)(ws->control_len + data.len);
		return;
	}
	if (ws->has_said_close)
		return; /* nobody wants it any more */
	ws->data_received += data.len;
	nc_buf_put(&ws->message, data.ptr, data.len);
	if (ws->message.error == NC_E_INVAL)
		fail(c, TOO_BIG, "the message is too long");
	else if (nc_buf_failed(&ws->message))
		fail(c, NO_MEMORY, "out of memory");
}

static void take_bytes(nc_http_conn *c, uint8_t *in, size_t n)
{
	nc_ws *ws = c->ws;
	ws->received += n;
	ws->is_pinged = 0;
	for (size_t at = 0; !ws->is_failed && !ws->has_heard_close && !c->is_broken;) {
		size_t used = 0;
		nc_bytes data;
		nc_ws_verdict v = nc_ws_next(&ws->parser, in + at, n - at, &used, &data);
		at += used;
		if (v == NC_WS_MORE)
			return;
		if (v == NC_WS_DATA)
			take_data(c, data);
		else if (v == NC_WS_END)
			end_frame(c);
		else
			fail(c, PROTOCOL, "that is no frame of a client's");
	}
}

static void take_early(nc_http_conn *c)
{
	_cleanup_(nc_freep) uint8_t *early = nc_steal(&c->ws->early);
	take_bytes(c, early, c->ws->early_len);
}

/* Whether there may be more. */
static int read_once(nc_http_conn *c)
{
	uint8_t in[READ];
	ssize_t n = nc_http_conn_read(c, in, sizeof(in));
	if (n == NC_IO_AGAIN)
		return 0;
	if (n <= 0) {
		if (n == 0 && !nc_http_out_is_empty(&c->out))
			nc_http_conn_flush(c); /* our goodbye, if it was asked for */
		nc_http_conn_break(
			c, c->ws->has_heard_close ? NC_HTTP_END_ANSWERED : NC_HTTP_END_GONE);
		return 0;
	}
	take_bytes(c, in, (size_t)n);
	return 1;
}

/* ---- running ---- */

/* One at a time: who pings and reads nothing makes us hold no more, and hears of the last. */
static void answer_ping(nc_http_conn *c)
{
	nc_ws *ws = c->ws;
	if (!ws->is_pong_due || c->out.sent < ws->pong_left_at)
		return;
	ws->is_pong_due = 0;
	queue(c, NC_WS_OP_PONG, (nc_bytes){ ws->pong, ws->pong_len }, NULL);
	ws->pong_left_at = c->out.sent + c->out.queued;
}

static void tell_low_water(nc_http_conn *c)
{
	nc_ws *ws = c->ws;
	if (!ws->is_above_low || ws->has_said_close || c->out.queued > ws->opts.low_water)
		return;
	ws->is_above_low = 0;
	if (ws->opts.on_low_water)
		ws->opts.on_low_water(ws->opts.user, nc_ws_token(c));
}

/* Both have said goodbye: it is over. Who broke the rules may still be sending, and is to read why:
 * closing on what is unread would take that away. */
static void end_when_said(nc_http_conn *c)
{
	nc_ws *ws = c->ws;
	if (!ws->has_said_close || !nc_http_out_is_empty(&c->out))
		return;
	if (ws->has_heard_close)
		nc_http_conn_break(c, NC_HTTP_END_ANSWERED);
	else if (ws->is_failed && !ws->is_shut)
		c->wire.transport->shut_write(&c->wire);
	ws->is_shut = ws->is_failed;
}

static void set_clock(nc_http_conn *c, ws_clock clock, int64_t us, uint64_t mark)
{
	nc_ws *ws = c->ws;
	if (ws->clock == clock && ws->clock_mark == mark)
		return;
	ws->clock = (uint8_t)clock;
	ws->clock_mark = mark;
	nc_http_timer_set(&c->reactor->wheel, &c->deadline, c->reactor->now_us + us);
}

static void set_deadline(nc_http_conn *c)
{
	nc_ws *ws = c->ws;
	const nc_http_limits *l = &c->reactor->server->opts.limits;
	if (!nc_http_out_is_empty(&c->out))
		set_clock(c, CLOCK_WRITE, l->write_us, c->out.sent / l->progress);
	else if (ws->has_said_close)
		set_clock(c, CLOCK_CLOSING, CLOSING_US, 0);
	else if (ws->parser.head_len || ws->parser.is_amid_message)
		set_clock(c, CLOCK_MESSAGE, l->body_us, ws->data_received / l->progress);
	else
		set_clock(c, CLOCK_PING, ws->opts.ping_us, ws->received);
}

static void run(nc_http_conn *c)
{
	int has_more = 1;
	if (c->ws->early)
		take_early(c);
	for (int i = 0; has_more && i < READS_PER_RUN && !c->is_broken; i++)
		has_more = read_once(c);
	if (c->is_broken)
		return;
	if (!nc_http_out_is_empty(&c->out))
		nc_http_conn_flush(c);
	answer_ping(c);
	tell_low_water(c);
	end_when_said(c);
	int has_fresh = !nc_http_out_is_empty(&c->out) && !c->is_blocked; /* of the two before */
	if (has_more || has_fresh)
		nc_http_conn_yield(c);
	set_deadline(c);
}

static void on_deadline(nc_http_conn *c)
{
	nc_ws *ws = c->ws;
	ws_clock clock = ws->clock;
	ws->clock = CLOCK_NONE;
	if (clock == CLOCK_PING && !ws->is_pinged) {
		ws->is_pinged = 1;
		queue(c, NC_WS_OP_PING, nothing, NULL);
		return;
	}
	nc_http_conn_break(c, clock == CLOCK_WRITE ? NC_HTTP_END_SLOW : NC_HTTP_END_GONE);
}

static void on_drain(nc_http_conn *c)
{
	say_close(c, GOING_AWAY, "the server is stopping");
}

static void cut(nc_http_conn *c, nc_http_end why)
{
	nc_ws_cut(c, why);
}

static nc_http_req *find(nc_http_conn *c nc_unused, uint32_t stream nc_unused)
{
	return NULL; /* the request has ended; its number is the WebSocket's now */
}

static void doom(nc_http_conn *c, uint32_t stream)
{
	if (c->ws->stream == stream)
		nc_http_conn_break(c, NC_HTTP_END_GONE);
}

const nc_http_codec nc_http_ws_codec = {
	.run = run,
	.on_deadline = on_deadline,
	.on_drain = on_drain,
	.cut = cut,
	.find = find,
	.doom = doom,
};

/* ---- from request to WebSocket, and the end ---- */

/* Whether a header's comma-separated list has the word, which is in lower case. */
static int has_word(nc_bytes list, const char *word)
{
	const char *p = list.ptr, *end = p + list.len;
	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		const char *stop = comma ? comma : end, *last = stop;
		while (p < last && (*p == ' ' || *p == '\t'))
			p++;
		while (last > p && (last[-1] == ' ' || last[-1] == '\t'))
			last--;
		if (nc_http_equals(p, (size_t)(last - p), word, strlen(word)))
			return 1;
		p = stop + 1;
	}
	return 0;
}

static nc_code check_handshake(const nc_http_req *r, nc_error *err)
{
	nc_bytes version = nc_http_req_header(r, "Sec-WebSocket-Version");
	nc_bytes key = nc_http_req_header(r, "Sec-WebSocket-Key");
	uint8_t nonce[18];
	size_t n = 0;
	if (strcmp(r->method, "GET") != 0 || r->conn->h1.head.minor < 1 || r->content_length ||
		!(r->conn->h1.head.flags & NC_H1_UPGRADE) ||
		!has_word(nc_http_req_header(r, "Upgrade"), "websocket")) {
		nc_err(err, NC_E_INVAL, "this is a WebSocket, and the request asks for none");
		return nc_err_hint(err, NC_E_INVAL, "connect with ws:// or wss://");
	}
	if (!nc_bytes_eq(version, nc_str("13")))
		return nc_err(err, NC_E_UNSUPPORTED, "version 13 of WebSocket alone is spoken");
	if (key.len != 24 || nc_base64_decode(key.ptr, key.len, nonce, &n) < 0 || n != 16)
		return nc_err(err, NC_E_INVAL, "Sec-WebSocket-Key is not 16 bytes in base64");
	return NC_OK;
}

static int write_accept(nc_http_req *r, const char *protocol, nc_buf *out)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char text[24 + sizeof(guid)], accept[NC_BASE64_LEN(20) + 1];
	uint8_t hash[20];
	memcpy(text, nc_http_req_header(r, "Sec-WebSocket-Key").ptr, 24);
	memcpy(text + 24, guid, sizeof(guid) - 1);
	if (EVP_Digest(text, 24 + sizeof(guid) - 1, hash, NULL, EVP_sha1(), NULL) != 1)
		return 0;
	nc_base64_encode((nc_bytes){ hash, sizeof(hash) }, accept);
	nc_buf_reset(out);
	nc_buf_printf(out,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\nX-Request-Id: %s\r\n",
		accept, r->id);
	if (protocol)
		nc_buf_printf(out, "Sec-WebSocket-Protocol: %s\r\n", protocol);
	nc_buf_puts(out, "\r\n");
	return !nc_buf_failed(out);
}

static nc_ws *ws_new(const nc_http_req *r, const nc_ws_opts *opts)
{
	nc_ws *ws = nc_calloc(1, sizeof(*ws));
	if (!ws)
		return NULL;
	ws->opts = *opts;
	ws->opts.protocol = NULL; /* borrowed */
	if (!ws->opts.message_max)
		ws->opts.message_max = MESSAGE;
	if (!ws->opts.high_water)
		ws->opts.high_water = HIGH_WATER;
	if (!ws->opts.ping_us)
		ws->opts.ping_us = PING_US;
	ws->stream = r->stream;
	ws->peer_code = NO_CLOSE;
	nc_buf_init(&ws->message, ws->opts.message_max);
	return ws;
}

nc_code nc_ws_accept(nc_http_req *r, const nc_ws_opts *opts, nc_http_token *ret, nc_error *err)
{
	nc_http_conn *c = r->conn;
	nc_buf *head = &c->reactor->head_buf;
	nc_assert(r->phase == NC_REQ_OPEN && !r->is_deferred && !c->ws);
	nc_code code = check_handshake(r, err);
	if (code != NC_OK)
		return code;
	nc_ws *ws = ws_new(r, opts);
	if (!ws || !write_accept(r, opts->protocol, head)) {
		nc_free(ws);
		return nc_err_nomem(err);
	}
	c->ws = ws;
	r->status = 101;
	r->phase = NC_REQ_DONE;
	nc_http_slot_set_live(c, ws->stream);
	*ret = nc_ws_token(c);
	nc_http_conn_send(c, nc_buf_bytes(head), nothing, NULL);
	nc_http_conn_schedule(c);
	return NC_OK;
}

nc_code nc_ws_begin(nc_http_conn *c, nc_bytes early)
{
	if (early.len && !(c->ws->early = nc_memdup(early.ptr, early.len)))
		return NC_E_NOMEM;
	c->ws->early_len = early.len;
	c->codec = &nc_http_ws_codec;
	nc_http_timer_stop(&c->deadline);
	nc_http_conn_yield(c);
	if (c->reactor->is_draining)
		on_drain(c);
	return NC_OK;
}

void nc_ws_cut(nc_http_conn *c, nc_http_end why)
{
	nc_ws *ws = c->ws;
	if (!ws)
		return;
	nc_http_token t = nc_ws_token(c);
	c->ws = NULL;
	nc_http_slot_set_live(c, 0);
	if (ws->opts.on_close)
		ws->opts.on_close(ws->opts.user, t, why, ws->peer_code);
	nc_free(ws->early);
	nc_buf_done(&ws->message);
	nc_free(ws);
}

nc_http_token nc_ws_token(const nc_http_conn *c)
{
	return (nc_http_token){ c->reactor->index, c->slot, c->generation, c->ws->stream };
}

/* ---- by token ---- */

typedef struct message {
	nc_http_task task;
	nc_http_server *server;
	nc_http_token token;
	uint8_t opcode;
	int code; /* of a close */
	nc_blob *blob;
	size_t len;
	char data[];
} message;

/* The connection, if it is still that WebSocket. */
static nc_http_conn *conn_of(nc_http_server *s, nc_http_token t)
{
	nc_http_conn *c = nc_http_reactor_conn(&s->reactors[t.reactor], t);
	return c && c->ws && c->ws->stream == t.stream ? c : NULL;
}

static void run_message(nc_http_task *task, unsigned reactor nc_unused)
{
	message *m = NC_CONTAINER(task, message, task);
	nc_http_conn *c = conn_of(m->server, m->token);
	nc_bytes bytes = m->blob ? nc_blob_bytes(m->blob) : (nc_bytes){ m->data, m->len };
	if (c && m->opcode == NC_WS_OP_CLOSE)
		say_close(c, m->code, m->data);
	else if (c)
		queue(c, m->opcode, bytes, nc_steal(&m->blob));
	nc_blob_unref(m->blob);
	nc_free(m);
}

/* Takes the reference. */
static nc_code post(nc_http_server *s, nc_http_token t, const message *head, nc_bytes bytes)
{
	if (!nc_http_token_is_live(s, t)) {
		nc_blob_unref(head->blob);
		return NC_E_NOTFOUND;
	}
	message *m = bytes.len < SIZE_MAX / 2 ? nc_malloc(sizeof(*m) + bytes.len + 1) : NULL;
	if (!m) {
		nc_blob_unref(head->blob);
		nc_http_reactor_doom(&s->reactors[t.reactor], t);
		return NC_E_NOMEM;
	}
	*m = *head;
	m->task.run = run_message;
	m->server = s;
	m->token = t;
	m->len = bytes.len;
	if (bytes.len)
		memcpy(m->data, bytes.ptr, bytes.len);
	m->data[bytes.len] = '\0';
	nc_http_reactor_post(&s->reactors[t.reactor], &m->task);
	return NC_OK;
}

static uint8_t opcode_of(nc_ws_kind kind)
{
	return kind == NC_WS_TEXT ? NC_WS_OP_TEXT : NC_WS_OP_BINARY;
}

nc_code nc_ws_send(nc_http_server *s, nc_http_token t, nc_ws_kind kind, nc_bytes bytes)
{
	return post(s, t, &(message){ .opcode = opcode_of(kind) }, bytes);
}

nc_code nc_ws_send_blob(nc_http_server *s, nc_http_token t, nc_ws_kind kind, nc_blob *blob)
{
	return post(s, t, &(message){ .opcode = opcode_of(kind), .blob = blob }, nothing);
}

nc_code nc_ws_send_here(nc_http_server *s, nc_http_token t, nc_ws_kind kind, nc_blob *blob)
{
	nc_http_conn *c = conn_of(s, t);
	if (!c) {
		nc_blob_unref(blob);
		return NC_E_NOTFOUND;
	}
	queue(c, opcode_of(kind), nc_blob_bytes(blob), blob);
	return NC_OK;
}

nc_code nc_ws_close(nc_http_server *s, nc_http_token t, int code, const char *reason)
{
	nc_bytes bytes = nc_str(reason ? reason : "");
	if (code && !is_code_allowed(code)) {
		nc_log(L_ERROR, "http.ws.close_code", F_I64("code", code));
		code = NORMAL;
	}
	return post(
		s, t, &(message){ .opcode = NC_WS_OP_CLOSE, .code = code ? code : NORMAL }, bytes);
}
