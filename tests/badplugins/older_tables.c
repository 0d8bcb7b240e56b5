/* SPDX-License-Identifier: Apache-2.0 */
/* Right, and compiled when nc_compute ended after create: what lies behind it is none of its slots. */
#include <stddef.h>

#define BAD_GET_EXTENSION tables
#include "novacron/plugin.h"
static const void *tables(nc_inst *, const char *);
#include "plugin.h"

static nc_code no_slot(nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)self;
	(void)op;
	(void)target;
	(void)req;
	(void)err;
	__builtin_trap();
}

static const void *tables(nc_inst *self, const char *id)
{
	static const nc_compute compute = { .struct_size = offsetof(nc_compute, update),
		.inventory = BAD_INVENTORY,
		.create = BAD_VERB,
		.update = no_slot,
		.power = no_slot,
		.destroy = no_slot };

	(void)self;
	if (strcmp(id, NC_EXT_COMPUTE) == 0)
		return &compute;
	return strcmp(id, NC_EXT_STREAM) == 0 ? &stream_table : NULL;
}
