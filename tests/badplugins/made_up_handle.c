/* SPDX-License-Identifier: Apache-2.0 */
/* P4: completes operations that nobody gave it. */
#define BAD_VERB wrong
#include "novacron/plugin.h"
static nc_code wrong(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_error *);
#include "plugin.h"

static nc_code wrong(nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	(void)req;
	(void)err;
	complete_done(self, (nc_op){ op.v + (UINT64_C(5) << 20) }, "{}");
	complete_done(self, op, "{}");
	return NC_OK;
}
