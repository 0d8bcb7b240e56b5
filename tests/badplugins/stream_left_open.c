/* SPDX-License-Identifier: Apache-2.0 */
/* P0: completes a stream and keeps its socket. */
#define BAD_STREAM keep
#include "novacron/plugin.h"
static nc_code keep(nc_inst *, nc_op, nc_bytes, nc_bytes, int32_t, nc_error *);
#include "plugin.h"

static nc_code keep(
	nc_inst *self, nc_op op, nc_bytes target, nc_bytes spec, int32_t fd, nc_error *err)
{
	(void)target;
	(void)spec;
	(void)err;
	(void)fd; /* not closed */
	complete_done(self, op, "{\"bytes\":0}");
	return NC_OK;
}
