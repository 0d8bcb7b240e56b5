/* SPDX-License-Identifier: Apache-2.0 */
/* P11: writes past the limit of all writes together. */
#define BAD_INVENTORY wrong
#include "novacron/plugin.h"
static nc_code wrong(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_sink *, nc_error *);
#include "plugin.h"

static nc_code wrong(
	nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_sink *sink, nc_error *err)
{
	(void)op;
	(void)target;
	(void)req;
	(void)err;
	char *big = calloc(1, NC_SINK_MAX);
	if (!big)
		return NC_E_NOMEM;
	for (unsigned i = 0; i < NC_SINK_TOTAL_MAX / NC_SINK_MAX + 2; i++)
		(void)self->h->sink_write(sink, big, NC_SINK_MAX);
	free(big);
	return NC_OK;
}
