/* SPDX-License-Identifier: Apache-2.0 */
/* P8: writes to stderr in a call. Seen in a process of its own only. */
#include <stdio.h>

#define BAD_VERB loud
#include "novacron/plugin.h"
static nc_code loud(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_error *);
#include "plugin.h"

static nc_code loud(nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	(void)req;
	(void)err;
	fprintf(stderr, "debugging\n");
	complete_done(self, op, "{}");
	return NC_OK;
}
