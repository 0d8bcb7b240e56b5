/* SPDX-License-Identifier: Apache-2.0 */
/* P11: a result past the limit. */
#define BAD_VERB wrong
#include "novacron/plugin.h"
static nc_code wrong(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_error *);
#include "plugin.h"

static nc_code wrong(nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	(void)req;
	(void)err;
	size_t n = NC_RESULT_MAX + 1;
	char *big = calloc(1, n);
	if (!big)
		return NC_E_NOMEM;
	self->h->op_complete(self->h->ctx, op, NC_DONE, NULL, (nc_bytes){ big, n });
	free(big);
	return NC_OK;
}
