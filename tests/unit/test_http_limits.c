/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http_client.h"
#include "testing.h"

/* What a server does about slow, greedy and too many clients, and how it comes to its end. */

enum { MS = 1000 };

static _Atomic int ends[4], drains;
static nc_http_token token;
static _Atomic int has_token;

static void on_end(void *user nc_unused, nc_http_token t nc_unused, nc_http_end why)
{
	atomic_fetch_add(&ends[why], 1);
}

static void wait_handler(nc_http_req *req, void *user nc_unused)
{
	token = nc_http_defer(req, &(nc_http_defer_opts){ .on_end = on_end });
	atomic_store(&has_token, 1);
}

static void ok(nc_http_req *req, void *user nc_unused)
{
	nc_http_reply(req, &(nc_http_res){ .status = 200, .body = nc_http_req_body(req) });
}

static void big(nc_http_req *req, void *user nc_unused)
{
	enum { N = 16 << 20 };
	char *p;
	nc_blob *b = nc_blob_alloc(N, &p);
	memset(p, 'b', N);
	nc_http_defer(req, &(nc_http_defer_opts){ .on_end = on_end });
	nc_http_reply(req, &(nc_http_res){ .status = 200, .blob = b });
}

static const nc_http_route routes[] = {
	{ .method = "GET", .pattern = "/ok", .handler = ok },
	{ .method = "GET", .pattern = "/wait", .handler = wait_handler },
	{ .method = "GET", .pattern = "/big", .handler = big },
	{ .method = "POST", .pattern = "/echo", .handler = ok, .body = NC_HTTP_BODY_BUFFERED },
};

static nc_http_options options(void)
{
	for (size_t i = 0; i < NC_LEN(ends); i++)
		atomic_store(&ends[i], 0);
	atomic_store(&drains, 0);
	atomic_store(&has_token, 0);
	return (nc_http_options){ .routes = routes,
		.route_count = NC_LEN(routes),
		.limits = { .head_us = 300 * MS,
			.body_us = 300 * MS,
			.write_us = 300 * MS,
			.idle_us = 300 * MS,
			.progress = 1000 } };
}

#define H  "Host: test\r\n"
#define OK "GET /ok HTTP/1.1\r\n" H "\r\n"

/* Send a byte each `every_ms` until the server has had enough; milliseconds that took. */
static int64_t dribble(int fd, const char *text, int every_ms)
{
	int64_t start = nc_clock_mono_us();
	for (const char *p = text; *p; p++) {
		hc_send_n(fd, p, 1);
		char c;
		usleep((useconds_t)every_ms * MS);
		if (recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) >= 0)
			break;
	}
	return (nc_clock_mono_us() - start) / MS;
}

static void one_byte_at_a_time_does_not_hold_a_connection(void)
{
	static const struct {
		const char *whole, *slow;
	} cases[] = {
		{ "", "GET /ok HTTP/1.1\r\nHost: a\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy" },
		{ "POST /echo HTTP/1.1\r\n" H "Content-Length: 99\r\n\r\n",
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
		{ "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n",
			"1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r"
			"\na\r\n" },
		{ "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1",
			";aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	};
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	for (size_t i = 0; i < NC_LEN(cases); i++) {
		_cleanup_(nc_closep) int fd = hc_connect(&s);
		_cleanup_(hc_done) hc_answer a = { 0 };
		hc_send(fd, cases[i].whole);
		int64_t took = dribble(fd, cases[i].slow, 20);
		CHECK(took >= 250 && took < 1000);
		hc_read(fd, "", &a);
		CHECK_INT(a.status, 408);
		CHECK_HAS(a.head, "Connection: close\r\n");
	}
}

static void an_idle_connection_is_closed_without_a_word(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(hc_done) hc_answer a = { 0 };
	_cleanup_(nc_closep) int fresh = hc_connect(&s);
	_cleanup_(nc_closep) int used = hc_connect(&s);
	/* each request begins the time anew */
	for (int i = 0; i < 5; i++) {
		usleep(150 * MS);
		CHECK_INT(hc_ask(used, OK, &a), 200);
	}
	CHECK(hc_is_closed(fresh, 0));
	char all[100];
	CHECK_UINT(hc_read_all(used, all, sizeof(all)), 0);
}

static void a_steady_body_may_take_longer_than_the_deadline(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	char piece[1000];
	memset(piece, 'p', sizeof(piece));
	hc_send(fd, "POST /echo HTTP/1.1\r\n" H "Content-Length: 8000\r\n\r\n");
	for (int i = 0; i < 8; i++) {
		usleep(100 * MS);
		hc_send_n(fd, piece, sizeof(piece));
	}
	hc_read(fd, "", &a);
	CHECK_INT(a.status, 200);
	CHECK_UINT(a.body_len, 8000);
}

static void a_client_that_does_not_read_is_cut_off(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	hc_send(fd, "GET /big HTTP/1.1\r\n" H "\r\n");
	CHECK(hc_wait_for(&ends[NC_HTTP_END_SLOW], 1));
	_cleanup_(nc_closep) int other = hc_connect(&s);
	hc_send(other, "GET /big HTTP/1.1\r\n" H "\r\n");
	/* reading slowly but steadily is fine */
	static char all[17 << 20];
	size_t got = 0;
	for (int i = 0; i < 10; i++) {
		ssize_t n = recv(other, all + got, 300000, 0);
		got += n > 0 ? (size_t)n : 0;
		usleep(60 * MS);
	}
	got += hc_read_all(other, all, sizeof(all));
	CHECK(got > 16 << 20);
	CHECK_INT(atomic_load(&ends[NC_HTTP_END_ANSWERED]), 1);
}

static void a_waiting_request_has_no_deadline(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	CHECK_INT(hc_ask(fd, OK, &a), 200); /* so that an idle deadline was running before */
	hc_send(fd, "GET /wait HTTP/1.1\r\n" H "\r\n");
	REQUIRE(hc_wait_for(&has_token, 1));
	usleep(800 * MS);
	nc_http_token_reply(s.s, token, &(nc_http_res){ .status = 200 });
	hc_read(fd, "", &a);
	CHECK_INT(a.status, 200);
}

static void too_long_heads_are_refused_by_kind(void)
{
	nc_http_options o = options();
	o.limits.head = 2048;
	o.limits.headers = 5;
	_cleanup_(hc_stop) hc_server s = hc_start(o);
	_cleanup_(hc_done) hc_answer a = { 0 };
	char text[8192];
	char filler[4096];
	memset(filler, 'f', sizeof(filler));
	snprintf(text, sizeof(text), "GET /%.3000s HTTP/1.1\r\n", filler);
	_cleanup_(nc_closep) int uri = hc_connect(&s);
	CHECK_INT(hc_ask(uri, text, &a), 414);
	snprintf(text, sizeof(text), "GET /ok HTTP/1.1\r\n" H "X: %.3000s\r\n", filler);
	_cleanup_(nc_closep) int header = hc_connect(&s);
	CHECK_INT(hc_ask(header, text, &a), 431);
	_cleanup_(nc_closep) int many = hc_connect(&s);
	CHECK_INT(hc_ask(many, "GET /ok HTTP/1.1\r\n" H "1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n\r\n", &a),
		431);
	snprintf(text, sizeof(text), "GET /ok HTTP/1.1\r\n" H "X: %.2000s\r\n\r\n", filler);
	_cleanup_(nc_closep) int just = hc_connect(&s);
	CHECK_INT(hc_ask(just, text, &a), 200);
	/* a big limit: the buffer grows to it */
	hc_stop(&s);
	o.limits.head = 64 << 10;
	s = hc_start(o);
	static char large[60000];
	memset(large, 'l', sizeof(large));
	_cleanup_(nc_closep) int grown = hc_connect(&s);
	hc_send(grown, "GET /ok HTTP/1.1\r\n" H "X: ");
	hc_send_n(grown, large, sizeof(large));
	CHECK_INT(hc_ask(grown, "\r\n\r\n" OK, &a), 200);
	hc_read(grown, "", &a);
	CHECK_INT(a.status, 200);
}

static void connections_are_capped_in_all_and_by_address(void)
{
	nc_http_options o = options();
	o.limits.connections = 3;
	o.limits.idle_us = 10000 * MS;
	hc_server s = hc_start(o);
	int fds[4];
	char all[512];
	_cleanup_(hc_done) hc_answer a = { 0 };
	for (int i = 0; i < 4; i++)
		fds[i] = hc_connect(&s);
	hc_read_all(fds[3], all, sizeof(all));
	CHECK_HAS(all, "HTTP/1.1 503 ");
	CHECK_INT(hc_ask(fds[0], OK, &a), 200);
	close(fds[0]);
	close(fds[3]);
	for (int i = 0; i < 1000 && nc_http_server_connections(s.s) > 2; i++)
		usleep(MS);
	fds[0] = hc_connect(&s);
	CHECK_INT(hc_ask(fds[0], OK, &a), 200);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	hc_stop(&s);

	o.limits.connections = 100;
	o.limits.connections_per_address = 2;
	s = hc_start_tcp(o);
	for (int i = 0; i < 3; i++)
		fds[i] = hc_connect(&s);
	hc_read_all(fds[2], all, sizeof(all));
	CHECK_HAS(all, "HTTP/1.1 503 ");
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	hc_stop(&s);
}

static void out_of_descriptors_closes_on_new_clients_and_recovers(void)
{
	enum { CLIENTS = 20 };
	nc_http_options o = options();
	o.limits.idle_us = 60000 * MS;
	_cleanup_(hc_stop) hc_server s = hc_start(o);
	struct rlimit old, tight;
	getrlimit(RLIMIT_NOFILE, &old);
	_cleanup_(hc_done) hc_answer a = { 0 };
	int fds[CLIENTS];
	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = hc_connect(&s);
		CHECK_INT(hc_ask(fds[i], OK, &a), 200);
	}
	/* one more descriptor: the client's own, none for the server's side */
	tight = old;
	int probe = dup(0);
	close(probe);
	tight.rlim_cur = (rlim_t)probe + 1;
	setrlimit(RLIMIT_NOFILE, &tight);
	for (int i = 0; i < 5; i++) {
		_cleanup_(nc_closep) int fd = hc_connect(&s);
		REQUIRE(fd >= 0);
		CHECK(hc_is_closed(fd, 5000));
		CHECK_INT(hc_ask(fds[i], OK, &a), 200); /* the others are served */
	}
	setrlimit(RLIMIT_NOFILE, &old);
	_cleanup_(nc_closep) int well = hc_connect(&s);
	CHECK_INT(hc_ask(well, OK, &a), 200);
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
}

/* ---- draining ---- */

static void on_drain(void *user nc_unused, unsigned reactor nc_unused)
{
	atomic_fetch_add(&drains, 1);
}

typedef struct drainer {
	nc_http_server *s;
	int64_t timeout_us;
	nc_code code;
	_Atomic int done;
} drainer;

static void *drain_main(void *arg)
{
	drainer *d = arg;
	d->code = nc_http_server_drain(d->s, d->timeout_us, NULL);
	atomic_store(&d->done, 1);
	return NULL;
}

static void draining_lets_everyone_finish(void)
{
	nc_http_options o = options();
	o.reactors = 2;
	o.hooks.drain = on_drain;
	_cleanup_(hc_stop) hc_server s = hc_start(o);
	_cleanup_(hc_done) hc_answer a = { 0 };
	_cleanup_(nc_closep) int idle = hc_connect(&s);
	CHECK_INT(hc_ask(idle, OK, &a), 200);
	_cleanup_(nc_closep) int waiting = hc_connect(&s);
	hc_send(waiting, "GET /wait HTTP/1.1\r\n" H "\r\n");
	REQUIRE(hc_wait_for(&has_token, 1));
	_cleanup_(nc_closep) int fresh = hc_connect(&s);
	_cleanup_(nc_closep) int half = hc_connect(&s);
	hc_send(half, "GET /ok HTTP/1.1\r\nHo");
	usleep(20 * MS);

	drainer d = { .s = s.s, .timeout_us = 10000 * MS };
	pthread_t thread;
	pthread_create(&thread, NULL, drain_main, &d);
	CHECK(hc_wait_for(&drains, 2));
	CHECK(hc_is_closed(idle, 5000));
	CHECK_INT(hc_connect(&s), -1);
	CHECK_INT(hc_ask(fresh, OK, &a), 200); /* it came in time */
	CHECK_HAS(a.head, "Connection: close\r\n");
	CHECK_INT(hc_ask(half, "st: a\r\n\r\n", &a), 200);
	CHECK_INT(atomic_load(&d.done), 0);
	nc_http_token_reply(s.s, token, &(nc_http_res){ .status = 200 });
	hc_read(waiting, "", &a);
	CHECK_INT(a.status, 200);
	CHECK_HAS(a.head, "Connection: close\r\n");
	pthread_join(thread, NULL);
	CHECK_CODE(d.code, NC_OK);
	CHECK_UINT(nc_http_server_connections(s.s), 0);
}

static void a_drain_that_takes_too_long_cuts_off_and_says_so(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	hc_send(fd, "GET /wait HTTP/1.1\r\n" H "\r\n");
	REQUIRE(hc_wait_for(&has_token, 1));
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_http_server_drain(s.s, 50 * MS, &err), NC_E_TIMEOUT);
	CHECK_HAS(err.message, "1 connections were cut off");
	CHECK_INT(atomic_load(&ends[NC_HTTP_END_STOPPED]), 1);
	CHECK(hc_is_closed(fd, 1000));
}

static void clients_in_the_backlog_at_the_drain_are_served(void)
{
	enum { N = 30 };
	nc_http_options o = options();
	o.reactors = 2;
	_cleanup_(hc_stop) hc_server s = hc_start(o);
	int fds[N];
	for (int i = 0; i < N; i++) {
		fds[i] = hc_connect(&s);
		hc_send(fds[i], OK);
	}
	CHECK_OK(nc_http_server_drain(s.s, 5000 * MS, NULL), NULL);
	for (int i = 0; i < N; i++) {
		_cleanup_(hc_done) hc_answer a = { 0 };
		hc_read(fds[i], "", &a);
		CHECK_INT(a.status, 200);
		close(fds[i]);
	}
}

NC_TESTS(http_limits){
	T(one_byte_at_a_time_does_not_hold_a_connection),
	T(an_idle_connection_is_closed_without_a_word),
	T(a_steady_body_may_take_longer_than_the_deadline),
	T(a_client_that_does_not_read_is_cut_off),
	T(a_waiting_request_has_no_deadline),
	T(too_long_heads_are_refused_by_kind),
	T(connections_are_capped_in_all_and_by_address),
	T(out_of_descriptors_closes_on_new_clients_and_recovers),
	T(draining_lets_everyone_finish),
	T(a_drain_that_takes_too_long_cuts_off_and_says_so),
	T(clients_in_the_backlog_at_the_drain_are_served),
};
