/* SPDX-License-Identifier: Apache-2.0 */
/* P4: takes a stream and does nothing with it for ever. */
#define BAD_STREAM forget
#include "novacron/plugin.h"
static nc_code forget(nc_inst *, nc_op, nc_bytes, nc_bytes, int32_t, nc_error *);
#include "plugin.h"

static nc_code forget(
	nc_inst *self, nc_op op, nc_bytes target, nc_bytes spec, int32_t fd, nc_error *err)
{
	(void)self;
	(void)op;
	(void)target;
	(void)spec;
	(void)err;
	(void)fd;
	return NC_OK;
}
