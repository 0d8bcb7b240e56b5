/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_OUT_H
#define NC_HTTP_OUT_H

#include "base/queue.h"
#include "http/blob.h"
#include "http/transport.h"

/*
 * What a connection has yet to send: copied bytes, shared blobs and parts of files, each with a few
 * bytes of framing before and after. Owned by the connection's reactor.
 */
typedef struct nc_http_out {
	nc_list pieces;
	uint64_t queued; /* bytes not yet handed over, framing included */
	uint64_t sent;   /* bytes ever handed over: progress, for the write deadline */
	uint64_t count;  /* of pieces */
} nc_http_out;

typedef struct nc_http_frame { /* both may be empty; borrowed, at most NC_FRAME_MAX bytes each */
	nc_bytes before, after;
} nc_http_frame;
enum { NC_FRAME_MAX = 24, NC_PIECE_COST = 128 };

void nc_http_out_init(nc_http_out *o);
void nc_http_out_done(nc_http_out *o); /* drops what is unsent */
static inline int nc_http_out_is_empty(const nc_http_out *o)
{
	return nc_list_is_empty(&o->pieces);
}
/* What it holds in memory, of a reader that does not read: a byte queued alone takes a hundred. */
static inline uint64_t nc_http_out_weight(const nc_http_out *o)
{
	return o->queued + o->count * NC_PIECE_COST;
}
/* NC_OK or NC_E_NOMEM, and then nothing is queued. */
nc_code nc_http_out_copy(nc_http_out *o, nc_bytes bytes, nc_http_frame frame);
/* Takes the reference whatever it returns. The first `skip` bytes of the blob are left out. */
nc_code nc_http_out_blob(nc_http_out *o, nc_blob *blob, size_t skip, nc_http_frame frame);
/* Takes the fd whatever it returns. */
nc_code nc_http_out_file(nc_http_out *o, int fd, uint64_t offset, uint64_t length);

typedef enum {
	NC_OUT_EMPTY,   /* all is handed over */
	NC_OUT_BLOCKED, /* the transport takes no more now */
	NC_OUT_MORE,    /* it would take more, but it is the turn of others */
	NC_OUT_FAILED   /* the peer is gone, or a file is shorter than promised */
} nc_http_out_state;
/* Hand over what can be. */
nc_http_out_state nc_http_out_flush(nc_http_out *o, nc_http_wire *w);

#endif
