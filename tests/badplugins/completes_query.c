/* SPDX-License-Identifier: Apache-2.0 */
/* P4: completes a call that only returns. */
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
	complete_done(self, op, "{}");
	return self->h->sink_write(sink, "{}", 2);
}
