/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_HTTP_H
#define NC_HTTP_HTTP_H

/*
 * The HTTP server: N reactor threads over epoll, a router, tokens for answers from elsewhere.
 *
 * Everything of a request belongs to one reactor thread. Handlers run there and never block: they
 * reply at once, or defer and leave with a token, which any thread may use later; a token whose
 * request has ended is stale and using it does nothing. Handlers see neither sockets nor parsers,
 * so HTTP/2 and TLS change nothing here.
 */

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/queue.h"
#include "http/blob.h"
#include "novacron/abi.h"

typedef struct nc_http_server nc_http_server;
typedef struct nc_http_req nc_http_req;

/* ---- requests: reactor thread only; what they return is valid until the request has ended ---- */

typedef enum { NC_HTTP_PEER_UNIX, NC_HTTP_PEER_INET } nc_http_peer_kind;

typedef struct nc_http_peer {
	nc_http_peer_kind kind;
	uid_t uid; /* unix: as the kernel saw them at connect time */
	gid_t gid;
	pid_t pid;
	uint16_t port;    /* inet */
	char address[46]; /* inet: numeric, IPv4-mapped shown as IPv4; unix: "" */
	int is_tls;       /* what is said can't be overheard; so of unix, 0 */
} nc_http_peer;

/* A decoded name and value; both are followed by a NUL and contain none. */
typedef struct nc_http_pair {
	const char *name, *value;
} nc_http_pair;

const char *nc_http_req_method(const nc_http_req *req);  /* "GET"; a HEAD served by GET: "HEAD" */
const char *nc_http_req_path(const nc_http_req *req);    /* as sent: not decoded, no query */
const char *nc_http_req_pattern(const nc_http_req *req); /* of the route; NULL in the fallback */
/* Percent-decoded value of "{name}" in the pattern ('+' stays '+'); NULL when it has none. */
const char *nc_http_req_param(const nc_http_req *req, const char *name);
/* First value of a query parameter, "" for a bare name, NULL when absent. '+' is a space. */
const char *nc_http_req_query(const nc_http_req *req, const char *name);
/* All of the query in order; NULL with *ret_count 0 if empty. */
const nc_http_pair *nc_http_req_query_all(const nc_http_req *req, size_t *ret_count);
/* First header of that name, any case, without surrounding space. {NULL, 0} when absent. */
nc_bytes nc_http_req_header(const nc_http_req *req, const char *name);
/* The whole body of a buffered route, followed by a NUL that is not counted; else empty. */
nc_bytes nc_http_req_body(const nc_http_req *req);
const nc_http_peer *nc_http_req_peer(const nc_http_req *req);
/* Unix peers: whether gid is the primary or a supplementary group of the peer. Inet: 0. */
int nc_http_req_peer_in_group(nc_http_req *req, gid_t gid);
nc_arena *nc_http_req_arena(nc_http_req *req);      /* of this request, limited */
const char *nc_http_req_id(const nc_http_req *req); /* ULID, sent back as X-Request-Id */

/* ---- responses ---- */

typedef struct nc_http_header {
	const char *name, *value;
} nc_http_header;

/* A part of a file, sent without passing through user space where the transport can. */
typedef struct nc_http_file {
	int fd; /* the server closes it */
	uint64_t offset, length;
} nc_http_file;

/*
 * At most one of body, blob, file. Strings, headers and body are borrowed until the call returns;
 * the reference of blob and the fd of file are taken over whatever the call returns. The server
 * adds Date, Content-Length or Transfer-Encoding, X-Request-Id and Connection; those in `headers`
 * are refused.
 * For HEAD the body is measured and not sent. 204 and 304 have none.
 */
typedef struct nc_http_res {
	int status;               /* 200 … 599 */
	const char *content_type; /* or NULL */
	const nc_http_header *headers;
	size_t header_count;
	nc_bytes body;
	nc_blob *blob;
	const nc_http_file *file;
} nc_http_res;

/*
 * Answer now; reactor thread only, once per request. NC_OK; NC_E_EXISTS (already answered);
 * NC_E_INVAL (status, or a header that cannot be sent: the client gets 500); NC_E_NOMEM (the
 * connection ends).
 */
nc_code nc_http_reply(nc_http_req *req, const nc_http_res *res);

/* ---- answers from elsewhere ---- */

/* Names a deferred request for any thread, for as long as one likes. All zero = none. */
typedef struct nc_http_token {
	uint32_t reactor, slot, generation, stream;
} nc_http_token;

typedef enum {
	NC_HTTP_END_ANSWERED, /* the last byte was handed to the transport */
	NC_HTTP_END_GONE,     /* the client left, or broke the protocol */
	NC_HTTP_END_SLOW,     /* the client read too slowly: high water or write deadline */
	NC_HTTP_END_STOPPED   /* the server stopped first */
} nc_http_end;

typedef struct nc_http_defer_opts {
	void *user;
	/* Exactly once, last, reactor thread: the token is stale and `user` may be freed. */
	void (*on_end)(void *user, nc_http_token t, nc_http_end why);
	/* Once, reactor thread, when no answer has begun after timeout_us (0 = never): the callback
	 * may answer with nc_http_reply; otherwise the request goes on waiting. */
	void (*on_timeout)(void *user, nc_http_req *req);
	int64_t timeout_us;
} nc_http_defer_opts;

/* From the handler, instead of replying. opts may be NULL. */
nc_http_token nc_http_defer(nc_http_req *req, const nc_http_defer_opts *opts);

/*
 * All of the following: any thread, never block, order among calls of one thread is kept; what they
 * cause happens after the call, also on the reactor's own thread. NC_OK means handed to the reactor
 * (the request may still end before it gets there: on_end says so); NC_E_NOTFOUND the token is
 * stale; NC_E_INVAL the response cannot be sent (the client gets 500); NC_E_NOMEM (the client gets
 * 503, or a broken-off stream). A call out of order (a second reply, write after end) is dropped
 * and logged. Blobs and files are taken over whatever is returned.
 */
nc_code nc_http_token_reply(nc_http_server *s, nc_http_token t, const nc_http_res *res);
int nc_http_token_is_live(const nc_http_server *s, nc_http_token t); /* may end any time */

typedef struct nc_http_stream_opts {
	/* Reactor thread: the unsent bytes have fallen to low_water or below after being above it. */
	void (*on_low_water)(void *user, nc_http_token t);
	void *user;
	size_t low_water;  /* 0: each time everything has been sent */
	size_t high_water; /* more unsent than this ends the client (END_SLOW); 0 = 1 MiB */
} nc_http_stream_opts;

/* Head of a streamed answer: res without body. Chunked, or to the end of the connection on 1.0. */
nc_code nc_http_stream_begin(nc_http_server *s, nc_http_token t, const nc_http_res *res,
	const nc_http_stream_opts *opts);
nc_code nc_http_stream_write(nc_http_server *s, nc_http_token t, nc_bytes bytes);  /* copies */
nc_code nc_http_stream_write_blob(nc_http_server *s, nc_http_token t, nc_blob *b); /* takes a ref */
nc_code nc_http_stream_end(nc_http_server *s, nc_http_token t);
/* Break off (END_GONE): the client sees an incomplete answer, or none if none had begun. */
nc_code nc_http_abort(nc_http_server *s, nc_http_token t);

/* ---- streamed request bodies ---- */

typedef enum { NC_HTTP_BODY_MORE, NC_HTTP_BODY_PAUSE } nc_http_body_verdict;

/*
 * A streamed route's handler runs after the head and calls this once, then defers (or has
 * deferred). on_data: reactor thread; bytes are borrowed; `last` is set once, with the final piece
 * or with none. PAUSE: the piece is taken, no more come until resume; the transport slows the
 * client down. A reply before `last` is allowed: the rest is not read and the connection closes.
 */
typedef nc_http_body_verdict nc_http_body_fn(
	void *user, nc_http_req *req, nc_bytes piece, int last);
nc_code nc_http_body_start(nc_http_req *req, nc_http_body_fn *on_data, void *user);
nc_code nc_http_body_resume(nc_http_server *s, nc_http_token t); /* any thread */
/* What Content-Length announced; -1 when chunked. */
int64_t nc_http_req_content_length(const nc_http_req *req);

/* ---- WebSockets (RFC 6455) ---- */

typedef enum { NC_WS_TEXT, NC_WS_BINARY } nc_ws_kind;

typedef struct nc_ws_opts { /* all optional; callbacks on the reactor's thread */
	void *user;
	/* A whole message, which is borrowed; text is UTF-8. */
	void (*on_message)(void *user, nc_http_token t, nc_ws_kind kind, nc_bytes message);
	/* The unsent bytes have fallen to low_water or below after being above it. */
	void (*on_low_water)(void *user, nc_http_token t);
	/* Exactly once, last: the token is stale and `user` may be freed. code: what the peer closed
	 * with; 1005: with none; 1006: it went without a word, or was ended. */
	void (*on_close)(void *user, nc_http_token t, nc_http_end why, int code);
	size_t message_max; /* a longer one ends it (1009); 0 = 64 KiB */
	size_t low_water;   /* 0: each time everything has been sent */
	size_t high_water;  /* more unsent than this ends the client (END_SLOW); 0 = 1 MiB */
	int64_t ping_us;    /* ask a silent peer that often, and end one that says nothing to that
			     * either; 0 = 30 s */
	const char *
		protocol; /* which of Sec-WebSocket-Protocol it is; borrowed until the call returns */
} nc_ws_opts;

/*
 * From the handler of a GET, instead of replying: the request is over and its strings go, *ret
 * names the WebSocket. Otherwise nothing was said and the handler replies: NC_E_INVAL (400, or 426
 * with Upgrade: websocket), NC_E_UNSUPPORTED (426 with Sec-WebSocket-Version: 13), NC_E_NOMEM.
 */
nc_code nc_ws_accept(nc_http_req *req, const nc_ws_opts *opts, nc_http_token *ret, nc_error *err);

/*
 * Any thread, as the calls by token above. After a close, and where there is no memory for the
 * message (then the client is ended), nothing is sent.
 */
nc_code nc_ws_send(nc_http_server *s, nc_http_token t, nc_ws_kind kind, nc_bytes message);
nc_code nc_ws_send_blob(nc_http_server *s, nc_http_token t, nc_ws_kind kind, nc_blob *b);
/* Code 0 = 1000. The peer has two seconds to say goodbye as well. */
nc_code nc_ws_close(nc_http_server *s, nc_http_token t, int code, const char *reason);
/* The same as nc_ws_send_blob at once, on the reactor that the token names alone: for a task that
 * sends one blob to many. */
nc_code nc_ws_send_here(nc_http_server *s, nc_http_token t, nc_ws_kind kind, nc_blob *b);

/* ---- routes ---- */

/* Reply, or defer, before returning; a handler that does neither is logged and answered 500. */
typedef void nc_http_handler(nc_http_req *req, void *user);

typedef enum {
	NC_HTTP_BODY_NONE,     /* a body is refused (413); Content-Length: 0 is fine */
	NC_HTTP_BODY_BUFFERED, /* the handler runs when it is complete */
	NC_HTTP_BODY_STREAMED  /* the handler runs after the head */
} nc_http_body_mode;

/*
 * Pattern: literal segments, "{name}" for one non-empty segment, "{name*}" last for the rest of
 * the path (may be empty). A literal wins over a parameter. GET serves HEAD unless HEAD has its
 * own route; OPTIONS answers itself unless it has one. A known path with another method is 405
 * with Allow.
 */
typedef struct nc_http_route {
	const char *method, *pattern; /* borrowed for the server's life, as is the whole table */
	nc_http_body_mode body;
	size_t body_limit; /* bytes; 0 = limits.body */
	nc_http_handler *handler;
	/* Optional: after the head, before any of the body is read or 100 is sent. May reply
	 * (authentication, rates, early refusal); otherwise the request goes on. May not defer. */
	nc_http_handler *admit;
	void *user;
} nc_http_route;

/* ---- TLS: 1.3 alone ---- */

typedef struct nc_http_tls nc_http_tls;

/* PEM files: the server's certificate with those that lead to its authority, and its key. */
nc_code nc_http_tls_new(
	const char *cert_file, const char *key_file, nc_http_tls **ret, nc_error *err);
void nc_http_tls_free(nc_http_tls *t); /* no server has it any more */
NC_DEFINE_CLEANUP(nc_http_tls *, nc_http_tls_free);
/*
 * Read the files again. Connections that come from now on get what is in them, the others go on as
 * they began; on any error all stays as it was. Also renews what sessions are resumed with, so it
 * is worth calling daily. Any thread, blocks.
 */
nc_code nc_http_tls_reload(nc_http_tls *t, nc_error *err);
int64_t nc_http_tls_expires_s(nc_http_tls *t); /* the certificate's end, seconds since 1970 */

/* ---- the server ---- */

typedef enum { NC_HTTP_LISTEN_UNIX, NC_HTTP_LISTEN_INET } nc_http_listen_kind;

typedef struct nc_http_listen {
	nc_http_listen_kind kind;
	const char *address; /* unix: path; inet: numeric IPv4 or IPv6 */
	uint16_t port;       /* inet; 0 = any, see nc_http_server_port */
	mode_t mode;         /* unix: of the socket file; 0 = 0660 */
	gid_t gid;           /* unix: (gid_t)-1 or 0 = leave as it is */
	int backlog;         /* 0 = 1024 */
	nc_http_tls *tls;    /* inet: TLS with this, which outlives the server; NULL = plain */
} nc_http_listen;

typedef struct nc_http_limits {           /* 0 = the default */
	size_t head;                      /* request line and headers, 16 KiB (431, 414) */
	size_t headers;                   /* number of them, 100 (431) */
	size_t body;                      /* of a route that has no limit of its own, 1 MiB (413) */
	size_t arena;                     /* memory of one request, 4 MiB */
	unsigned connections;             /* of the server, 10,000 */
	unsigned connections_per_address; /* inet peers, 256; an IPv6 address counts by its /64 */
	/* Deadlines. Head: from first byte to end of head. Body and write: each `progress` bytes, or
	 * the rest, must get through within that time. Idle: between requests. */
	int64_t head_us;  /* 10 s (408) */
	int64_t body_us;  /* 20 s (408) */
	int64_t write_us; /* 20 s */
	int64_t idle_us;  /* 75 s */
	size_t progress;  /* 16 KiB */
} nc_http_limits;

/* What the server itself has to say: a request it could not parse, no such path, over a limit. */
typedef struct nc_http_fault {
	int status;
	const char *code;   /* stable: "bad_request", "not_found", "head_too_large", … */
	const char *detail; /* one line for people */
	const char *hint;   /* or NULL */
	const char *allow;  /* 405: the methods, else NULL */
	const char *request_id;
	const nc_http_req *req; /* NULL when there is no parsed head */
} nc_http_fault;

typedef struct nc_http_hooks { /* all optional; all on the reactor's thread */
	void *user;
	/* Write the body of an error; returns its content type, which is not copied. Without it:
	 * text/plain. */
	const char *(*render_fault)(void *user, const nc_http_fault *f, nc_buf *body);
	/* After an answer: status and body bytes sent, microseconds since its first byte. */
	void (*access)(void *user, const nc_http_req *req, int status, uint64_t bytes, int64_t us);
	nc_code (*thread_start)(
		void *user, unsigned reactor); /* an error fails nc_http_server_start */
	void (*thread_stop)(void *user, unsigned reactor);
	void (*turn)(void *user, unsigned reactor);        /* once per turn, after its work */
	void (*before_wait)(void *user, unsigned reactor); /* may sleep now */
	void (*after_wait)(void *user, unsigned reactor);
	void (*drain)(
		void *user, unsigned reactor); /* once, when draining begins: end your streams */
} nc_http_hooks;

typedef struct nc_http_options {
	unsigned reactors; /* 0 = 1 */
	const nc_http_listen *listen;
	size_t listen_count;
	const nc_http_route *routes;
	size_t route_count;
	nc_http_handler *fallback; /* unknown paths, body as NONE but discarded; NULL = 404 fault */
	void *fallback_user;
	nc_http_limits limits;
	nc_http_hooks hooks;
	const char *server_name; /* Server header; NULL = none */
} nc_http_options;

/*
 * Checks the routes and binds the sockets; nothing is accepted yet. The options struct is copied;
 * what it points to (routes, user) stays the caller's and must outlive the server. The caller owns
 * *ret. NC_E_INVAL (a route or limit), NC_E_EXISTS (address in use), NC_E_DENIED, NC_E_NOMEM …
 */
nc_code nc_http_server_new(const nc_http_options *opts, nc_http_server **ret, nc_error *err);
nc_code nc_http_server_start(nc_http_server *s, nc_error *err);
/*
 * Stop accepting, end idle connections, let the others finish, at most timeout_us. NC_OK, or
 * NC_E_TIMEOUT when some were cut off. Blocks the caller, which is not a reactor. Once.
 */
nc_code nc_http_server_drain(nc_http_server *s, int64_t timeout_us, nc_error *err);
/* Ends what is left and joins the threads. No call with this server may be under way or follow. */
void nc_http_server_free(nc_http_server *s);
NC_DEFINE_CLEANUP(nc_http_server *, nc_http_server_free);
uint16_t nc_http_server_port(const nc_http_server *s, size_t listen_index); /* inet, as bound */
unsigned nc_http_server_connections(nc_http_server *s);

/*
 * Run a function on a reactor's thread, from any thread: fan-out to many tokens is one task per
 * reactor. The task's memory is the server's until run is called, which may free it. NC_OK, and it
 * runs, at the latest in nc_http_server_free; or NC_E_INVAL, there is no such reactor.
 */
typedef struct nc_http_task {
	nc_qnode node;
	void (*run)(struct nc_http_task *task, unsigned reactor);
} nc_http_task;
nc_code nc_http_run(nc_http_server *s, unsigned reactor, nc_http_task *task);

#endif
