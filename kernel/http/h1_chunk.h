/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_H1_CHUNK_H
#define NC_HTTP_H1_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#include "http/fault.h"
#include "novacron/abi.h"

/*
 * Incremental decoder of a chunked body. No allocation; the verdict depends on the bytes alone.
 * Extensions and trailers are checked and dropped; together they have a budget.
 */
typedef struct nc_h1_chunk {
	uint64_t left;     /* of this chunk's size or data */
	uint32_t overhead; /* bytes of extensions and trailers so far */
	uint8_t state, digits;
	nc_http_fault_id fault; /* after BAD */
} nc_h1_chunk;

typedef enum {
	NC_H1_CHUNK_MORE, /* all input used */
	NC_H1_CHUNK_DATA, /* *ret_data is a piece of the body, within the input */
	NC_H1_CHUNK_DONE, /* the body ended at *ret_used; what follows is the next request */
	NC_H1_CHUNK_BAD
} nc_h1_chunk_verdict;

void nc_h1_chunk_init(nc_h1_chunk *c);
nc_h1_chunk_verdict nc_h1_chunk_next(
	nc_h1_chunk *c, const char *in, size_t n, size_t *ret_used, nc_bytes *ret_data);

#endif
