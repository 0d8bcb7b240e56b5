/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_WS_H
#define NC_HTTP_WS_H

#include "http/codec.h"

/* Inside http: a connection that has become a WebSocket, or is about to. */
typedef struct nc_ws nc_ws;

extern const nc_http_codec nc_http_ws_codec;

/* The 101 has left: what came behind the request is the first of the frames. NC_E_NOMEM. */
nc_code nc_ws_begin(nc_http_conn *c, nc_bytes early);
/* The connection is going, at whatever point: tells, and frees. */
void nc_ws_cut(nc_http_conn *c, nc_http_end why);

#endif
