/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "http/ws_frame.h"

/*
 * Frames whole and cut at places that the input chooses: the same verdict at the same byte, the same
 * payloads in the same frames.
 */

enum { CUTS = 4 };

typedef struct read_frames {
	nc_ws_verdict last;
	size_t used, frames;
	nc_buf all; /* payloads, and a line of each frame */
} read_frames;

/* Until all of it is used, or is wrong. */
static void feed(nc_ws_parser *p, read_frames *f, uint8_t *in, size_t n)
{
	size_t at = 0;
	do {
		size_t used = 0;
		nc_bytes data;
		f->last = nc_ws_next(p, in + at, n - at, &used, &data);
		nc_assert(used <= n - at);
		nc_assert((f->last == NC_WS_DATA) == (data.len > 0));
		at += used;
		nc_buf_put(&f->all, data.ptr, data.len);
		if (f->last == NC_WS_END)
			nc_buf_printf(&f->all, "|%zu %u %u|", ++f->frames, p->opcode, p->is_final);
	} while (f->last == NC_WS_DATA || f->last == NC_WS_END);
	nc_assert(f->last == NC_WS_BAD || at == n);
	f->used += at;
}

static void read_all(read_frames *f, const uint8_t *text, size_t n, const uint8_t *steps)
{
	nc_ws_parser p = { .left = 0 };
	*f = (read_frames){ .last = NC_WS_MORE };
	nc_buf_init(&f->all, 1 << 20);
	for (size_t at = 0, i = 0; at < n && f->last != NC_WS_BAD; i++) {
		size_t step = steps ? (size_t)(steps[i % CUTS] % 32) + 1 : n;
		step = NC_MIN(step, n - at);
		uint8_t *copy = nc_memdup(text + at, step);
		if (!copy)
			return;
		feed(&p, f, copy, step);
		nc_free(copy);
		at += step;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_frames whole, cut;
	if (size <= CUTS)
		return 0;
	read_all(&whole, data + CUTS, size - CUTS, NULL);
	read_all(&cut, data + CUTS, size - CUTS, data);
	nc_assert(whole.last == cut.last && whole.used == cut.used);
	nc_assert(nc_bytes_eq(nc_buf_bytes(&whole.all), nc_buf_bytes(&cut.all)));
	nc_buf_done(&whole.all);
	nc_buf_done(&cut.all);
	return 0;
}
