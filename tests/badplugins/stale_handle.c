/* SPDX-License-Identifier: Apache-2.0 */
/* P4: completes the operation of an earlier call once more. */
#define BAD_VERB wrong
#include "novacron/plugin.h"
static nc_code wrong(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_error *);
#include "plugin.h"

static nc_op former;

static nc_code wrong(nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	(void)req;
	(void)err;
	if (former.v)
		complete_done(self, former, "{\"stale\":true}");
	former = op;
	complete_done(self, op, "{}");
	return NC_OK;
}
