/* SPDX-License-Identifier: Apache-2.0 */
/* P0: create succeeds and gives no instance. */
#define BAD_CREATE empty
#include "novacron/plugin.h"
static nc_code empty(const nc_host *, nc_bytes, nc_inst **, nc_error *);
#include "plugin.h"

static nc_code empty(const nc_host *h, nc_bytes config, nc_inst **out, nc_error *err)
{
	(void)h;
	(void)config;
	(void)out;
	(void)err;
	return NC_OK;
}
