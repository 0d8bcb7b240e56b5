/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_CODEC_H
#define NC_HTTP_CODEC_H

#include "http/http.h"

typedef struct nc_http_conn nc_http_conn;

/*
 * What a protocol (HTTP/1, WebSocket; HTTP/2 later) does for a connection and its requests. Reactor thread.
 * Only `run` and `cut` may end a connection or a request: the others are called from within
 * handlers, so they record what happened and leave the rest to the next run.
 */
typedef struct nc_http_codec {
	/* Do what can be done: flush, read, parse, call handlers, go on to the next request. */
	void (*run)(nc_http_conn *c);
	void (*on_deadline)(nc_http_conn *c);
	void (*on_drain)(nc_http_conn *c); /* finish what was begun, take nothing new */
	/* The connection is going: end its requests (on_end, pools), free the codec's state. */
	void (*cut)(nc_http_conn *c, nc_http_end why);
	/* The request with that stream number, or NULL. */
	nc_http_req *(*find)(nc_http_conn *c, uint32_t stream);
	/* What was to be sent there was lost for want of memory: say so, or break off. */
	void (*doom)(nc_http_conn *c, uint32_t stream);

	/* Answers. res is borrowed, its blob and file are not: see nc_http_res. */
	nc_code (*reply)(nc_http_req *r, const nc_http_res *res);
	nc_code (*stream_begin)(nc_http_req *r, const nc_http_res *res);
	nc_code (*stream_write)(nc_http_req *r, nc_bytes bytes);
	nc_code (*stream_write_blob)(nc_http_req *r, nc_blob *blob); /* takes the reference */
	nc_code (*stream_end)(nc_http_req *r);
	void (*abort)(nc_http_req *r);
	void (*body_start)(nc_http_req *r); /* there is somebody to take a streamed body */
	void (*body_resume)(nc_http_req *r);
} nc_http_codec;

extern const nc_http_codec nc_http_h1;

#endif
