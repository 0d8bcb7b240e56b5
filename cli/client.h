/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_CLIENT_H
#define NC_CLI_CLIENT_H

#include <signal.h>

#include "base/buf.h"
#include "base/cleanup.h"

/*
 * HTTP over the daemon's Unix socket: one connection, kept between requests. Knows nothing of what
 * is asked or answered. One thread.
 */
typedef struct nc_client nc_client;

#define NC_CLIENT_ANSWER_MAX ((size_t)256 << 20)

typedef struct nc_client_header {
	const char *name, *value; /* value NULL = not sent */
} nc_client_header;

typedef struct nc_client_request {
	const char *method, *path; /* path with its query, encoded */
	const nc_client_header *headers;
	size_t n_headers;
	nc_bytes body;       /* ptr NULL = none */
	int64_t timeout_us;  /* 0 = 60 s */
	int changes_nothing; /* else a connection that breaks leaves the outcome unknown */
	/* Looked at all the while: once it is not 0 the request is given up (NC_E_CANCELLED). */
	const volatile sig_atomic_t *interrupted;
} nc_client_request;

typedef struct nc_client_answer {
	int status;
	nc_buf body;
	char content_type[64], etag[32], replayed[8];
} nc_client_answer;
void nc_client_answer_done(nc_client_answer *a);

/* `socket` is copied. Connects with the first request. NC_E_INVAL: the path is too long. */
nc_code nc_client_new(const char *socket, nc_client **ret, nc_error *err);
void nc_client_free(nc_client *c);
NC_DEFINE_CLEANUP(nc_client *, nc_client_free);
/*
 * NC_OK whatever the status. NC_E_UNAVAILABLE: nobody answers there, or the connection broke (then
 * flagged NC_ERR_OUTCOME_UNKNOWN unless changes_nothing); NC_E_DENIED: the socket is not ours to
 * use; NC_E_TIMEOUT. ret is filled in any case; the caller ends it with nc_client_answer_done.
 */
nc_code nc_client_send(
	nc_client *c, const nc_client_request *req, nc_client_answer *ret, nc_error *err);

#endif
