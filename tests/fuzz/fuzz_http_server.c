/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "http/http.h"

/*
 * A whole server in this process. Each input goes to it twice over a Unix socket, at once and in
 * pieces, then the client ends its side and reads to the end. The server must come to that end by
 * itself, everything it says must be answers one after the other, and the statuses of one run must
 * begin those of the other: how far a connection is kept may depend on what of a body has arrived.
 */

enum { CUTS = 4, ANSWERS_MAX = 1 << 18 };

static nc_http_server *server;
static struct sockaddr_un address = { .sun_family = AF_UNIX };

static void ok(nc_http_req *req, void *user nc_unused)
{
	nc_http_reply(req, &(nc_http_res){ .status = 200, .body = nc_http_req_body(req) });
}

static nc_http_body_verdict on_piece(void *user, nc_http_req *req, nc_bytes piece, int last)
{
	*(size_t *)user += piece.len;
	if (last)
		nc_http_reply(req, &(nc_http_res){ .status = 201 });
	return NC_HTTP_BODY_MORE;
}

static void upload(nc_http_req *req, void *user nc_unused)
{
	size_t *seen = nc_arena_alloc(nc_http_req_arena(req), sizeof(*seen));
	nc_http_defer(req, NULL);
	if (seen)
		nc_http_body_start(req, on_piece, seen);
}

/* Answered by a message, so that the next request has to wait. */
static void later(nc_http_req *req, void *user nc_unused)
{
	nc_http_token t = nc_http_defer(req, NULL);
	if (nc_http_req_query(req, "stream")) {
		nc_http_stream_begin(server, t, &(nc_http_res){ .status = 203 }, NULL);
		nc_http_stream_write(server, t, (nc_bytes){ "piece", 5 });
		nc_http_stream_end(server, t);
		return;
	}
	nc_http_token_reply(server, t, &(nc_http_res){ .status = 202, .body = { "later", 5 } });
}

static const nc_http_route routes[] = {
	{ .method = "GET", .pattern = "/a", .handler = ok },
	{ .method = "GET", .pattern = "/l", .handler = later },
	{ .method = "POST",
		.pattern = "/b",
		.handler = ok,
		.body = NC_HTTP_BODY_BUFFERED,
		.body_limit = 64 },
	{ .method = "POST",
		.pattern = "/s",
		.handler = upload,
		.body = NC_HTTP_BODY_STREAMED,
		.body_limit = 64 },
};

static void remove_socket(void)
{
	nc_http_server_free(server);
}

static void start_server(void)
{
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/nc-fuzz-%d.sock", (int)getpid());
	const nc_http_listen listen = { .kind = NC_HTTP_LISTEN_UNIX, .address = address.sun_path };
	const nc_http_options opts = { .listen = &listen,
		.listen_count = 1,
		.routes = routes,
		.route_count = NC_LEN(routes),
		.limits = { .head = 1024, .headers = 8 } };
	nc_assert(nc_http_server_new(&opts, &server, NULL) == NC_OK);
	nc_assert(nc_http_server_start(server, NULL) == NC_OK);
	atexit(remove_socket);
}

static void talk(const uint8_t *text, size_t n, const uint8_t *steps, char *out, size_t *ret_len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct timeval patience = { .tv_sec = 4 };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	nc_assert(connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
	for (size_t at = 0, i = 0; at < n; i++) {
		size_t step = steps ? NC_MIN((size_t)steps[i % CUTS] * 4 + 1, n - at) : n;
		ssize_t put = send(fd, text + at, step, MSG_NOSIGNAL);
		if (put < 0 && errno != EINTR)
			break;
		at += put > 0 ? (size_t)put : 0;
	}
	shutdown(fd, SHUT_WR);
	size_t len = 0;
	ssize_t got;
	do { /* libFuzzer's alarm interrupts */
		got = recv(fd, out + len, ANSWERS_MAX - len, 0);
		len += got > 0 ? (size_t)got : 0;
	} while (got > 0 || (got < 0 && errno == EINTR));
	nc_assert(got == 0 || len == ANSWERS_MAX); /* it ended, and not by our patience */
	close(fd);
	*ret_len = len;
}

static const char *after(const char *p, const char *end, const char *text)
{
	const char *at = memmem(p, (size_t)(end - p), text, strlen(text));
	return at ? at + strlen(text) : NULL;
}

/* The statuses in `out`, one byte each (hundreds and units), 100s left out. */
static size_t read_answers(const char *out, size_t len, uint8_t *statuses, size_t cap)
{
	size_t n = 0;
	const char *end = out + len;
	for (const char *p = out; p < end;) {
		nc_assert(end - p > 13 && !memcmp(p, "HTTP/1.1 ", 9));
		int status = atoi(p + 9);
		nc_assert(status >= 100 && status < 600);
		const char *body = after(p, end, "\r\n\r\n");
		nc_assert(body != NULL);
		const char *length = after(p, body, "Content-Length: ");
		const char *chunked = after(p, body, "Transfer-Encoding: chunked\r\n");
		if (status != 100 && n < cap)
			statuses[n++] = (uint8_t)(status / 100 * 32 + status % 100);
		p = body;
		if (chunked)
			p = after(body, end, "0\r\n\r\n");
		else if (length)
			p += atoi(length);
		else if (status == 203) /* to an HTTP/1.0 client */
			p = end;
		nc_assert(p != NULL && p <= end);
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char whole[ANSWERS_MAX + 1], cut[ANSWERS_MAX + 1];
	uint8_t a[256], b[256];
	size_t whole_len, cut_len;
	if (!server)
		start_server();
	/* HEAD answers carry a length and no body: this reader doesn't know which they are */
	if (size <= CUTS || memmem(data, size, "HEAD", 4))
		return 0;
	talk(data + CUTS, size - CUTS, NULL, whole, &whole_len);
	talk(data + CUTS, size - CUTS, data, cut, &cut_len);
	if (whole_len == ANSWERS_MAX || cut_len == ANSWERS_MAX)
		return 0;
	size_t n = read_answers(whole, whole_len, a, sizeof(a));
	size_t m = read_answers(cut, cut_len, b, sizeof(b));
	nc_assert(!memcmp(a, b, NC_MIN(n, m)));
	return 0;
}
