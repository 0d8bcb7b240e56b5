/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "plugin/wire.h"

/*
 * Frames between the daemon and nc-plugin-host; one decoder for both ends. A frame that is taken
 * lies within its packet, and encoded and decoded again it is the same.
 */

static void check_within(const nc_frame_in *in, nc_bytes b)
{
	const char *p = b.ptr;
	nc_assert(b.len == 0 || (p >= in->bytes && p + b.len <= in->bytes + in->n));
}

static nc_frame_in *frame_of(nc_bytes raw)
{
	nc_frame_in *in = nc_calloc(1, sizeof(*in));
	nc_assert(in && raw.len <= sizeof(in->bytes));
	in->f.fd = -1;
	in->n = raw.len;
	if (raw.len)
		memcpy(in->bytes, raw.ptr, raw.len);
	return in;
}

static void check_again(const nc_frame *f, int body_in_fd)
{
	int again_in_fd = 0;
	nc_buf b;
	nc_buf_init(&b, NC_WIRE_FRAME_MAX);
	if (nc_frame_encode(f, body_in_fd, &b) == NC_OK) {
		nc_frame_in *in = frame_of(nc_buf_bytes(&b));
		nc_assert(nc_frame_decode(in, &again_in_fd) == NC_OK);
		nc_assert(in->f.type == f->type && in->f.inst == f->inst && in->f.call == f->call);
		nc_assert(in->f.a == f->a && in->f.b == f->b && in->f.code == f->code);
		nc_assert(nc_bytes_eq(in->f.s1, f->s1) && nc_bytes_eq(in->f.s2, f->s2));
		nc_assert(nc_bytes_eq(in->f.s3, f->s3) && again_in_fd == body_in_fd);
		nc_assert(body_in_fd || nc_bytes_eq(in->f.body, f->body));
		nc_free(in);
	}
	nc_buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int body_in_fd = 0;
	if (size > NC_WIRE_FRAME_MAX)
		return 0;
	nc_frame_in *in = frame_of((nc_bytes){ data, size });
	if (nc_frame_decode(in, &body_in_fd) == NC_OK) {
		check_within(in, in->f.s1);
		check_within(in, in->f.s2);
		check_within(in, in->f.s3);
		check_within(in, in->f.body);
		nc_assert(in->f.err && strnlen(in->f.err->message, sizeof(in->f.err->message)) <
					       sizeof(in->f.err->message));
		check_again(&in->f, body_in_fd);
	}
	nc_free(in);
	return 0;
}
