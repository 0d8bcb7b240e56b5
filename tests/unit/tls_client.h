/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_TLS_CLIENT_H
#define NC_TESTS_TLS_CLIENT_H

#include "http_client.h"

/*
 * The other end of TLS for tests: what is written to `fd` goes out encrypted, and back, by a thread
 * that knows the library alone and nothing of our server. So every call of http_client.h works over
 * TLS as well.
 */
typedef struct tc_conn tc_conn;

typedef struct tc_want {
	int max_version;               /* TLS1_2_VERSION …; 0 = any */
	const char *alpn;              /* with its length bytes; NULL = none is asked for */
	struct ssl_session_st *resume; /* borrowed */
} tc_want;

/* NULL = hands were not shaken. */
tc_conn *tc_connect(const hc_server *s, const tc_want *want /* or NULL */);
void tc_close(tc_conn *c);
NC_DEFINE_CLEANUP(tc_conn *, tc_close);
int tc_fd(const tc_conn *c);
/* What was agreed on. */
const char *tc_version(const tc_conn *c);   /* "TLSv1.3" */
const char *tc_protocol(const tc_conn *c);  /* by ALPN, or "" */
const char *tc_cert_name(const tc_conn *c); /* the common name the server showed */
int tc_is_resumed(const tc_conn *c);
/* The relay has ended: whether the server said goodbye before it closed. Waits for it. */
int tc_was_told_goodbye(tc_conn *c);
/* The ticket the server sent, to resume with; freed with SSL_SESSION_free. After the relay ended. */
struct ssl_session_st *tc_session(tc_conn *c);

#endif
