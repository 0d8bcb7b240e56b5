/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_H1_HEAD_H
#define NC_HTTP_H1_HEAD_H

#include <stddef.h>
#include <stdint.h>

#include "http/fault.h"

/*
 * Incremental parser of an HTTP/1 request head, strict: what two readers could understand in two
 * ways is refused. It allocates nothing, keeps offsets and no pointers (the buffer may move between
 * calls), and its verdict depends on the bytes alone, never on how they were cut.
 */
typedef enum { NC_H1_MORE, NC_H1_DONE, NC_H1_BAD } nc_h1_verdict;

typedef struct nc_h1_span {
	uint32_t at, len;
} nc_h1_span;

typedef struct nc_h1_field {
	nc_h1_span name, value;
} nc_h1_field;

enum { /* nc_h1_head.flags */
	NC_H1_HAS_LENGTH = 1,
	NC_H1_CHUNKED = 2,
	NC_H1_CLOSE = 4,      /* Connection: close */
	NC_H1_KEEP_ALIVE = 8, /* Connection: keep-alive */
	NC_H1_UPGRADE = 16,   /* Connection: upgrade */
	NC_H1_EXPECT_100 = 32,
	NC_H1_HAS_HOST = 64,
	NC_H1_HAS_QUERY = 128
};

typedef struct nc_h1_head {
	/* set by init */
	uint32_t limit, field_max;
	nc_h1_field *fields; /* field_max of them, the caller's */
	/* where parsing stands */
	uint32_t line;    /* start of the line being read */
	uint32_t scanned; /* no LF before this */
	uint8_t state, blank_lines;
	/* results, valid after DONE; fault after BAD */
	uint8_t minor; /* HTTP/1.minor: 0 or 1 */
	nc_http_fault_id fault;
	uint32_t flags;
	nc_h1_span method, path, query; /* an empty path means "/" (absolute form without one) */
	uint32_t field_count;
	uint32_t len; /* of the head, with its empty line; what follows is body */
	uint64_t content_length;
} nc_h1_head;

void nc_h1_head_init(nc_h1_head *h, uint32_t limit, nc_h1_field *fields, uint32_t field_max);
/* `buf` begins where the request does and holds `len` bytes, no fewer than in the last call. */
nc_h1_verdict nc_h1_head_parse(nc_h1_head *h, const char *buf, size_t len);

#endif
