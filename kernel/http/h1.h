/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_H1_H
#define NC_HTTP_H1_H

#include "http/codec.h"
#include "http/h1_chunk.h"
#include "http/h1_head.h"

/* HTTP/1's state of a connection. One request at a time: the next is parsed when this is done. */
typedef enum {
	NC_H1_BODY_DONE, /* none, or read to its end */
	NC_H1_BODY_LENGTH,
	NC_H1_BODY_CHUNKED
} nc_h1_body;

typedef enum { /* which deadline is running */
	NC_H1_CLOCK_NONE,
	NC_H1_CLOCK_IDLE,
	NC_H1_CLOCK_HEAD,
	NC_H1_CLOCK_BODY,
	NC_H1_CLOCK_WRITE,
	NC_H1_CLOCK_LINGER,
	NC_H1_CLOCK_STALE /* whatever is running belongs to the past */
} nc_h1_clock;

typedef struct nc_h1 {
	nc_http_req *req; /* NULL while idle */
	nc_h1_head head;
	nc_h1_chunk chunk;
	nc_h1_body body;
	uint64_t body_left; /* LENGTH: still to come */
	uint64_t body_seen; /* decoded bytes so far */
	uint64_t body_max;  /* more is 413 */
	/* Input not yet used: [in_pos, in_len) of `window`, or of the request's text without one. */
	char *window;
	size_t in_pos, in_len;
	char nul_saved; /* what stood where the body's NUL is now */
	uint8_t has_nul;
	uint8_t keep_alive;  /* as the client wishes */
	uint8_t wants_100;   /* expects 100 Continue and has not got it */
	uint8_t must_linger; /* it may still be sending: read on a while after the answer */
	uint8_t is_lingering;
	uint8_t served;      /* at least one request */
	uint8_t clock;       /* nc_h1_clock */
	uint64_t clock_mark; /* bytes moved when that deadline was set */
	uint64_t linger_read;
	uint32_t last_stream;
} nc_h1;

/* h1_input.c: the request side. Each says whether to go on in this run. */
typedef enum { NC_STEP_ON, NC_STEP_WAIT, NC_STEP_CLOSED } nc_h1_step;
nc_h1_step nc_h1_read_head(nc_http_conn *c);
nc_h1_step nc_h1_read_body(nc_http_conn *c);   /* buffered */
nc_h1_step nc_h1_stream_body(nc_http_conn *c); /* to the application, piece by piece */
nc_h1_step nc_h1_linger(nc_http_conn *c);
/* The input that is at hand already. */
nc_bytes nc_h1_at_hand(const nc_http_conn *c);
/* The rest of the body is at hand, so that it can be skipped without waiting. */
int nc_h1_can_skip_body(const nc_http_conn *c);
/* Make way for the next request, which may have begun to arrive. */
void nc_h1_next_request(nc_http_conn *c);

/* h1_dispatch.c: from a parsed head to a handler. */
nc_h1_step nc_h1_on_head(nc_http_conn *c);
void nc_h1_call_handler(nc_http_conn *c);
void nc_h1_say_continue(nc_http_conn *c); /* once, if the client waits for it */

/* h1_reply.c: the answer side. */
nc_code nc_h1_reply(nc_http_req *r, const nc_http_res *res);
nc_code nc_h1_stream_begin(nc_http_req *r, const nc_http_res *res);
nc_code nc_h1_stream_write(nc_http_req *r, nc_bytes bytes);
nc_code nc_h1_stream_write_blob(nc_http_req *r, nc_blob *blob);
nc_code nc_h1_stream_end(nc_http_req *r);
void nc_h1_abort(nc_http_req *r);
/* Answer with a row of the fault table. `allow` for 405, else NULL. */
void nc_h1_fault(nc_http_conn *c, nc_http_fault_id id, const char *allow);
/* The same where the end of the request is unknown: the connection ends with it. */
void nc_h1_fatal(nc_http_conn *c, nc_http_fault_id id);

#endif
