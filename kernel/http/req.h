/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_REQ_H
#define NC_HTTP_REQ_H

#include "base/id.h"
#include "http/codec.h"
#include "http/h1_head.h"
#include "http/path.h"
#include "http/timer.h"

/*
 * One request and its answer, whatever the protocol: the head as text with offsets, what routing
 * found, how it is answered. Kept in a pool of its reactor, so that a request allocates nothing;
 * idle connections have none.
 */
typedef enum {
	NC_REQ_HEAD,   /* being read */
	NC_REQ_BODY,   /* a buffered body is being read; the handler has not run */
	NC_REQ_OPEN,   /* the handler has the word, or whoever holds the token */
	NC_REQ_STREAM, /* a streamed answer has begun */
	NC_REQ_DONE    /* the answer is complete, perhaps not all of it sent */
} nc_http_req_phase;

struct nc_http_req {
	/* Buffers, kept from one request to the next. */
	nc_list pool_link;
	char *text;      /* head, and what of the body and of later requests came with it */
	size_t text_cap; /* text has one byte more, for a NUL */
	nc_h1_field *fields;
	uint32_t field_max;
	nc_arena *arena;
	nc_buf body_buf;
	nc_http_path path;
	char path_mem[256]; /* for its segments; longer ones lie in the arena */

	/* From here on zero when taken from the pool. */
	nc_http_conn *conn;
	uint32_t stream;
	nc_http_req_phase phase;
	uint8_t is_parsed; /* the head is complete: accessors have something to say */
	uint8_t may_defer, is_deferred;
	uint8_t is_head;    /* HEAD: no body goes out */
	uint8_t may_keep;   /* the connection may serve another request after this one */
	uint8_t is_chunked; /* the answer is */

	size_t text_len;
	uint32_t field_count;
	const char *method, *target_path, *raw_query;
	size_t path_len;
	int64_t content_length; /* -1: chunked */
	int64_t start_us;
	char id[NC_ULID_LEN + 1];

	/* What it asks for. */
	const nc_http_route *route; /* NULL: fallback or fault */
	const char *rest; /* value of "{name*}", which takes the segments from rest_from on */
	size_t rest_from;
	nc_http_pair *query;
	size_t query_count;
	nc_bytes body;

	/* Who is told, and how it went. */
	nc_http_defer_opts defer;
	nc_http_timer patience; /* defer.timeout_us */
	nc_http_stream_opts stream_opts;
	uint8_t is_above_low;
	nc_http_body_fn *on_body;
	void *on_body_user;
	uint8_t is_body_paused, is_body_told; /* told: `last` was delivered */
	nc_http_end end;                      /* what on_end will hear */
	int status;
	uint64_t body_sent; /* bytes of the answer's body */
};

/* From the pool of the connection's reactor, or new; NULL = no memory. */
nc_http_req *nc_http_req_take(nc_http_conn *c);
/* Back to the pool; nobody may have a pointer into it any more. */
void nc_http_req_put(nc_http_req *r);
/* Ready for the next request of the same connection, keeping the first text_len bytes of text. */
void nc_http_req_renew(nc_http_req *r, size_t text_len);
void nc_http_req_free(nc_http_req *r); /* not pooled */

/* Room for `cap` bytes of text; what is there stays. NC_OK or NC_E_NOMEM. Before the head is
 * parsed only: accessors point into it. */
nc_code nc_http_req_grow(nc_http_req *r, size_t cap);

/* The head is complete: make its strings. `h` describes r->text. */
void nc_http_req_set_head(nc_http_req *r, const nc_h1_head *h);
/* Decode the query. NC_OK or NC_E_NOMEM. */
nc_code nc_http_req_parse_query(nc_http_req *r);
/* Cut the path and find the route. *ret_fault for FAULT; *ret_allow for OPTIONS and 405. */
typedef enum { NC_ROUTED, NC_ROUTED_FALLBACK, NC_ROUTED_OPTIONS, NC_ROUTED_FAULT } nc_http_routing;
nc_http_routing nc_http_req_route(
	nc_http_req *r, nc_http_fault_id *ret_fault, const char **ret_allow);

/* A streamed answer begins; opts is not NULL. See nc_http_stream_begin. */
nc_code nc_http_req_stream_begin(
	nc_http_req *r, const nc_http_res *res, const nc_http_stream_opts *opts);
nc_http_token nc_http_req_token(const nc_http_req *r);
/* The request is over: tell whoever deferred it, once. */
void nc_http_req_end(nc_http_req *r, nc_http_end why);

#endif
