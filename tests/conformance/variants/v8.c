/* SPDX-License-Identifier: Apache-2.0 */
/* V8: the checksum that a stream ends with is that of other bytes. */
#include <string.h>

#include "../variant.h"

static void op_complete(
	nc_host_ctx *ctx, nc_op op, int32_t outcome, const nc_error *err, nc_bytes result)
{
	static const char member[] = "\"crc32c\":\"";
	char text[4096];
	char *at;

	if (result.len < sizeof(text)) {
		if (result.len)
			memcpy(text, result.ptr, result.len);
		at = memmem(text, result.len, member, sizeof(member) - 1);
		if (at)
			at[sizeof(member) - 1] = at[sizeof(member) - 1] == '0' ? '1' : '0';
		result.ptr = text;
	}
	variant_real_host->op_complete(ctx, op, outcome, err, result);
}

void variant_plugin(nc_plugin *table)
{
	(void)table;
}

void variant_host(nc_host *table)
{
	table->op_complete = op_complete;
}
