/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "http/h1_chunk.h"

/*
 * A chunked body whole and cut at places that the input chooses: the same verdict, the same bytes,
 * the same end. What was decoded is encoded again, and must decode to itself.
 */

enum { CUTS = 4 };

typedef struct decoded {
	nc_h1_chunk_verdict verdict;
	nc_http_fault_id fault;
	size_t used;
	nc_buf body;
} decoded;

static void feed(nc_h1_chunk *c, decoded *d, const uint8_t *text, size_t n)
{
	char *copy = nc_memdup(text, n);
	if (!copy)
		return;
	for (size_t at = 0; at < n && d->verdict < NC_H1_CHUNK_DONE;) {
		size_t used = 0;
		nc_bytes data = { NULL, 0 };
		d->verdict = nc_h1_chunk_next(c, copy + at, n - at, &used, &data);
		nc_assert(d->verdict == NC_H1_CHUNK_BAD || (used > 0 && used <= n - at));
		nc_assert((d->verdict == NC_H1_CHUNK_DATA) == (data.len > 0));
		nc_buf_put(&d->body, data.ptr, data.len);
		at += used;
		d->used += used;
	}
	nc_free(copy);
}

static void decode(decoded *d, const uint8_t *text, size_t n, const uint8_t *steps)
{
	nc_h1_chunk c;
	nc_h1_chunk_init(&c);
	*d = (decoded){ .verdict = NC_H1_CHUNK_MORE };
	nc_buf_init(&d->body, 1 << 20);
	for (size_t at = 0, i = 0; at < n && d->verdict < NC_H1_CHUNK_DONE; i++) {
		size_t step = steps ? (size_t)(steps[i % CUTS] % 32) + 1 : n;
		step = NC_MIN(step, n - at);
		feed(&c, d, text + at, step);
		at += step;
	}
	if (d->verdict == NC_H1_CHUNK_DATA)
		d->verdict = NC_H1_CHUNK_MORE;
	d->fault = c.fault;
}

static void assert_reads_back(const decoded *d)
{
	_cleanup_(nc_buf_done) nc_buf again;
	nc_buf_init(&again, 1 << 20);
	if (d->body.len)
		nc_buf_printf(&again, "%zx\r\n", d->body.len);
	nc_buf_put(&again, d->body.ptr, d->body.len);
	nc_buf_puts(&again, d->body.len ? "\r\n0\r\n\r\n" : "0\r\n\r\n");
	decoded e;
	decode(&e, (const uint8_t *)again.ptr, again.len, NULL);
	nc_assert(e.verdict == NC_H1_CHUNK_DONE && e.used == again.len);
	nc_assert(nc_bytes_eq(nc_buf_bytes(&e.body), nc_buf_bytes(&d->body)));
	nc_buf_done(&e.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size <= CUTS)
		return 0;
	decoded whole, cut;
	decode(&whole, data + CUTS, size - CUTS, NULL);
	decode(&cut, data + CUTS, size - CUTS, data);
	nc_assert(whole.verdict == cut.verdict && whole.fault == cut.fault);
	nc_assert(nc_bytes_eq(nc_buf_bytes(&whole.body), nc_buf_bytes(&cut.body)));
	nc_assert(whole.verdict == NC_H1_CHUNK_BAD || whole.used == cut.used);
	if (whole.verdict == NC_H1_CHUNK_DONE)
		assert_reads_back(&whole);
	nc_buf_done(&whole.body);
	nc_buf_done(&cut.body);
	return 0;
}
