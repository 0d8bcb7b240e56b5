/* SPDX-License-Identifier: Apache-2.0 */
/* V7: a member that it does not know is passed over. */
#include <string.h>

#include "../variant.h"
#include "novacron/compute.h"

static const nc_compute *real_compute;

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
	return real_compute->power(inst, op, target, req, err);
}

static const void *get_extension(nc_inst *inst, const char *id)
{
	static nc_compute changed;
	const void *table = sim_plugin.get_extension(inst, id);

	if (!table || strcmp(id, NC_EXT_COMPUTE) != 0)
		return table;
	real_compute = table;
	changed = *real_compute;
	changed.power = power;
	return &changed;
}

void variant_plugin(nc_plugin *table)
{
	table->get_extension = get_extension;
}

void variant_host(nc_host *table)
{
	(void)table;
}
