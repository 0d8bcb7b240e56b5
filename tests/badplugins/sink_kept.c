/* SPDX-License-Identifier: Apache-2.0 */
/* P0: keeps a sink past its call. */
#define BAD_INVENTORY wrong
#include "novacron/plugin.h"
static nc_code wrong(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_sink *, nc_error *);
#include "plugin.h"

static nc_sink *kept;

static nc_code wrong(
	nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_sink *sink, nc_error *err)
{
	(void)op;
	(void)target;
	(void)req;
	(void)err;
	if (kept)
		(void)self->h->sink_write(kept, "{\"late\":true}", 13);
	kept = sink;
	return self->h->sink_write(sink, "{}", 2);
}
