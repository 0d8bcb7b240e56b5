/* SPDX-License-Identifier: Apache-2.0 */
/* P4: completes with an outcome that there is not. */
#define BAD_VERB wrong
#include "novacron/plugin.h"
static nc_code wrong(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_error *);
#include "plugin.h"

static nc_code wrong(nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	(void)req;
	(void)err;
	self->h->op_complete(self->h->ctx, op, 99, NULL, (nc_bytes){ NULL, 0 });
	return NC_OK;
}
