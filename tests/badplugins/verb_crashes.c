/* SPDX-License-Identifier: Apache-2.0 */
/* Follows a null pointer in a call. */
#define BAD_VERB wrong
#include "novacron/plugin.h"
static nc_code wrong(nc_inst *, nc_op, nc_bytes, nc_bytes, nc_error *);
#include "plugin.h"

__attribute__((no_sanitize("undefined"))) static nc_code wrong(
	nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	(void)req;
	(void)err;
	volatile int *nowhere = NULL;
	(void)self;
	(void)op;
	*nowhere = 1;
	return NC_OK;
}
