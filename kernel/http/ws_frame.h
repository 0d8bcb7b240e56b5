/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_WS_FRAME_H
#define NC_HTTP_WS_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "novacron/abi.h"

/*
 * WebSocket frames (RFC 6455). Reading: incremental, what clients send, which is masked; no
 * allocation, and the verdict depends on the bytes alone, not on how they come.
 */
enum {
	NC_WS_OP_MORE = 0, /* goes on with a message */
	NC_WS_OP_TEXT = 1,
	NC_WS_OP_BINARY = 2,
	NC_WS_OP_CLOSE = 8, /* from here on: control frames, which may come amid a message */
	NC_WS_OP_PING = 9,
	NC_WS_OP_PONG = 10
};
enum { NC_WS_CONTROL_MAX = 125, NC_WS_HEAD_MAX = 14 };

typedef struct nc_ws_parser { /* all zero to begin with */
	uint64_t left;        /* of the payload */
	uint8_t head[NC_WS_HEAD_MAX];
	uint8_t head_len;
	uint8_t is_in_payload, is_amid_message;
	uint8_t mask_at;
	uint8_t opcode, is_final; /* of the frame that is read, or was last */
} nc_ws_parser;

typedef enum {
	NC_WS_MORE, /* all input used */
	NC_WS_DATA, /* *ret_data is a piece of the frame's payload, unmasked where it lies */
	NC_WS_END,  /* the frame is complete */
	NC_WS_BAD   /* against the protocol */
} nc_ws_verdict;

nc_ws_verdict nc_ws_next(
	nc_ws_parser *p, uint8_t *in, size_t n, size_t *ret_used, nc_bytes *ret_data);

/* Writing: the head of a whole, unmasked message of n bytes; its length. */
size_t nc_ws_head(uint8_t opcode, uint64_t n, uint8_t out[NC_WS_HEAD_MAX]);

#endif
