/* SPDX-License-Identifier: Apache-2.0 */
#include "http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "testing.h"

/* See http_client.h. Bytes beyond an answer stay in the socket: heads are read byte by byte. */

enum { PATIENCE_MS = 10000 };

static hc_server start(nc_http_options opts, const nc_http_listen *listen, char *path)
{
	hc_server server = { .path = path };
	nc_error err = NC_ERROR_INIT;
	opts.listen = listen;
	opts.listen_count = 1;
	nc_code code = nc_http_server_new(&opts, &server.s, &err);
	if (code == NC_OK)
		code = nc_http_server_start(server.s, &err);
	if (code != NC_OK) {
		fprintf(stderr, "the test server could not start: %s\n", err.message);
		exit(1);
	}
	server.port = nc_http_server_port(server.s, 0);
	return server;
}

hc_server hc_start(nc_http_options opts)
{
	char *path = nc_test_path("http.sock");
	const nc_http_listen listen = { .kind = NC_HTTP_LISTEN_UNIX, .address = path };
	return start(opts, &listen, path);
}

hc_server hc_start_tcp(nc_http_options opts)
{
	const nc_http_listen listen = { .kind = NC_HTTP_LISTEN_INET, .address = "127.0.0.1" };
	return start(opts, &listen, NULL);
}

hc_server hc_start_tls(nc_http_options opts, nc_http_tls *tls)
{
	const nc_http_listen listen = {
		.kind = NC_HTTP_LISTEN_INET, .address = "127.0.0.1", .tls = tls
	};
	return start(opts, &listen, NULL);
}

void hc_stop(hc_server *s)
{
	nc_http_server_free(s->s);
	nc_free(s->path);
	*s = (hc_server){ 0 };
}

int hc_connect(const hc_server *s)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(s->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(s->path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	int rc;
	if (s->path) {
		snprintf(un.sun_path, sizeof(un.sun_path), "%s", s->path);
		rc = connect(fd, (const struct sockaddr *)&un, sizeof(un));
	} else {
		rc = connect(fd, (const struct sockaddr *)&in, sizeof(in));
	}
	if (rc == 0)
		return fd;
	close(fd);
	return -1;
}

void hc_send_n(int fd, const void *p, size_t n)
{
	const char *from = p;
	while (n > 0) {
		ssize_t put = send(fd, from, n, MSG_NOSIGNAL);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return; /* the server may have closed already: the answer will tell */
		from += put;
		n -= (size_t)put;
	}
}

void hc_send(int fd, const char *text)
{
	hc_send_n(fd, text, strlen(text));
}

static ssize_t read_n(int fd, char *p, size_t n)
{
	size_t got = 0;
	while (got < n) {
		ssize_t r = recv(fd, p + got, n - got, 0);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

/* Up to and with `end`. 0, or -1 when it doesn't come. */
static int read_until(int fd, char *out, size_t cap, const char *end)
{
	size_t n = 0, end_len = strlen(end);
	while (n + 1 < cap && read_n(fd, out + n, 1) == 1) {
		out[++n] = '\0';
		if (n >= end_len && !memcmp(out + n - end_len, end, end_len))
			return 0;
	}
	out[n] = '\0';
	return -1;
}

const char *hc_header(const hc_answer *a, const char *name, char *out, size_t cap)
{
	size_t name_len = strlen(name);
	const char *line = strstr(a->head, "\r\n");
	while (line && line[2] != '\r') {
		line += 2;
		if (!strncasecmp(line, name, name_len) && line[name_len] == ':') {
			const char *value = line + name_len + 1 + (line[name_len + 1] == ' ');
			snprintf(out, cap, "%.*s", (int)strcspn(value, "\r"), value);
			return out;
		}
		line = strstr(line, "\r\n");
	}
	return NULL;
}

static void read_body_n(int fd, hc_answer *a, size_t n)
{
	char *grown = nc_realloc(a->body, a->body_len + n + 1);
	if (!grown)
		abort();
	a->body = grown;
	size_t got = (size_t)read_n(fd, a->body + a->body_len, n);
	a->body_len += got;
	a->body[a->body_len] = '\0';
	a->is_whole = got == n;
}

static void read_chunked(int fd, hc_answer *a)
{
	char line[64];
	do {
		a->is_whole = 0;
		if (read_until(fd, line, sizeof(line), "\r\n") < 0)
			return;
		size_t n = strtoul(line, NULL, 16);
		if (n > 0)
			read_body_n(fd, a, n);
		int has_end = read_until(fd, line + 32, 8, "\r\n") == 0;
		a->is_whole = has_end && (n == 0 || a->is_whole);
	} while (a->is_whole && line[0] != '0');
}

static void read_to_end(int fd, hc_answer *a)
{
	do
		read_body_n(fd, a, 4096);
	while (a->is_whole);
	a->is_whole = 1;
}

void hc_read(int fd, const char *method, hc_answer *a)
{
	char value[64];
	hc_done(a);
	do {
		a->status = 0;
		if (read_until(fd, a->head, sizeof(a->head), "\r\n\r\n") < 0)
			return;
		a->status = atoi(a->head + strlen("HTTP/1.1 "));
		a->was_interim |= a->status == 100;
	} while (a->status == 100);
	a->is_whole = 1;
	if (!strcmp(method, "HEAD") || a->status == 204 || a->status == 304)
		return;
	if (hc_header(a, "Content-Length", value, sizeof(value)))
		read_body_n(fd, a, strtoul(value, NULL, 10));
	else if (hc_header(a, "Transfer-Encoding", value, sizeof(value)))
		read_chunked(fd, a);
	else
		read_to_end(fd, a);
}

void hc_done(hc_answer *a)
{
	nc_free(a->body);
	memset(a, 0, sizeof(*a));
}

int hc_ask(int fd, const char *request, hc_answer *a)
{
	hc_send(fd, request);
	hc_read(fd, strncmp(request, "HEAD ", 5) ? "" : "HEAD", a);
	return a->status;
}

size_t hc_read_all(int fd, char *out, size_t cap)
{
	size_t n = 0;
	char sink[4096];
	out[0] = '\0';
	for (;;) {
		ssize_t got = recv(fd, sink, sizeof(sink), 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return n;
		for (ssize_t i = 0; i < got; i++, n++) {
			if (n + 1 < cap) {
				out[n] = sink[i];
				out[n + 1] = '\0';
			}
		}
	}
}

int hc_is_closed(int fd, int timeout_ms)
{
	char c;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	if (poll(&p, 1, timeout_ms) <= 0)
		return 0;
	ssize_t n = recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);
	return n == 0 || (n < 0 && errno != EAGAIN);
}

int hc_wait_for(const _Atomic int *flag, int want)
{
	for (int i = 0; i < PATIENCE_MS; i++) {
		if (atomic_load(flag) == want)
			return 1;
		usleep(1000);
	}
	return 0;
}
