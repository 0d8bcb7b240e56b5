/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server for foreign clients to talk to: GET /hello, POST /echo, a WebSocket at /ws that says
 * everything back and closes when it is told "bye". On loopback, in the clear and over TLS.
 *
 * echo_server FOLDER: makes its certificate in there, prints "PLAIN-PORT TLS-PORT", and serves until
 * its input ends.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "http/cert.h"
#include "http/http.h"

enum { BODY_MAX = 64 << 20, MESSAGE_MAX = 2 << 20 };

static nc_http_server *server;

static void hello(nc_http_req *req, void *user nc_unused)
{
	nc_http_reply(req, &(nc_http_res){ .status = 200, .body = nc_str("hello\n") });
}

static void echo(nc_http_req *req, void *user nc_unused)
{
	nc_http_reply(req, &(nc_http_res){ .status = 200, .body = nc_http_req_body(req) });
}

static void on_message(void *user nc_unused, nc_http_token t, nc_ws_kind kind, nc_bytes m)
{
	if (nc_bytes_eq(m, nc_str("bye")))
		nc_ws_close(server, t, 4001, "as you wish");
	else
		nc_ws_send(server, t, kind, m);
}

static void socket_route(nc_http_req *req, void *user nc_unused)
{
	const nc_ws_opts opts = {
		.on_message = on_message, .message_max = MESSAGE_MAX, .high_water = 64 << 20
	};
	nc_http_token t;
	nc_error err = NC_ERROR_INIT;
	if (nc_ws_accept(req, &opts, &t, &err) != NC_OK)
		nc_http_reply(req, &(nc_http_res){ .status = 400, .body = nc_str(err.message) });
}

static const nc_http_route routes[] = {
	{ .method = "GET", .pattern = "/hello", .handler = hello },
	{ .method = "POST",
		.pattern = "/echo",
		.handler = echo,
		.body = NC_HTTP_BODY_BUFFERED,
		.body_limit = BODY_MAX },
	{ .method = "GET", .pattern = "/ws", .handler = socket_route },
};

static nc_code serve(const char *pem, nc_error *err)
{
	const char *names[] = { "localhost", "127.0.0.1" };
	_cleanup_(nc_http_tls_freep) nc_http_tls *tls = NULL;
	char c;
	nc_code rc = nc_cert_make(pem, names, NC_LEN(names), time(NULL), 2, err);
	if (rc == NC_OK)
		rc = nc_http_tls_new(pem, pem, &tls, err);
	if (rc != NC_OK)
		return rc;
	const nc_http_listen listen[] = {
		{ .kind = NC_HTTP_LISTEN_INET, .address = "127.0.0.1" },
		{ .kind = NC_HTTP_LISTEN_INET, .address = "127.0.0.1", .tls = tls },
	};
	const nc_http_options options = { .listen = listen,
		.listen_count = NC_LEN(listen),
		.routes = routes,
		.route_count = NC_LEN(routes),
		.reactors = 2,
		.limits = { .connections_per_address = 2000 } };
	rc = nc_http_server_new(&options, &server, err);
	if (rc == NC_OK)
		rc = nc_http_server_start(server, err);
	if (rc == NC_OK) {
		printf("%u %u\n", nc_http_server_port(server, 0), nc_http_server_port(server, 1));
		fflush(stdout);
		while (read(STDIN_FILENO, &c, 1) > 0)
			;
		rc = nc_http_server_drain(server, 5000000, err);
	}
	nc_http_server_free(server);
	return rc;
}

int main(int argc, char **argv)
{
	char pem[4096];
	nc_error err = NC_ERROR_INIT;
	if (argc != 2)
		return 2;
	snprintf(pem, sizeof(pem), "%s/server.pem", argv[1]);
	if (serve(pem, &err) == NC_OK)
		return 0;
	fprintf(stderr, "echo_server: %s\n", err.message);
	return 1;
}
