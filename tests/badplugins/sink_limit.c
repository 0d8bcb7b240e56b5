/* SPDX-License-Identifier: Apache-2.0 */
/* P11: one write past the limit of a write, and it pretends that all went well. */
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
	size_t n = NC_SINK_MAX + 1;
	char *big = calloc(1, n);
	if (!big)
		return NC_E_NOMEM;
	(void)self->h->sink_write(sink, "{}", 2);
	(void)self->h->sink_write(sink, big, n);
	free(big);
	return NC_OK;
}
