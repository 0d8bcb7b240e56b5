/* SPDX-License-Identifier: Apache-2.0 */
/* Crashes while it makes an instance. */
#define BAD_CREATE crash
#include "novacron/plugin.h"
static nc_code crash(const nc_host *, nc_bytes, nc_inst **, nc_error *);
#include "plugin.h"

static nc_code crash(const nc_host *h, nc_bytes config, nc_inst **out, nc_error *err)
{
	(void)h;
	(void)config;
	(void)out;
	(void)err;
	abort();
}
