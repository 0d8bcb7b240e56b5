/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/ws_frame.h"
#include "http_client.h"
#include "testing.h"

/* WebSockets over real sockets: frames are put together here by hand, right and wrong. */

static nc_http_server *server;
static struct {
	_Atomic int open, closed, code, why, lows;
	nc_http_token token;
	size_t message_max, high_water, low_water;
	int64_t ping_us;
	const char *protocol;
} seen;

static void on_message(void *user nc_unused, nc_http_token t, nc_ws_kind kind, nc_bytes m)
{
	static const char block[20000];
	if (nc_bytes_eq(m, nc_str("bye")))
		nc_ws_close(server, t, 4001, "as you wish");
	else if (nc_bytes_eq(m, nc_str("long bye"))) /* the cut falls into the last letter */
		nc_ws_close(server, t, 4001,
			"abcdefghij abcdefghij abcdefghij abcdefghij abcdefghij abcdefghij "
			"abcdefghij abcdefghij abcdefghij abcdefghij abcdefghij a\xc3\xa4 and "
			"more");
	else if (nc_bytes_eq(m, nc_str("block")))
		nc_ws_send(server, t, NC_WS_BINARY, (nc_bytes){ block, sizeof(block) });
	else
		nc_ws_send(server, t, kind, m);
}

/* The first time it sends more, at once. */
static void on_low_water(void *user nc_unused, nc_http_token t)
{
	if (atomic_fetch_add(&seen.lows, 1) == 0)
		nc_ws_send_here(server, t, NC_WS_TEXT, nc_blob_new(nc_str("more")));
}

static void on_close(void *user nc_unused, nc_http_token t nc_unused, nc_http_end why, int code)
{
	atomic_store(&seen.code, code);
	atomic_store(&seen.why, (int)why);
	atomic_fetch_add(&seen.closed, 1);
}

static void socket_route(nc_http_req *req, void *user nc_unused)
{
	const nc_ws_opts opts = { .on_message = on_message,
		.on_low_water = on_low_water,
		.on_close = on_close,
		.message_max = seen.message_max,
		.high_water = seen.high_water,
		.low_water = seen.low_water,
		.ping_us = seen.ping_us,
		.protocol = seen.protocol };
	nc_error err = NC_ERROR_INIT;
	nc_code code = nc_ws_accept(req, &opts, &seen.token, &err);
	if (code == NC_OK) {
		atomic_fetch_add(&seen.open, 1);
		return;
	}
	nc_http_reply(req, &(nc_http_res){ .status = code == NC_E_UNSUPPORTED ? 426 : 400,
				   .body = nc_str(err.message) });
}

static const nc_http_route routes[] = {
	{ .method = "GET", .pattern = "/ws", .handler = socket_route },
};

static hc_server start(void)
{
	nc_http_options o = { .routes = routes, .route_count = NC_LEN(routes), .reactors = 2 };
	hc_server s = hc_start(o);
	memset(&seen, 0, sizeof(seen));
	seen.low_water = 1 << 20;
	server = s.s;
	return s;
}

#define ASK                                                                                        \
	"GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: keep-alive, "         \
	"Upgrade\r\n"                                                                              \
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

static int open_ws(const hc_server *s)
{
	int fd = hc_connect(s);
	char head[512];
	size_t n = 0;
	int before = atomic_load(&seen.open);
	hc_send(fd, ASK);
	while (n < sizeof(head) - 1 && recv(fd, head + n, 1, 0) == 1) {
		head[++n] = '\0';
		if (n > 4 && !strcmp(head + n - 4, "\r\n\r\n"))
			break;
	}
	CHECK_HAS(head, "HTTP/1.1 101 ");
	/* RFC 6455, section 1.3. */
	CHECK_HAS(head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
	CHECK(hc_wait_for(&seen.open, before + 1)); /* seen.token is its */
	return fd;
}

/* A frame as a client sends it: first byte, payload, masked. */
static void put_frame(nc_buf *b, uint8_t first, nc_bytes payload)
{
	static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
	uint8_t head[NC_WS_HEAD_MAX];
	size_t n = nc_ws_head(0, payload.len, head);
	head[0] = first;
	head[1] |= 0x80;
	nc_buf_put(b, head, n);
	nc_buf_put(b, mask, 4);
	for (size_t i = 0; i < payload.len; i++)
		nc_buf_putc(b, (char)(((const uint8_t *)payload.ptr)[i] ^ mask[i % 4]));
}

static void send_frame(int fd, uint8_t first, nc_bytes payload)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 8 << 20);
	put_frame(&b, first, payload);
	hc_send_n(fd, b.ptr, b.len);
}

static int read_n(int fd, void *p, size_t n)
{
	for (size_t got = 0; got < n;) {
		ssize_t r = recv(fd, (char *)p + got, n - got, 0);
		if (r <= 0)
			return 0;
		got += (size_t)r;
	}
	return 1;
}

typedef struct frame {
	uint8_t first;
	size_t len;
	char *payload; /* NUL-terminated */
} frame;

static void frame_done(frame *f)
{
	nc_free(f->payload);
	f->payload = NULL;
}

/* first 0: the connection has ended. */
static void read_frame(int fd, frame *f)
{
	uint8_t head[2], more[8];
	frame_done(f);
	*f = (frame){ .payload = nc_strdup("") };
	if (!read_n(fd, head, 2))
		return;
	CHECK(!(head[1] & 0x80)); /* a server masks nothing */
	size_t bytes = head[1] == 127 ? 8 : head[1] == 126 ? 2 : 0;
	f->len = bytes ? 0 : head[1];
	if (!read_n(fd, more, bytes))
		return;
	for (size_t i = 0; i < bytes; i++)
		f->len = f->len << 8 | more[i];
	nc_free(f->payload);
	f->payload = nc_calloc(1, f->len + 1);
	if (read_n(fd, f->payload, f->len))
		f->first = head[0];
}

static void check_echo(int fd, uint8_t first, nc_bytes payload)
{
	_cleanup_(frame_done) frame f = { 0 };
	send_frame(fd, first, payload);
	read_frame(fd, &f);
	CHECK_INT(f.first, first);
	CHECK(f.len == payload.len && !memcmp(f.payload, payload.ptr, f.len));
}

static int close_code(const frame *f)
{
	return f->len < 2 ? 1005 : (uint8_t)f->payload[0] << 8 | (uint8_t)f->payload[1];
}

/* The server says goodbye with that code, and closes when we have. */
static void check_is_closed_with(int fd, int code)
{
	_cleanup_(frame_done) frame f = { 0 };
	read_frame(fd, &f);
	CHECK_INT(f.first, 0x88);
	CHECK_INT(close_code(&f), code);
	CHECK(hc_is_closed(fd, 3000));
}

/* ---- the tests ---- */

static void messages_come_back(void)
{
	_cleanup_(hc_stop) hc_server s = start();
	_cleanup_(nc_closep) int fd = open_ws(&s);
	_cleanup_(nc_freep) char *big = nc_calloc(1, 65536);
	static const size_t sizes[] = { 0, 1, 125, 126, 127, 65535, 65536 };
	for (size_t i = 0; i < NC_LEN(sizes); i++) {
		memset(big, 'a' + (int)i, 65536);
		check_echo(fd, 0x81, (nc_bytes){ big, sizes[i] });
		check_echo(fd, 0x82, (nc_bytes){ big, sizes[i] });
	}
	check_echo(fd, 0x81, nc_str("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"));
}

static void fragments_are_put_together_around_a_ping(void)
{
	_cleanup_(hc_stop) hc_server s = start();
	_cleanup_(nc_closep) int fd = open_ws(&s);
	_cleanup_(frame_done) frame f = { 0 };
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 4096);
	put_frame(&b, 0x01, nc_str("")); /* an empty one to begin with */
	put_frame(&b, 0x00, nc_str("one, "));
	put_frame(&b, 0x89, nc_str("still there?"));
	put_frame(&b, 0x00, nc_str("t\xc3")); /* a letter cut in two */
	put_frame(&b, 0x80, nc_str("\xa4"));
	for (size_t i = 0; i < b.len; i++) /* and each byte by itself */
		hc_send_n(fd, b.ptr + i, 1);
	read_frame(fd, &f);
	CHECK_INT(f.first, 0x8a);
	CHECK_STR(f.payload, "still there?");
	read_frame(fd, &f);
	CHECK_INT(f.first, 0x81);
	CHECK_STR(f.payload, "one, t\xc3\xa4");
	check_echo(fd, 0x82, nc_str("and on"));
}

static void frames_may_come_with_the_request(void)
{
	_cleanup_(hc_stop) hc_server s = start();
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(nc_buf_done) nc_buf b;
	char text[1024];
	nc_buf_init(&b, 4096);
	nc_buf_puts(&b, ASK);
	put_frame(&b, 0x81, nc_str("early"));
	put_frame(&b, 0x81, nc_str("bye"));
	hc_send_n(fd, b.ptr, b.len);
	usleep(100000);
	send_frame(fd, 0x88, nc_str("\x0f\xa1"));
	size_t n = hc_read_all(fd, text, sizeof(text));
	static const char want[] = "\x81\x05"
				   "early"
				   "\x88\x0d\x0f\xa1"
				   "as you wish";
	size_t len = sizeof(want) - 1;
	CHECK(n > len && !memcmp(text + n - len, want, len));
	CHECK(hc_wait_for(&seen.closed, 1));
	CHECK_INT(seen.code, 4001);
	CHECK_INT(seen.why, NC_HTTP_END_ANSWERED);
}

static void goodbye_is_said_both_ways(void)
{
	static const struct {
		const char *payload;
		size_t len;
		int code;
	} rows[] = { { "", 0, 1005 }, { "\x03\xe9going", 7, 1001 }, { "\x0f\xa0", 2, 4000 } };
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		_cleanup_(hc_stop) hc_server s = start();
		_cleanup_(nc_closep) int fd = open_ws(&s);
		send_frame(fd, 0x88, (nc_bytes){ rows[i].payload, rows[i].len });
		check_is_closed_with(fd, rows[i].code);
		CHECK(hc_wait_for(&seen.closed, 1));
		CHECK_INT(seen.code, rows[i].code);
		CHECK_INT(seen.why, NC_HTTP_END_ANSWERED);
	}
}

static void server_says_goodbye_first(void)
{
	_cleanup_(hc_stop) hc_server s = start();
	_cleanup_(nc_closep) int fd = open_ws(&s);
	_cleanup_(frame_done) frame f = { 0 };
	send_frame(fd, 0x81, nc_str("bye"));
	read_frame(fd, &f);
	CHECK_INT(f.first, 0x88);
	CHECK_INT(close_code(&f), 4001);
	CHECK_STR(f.payload + 2, "as you wish");
	CHECK(!hc_is_closed(fd, 200)); /* it waits for ours */
	send_frame(fd, 0x88, nc_str("\x0f\xa1"));
	CHECK(hc_is_closed(fd, 1000));
	CHECK_CODE(nc_ws_send(s.s, seen.token, NC_WS_TEXT, nc_str("x")), NC_E_NOTFOUND);
	/* One that never answers is ended. */
	_cleanup_(nc_closep) int rude = open_ws(&s);
	send_frame(rude, 0x81, nc_str("bye"));
	read_frame(rude, &f);
	CHECK(hc_is_closed(rude, 5000));
	CHECK(hc_wait_for(&seen.closed, 2));
	CHECK_INT(seen.code, 1006);
}

static void what_breaks_the_rules_is_told_so(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		int code;
	} rows[] = {
		{ "\x81\x01x", 3, 1002 },                 /* not masked */
		{ "\xc1\x81mask", 6, 1002 },              /* a reserved bit */
		{ "\x83\x80mask", 6, 1002 },              /* no such opcode */
		{ "\x8b\x80mask", 6, 1002 },              /* nor that */
		{ "\x80\x80mask", 6, 1002 },              /* goes on with nothing */
		{ "\x01\x80mask\x81\x80mask", 12, 1002 }, /* begins amid a message */
		{ "\x09\x80mask", 6, 1002 },              /* a ping in parts */
		{ "\x89\xfe\x00\x7emask", 8, 1002 },      /* a long one */
		{ "\x81\xfe\x00\x7dmask", 8, 1002 },      /* a length not in its shortest form */
		{ "\x82\xff\x00\x00\x00\x00\x00\x00\xff\xffmask", 14, 1002 }, /* nor this */
		{ "\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00mask", 14, 1002 }, /* negative */
		{ "\x81\x81\0\0\0\0\xff", 7, 1007 },                          /* not UTF-8 */
		{ "\x81\x83\0\0\0\0\xed\xa0\x80", 9, 1007 },                  /* a surrogate */
		{ "\x88\x81\0\0\0\0\x03", 7, 1002 },                          /* half a code */
		{ "\x88\x82\0\0\0\0\x03\xed", 8, 1002 },     /* 1005 is never sent */
		{ "\x88\x82\0\0\0\0\x00\x07", 8, 1002 },     /* nor 7 */
		{ "\x88\x83\0\0\0\0\x03\xe8\xff", 9, 1002 }, /* a reason that is no UTF-8 */
	};
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		_cleanup_(hc_stop) hc_server s = start();
		_cleanup_(nc_closep) int fd = open_ws(&s);
		_cleanup_(frame_done) frame f = { 0 };
		hc_send_n(fd, rows[i].bytes, rows[i].len);
		read_frame(fd, &f);
		if (!CHECK(f.first == 0x88 && close_code(&f) == rows[i].code))
			printf("    row %zu: %02x, %d\n", i, f.first, close_code(&f));
		CHECK(hc_is_closed(fd, 5000));
	}
}

static void message_has_a_limit(void)
{
	_cleanup_(hc_stop) hc_server s = start();
	seen.message_max = 100;
	_cleanup_(nc_closep) int fd = open_ws(&s);
	char text[101];
	memset(text, 'x', sizeof(text));
	check_echo(fd, 0x81, (nc_bytes){ text, 100 });
	send_frame(fd, 0x01, (nc_bytes){ text, 60 });
	send_frame(fd, 0x80, (nc_bytes){ text, 41 });
	check_is_closed_with(fd, 1009);
}

static void silent_peer_is_asked_and_then_ended(void)
{
	_cleanup_(hc_stop) hc_server s = start();
	seen.ping_us = 150000;
	_cleanup_(nc_closep) int fd = open_ws(&s);
	_cleanup_(frame_done) frame f = { 0 };
	for (int i = 0; i < 3; i++) { /* who answers stays */
		read_frame(fd, &f);
		CHECK_INT(f.first, 0x89);
		send_frame(fd, 0x8a, nc_str(""));
	}
	read_frame(fd, &f);
	CHECK_INT(f.first, 0x89);
	CHECK(hc_is_closed(fd, 2000));
	CHECK(hc_wait_for(&seen.closed, 1));
	CHECK_INT(seen.why, NC_HTTP_END_GONE);
	CHECK_INT(seen.code, 1006);
}

static void ping_is_answered_behind_what_waits(void)
{
	_cleanup_(hc_stop) hc_server s = start();
	_cleanup_(nc_closep) int fd = open_ws(&s);
	_cleanup_(frame_done) frame f = { 0 };
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1 << 20);
	put_frame(&b, 0x81, nc_str("block"));
	for (int i = 0; i < 1000; i++)
		put_frame(&b, 0x89, nc_str(i < 999 ? "there?" : "last"));
	hc_send_n(fd, b.ptr, b.len);
	int pongs = 0, blocks = 0, has_last = 0;
	while (!blocks || !has_last) {
		read_frame(fd, &f);
		REQUIRE(f.first == 0x82 || f.first == 0x8a);
		blocks += f.first == 0x82;
		pongs += f.first == 0x8a;
		has_last |= strcmp(f.payload, "last") == 0;
	}
	CHECK(pongs > 0 && pongs < 1000); /* not one each */
}

static void what_is_sent_at_low_water_leaves(void)
{
	_cleanup_(hc_stop) hc_server s = start();
	seen.low_water = 1000;
	_cleanup_(nc_closep) int fd = open_ws(&s);
	_cleanup_(frame_done) frame f = { 0 };
	check_echo(fd, 0x81, nc_str("little")); /* never above it */
	CHECK_INT(atomic_load(&seen.lows), 0);
	send_frame(fd, 0x81, nc_str("block"));
	read_frame(fd, &f);
	CHECK_UINT(f.len, 20000);
	read_frame(fd, &f);
	CHECK_STR(f.payload, "more");
	CHECK_INT(atomic_load(&seen.lows), 1);
}

static void message_that_never_ends_is_ended(void)
{
	nc_http_options o = {
		.routes = routes, .route_count = NC_LEN(routes), .limits = { .body_us = 300000 }
	};
	_cleanup_(hc_stop) hc_server s = hc_start(o);
	memset(&seen, 0, sizeof(seen));
	server = s.s;
	_cleanup_(nc_closep) int fd = open_ws(&s);
	send_frame(fd, 0x01, nc_str("begun"));
	for (int i = 0; i < 20 && !hc_is_closed(fd, 50); i++)
		send_frame(fd, 0x8a, nc_str("")); /* which is no progress */
	CHECK(hc_is_closed(fd, 1000));
}

static void long_reason_is_cut_between_letters(void)
{
	_cleanup_(hc_stop) hc_server s = start();
	_cleanup_(nc_closep) int fd = open_ws(&s);
	_cleanup_(frame_done) frame f = { 0 };
	send_frame(fd, 0x81, nc_str("long bye"));
	read_frame(fd, &f);
	CHECK_INT(f.first, 0x88);
	CHECK_UINT(f.len, 2 + 122);
	CHECK_STR(f.payload + 2 + 121, "a");
}

static void one_blob_goes_to_many(void)
{
	enum { CLIENTS = 50 };
	_cleanup_(hc_stop) hc_server s = start();
	int fds[CLIENTS];
	nc_http_token tokens[CLIENTS];
	_cleanup_(nc_blob_unrefp) nc_blob *blob = nc_blob_new(nc_str("to all"));
	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = open_ws(&s);
		tokens[i] = seen.token;
	}
	for (int i = 0; i < CLIENTS; i++)
		CHECK_CODE(nc_ws_send_blob(s.s, tokens[i], NC_WS_TEXT, nc_blob_ref(blob)), NC_OK);
	for (int i = 0; i < CLIENTS; i++) {
		_cleanup_(frame_done) frame f = { 0 };
		read_frame(fds[i], &f);
		CHECK_STR(f.payload, "to all");
		close(fds[i]);
	}
	CHECK(hc_wait_for(&seen.closed, CLIENTS));
	CHECK_CODE(nc_ws_send_blob(s.s, tokens[0], NC_WS_TEXT, nc_blob_ref(blob)), NC_E_NOTFOUND);
}

static void slow_reader_is_ended(void)
{
	_cleanup_(hc_stop) hc_server s = start();
	seen.high_water = 100000;
	_cleanup_(nc_closep) int fd = open_ws(&s);
	REQUIRE(fd >= 0);
	_cleanup_(nc_freep) char *some = nc_calloc(1, 50000);
	for (int i = 0; i < 200 && !atomic_load(&seen.closed); i++) {
		nc_ws_send(s.s, seen.token, NC_WS_BINARY, (nc_bytes){ some, 50000 });
		usleep(2000);
	}
	CHECK(hc_wait_for(&seen.closed, 1));
	CHECK_INT(seen.why, NC_HTTP_END_SLOW);
}

static void drain_says_goodbye(void)
{
	_cleanup_(hc_stop) hc_server s = start();
	_cleanup_(nc_closep) int fd = open_ws(&s);
	_cleanup_(frame_done) frame f = { 0 };
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_http_server_drain(s.s, 8000000, &err), &err); /* nobody answers: two seconds */
	read_frame(fd, &f);
	CHECK_INT(f.first, 0x88);
	CHECK_INT(close_code(&f), 1001);
	CHECK_INT(atomic_load(&seen.closed), 1);
}

static void requests_that_ask_for_none_get_none(void)
{
	static const struct {
		const char *head;
		int status;
	} rows[] = {
		{ "GET /ws HTTP/1.1\r\nHost: t\r\n\r\n", 400 },
		{ "GET /ws HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: close\r\n\r\n",
			400 },
		{ "GET /ws HTTP/1.1\r\nHost: t\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
			400 },
		{ "GET /ws HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
		  "Sec-WebSocket-Version: 8\r\n\r\n",
			426 },
		{ "GET /ws HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
		  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n",
			400 },
		{ "GET /ws HTTP/1.0\r\nHost: t\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
		  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
		  "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
			400 },
	};
	_cleanup_(hc_stop) hc_server s = start();
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		_cleanup_(nc_closep) int fd = hc_connect(&s);
		_cleanup_(hc_done) hc_answer a = { 0 };
		CHECK_INT(hc_ask(fd, rows[i].head, &a), rows[i].status);
	}
	CHECK_INT(seen.open, 0);
}

static void chosen_protocol_is_said(void)
{
	_cleanup_(hc_stop) hc_server s = start();
	seen.protocol = "novacron.events";
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	char text[512] = "";
	hc_send(fd, ASK);
	CHECK(recv(fd, text, sizeof(text) - 1, 0) > 0);
	CHECK_HAS(text, "Sec-WebSocket-Protocol: novacron.events\r\n");
}

NC_TESTS(http_ws){
	T(messages_come_back),
	T(fragments_are_put_together_around_a_ping),
	T(frames_may_come_with_the_request),
	T(goodbye_is_said_both_ways),
	T(server_says_goodbye_first),
	T(what_breaks_the_rules_is_told_so),
	T(message_has_a_limit),
	T(silent_peer_is_asked_and_then_ended),
	T(ping_is_answered_behind_what_waits),
	T(what_is_sent_at_low_water_leaves),
	T(message_that_never_ends_is_ended),
	T(long_reason_is_cut_between_letters),
	T(one_blob_goes_to_many),
	T(slow_reader_is_ended),
	T(drain_says_goodbye),
	T(requests_that_ask_for_none_get_none),
	T(chosen_protocol_is_said),
};
