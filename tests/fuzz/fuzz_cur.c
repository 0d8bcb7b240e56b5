/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/buf.h"

/*
 * The input is a program: a byte chooses a reader, which reads on. What was read is written again
 * by the matching writer; unless the cursor went bad, both must be the same bytes, since every
 * value has one encoding.
 */

static void copy_one(nc_cur *c, nc_buf *out)
{
	uint8_t op = nc_cur_u8(c);
	nc_bytes bytes;
	nc_buf_putc(out, (char)op);
	switch (op % 7) {
	case 0:
		nc_buf_putc(out, (char)nc_cur_u8(c));
		break;
	case 1:
		nc_buf_put_u16(out, nc_cur_u16(c));
		break;
	case 2:
		nc_buf_put_u32(out, nc_cur_u32(c));
		break;
	case 3:
		nc_buf_put_u64(out, nc_cur_u64(c));
		break;
	case 4:
		nc_buf_put_varint(out, nc_cur_varint(c));
		break;
	case 5:
		bytes = nc_cur_bytes(c, op);
		nc_buf_put(out, bytes.ptr, bytes.len);
		break;
	default:
		bytes = nc_cur_lstr(c);
		nc_buf_put_lstr(out, bytes.ptr, bytes.len);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(nc_buf_done) nc_buf out;
	nc_buf_init(&out, size + 64);
	nc_cur c = nc_cur_of((nc_bytes){ data, size });
	while (!c.bad && c.p < c.end)
		copy_one(&c, &out);
	if (c.bad) {
		nc_assert(c.p == c.end && nc_cur_u64(&c) == 0 && nc_cur_lstr(&c).len == 0);
		return 0;
	}
	nc_assert(!nc_buf_failed(&out));
	nc_assert(nc_bytes_eq(nc_buf_bytes(&out), (nc_bytes){ data, size }));
	return 0;
}
