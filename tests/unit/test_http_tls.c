/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "http/cert.h"
#include "testing.h"
#include "tls_client.h"

/* The server over TLS, and the certificates it makes for itself. */

enum { BIG = 5 << 20 };

static void who(nc_http_req *req, void *user nc_unused)
{
	const nc_http_peer *peer = nc_http_req_peer(req);
	const char *text = peer->is_tls ? "over tls" : "in the clear";
	nc_http_reply(req, &(nc_http_res){ .status = 200, .body = { text, strlen(text) } });
}

static void echo(nc_http_req *req, void *user nc_unused)
{
	nc_http_reply(req, &(nc_http_res){ .status = 200, .body = nc_http_req_body(req) });
}

/* No two parts of it are alike, so that nothing can be sent twice or left out unseen. */
static void fill_big(char *p)
{
	for (uint32_t i = 0; i < BIG / 4; i++)
		memcpy(p + i * 4, &i, 4);
}

static void big(nc_http_req *req, void *user nc_unused)
{
	char *p;
	nc_blob *b = nc_blob_alloc(BIG, &p);
	fill_big(p);
	nc_http_reply(req, &(nc_http_res){ .status = 200, .blob = b });
}

static void file(nc_http_req *req, void *user)
{
	const nc_http_file f = { open(user, O_RDONLY | O_CLOEXEC), 4, BIG - 4 };
	nc_http_reply(req, &(nc_http_res){ .status = 200, .file = &f });
}

static char file_path[256];
static const nc_http_route routes[] = {
	{ .method = "GET", .pattern = "/who", .handler = who },
	{ .method = "GET", .pattern = "/big", .handler = big },
	{ .method = "GET", .pattern = "/file", .handler = file, .user = file_path },
	{ .method = "POST",
		.pattern = "/echo",
		.handler = echo,
		.body = NC_HTTP_BODY_BUFFERED,
		.body_limit = BIG },
};
static const nc_http_options options = {
	.routes = routes, .route_count = NC_LEN(routes), .reactors = 2
};

#define H         "Host: test\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" H "\r\n"

/* A certificate of that name in a file of its own; the path is freed by the caller. */
static char *make(const char *file_name, const char *name)
{
	char *path = nc_test_path(file_name);
	const char *names[] = { name, "127.0.0.1" };
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_cert_make(path, names, NC_LEN(names), time(NULL), 90, &err), &err);
	return path;
}

typedef struct world {
	char *pem;
	nc_http_tls *tls;
	hc_server s;
} world;

static void close_world(world *w)
{
	hc_stop(&w->s);
	nc_http_tls_free(w->tls);
	nc_free(w->pem);
}

static world open_world(nc_http_options o)
{
	world w = { .pem = make("server.pem", "first") };
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_http_tls_new(w.pem, w.pem, &w.tls, &err), &err);
	w.s = hc_start_tls(o, w.tls);
	return w;
}

/* ---- talking ---- */

static void requests_are_answered_over_tls(void)
{
	_cleanup_(close_world) world w = open_world(options);
	_cleanup_(tc_closep) tc_conn *c = tc_connect(&w.s, &(tc_want){ .alpn = "\x08http/1.1" });
	_cleanup_(hc_done) hc_answer a = { 0 };
	REQUIRE(c != NULL);
	CHECK_STR(tc_version(c), "TLSv1.3");
	CHECK_STR(tc_protocol(c), "http/1.1");
	CHECK_STR(tc_cert_name(c), "first");
	for (int i = 0; i < 3; i++) {
		CHECK_INT(hc_ask(tc_fd(c), GET("/who"), &a), 200);
		CHECK_STR(a.body, "over tls");
	}
	/* Pipelined: two in one record. */
	hc_send(tc_fd(c), GET("/who") GET("/who"));
	for (int i = 0; i < 2; i++) {
		hc_read(tc_fd(c), "GET", &a);
		CHECK_INT(a.status, 200);
	}
}

static void what_is_older_than_1_3_is_refused(void)
{
	_cleanup_(close_world) world w = open_world(options);
	CHECK(tc_connect(&w.s, &(tc_want){ .max_version = TLS1_2_VERSION }) == NULL);
	/* So is a peer that speaks no protocol of ours, as RFC 7301 wants. */
	CHECK(tc_connect(&w.s, &(tc_want){ .alpn = "\x04imap" }) == NULL);
	_cleanup_(tc_closep) tc_conn *c = tc_connect(&w.s, NULL);
	CHECK(c != NULL);
}

static int is_big(const hc_answer *a, size_t from)
{
	_cleanup_(nc_freep) char *want = nc_malloc(BIG);
	fill_big(want);
	return a->body_len == BIG - from && !memcmp(a->body, want + from, BIG - from);
}

static void large_answers_arrive_whole(void)
{
	_cleanup_(nc_freep) char *content = nc_malloc(BIG);
	_cleanup_(nc_freep) char *path = nc_test_path("big");
	fill_big(content);
	CHECK_CODE(nc_file_replace(path, 0600, (nc_bytes){ content, BIG }, NULL), NC_OK);
	snprintf(file_path, sizeof(file_path), "%s", path);
	_cleanup_(close_world) world w = open_world(options);
	_cleanup_(tc_closep) tc_conn *c = tc_connect(&w.s, NULL);
	_cleanup_(hc_done) hc_answer a = { 0 };
	REQUIRE(c != NULL);
	for (int i = 0; i < 2; i++) {
		hc_send(tc_fd(c), GET("/big"));
		usleep(200000); /* nobody reads: the server's side fills up */
		hc_read(tc_fd(c), "GET", &a);
		CHECK(is_big(&a, 0));
		hc_send(tc_fd(c), GET("/file"));
		usleep(200000);
		hc_read(tc_fd(c), "GET", &a);
		CHECK(is_big(&a, 4));
	}
}

static void large_bodies_arrive_whole(void)
{
	_cleanup_(nc_freep) char *content = nc_malloc(BIG);
	fill_big(content);
	_cleanup_(close_world) world w = open_world(options);
	_cleanup_(tc_closep) tc_conn *c = tc_connect(&w.s, NULL);
	_cleanup_(hc_done) hc_answer a = { 0 };
	char head[128];
	REQUIRE(c != NULL);
	snprintf(head, sizeof(head), "POST /echo HTTP/1.1\r\n" H "Content-Length: %d\r\n\r\n", BIG);
	hc_send(tc_fd(c), head);
	hc_send_n(tc_fd(c), content, BIG);
	hc_read(tc_fd(c), "POST", &a);
	CHECK_INT(a.status, 200);
	CHECK(is_big(&a, 0));
}

static void the_end_is_said(void)
{
	_cleanup_(close_world) world w = open_world(options);
	_cleanup_(tc_closep) tc_conn *c = tc_connect(&w.s, NULL);
	char text[1024];
	REQUIRE(c != NULL);
	hc_send(tc_fd(c), "GET /who HTTP/1.0\r\n\r\n");
	CHECK(hc_read_all(tc_fd(c), text, sizeof(text)) > 0);
	CHECK_HAS(text, "over tls");
	CHECK(tc_was_told_goodbye(c));
}

static void sessions_are_resumed_until_a_reload(void)
{
	_cleanup_(close_world) world w = open_world(options);
	tc_conn *c = tc_connect(&w.s, NULL);
	_cleanup_(hc_done) hc_answer a = { 0 };
	REQUIRE(c != NULL);
	CHECK(!tc_is_resumed(c));
	CHECK_INT(hc_ask(tc_fd(c), GET("/who"), &a), 200); /* the ticket comes with it */
	SSL_SESSION *ticket = tc_session(c);
	tc_close(c);
	c = tc_connect(&w.s, &(tc_want){ .resume = ticket });
	CHECK(c && tc_is_resumed(c));
	tc_close(c);
	CHECK_CODE(nc_http_tls_reload(w.tls, NULL), NC_OK);
	c = tc_connect(&w.s, &(tc_want){ .resume = ticket });
	CHECK(c && !tc_is_resumed(c));
	tc_close(c);
	SSL_SESSION_free(ticket);
}

/* ---- those who don't play along ---- */

static void plain_http_is_told_what_is_spoken_here(void)
{
	_cleanup_(close_world) world w = open_world(options);
	_cleanup_(nc_closep) int fd = hc_connect(&w.s);
	char text[1024];
	hc_send(fd, GET("/who"));
	hc_read_all(fd, text, sizeof(text));
	CHECK_HAS(text, "HTTP/1.1 400 ");
	CHECK_HAS(text, "This port speaks HTTPS: begin with https\n");
}

static void a_handshake_that_never_ends_is_ended(void)
{
	nc_http_options o = options;
	o.limits.head_us = 300000;
	_cleanup_(close_world) world w = open_world(o);
	_cleanup_(nc_closep) int silent = hc_connect(&w.s);
	_cleanup_(nc_closep) int half = hc_connect(&w.s);
	/* The head of a record that never comes whole, a byte at a time. */
	const unsigned char begun[] = { 0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3 };
	for (size_t i = 0; i < sizeof(begun) && !hc_is_closed(half, 50); i++)
		hc_send_n(half, &begun[i], 1);
	CHECK(hc_is_closed(half, 2000));
	CHECK(hc_is_closed(silent, 2000));
}

static void noise_ends_a_connection_and_nothing_else(void)
{
	_cleanup_(close_world) world w = open_world(options);
	char noise[4096];
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(i * 7919 >> 3);
	for (int i = 0; i < 20; i++) {
		_cleanup_(nc_closep) int fd = hc_connect(&w.s);
		hc_send_n(fd, noise + i, sizeof(noise) - (size_t)i);
		CHECK(hc_is_closed(fd, 2000));
	}
	_cleanup_(tc_closep) tc_conn *c = tc_connect(&w.s, NULL);
	CHECK(c != NULL);
}

/* They carry nothing and cost a key each; the library reads on while they come. */
static void endless_key_updates_end_the_connection(void)
{
	_cleanup_(close_world) world w = open_world(options);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	_cleanup_(nc_closep) int fd = hc_connect(&w.s);
	SSL_set_fd(ssl, fd);
	CHECK_INT(SSL_connect(ssl), 1);
	int n = 0;
	while (n < 100000 && SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
		SSL_do_handshake(ssl) == 1)
		n++;
	CHECK(n > 900 && n < 100000);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	_cleanup_(tc_closep) tc_conn *c = tc_connect(&w.s, NULL);
	CHECK(c != NULL);
}

static void key_with_a_passphrase_is_refused_and_not_asked_for(void)
{
	_cleanup_(nc_freep) char *pem = make("open.pem", "open"),
				 *locked = nc_test_path("locked.pem");
	char command[512];
	nc_http_tls *t = NULL;
	nc_error err = NC_ERROR_INIT;
	snprintf(command, sizeof(command),
		"umask 077; openssl pkey -in '%s' -aes256 -passout pass:secret -out '%s'", pem,
		locked);
	CHECK_INT(system(command), 0);
	CHECK_CODE(nc_http_tls_new(pem, locked, &t, &err), NC_E_INVAL);
	CHECK_HAS(err.hint, "without a passphrase");
}

static void draining_waits_for_answers_and_not_for_handshakes(void)
{
	_cleanup_(close_world) world w = open_world(options);
	_cleanup_(nc_closep) int silent = hc_connect(&w.s);
	_cleanup_(tc_closep) tc_conn *c = tc_connect(&w.s, NULL);
	_cleanup_(hc_done) hc_answer a = { 0 };
	nc_error err = NC_ERROR_INIT;
	REQUIRE(c != NULL);
	CHECK_INT(hc_ask(tc_fd(c), GET("/who"), &a), 200);
	CHECK_OK(nc_http_server_drain(w.s.s, 5000000, &err), &err);
	CHECK(hc_is_closed(silent, 1000));
	CHECK(tc_was_told_goodbye(c));
}

/* ---- certificates ---- */

static void a_reload_is_for_those_who_come_later(void)
{
	_cleanup_(close_world) world w = open_world(options);
	_cleanup_(hc_done) hc_answer a = { 0 };
	_cleanup_(tc_closep) tc_conn *before = tc_connect(&w.s, NULL);
	REQUIRE(before != NULL);
	nc_free(make("server.pem", "second")); /* in the place of the first */
	CHECK_CODE(nc_http_tls_reload(w.tls, NULL), NC_OK);
	_cleanup_(tc_closep) tc_conn *after = tc_connect(&w.s, NULL);
	REQUIRE(after != NULL);
	CHECK_STR(tc_cert_name(after), "second");
	CHECK_STR(tc_cert_name(before), "first");
	CHECK_INT(hc_ask(tc_fd(before), GET("/who"), &a), 200);
	CHECK_INT(hc_ask(tc_fd(after), GET("/who"), &a), 200);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	CHECK_CODE(nc_file_replace(path, mode, nc_str(text), NULL), NC_OK);
}

static void a_reload_that_fails_changes_nothing(void)
{
	_cleanup_(close_world) world w = open_world(options);
	nc_error err = NC_ERROR_INIT;
	write_file(w.pem, "no certificate\n", 0600);
	CHECK_CODE(nc_http_tls_reload(w.tls, &err), NC_E_INVAL);
	CHECK_HAS(err.message, w.pem);
	CHECK_HAS(err.hint, "PEM");
	_cleanup_(tc_closep) tc_conn *c = tc_connect(&w.s, NULL);
	REQUIRE(c != NULL);
	CHECK_STR(tc_cert_name(c), "first");
}

static void a_key_that_is_not_ours_alone_or_not_the_right_one_is_refused(void)
{
	_cleanup_(nc_freep) char *one = make("one.pem", "one"), *two = make("two.pem", "two");
	nc_http_tls *t = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_http_tls_new(one, two, &t, &err), NC_E_INVAL);
	CHECK_HAS(err.message, two);
	CHECK(chmod(one, 0644) == 0);
	CHECK_CODE(nc_http_tls_new(one, one, &t, &err), NC_E_DENIED);
	CHECK_HAS(err.hint, "chmod 600");
	CHECK(chmod(one, 0640) == 0); /* a group for those who may read keys is common */
	CHECK_CODE(nc_http_tls_new(one, one, &t, &err), NC_OK);
	nc_http_tls_free(t);
	CHECK_CODE(nc_http_tls_new("/nowhere/a.pem", one, &t, &err), NC_E_INVAL);
	CHECK_HAS(err.message, "/nowhere/a.pem");
	CHECK_CODE(nc_http_tls_new(one, "/nowhere/a.pem", &t, &err), NC_E_NOTFOUND);
}

static void a_made_certificate_says_what_was_asked(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("made.pem");
	const char *names[] = { "node1.example.org", "localhost", "192.0.2.7", "2001:db8::7" };
	nc_error err = NC_ERROR_INIT;
	nc_http_tls *t = NULL;
	int64_t now = time(NULL);
	struct stat st;
	CHECK_OK(nc_cert_make(path, names, NC_LEN(names), now, 90, &err), &err);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	REQUIRE(nc_http_tls_new(path, path, &t, &err) == NC_OK);
	CHECK_INT(nc_http_tls_expires_s(t), now + 90 * INT64_C(86400));
	nc_http_tls_free(t);
	/* Another reader's word for it. */
	char command[512], text[4096];
	snprintf(command, sizeof(command),
		"openssl x509 -in '%s' -noout -text && openssl verify -x509_strict -purpose "
		"sslserver -verify_hostname localhost -CAfile '%s' -partial_chain '%s' 2>&1",
		path, path, path);
	FILE *out = popen(command, "r");
	REQUIRE(out != NULL);
	text[fread(text, 1, sizeof(text) - 1, out)] = '\0';
	CHECK_INT(pclose(out), 0);
	CHECK_HAS(text, "DNS:node1.example.org, DNS:localhost, IP Address:192.0.2.7, "
			"IP Address:2001:DB8:0:0:0:0:0:7");
	CHECK_HAS(text, "TLS Web Server Authentication");
	CHECK_HAS(text, "CA:FALSE");
}

static void names_that_are_none_are_refused(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("none.pem");
	static const char *const bad[] = { "", "a b", "a,DNS:b", "a\n", "\xc3\xa9" };
	nc_error err = NC_ERROR_INIT;
	for (size_t i = 0; i < NC_LEN(bad); i++) {
		CHECK_CODE(nc_cert_make(path, &bad[i], 1, 0, 1, &err), NC_E_INVAL);
		CHECK(access(path, F_OK) < 0);
	}
	CHECK_CODE(nc_cert_make(path, bad, 0, 0, 1, &err), NC_E_INVAL);
}

NC_TESTS(http_tls){
	T(requests_are_answered_over_tls),
	T(what_is_older_than_1_3_is_refused),
	T(large_answers_arrive_whole),
	T(large_bodies_arrive_whole),
	T(the_end_is_said),
	T(sessions_are_resumed_until_a_reload),
	T(plain_http_is_told_what_is_spoken_here),
	T(a_handshake_that_never_ends_is_ended),
	T(noise_ends_a_connection_and_nothing_else),
	T(endless_key_updates_end_the_connection),
	T(key_with_a_passphrase_is_refused_and_not_asked_for),
	T(draining_waits_for_answers_and_not_for_handshakes),
	T(a_reload_is_for_those_who_come_later),
	T(a_reload_that_fails_changes_nothing),
	T(a_key_that_is_not_ours_alone_or_not_the_right_one_is_refused),
	T(a_made_certificate_says_what_was_asked),
	T(names_that_are_none_are_refused),
};
