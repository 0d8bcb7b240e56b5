/* SPDX-License-Identifier: Apache-2.0 */
/* P7: something of it is to run when the process ends. */
#include <stdlib.h>

#include "../variant.h"

static void at_the_end(void)
{
}

static nc_code create(const nc_host *host, nc_bytes config, nc_inst **out, nc_error *err)
{
	(void)atexit(at_the_end);
	return sim_plugin.create(host, config, out, err);
}

void variant_plugin(nc_plugin *table)
{
	table->create = create;
}

void variant_host(nc_host *table)
{
	(void)table;
}
