/* SPDX-License-Identifier: Apache-2.0 */
/* P11: a checkpoint past the limit. It minds the refusal, but it has tried. */
#define BAD_VERB wrong
#include "novacron/plugin.h"
static nc_code wrong(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_error *);
#include "plugin.h"

static void never(nc_inst *self, nc_op op, nc_code code, uint64_t user)
{
	(void)self;
	(void)op;
	(void)code;
	(void)user;
}

static nc_code wrong(nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	(void)req;
	(void)err;
	static const char big[NC_CHECKPOINT_MAX + 1];
	nc_code rc =
		self->h->op_checkpoint(self->h->ctx, op, (nc_bytes){ big, sizeof(big) }, never, 0);
	complete_done(self, op, rc == NC_E_INVAL ? "{\"refused\":true}" : "{}");
	return NC_OK;
}
