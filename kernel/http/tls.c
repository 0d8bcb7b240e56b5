/* SPDX-License-Identifier: Apache-2.0 */
#include "http/tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "http/cert.h"

/*
 * Bytes over TLS. One context holds certificate, key and what tickets are sealed with; a reload
 * makes another, and each connection keeps the one it began with. What is written is gathered into
 * records of full size, so that an answer's head and body leave as one. A wire's state belongs to
 * its reactor; the context is read by all, under tls_lock, a leaf.
 */

enum {
	RECORD = 16 << 10,     /* the most that one record carries */
	KEY_UPDATES_MAX = 1000 /* of a connection's peer: they cost work and carry nothing */
};

struct nc_http_tls {
	char *cert_file, *key_file;
	pthread_mutex_t tls_lock; /* guards the rest */
	SSL_CTX *ctx;
	int64_t expires_s;
};

/* ---- contexts ---- */

/* What the library says last, without its codes. */
static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());
	return text ? text : "it cannot be read";
}

/* Ours first: a peer that speaks none of them is told so. */
static int choose_protocol(SSL *ssl nc_unused, const unsigned char **out, unsigned char *out_len,
	const unsigned char *in, unsigned in_len, void *arg nc_unused)
{
	static const unsigned char ours[] = "\x08http/1.1";
	union {
		const unsigned char *from;
		unsigned char *to;
	} chosen = { .from = NULL };
	int how = SSL_select_next_proto(&chosen.to, out_len, ours, sizeof(ours) - 1, in, in_len);
	*out = chosen.from;
	return how == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Nobody is asked for a passphrase: a daemon has no terminal. */
static int no_passphrase(
	char *mem nc_unused, int size nc_unused, int rw nc_unused, void *user nc_unused)
{
	return -1;
}

static nc_code set_up(SSL_CTX *ctx, nc_error *err)
{
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets carry all of it */
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
		SSL_CTX_set_num_tickets(ctx, 1) != 1)
		return nc_err(err, NC_E_INTERNAL, "TLS 1.3 is not to be had: %s", reason());
	return NC_OK;
}

/* Whoever reads the key speaks for the server. */
static nc_code check_key_file(const char *path, nc_error *err)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return nc_err_errno(err, errno, "could not read the key \"%s\"", path);
	if (!(st.st_mode & S_IRWXO))
		return NC_OK;
	nc_err(err, NC_E_DENIED, "everybody may read the key \"%s\"", path);
	return nc_err_hint(err, NC_E_DENIED, "chmod 600 %s", path);
}

static nc_code read_files(SSL_CTX *ctx, const char *cert, const char *key, nc_error *err)
{
	nc_code code = check_key_file(key, err);
	if (code != NC_OK)
		return code;
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1) {
		nc_err(err, NC_E_INVAL, "certificate \"%s\": %s", cert, reason());
		return nc_err_hint(err, NC_E_INVAL,
			"a PEM file: the server's own certificate first, then its issuers'");
	}
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
		nc_err(err, NC_E_INVAL, "key \"%s\": %s", key, reason());
		return nc_err_hint(err, NC_E_INVAL,
			"a PEM file without a passphrase, with the key of %s", cert);
	}
	return NC_OK;
}

nc_code nc_http_tls_reload(nc_http_tls *t, nc_error *err)
{
	ERR_clear_error();
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx)
		return nc_err_nomem(err);
	nc_code code = set_up(ctx, err);
	if (code == NC_OK)
		code = read_files(ctx, t->cert_file, t->key_file, err);
	if (code == NC_OK) {
		pthread_mutex_lock(&t->tls_lock);
		SSL_CTX *old = t->ctx;
		t->ctx = ctx;
		t->expires_s = nc_cert_ends_s(SSL_CTX_get0_certificate(ctx));
		pthread_mutex_unlock(&t->tls_lock);
		ctx = old;
	}
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return code;
}

nc_code nc_http_tls_new(
	const char *cert_file, const char *key_file, nc_http_tls **ret, nc_error *err)
{
	nc_http_tls *raw = nc_calloc(1, sizeof(*raw));
	if (!raw)
		return nc_err_nomem(err);
	pthread_mutex_init(&raw->tls_lock, NULL);
	_cleanup_(nc_http_tls_freep) nc_http_tls *t = raw;
	t->cert_file = nc_strdup(cert_file);
	t->key_file = nc_strdup(key_file);
	if (!t->cert_file || !t->key_file)
		return nc_err_nomem(err);
	nc_code code = nc_http_tls_reload(t, err);
	if (code == NC_OK)
		*ret = nc_steal(&t);
	return code;
}

void nc_http_tls_free(nc_http_tls *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	pthread_mutex_destroy(&t->tls_lock);
	nc_free(t->cert_file);
	nc_free(t->key_file);
	nc_free(t);
}

int64_t nc_http_tls_expires_s(nc_http_tls *t)
{
	pthread_mutex_lock(&t->tls_lock);
	int64_t at = t->expires_s;
	pthread_mutex_unlock(&t->tls_lock);
	return at;
}

/* ---- one wire ---- */

/* SSL_read goes on while these come, so they are counted where they are seen: then reading ends. */
static void on_record(int is_ours, int version nc_unused, int type, const void *p, size_t n,
	SSL *ssl nc_unused, void *user)
{
	nc_http_wire *w = user;
	if (!is_ours && type == SSL3_RT_HANDSHAKE && n > 0 &&
		*(const uint8_t *)p == SSL3_MT_KEY_UPDATE && ++w->key_updates > KEY_UPDATES_MAX)
		(void)shutdown(w->fd, SHUT_RDWR);
}

/* Somebody spoke plain HTTP to us: the one thing we can say that they understand. */
static void answer_plain(const nc_http_wire *w)
{
	static const char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
				     "Connection: close\r\nContent-Length: 41\r\n\r\n"
				     "This port speaks HTTPS: begin with https\n";
	(void)send(w->fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Of a call that returned `n` <= 0. */
static ssize_t result_of(nc_http_wire *w, int n)
{
	switch (SSL_get_error(w->tls, n)) {
	case SSL_ERROR_WANT_READ:
		return NC_IO_AGAIN;
	case SSL_ERROR_WANT_WRITE:
		w->wants_write = 1;
		return NC_IO_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		SSL_set_quiet_shutdown(w->tls, 1); /* there is nobody to say goodbye to */
		return NC_IO_ERROR;
	}
}

static int tls_handshake(nc_http_wire *w)
{
	ERR_clear_error();
	w->wants_write = 0;
	int n = SSL_accept(w->tls);
	if (n != 1) {
		if (result_of(w, n) == NC_IO_AGAIN)
			return NC_IO_AGAIN;
		if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST)
			answer_plain(w);
		return NC_IO_ERROR;
	}
	return 1;
}

static ssize_t tls_read(nc_http_wire *w, void *p, size_t n)
{
	ERR_clear_error();
	w->wants_write = 0;
	int got = SSL_read(w->tls, p, (int)NC_MIN(n, (size_t)INT_MAX));
	return got > 0 ? got : result_of(w, got);
}

static ssize_t write_record(nc_http_wire *w, const void *p, size_t n)
{
	ERR_clear_error();
	int put = SSL_write(w->tls, p, (int)NC_MIN(n, (size_t)INT_MAX));
	if (put > 0)
		return put;
	ssize_t result = result_of(w, put);
	w->wants_write = 0; /* whoever writes asks for that anyway */
	return result == 0 ? NC_IO_ERROR : result;
}

/* One record; the rest is for the next call. */
static ssize_t tls_writev(nc_http_wire *w, const struct iovec *iov, int count)
{
	char record[RECORD];
	size_t len = 0;
	if (count == 1 || iov[0].iov_len >= RECORD)
		return write_record(w, iov[0].iov_base, iov[0].iov_len);
	for (int i = 0; i < count && len < RECORD; i++) {
		size_t n = NC_MIN(iov[i].iov_len, RECORD - len);
		memcpy(record + len, iov[i].iov_base, n);
		len += n;
	}
	return write_record(w, record, len);
}

static ssize_t tls_send_file(nc_http_wire *w, int file, uint64_t offset, uint64_t n)
{
	char record[RECORD];
	ssize_t got;
	do
		got = pread(file, record, (size_t)NC_MIN(n, (uint64_t)RECORD), (off_t)offset);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return got == 0 ? NC_IO_SHORT : NC_IO_ERROR;
	return write_record(w, record, (size_t)got);
}

static void tls_shut_write(nc_http_wire *w)
{
	ERR_clear_error();
	int n = SSL_shutdown(w->tls);
	/* No room for the goodbye: it is said when the connection closes. */
	if (n < 0 && SSL_get_error(w->tls, n) == SSL_ERROR_WANT_WRITE)
		return;
	(void)shutdown(w->fd, SHUT_WR);
}

/* The peer is told that nothing was cut off, if hands were shaken and it still listens. */
static void tls_done(nc_http_wire *w)
{
	ERR_clear_error();
	if (SSL_is_init_finished(w->tls) && !w->is_cut_off)
		(void)SSL_shutdown(w->tls);
	SSL_free(w->tls);
	w->tls = NULL;
	w->transport = &nc_http_plain;
	ERR_clear_error();
}

static const nc_http_transport tls_transport = {
	.handshake = tls_handshake,
	.read = tls_read,
	.writev = tls_writev,
	.send_file = tls_send_file,
	.shut_write = tls_shut_write,
	.done = tls_done,
};

nc_code nc_http_tls_open(nc_http_tls *t, nc_http_wire *w)
{
	pthread_mutex_lock(&t->tls_lock);
	SSL_CTX *ctx = t->ctx;
	SSL_CTX_up_ref(ctx);
	pthread_mutex_unlock(&t->tls_lock);
	SSL *ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	if (!ssl || SSL_set_fd(ssl, w->fd) != 1) {
		SSL_free(ssl);
		ERR_clear_error();
		return NC_E_NOMEM;
	}
	SSL_set_msg_callback(ssl, on_record);
	SSL_set_msg_callback_arg(ssl, w);
	w->tls = ssl;
	w->transport = &tls_transport;
	return NC_OK;
}
