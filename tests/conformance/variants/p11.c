/* SPDX-License-Identifier: Apache-2.0 */
/* P11: a sink that refuses is written to all the same. */
#include "../variant.h"

static nc_code sink_write(nc_sink *sink, const void *p, size_t n)
{
	for (int tries = 0; tries < 3; tries++)
		if (variant_real_host->sink_write(sink, p, n) == NC_OK)
			return NC_OK;
	return NC_E_INVAL;
}

void variant_plugin(nc_plugin *table)
{
	(void)table;
}

void variant_host(nc_host *table)
{
	table->sink_write = sink_write;
}
