/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http_client.h"
#include "testing.h"

/* A whole server over real sockets: what clients send and what they get. */

static void say(nc_http_req *req, const char *text)
{
	nc_http_reply(req, &(nc_http_res){ .status = 200,
				   .content_type = "text/plain",
				   .body = { text, strlen(text) } });
}

static void hello(nc_http_req *req, void *user nc_unused)
{
	say(req, "hello");
}

static void echo(nc_http_req *req, void *user nc_unused)
{
	nc_http_reply(req, &(nc_http_res){ .status = 200, .body = nc_http_req_body(req) });
}

/* Everything the accessors say, in one line. */
static void tell(nc_http_req *req, void *user nc_unused)
{
	nc_arena *a = nc_http_req_arena(req);
	size_t n;
	const nc_http_pair *q = nc_http_req_query_all(req, &n);
	const char *id = nc_http_req_param(req, "id");
	const char *x = nc_http_req_query(req, "x");
	nc_bytes agent = nc_http_req_header(req, "USER-agent");
	const nc_http_peer *peer = nc_http_req_peer(req);
	char *text = nc_arena_printf(a, "%s %s %s id=%s n=%zu last=%s x=%s agent=%.*s uid=%d in=%d",
		nc_http_req_method(req), nc_http_req_path(req), nc_http_req_pattern(req), id, n,
		n ? q[n - 1].value : "-", x ? x : "-", (int)agent.len, (const char *)agent.ptr,
		peer->kind == NC_HTTP_PEER_UNIX && peer->uid == getuid(),
		nc_http_req_peer_in_group(req, getgid()));
	say(req, text);
}

static void rest(nc_http_req *req, void *user nc_unused)
{
	say(req, nc_http_req_param(req, "path"));
}

static void silent(nc_http_req *req nc_unused, void *user nc_unused)
{
}

static void wrong_header(nc_http_req *req, void *user nc_unused)
{
	const nc_http_header h = { "Location", "/a\r\nSet-Cookie: b" };
	nc_http_reply(req, &(nc_http_res){ .status = 302, .headers = &h, .header_count = 1 });
}

static void big(nc_http_req *req, void *user nc_unused)
{
	char *p;
	nc_blob *b = nc_blob_alloc(8 << 20, &p);
	memset(p, 'b', 8 << 20);
	nc_http_reply(req, &(nc_http_res){ .status = 200, .blob = b });
}

static void file(nc_http_req *req, void *user)
{
	const nc_http_file f = { open(user, O_RDONLY | O_CLOEXEC), 3, 5 };
	nc_http_reply(req, &(nc_http_res){ .status = 200, .file = &f });
}

static void deny(nc_http_req *req, void *user nc_unused)
{
	if (!nc_http_req_header(req, "Authorization").ptr)
		nc_http_reply(req, &(nc_http_res){ .status = 401 });
}

static char file_path[256];
static const nc_http_route routes[] = {
	{ .method = "GET", .pattern = "/hello", .handler = hello },
	{ .method = "GET", .pattern = "/tell/{id}", .handler = tell },
	{ .method = "GET", .pattern = "/rest/{path*}", .handler = rest },
	{ .method = "POST", .pattern = "/echo", .handler = echo, .body = NC_HTTP_BODY_BUFFERED },
	{ .method = "POST",
		.pattern = "/small",
		.handler = echo,
		.body = NC_HTTP_BODY_BUFFERED,
		.body_limit = 10 },
	{ .method = "POST",
		.pattern = "/admitted",
		.handler = echo,
		.admit = deny,
		.body = NC_HTTP_BODY_BUFFERED },
	{ .method = "POST", .pattern = "/nobody", .handler = hello },
	{ .method = "GET", .pattern = "/silent", .handler = silent },
	{ .method = "GET", .pattern = "/wrong", .handler = wrong_header },
	{ .method = "GET", .pattern = "/big", .handler = big },
	{ .method = "GET", .pattern = "/file", .handler = file, .user = file_path },
};

static const char *problem(void *user nc_unused, const nc_http_fault *f, nc_buf *body)
{
	nc_buf_printf(body, "{\"status\":%d,\"code\":\"%s\",\"path\":\"%s\"}", f->status, f->code,
		f->req ? nc_http_req_path(f->req) : "-");
	return "application/problem+json";
}

static nc_http_options options(void)
{
	return (nc_http_options){
		.routes = routes,
		.route_count = NC_LEN(routes),
		.hooks = { .render_fault = problem },
	};
}

#define H "Host: test\r\n"

static void a_request_is_answered_and_the_connection_kept(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	char value[64], id[64] = "";
	for (int i = 0; i < 3; i++) {
		CHECK_INT(hc_ask(fd, "GET /hello HTTP/1.1\r\n" H "\r\n", &a), 200);
		CHECK_STR(a.body, "hello");
		CHECK_STR(hc_header(&a, "content-type", value, sizeof(value)), "text/plain");
		CHECK(hc_header(&a, "Date", value, sizeof(value)) != NULL);
		CHECK_UINT(strlen(value), 29);
		CHECK(hc_header(&a, "Connection", value, sizeof(value)) == NULL);
		hc_header(&a, "X-Request-Id", value, sizeof(value));
		CHECK_UINT(strlen(value), 26);
		CHECK(strcmp(value, id) > 0);
		strcpy(id, value);
	}
	CHECK_UINT(nc_http_server_connections(s.s), 1);
}

static void handlers_see_the_request_through_accessors(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	hc_ask(fd,
		"GET /tell/a%2Fb%20c+d?x=1%2B+2&&y&z=%C3%A9 HTTP/1.1\r\n" H
		"User-Agent:  me \r\n\r\n",
		&a);
	CHECK_STR(a.body, "GET /tell/a%2Fb%20c+d /tell/{id} id=a/b c+d n=3 last=\xc3\xa9 x=1+ 2 "
			  "agent=me uid=1 in=1");
	hc_ask(fd, "GET http://elsewhere/tell/1 HTTP/1.1\r\n" H "\r\n", &a);
	CHECK_HAS(a.body, "GET /tell/1 /tell/{id} id=1 n=0 last=- x=- agent= uid=1");
	hc_ask(fd, "GET /rest/a/b%20c HTTP/1.1\r\n" H "\r\n", &a);
	CHECK_STR(a.body, "a/b c");
	hc_ask(fd, "GET /rest HTTP/1.1\r\n" H "\r\n", &a);
	CHECK_STR(a.body, "");
}

static void bodies_are_echoed_in_every_framing_and_cut(void)
{
	static const char *const requests[] = {
		"POST /echo HTTP/1.1\r\n" H "Content-Length: 11\r\n\r\nhello world",
		"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
		"5\r\nhello\r\n1;x\r\n \r\n5\r\nworld\r\n0\r\nA: b\r\n\r\n",
	};
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	for (size_t i = 0; i < NC_LEN(requests); i++) {
		size_t n = strlen(requests[i]);
		for (size_t cut = 1; cut < n; cut++) {
			hc_send_n(fd, requests[i], cut);
			if (cut % 3 == 0)
				usleep(300); /* so that the pieces often arrive one by one */
			hc_send_n(fd, requests[i] + cut, n - cut);
			hc_read(fd, "", &a);
			if (!CHECK_INT(a.status, 200) || !CHECK_STR(a.body, "hello world"))
				return;
		}
	}
}

static void a_large_body_arrives_whole(void)
{
	enum { N = 900000 };
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	_cleanup_(nc_freep) char *body = nc_malloc(N);
	REQUIRE(body != NULL);
	for (size_t i = 0; i < N; i++)
		body[i] = (char)('a' + i % 23);
	hc_send(fd, "POST /echo HTTP/1.1\r\n" H "Content-Length: 900000\r\n\r\n");
	hc_send_n(fd, body, N);
	hc_read(fd, "", &a);
	CHECK_UINT(a.body_len, N);
	REQUIRE(a.body_len == N);
	CHECK_MEM(a.body, body, N);
	hc_send(fd, "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\ndbba0\r\n");
	hc_send_n(fd, body, N);
	hc_send(fd, "\r\n0\r\n\r\n");
	hc_read(fd, "", &a);
	REQUIRE(a.body_len == N);
	CHECK_MEM(a.body, body, N);
}

static void pipelined_requests_are_answered_in_order(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	hc_send(fd, "POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\none"
		    "POST /echo HTTP/1.1\r\n" H
		    "Transfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
		    "\r\nGET /hello HTTP/1.1\r\n" H "\r\n"
		    "POST /echo HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nfour");
	static const char *const bodies[] = { "one", "two", "hello", "four" };
	for (size_t i = 0; i < NC_LEN(bodies); i++) {
		hc_read(fd, "", &a);
		CHECK_INT(a.status, 200);
		CHECK_STR(a.body, bodies[i]);
	}
	enum { MANY = 500 };
	for (int i = 0; i < MANY; i++)
		hc_send(fd, "GET /hello HTTP/1.1\r\n" H "\r\n");
	for (int i = 0; i < MANY; i++) {
		hc_read(fd, "", &a);
		if (!CHECK_STR(a.body, "hello"))
			break;
	}
}

static void head_measures_what_get_would_send(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	char value[64];
	CHECK_INT(hc_ask(fd, "HEAD /hello HTTP/1.1\r\n" H "\r\n", &a), 200);
	CHECK_STR(hc_header(&a, "Content-Length", value, sizeof(value)), "5");
	CHECK_INT(hc_ask(fd, "HEAD /big HTTP/1.1\r\n" H "\r\n", &a), 200);
	CHECK_STR(hc_header(&a, "Content-Length", value, sizeof(value)), "8388608");
	CHECK_INT(hc_ask(fd, "GET /hello HTTP/1.1\r\n" H "\r\n", &a), 200);
	CHECK_STR(a.body, "hello");
}

static void the_server_answers_for_itself_as_the_hook_says(void)
{
	static const struct {
		const char *request;
		int status;
		const char *part;
	} cases[] = {
		{ "GET /nowhere HTTP/1.1\r\n" H "\r\n", 404, "\"path\":\"/nowhere\"" },
		{ "PUT /hello HTTP/1.1\r\n" H "\r\n", 405, "method_not_allowed" },
		{ "GET /a/../hello HTTP/1.1\r\n" H "\r\n", 400, "bad_request" },
		{ "POST /small HTTP/1.1\r\n" H "Content-Length: 11\r\n\r\n", 413,
			"body_too_large" },
		{ "POST /small HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nb\r\n12345678901",
			413, "body_too_large" },
		{ "POST /nobody HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\nx", 413, "body_refused" },
		{ "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nx", 400,
			"bad_request" },
		{ "GET / HTTP/1.1\r\n\r\n", 400, "\"path\":\"-\"" },
		{ "GET / HTTP/2.0\r\n\r\n", 505, "version_not_supported" },
		{ "\x16\x03\x01\x02", 400, "bad_request" },
		{ "GET / HTTP/1.1\r\n" H "Expect: x\r\n\r\n", 417, "expectation_failed" },
		{ "GET /silent HTTP/1.1\r\n" H "\r\n", 500, "internal" },
	};
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(hc_done) hc_answer a = { 0 };
	char value[64];
	for (size_t i = 0; i < NC_LEN(cases); i++) {
		_cleanup_(nc_closep) int fd = hc_connect(&s);
		CHECK_INT(hc_ask(fd, cases[i].request, &a), cases[i].status);
		CHECK_HAS(a.body, cases[i].part);
		CHECK_STR(hc_header(&a, "Content-Type", value, sizeof(value)),
			"application/problem+json");
		CHECK(hc_header(&a, "X-Request-Id", value, sizeof(value)) != NULL);
		if (cases[i].status == 405)
			CHECK_STR(
				hc_header(&a, "Allow", value, sizeof(value)), "GET, HEAD, OPTIONS");
	}
}

static void a_refused_request_ends_the_connection_only_when_it_must(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(hc_done) hc_answer a = { 0 };
	char value[64];
	_cleanup_(nc_closep) int kept = hc_connect(&s);
	/* the body is there and can be skipped */
	CHECK_INT(hc_ask(kept, "POST /nowhere HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nskip", &a),
		404);
	CHECK(hc_header(&a, "Connection", value, sizeof(value)) == NULL);
	CHECK_INT(hc_ask(kept, "GET /hello HTTP/1.1\r\n" H "\r\n", &a), 200);
	/* it isn't: the answer arrives all the same, then the end */
	CHECK_INT(
		hc_ask(kept, "POST /small HTTP/1.1\r\n" H "Content-Length: 999999\r\n\r\nxxx", &a),
		413);
	CHECK_STR(hc_header(&a, "Connection", value, sizeof(value)), "close");
	for (int i = 0; i < 200; i++)
		hc_send(kept, "more of the body that nobody wants");
	CHECK(hc_is_closed(kept, 5000));
}

static void options_are_answered_from_the_table(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	char value[64];
	CHECK_INT(hc_ask(fd, "OPTIONS /echo HTTP/1.1\r\n" H "\r\n", &a), 204);
	CHECK_STR(hc_header(&a, "Allow", value, sizeof(value)), "POST, OPTIONS");
	CHECK(hc_header(&a, "Content-Length", value, sizeof(value)) == NULL);
	CHECK_INT(hc_ask(fd, "OPTIONS * HTTP/1.1\r\n" H "\r\n", &a), 204);
}

static void expect_100_is_said_only_when_the_body_is_wanted(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(hc_done) hc_answer a = { 0 };
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	hc_send(fd,
		"POST /echo HTTP/1.1\r\n" H "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
	char interim[26];
	CHECK_INT(recv(fd, interim, 25, MSG_WAITALL), 25);
	CHECK_MEM(interim, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	hc_send(fd, "ok");
	hc_read(fd, "", &a);
	CHECK_STR(a.body, "ok");

	hc_ask(fd,
		"POST /admitted HTTP/1.1\r\n" H "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n",
		&a);
	CHECK_INT(a.status, 401);
	CHECK_INT(a.was_interim, 0);
	CHECK(hc_is_closed(fd, 5000)); /* the body may or may not come: nothing may follow it */

	_cleanup_(nc_closep) int old = hc_connect(&s);
	hc_ask(old, "POST /echo HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nok",
		&a);
	CHECK_INT(a.was_interim, 0);
	CHECK_STR(a.body, "ok");
}

static void http_1_0_closes_unless_asked_to_stay(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(hc_done) hc_answer a = { 0 };
	char value[64];
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	CHECK_INT(hc_ask(fd, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", &a), 200);
	CHECK_STR(hc_header(&a, "Connection", value, sizeof(value)), "keep-alive");
	CHECK_INT(hc_ask(fd, "GET /hello HTTP/1.0\r\n\r\n", &a), 200);
	CHECK_STR(hc_header(&a, "Connection", value, sizeof(value)), "close");
	CHECK(hc_is_closed(fd, 5000));
	_cleanup_(nc_closep) int other = hc_connect(&s);
	CHECK_INT(hc_ask(other, "GET /hello HTTP/1.1\r\n" H "Connection: close\r\n\r\n", &a), 200);
	CHECK(hc_is_closed(other, 5000));
}

static void a_half_closed_client_gets_its_answers(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	hc_send(fd, "GET /hello HTTP/1.1\r\n" H "\r\nPOST /echo HTTP/1.1\r\n" H
		    "Content-Length: 2\r\n\r\nokGET /hel");
	shutdown(fd, SHUT_WR);
	char all[4096];
	hc_read_all(fd, all, sizeof(all));
	CHECK_HAS(all, "\r\n\r\nhelloHTTP/1.1 200 OK");
	CHECK_HAS(all, "\r\n\r\nok");

	_cleanup_(nc_closep) int cut = hc_connect(&s);
	hc_send(cut, "POST /echo HTTP/1.1\r\n" H "Content-Length: 20\r\n\r\nshort");
	shutdown(cut, SHUT_WR);
	hc_read_all(cut, all, sizeof(all));
	CHECK_HAS(all, "HTTP/1.1 400 ");
}

/* Each hides a second request behind a first that a lax server and a proxy end differently. */
#define SMUGGLED "GET /hello HTTP/1.1\r\n" H "\r\n"
static const char *const hostile[] = {
	"POST /echo HTTP/1.1\r\n" H
	"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H
	"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H "Content-Length: 0\r\nContent-Length: 45\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H "Content-Length: 0, 45\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H "Content-Length: +0\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H "Content-Length: 0x0\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H "Content-Length : 45\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H "Content-Length:\r\n 45\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H "Content\rLength: 45\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H "X: a\rContent-Length: 45\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H "X: a\nContent-Length: 45\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H
	"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H
	"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding:\x0b"
	"chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.0\r\n" H
	"Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H
	"Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H
	"Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H
	"Transfer-Encoding: chunked\r\n\r\n3;\nabc\r\n0\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H
	"Transfer-Encoding: chunked\r\n\r\n3\r\nabcX\n0\r\n\r\n" SMUGGLED,
	"POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\n" SMUGGLED,
	"GET /hello HTTP/1.1\r\n\r\n" SMUGGLED,
	"GET /hello HTTP/1.1\r\n" H "Host: other\r\n\r\n" SMUGGLED,
	"GET /hello HTTP/1.1\n" H "\r\n" SMUGGLED,
	"GET /hello\r\n" SMUGGLED,
};

static void nothing_is_read_behind_a_request_of_doubtful_end(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	for (size_t i = 0; i < NC_LEN(hostile); i++) {
		_cleanup_(nc_closep) int fd = hc_connect(&s);
		char all[4096];
		hc_send(fd, hostile[i]);
		shutdown(fd, SHUT_WR);
		hc_read_all(fd, all, sizeof(all));
		int ok = CHECK(
			!strncmp(all, "HTTP/1.1 400 ", 13) || !strncmp(all, "HTTP/1.1 501 ", 13));
		ok &= CHECK(strstr(all + 1, "HTTP/1.1 ") == NULL);
		if (!ok)
			fprintf(stderr, "%s---\n%s\n", hostile[i], all);
	}
}

static void a_response_that_could_be_split_becomes_a_500(void)
{
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	CHECK_INT(hc_ask(fd, "GET /wrong HTTP/1.1\r\n" H "\r\n", &a), 500);
	CHECK(strstr(a.head, "Set-Cookie") == NULL);
	CHECK_INT(hc_ask(fd, "GET /hello HTTP/1.1\r\n" H "\r\n", &a), 200);
}

static void a_large_blob_and_a_part_of_a_file_arrive_whole(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("part");
	nc_test_write(path, "0123456789");
	strcpy(file_path, path);
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	CHECK_INT(hc_ask(fd, "GET /file HTTP/1.1\r\n" H "\r\n", &a), 200);
	CHECK_STR(a.body, "34567");
	/* two at once: the second waits until the first has left */
	hc_send(fd, "GET /big HTTP/1.1\r\n" H "\r\nGET /file HTTP/1.1\r\n" H "\r\n");
	hc_read(fd, "", &a);
	CHECK_UINT(a.body_len, 8 << 20);
	CHECK(a.body[0] == 'b' && a.body[(8 << 20) - 1] == 'b');
	hc_read(fd, "", &a);
	CHECK_STR(a.body, "34567");
}

static void two_hundred_connections_are_served_at_once(void)
{
	enum { N = 200 };
	int fds[N];
	nc_http_options o = options();
	o.reactors = 2;
	_cleanup_(hc_stop) hc_server s = hc_start(o);
	for (int i = 0; i < N; i++)
		fds[i] = hc_connect(&s);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < N; i++)
			hc_send(fds[i], "POST /echo HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\n");
		for (int i = 0; i < N; i++)
			hc_send(fds[i], "ok");
		for (int i = N - 1; i >= 0; i--) {
			_cleanup_(hc_done) hc_answer a = { 0 };
			hc_read(fds[i], "", &a);
			if (!CHECK_STR(a.body, "ok"))
				round = 5;
		}
	}
	CHECK_UINT(nc_http_server_connections(s.s), N);
	for (int i = 0; i < N; i++)
		close(fds[i]);
}

static void tcp_is_served_by_the_same_code(void)
{
	nc_http_options o = options();
	o.reactors = 2;
	_cleanup_(hc_stop) hc_server s = hc_start_tcp(o);
	CHECK(s.port > 0);
	_cleanup_(hc_done) hc_answer a = { 0 };
	for (int i = 0; i < 20; i++) {
		_cleanup_(nc_closep) int fd = hc_connect(&s);
		CHECK_INT(hc_ask(fd, "POST /echo HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nok", &a),
			200);
		CHECK_STR(a.body, "ok");
	}
}

static void a_taken_address_is_refused_by_name(void)
{
	for (unsigned reactors = 1; reactors <= 2; reactors++) {
		nc_http_options o = options();
		o.reactors = reactors;
		_cleanup_(hc_stop) hc_server tcp = hc_start_tcp(o);
		_cleanup_(hc_stop) hc_server un = hc_start(o);
		const nc_http_listen taken[] = {
			{ .kind = NC_HTTP_LISTEN_INET, .address = "127.0.0.1", .port = tcp.port },
			{ .kind = NC_HTTP_LISTEN_UNIX, .address = un.path },
		};
		for (size_t i = 0; i < NC_LEN(taken); i++) {
			nc_http_server *other = NULL;
			nc_error err = NC_ERROR_INIT;
			o.listen = &taken[i];
			o.listen_count = 1;
			CHECK_CODE(nc_http_server_new(&o, &other, &err), NC_E_EXISTS);
			CHECK(other == NULL);
			CHECK_HAS(err.message, taken[i].address);
			CHECK(err.hint[0] != '\0');
		}
	}
}

static void a_stale_socket_is_replaced_and_a_plain_file_is_not(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("http.sock");
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	struct stat st;
	CHECK_INT(lstat(path, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0660);
	_cleanup_(nc_freep) char *kept = nc_test_path("kept.sock");
	CHECK_INT(rename(path, kept), 0); /* survives the server as after a crash */
	hc_stop(&s);
	CHECK_INT(rename(kept, path), 0);
	s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	CHECK(fd >= 0);
	hc_stop(&s);
	CHECK_INT(lstat(path, &st), -1);

	nc_test_write(path, "precious");
	nc_http_options o = options();
	const nc_http_listen listen = { .kind = NC_HTTP_LISTEN_UNIX, .address = path };
	o.listen = &listen;
	o.listen_count = 1;
	nc_http_server *refused = NULL;
	CHECK_CODE(nc_http_server_new(&o, &refused, NULL), NC_E_EXISTS);
	CHECK_INT(lstat(path, &st), 0);
	CHECK_INT(st.st_size, 8);
	unlink(path);
}

static void making_a_server_survives_each_failing_allocation(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("torture.sock");
	const nc_http_listen listen[] = {
		{ .kind = NC_HTTP_LISTEN_UNIX, .address = path },
		{ .kind = NC_HTTP_LISTEN_INET, .address = "127.0.0.1" },
	};
	nc_http_options o = options();
	o.reactors = 2;
	o.listen = listen;
	o.listen_count = 2;
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_http_server *s = NULL;
		rc = nc_http_server_new(&o, &s, NULL);
		CHECK((rc == NC_OK) == (s != NULL));
		nc_http_server_free(s);
	}
}

static _Atomic int turns, starts, stops, waits, accesses, last_status;

static nc_code on_start(void *user nc_unused, unsigned reactor nc_unused)
{
	atomic_fetch_add(&starts, 1);
	return NC_OK;
}

static nc_code refuse_start(void *user nc_unused, unsigned reactor)
{
	return reactor == 1 ? NC_E_UNAVAILABLE : NC_OK;
}

static void on_stop(void *user nc_unused, unsigned reactor nc_unused)
{
	atomic_fetch_add(&stops, 1);
}

static void on_turn(void *user nc_unused, unsigned reactor nc_unused)
{
	atomic_fetch_add(&turns, 1);
}

static void on_before(void *user nc_unused, unsigned reactor nc_unused)
{
	atomic_fetch_add(&waits, 1);
}

static void on_after(void *user nc_unused, unsigned reactor nc_unused)
{
	atomic_fetch_add(&waits, -1);
}

static void on_access(void *user nc_unused, const nc_http_req *req, int status,
	uint64_t bytes nc_unused, int64_t us)
{
	atomic_store(&last_status, status);
	atomic_fetch_add(&accesses, us >= 0 && nc_http_req_method(req) != NULL);
}

static void hooks_frame_the_life_of_each_reactor(void)
{
	nc_http_options o = options();
	o.reactors = 2;
	o.hooks = (nc_http_hooks){ .thread_start = on_start,
		.thread_stop = on_stop,
		.turn = on_turn,
		.before_wait = on_before,
		.after_wait = on_after,
		.access = on_access };
	_cleanup_(hc_stop) hc_server s = hc_start(o);
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	CHECK_INT(hc_ask(fd, "GET /hello HTTP/1.1\r\n" H "\r\n", &a), 200);
	CHECK(hc_wait_for(&accesses, 1));
	CHECK_INT(hc_ask(fd, "GET /hello HTTP/1.1\r\n\r\n", &a), 400);
	CHECK(hc_wait_for(&accesses, 2));
	CHECK_INT(atomic_load(&last_status), 400);
	hc_stop(&s);
	CHECK_INT(atomic_load(&starts), 2);
	CHECK_INT(atomic_load(&stops), 2);
	CHECK_INT(atomic_load(&waits), 0);
	CHECK(atomic_load(&turns) >= 2);
}

static void a_reactor_that_cannot_start_fails_the_start(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("nostart.sock");
	const nc_http_listen listen = { .kind = NC_HTTP_LISTEN_UNIX, .address = path };
	nc_http_options o = options();
	o.reactors = 3;
	o.listen = &listen;
	o.listen_count = 1;
	o.hooks = (nc_http_hooks){ .thread_start = refuse_start };
	_cleanup_(nc_http_server_freep) nc_http_server *s = NULL;
	CHECK_OK(nc_http_server_new(&o, &s, NULL), NULL);
	REQUIRE(s != NULL);
	CHECK_CODE(nc_http_server_start(s, NULL), NC_E_UNAVAILABLE);
}

static void on_signal(int sig nc_unused)
{
}

static void signals_interrupt_nothing(void)
{
	const struct sigaction sa = { .sa_handler = on_signal };
	sigaction(SIGUSR1, &sa, NULL);
	_cleanup_(hc_stop) hc_server s = hc_start(options());
	_cleanup_(nc_closep) int fd = hc_connect(&s);
	_cleanup_(hc_done) hc_answer a = { 0 };
	for (int i = 0; i < 50; i++) {
		kill(getpid(), SIGUSR1);
		CHECK_INT(hc_ask(fd, "GET /hello HTTP/1.1\r\n" H "\r\n", &a), 200);
	}
}

NC_TESTS(http_server){
	T(a_request_is_answered_and_the_connection_kept),
	T(handlers_see_the_request_through_accessors),
	T(bodies_are_echoed_in_every_framing_and_cut),
	T(a_large_body_arrives_whole),
	T(pipelined_requests_are_answered_in_order),
	T(head_measures_what_get_would_send),
	T(the_server_answers_for_itself_as_the_hook_says),
	T(a_refused_request_ends_the_connection_only_when_it_must),
	T(options_are_answered_from_the_table),
	T(expect_100_is_said_only_when_the_body_is_wanted),
	T(http_1_0_closes_unless_asked_to_stay),
	T(a_half_closed_client_gets_its_answers),
	T(nothing_is_read_behind_a_request_of_doubtful_end),
	T(a_response_that_could_be_split_becomes_a_500),
	T(a_large_blob_and_a_part_of_a_file_arrive_whole),
	T(two_hundred_connections_are_served_at_once),
	T(tcp_is_served_by_the_same_code),
	T(a_taken_address_is_refused_by_name),
	T(a_stale_socket_is_replaced_and_a_plain_file_is_not),
	T(making_a_server_survives_each_failing_allocation),
	T(hooks_frame_the_life_of_each_reactor),
	T(a_reactor_that_cannot_start_fails_the_start),
	T(signals_interrupt_nothing),
};
