/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "novacron-sdk/messages.h"

/*
 * Typed messages as an author's plugin gets them: the name of the schema, a NUL, the text. What is
 * read is packed, written, and reads back to what is written alike.
 */

static nc_plug_buf written(const nc_msg *msg, const void *in)
{
	nc_error err = { .struct_size = sizeof(err) };
	nc_plug_buf out = NC_PLUG_BUF(1 << 22);
	if (nc_msg_write(msg, in, &out, &err) != NC_OK)
		abort(); /* it was read, so it keeps its schema */
	return out;
}

static void check_again(const nc_msg *msg, const nc_plug_buf *text)
{
	nc_error err = { .struct_size = sizeof(err) };
	nc_msg_mem mem = { 0 };
	void *again = calloc(1, msg->size);
	if (!again ||
		nc_msg_read(msg, (nc_bytes){ text->ptr, text->len }, &mem, again, &err) != NC_OK)
		abort();
	nc_plug_buf out = written(msg, again);
	if (out.len != text->len || memcmp(out.ptr, text->ptr, out.len) != 0)
		abort();
	nc_plug_buf_done(&out);
	nc_msg_done(&mem);
	free(again);
}

static void check(const nc_msg *msg, nc_bytes text)
{
	nc_error err = { .struct_size = sizeof(err) };
	nc_msg_mem mem = { 0 };
	void *in = calloc(1, msg->size);
	if (!in)
		return;
	nc_code rc = nc_msg_read(msg, text, &mem, in, &err);
	if (rc == NC_OK) {
		void *copy = nc_msg_pack(msg, in);
		if (!copy)
			abort();
		nc_plug_buf out = written(msg, copy);
		check_again(msg, &out);
		nc_plug_buf_done(&out);
		free(copy);
	} else if (!err.message[0]) {
		abort();
	}
	nc_msg_done(&mem);
	free(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\0', size) : NULL;
	const nc_msg *msg = end ? nc_msg_find((const char *)data) : NULL;
	if (msg)
		check(msg, (nc_bytes){ end + 1, size - (size_t)(end - data) - 1 });
	return 0;
}
