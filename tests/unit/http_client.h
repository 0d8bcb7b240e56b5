/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_HTTP_CLIENT_H
#define NC_TESTS_HTTP_CLIENT_H

#include "http/http.h"

/*
 * A server for tests on a Unix socket in the test's folder (and on loopback TCP when asked), and a
 * blocking client that says exactly what it is told. No call of the client waits longer than 10 s.
 * Main thread only.
 */
typedef struct hc_server {
	nc_http_server *s;
	char *path; /* of the socket */
	uint16_t port;
} hc_server;

/* Fills in listen; whatever else opts says is used. Ends the test run when it cannot start. */
hc_server hc_start(nc_http_options opts);
hc_server hc_start_tcp(nc_http_options opts);
hc_server hc_start_tls(nc_http_options opts, nc_http_tls *tls);
void hc_stop(hc_server *s); /* cleanup form */

int hc_connect(const hc_server *s); /* -1 when refused */
void hc_send(int fd, const char *text);
void hc_send_n(int fd, const void *p, size_t n);

typedef struct hc_answer {
	int status;      /* 0: the connection ended before a whole head */
	char head[8192]; /* with its empty line */
	char *body;      /* decoded when chunked; NUL-terminated */
	size_t body_len;
	int is_whole;    /* ended as its framing says */
	int was_interim; /* a 100 came first */
} hc_answer;

/* Read one answer. `method` HEAD: without a body. Its body is freed by the next call or hc_done. */
void hc_read(int fd, const char *method, hc_answer *a);
void hc_done(hc_answer *a); /* cleanup form */
/* Send, read the answer, give its status. */
int hc_ask(int fd, const char *request, hc_answer *a);
const char *hc_header(const hc_answer *a, const char *name, char *out, size_t cap); /* or NULL */
/* Everything until the peer closes; the number of bytes, of which `cap` - 1 are kept. */
size_t hc_read_all(int fd, char *out, size_t cap);
int hc_is_closed(int fd, int timeout_ms); /* the peer has closed within that time */

/* Wait up to 10 s for *flag to become `want`. Whether it did. */
int hc_wait_for(const _Atomic int *flag, int want);

#endif
