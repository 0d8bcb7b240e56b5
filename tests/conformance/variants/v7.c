/* SPDX-License-Identifier: Apache-2.0 */
/* V7: a member that it does not know is passed over. */
#include <string.h>

#include "../variant.h"
static nc_code power(nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	static const char unknown[] = ",\"x_unknown\":true}";
	const char *at = memmem(req.ptr, req.len, unknown, sizeof(unknown) - 1);
	char text[4096];

	if (at && req.len < sizeof(text)) {
		req.len = (size_t)(at - (const char *)req.ptr);
		memcpy(text, req.ptr, req.len);
		text[req.len++] = '}';
		req.ptr = text;
	}
	return variant_real_compute->power(inst, op, target, req, err);
}

static void change(nc_compute *copy)
{
	copy->power = power;
}

void variant_plugin(nc_plugin *table)
{
	variant_change_compute(table, change);
}

void variant_host(nc_host *table)
{
	(void)table;
}
