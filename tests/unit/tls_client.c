/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_client.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/pool.h"
#include "testing.h"

/* See tls_client.h. After the handshake everything of a connection but `fd` is the thread's. */

enum { CHUNK = 16 << 10, PATIENCE_MS = 10000 };

typedef struct flow { /* one direction: what was taken from one side and not yet put to the other */
	char bytes[CHUNK];
	size_t at, len;
	int is_ended; /* nothing more comes */
	int is_told;  /* and the other side knows */
} flow;

struct tc_conn {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd, inner, socket; /* the test's; the relay's end of it; the server's */
	uint64_t thread;
	int has_thread;
	flow out, in;
	int was_told_goodbye;
	char protocol[32], cert_name[64];
};

/* Whether the call that returned n <= 0 may be made again later. */
static int is_for_later(tc_conn *c, int n)
{
	int e = SSL_get_error(c->ssl, n);
	if (e == SSL_ERROR_ZERO_RETURN)
		c->was_told_goodbye = 1;
	return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE;
}

static void fill_out(tc_conn *c)
{
	flow *f = &c->out;
	if (f->len || f->is_ended)
		return;
	ssize_t n = recv(c->inner, f->bytes, CHUNK, MSG_DONTWAIT);
	if (n > 0)
		f->len = (size_t)n;
	else if (n == 0)
		f->is_ended = 1;
}

static void drain_out(tc_conn *c)
{
	flow *f = &c->out;
	if (f->len) {
		int n = SSL_write(c->ssl, f->bytes + f->at, (int)f->len);
		if (n > 0) {
			f->at += (size_t)n;
			f->len -= (size_t)n;
		} else if (!is_for_later(c, n)) {
			f->is_ended = f->is_told = 1;
			f->len = 0;
		}
	}
	if (f->len == 0)
		f->at = 0;
	if (f->len == 0 && f->is_ended && !f->is_told) {
		(void)SSL_shutdown(c->ssl);
		f->is_told = 1;
	}
}

static void fill_in(tc_conn *c)
{
	flow *f = &c->in;
	if (f->len || f->is_ended)
		return;
	int n = SSL_read(c->ssl, f->bytes, CHUNK);
	if (n > 0)
		f->len = (size_t)n;
	else if (!is_for_later(c, n))
		f->is_ended = 1;
}

static void drain_in(tc_conn *c)
{
	flow *f = &c->in;
	while (f->len) {
		ssize_t n = send(c->inner, f->bytes + f->at, f->len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n <= 0)
			return;
		f->at += (size_t)n;
		f->len -= (size_t)n;
	}
	f->at = 0;
	if (f->is_ended && !f->is_told) {
		(void)shutdown(c->inner, SHUT_WR);
		f->is_told = 1;
	}
}

/* Until both sides are through, or the server is, or the test has closed its end. */
static void *relay(void *arg)
{
	tc_conn *c = arg;
	while (!c->in.is_told) {
		struct pollfd p[] = {
			{ .fd = c->inner,
				.events = (short)((c->out.len || c->out.is_ended ? 0 : POLLIN) |
						  (c->in.len ? POLLOUT : 0)) },
			{ .fd = c->socket,
				.events = (short)((c->in.len ? 0 : POLLIN) |
						  (c->out.len ? POLLOUT : 0)) },
		};
		if (!SSL_pending(c->ssl) || c->in.len)
			(void)poll(p, NC_LEN(p), PATIENCE_MS);
		if (p[0].revents & (POLLHUP | POLLERR) && c->out.is_told)
			break; /* nobody reads what is still to come */
		ERR_clear_error();
		fill_out(c);
		drain_out(c);
		fill_in(c);
		drain_in(c);
	}
	return NULL;
}

static int set_up(tc_conn *c, const tc_want *want)
{
	c->ctx = SSL_CTX_new(TLS_client_method());
	c->ssl = c->ctx ? SSL_new(c->ctx) : NULL;
	if (!c->ssl || SSL_set_fd(c->ssl, c->socket) != 1)
		return 0;
	if (want && want->max_version)
		SSL_set_max_proto_version(c->ssl, want->max_version);
	if (want && want->alpn)
		SSL_set_alpn_protos(
			c->ssl, (const unsigned char *)want->alpn, (unsigned)strlen(want->alpn));
	if (want && want->resume)
		SSL_set_session(c->ssl, want->resume);
	return 1;
}

static void note_agreement(tc_conn *c)
{
	const unsigned char *name;
	unsigned len;
	X509 *cert = SSL_get1_peer_certificate(c->ssl);
	SSL_get0_alpn_selected(c->ssl, &name, &len);
	if (len < sizeof(c->protocol) && len)
		memcpy(c->protocol, name, len);
	if (cert)
		X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, c->cert_name,
			sizeof(c->cert_name));
	X509_free(cert);
}

tc_conn *tc_connect(const hc_server *s, const tc_want *want)
{
	tc_conn *c = nc_calloc(1, sizeof(*c));
	int pair[2];
	if (!c)
		return NULL;
	c->fd = c->inner = -1;
	c->socket = hc_connect(s);
	ERR_clear_error();
	if (c->socket < 0 || !set_up(c, want) || SSL_connect(c->ssl) != 1 ||
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		tc_close(c);
		return NULL;
	}
	const struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	c->fd = pair[0];
	c->inner = pair[1];
	note_agreement(c);
	(void)fcntl(c->socket, F_SETFL, O_NONBLOCK);
	c->has_thread = nc_thread_start(&c->thread, "tls-relay", relay, c) == 0;
	return c;
}

static void end_relay(tc_conn *c)
{
	nc_closep(&c->fd);
	c->fd = -1;
	if (c->has_thread)
		nc_thread_join(c->thread);
	c->has_thread = 0;
}

void tc_close(tc_conn *c)
{
	if (!c)
		return;
	end_relay(c);
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	nc_closep(&c->inner);
	nc_closep(&c->socket);
	nc_free(c);
}

int tc_fd(const tc_conn *c)
{
	return c->fd;
}

const char *tc_version(const tc_conn *c)
{
	return SSL_get_version(c->ssl);
}

const char *tc_protocol(const tc_conn *c)
{
	return c->protocol;
}

const char *tc_cert_name(const tc_conn *c)
{
	return c->cert_name;
}

int tc_is_resumed(const tc_conn *c)
{
	return SSL_session_reused(c->ssl);
}

int tc_was_told_goodbye(tc_conn *c)
{
	if (c->has_thread)
		nc_thread_join(c->thread);
	c->has_thread = 0;
	return c->was_told_goodbye;
}

SSL_SESSION *tc_session(tc_conn *c)
{
	end_relay(c);
	return SSL_get1_session(c->ssl);
}
