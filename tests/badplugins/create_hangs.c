/* SPDX-License-Identifier: Apache-2.0 */
/* create never comes back. */
#define BAD_CREATE hang
#include "novacron/plugin.h"
static nc_code hang(const nc_host *, nc_bytes, nc_inst **, nc_error *);
#include "plugin.h"

static nc_code hang(const nc_host *h, nc_bytes config, nc_inst **out, nc_error *err)
{
	(void)h;
	(void)config;
	(void)out;
	(void)err;
	for (;;)
		pause();
	return NC_OK;
}
