/* SPDX-License-Identifier: Apache-2.0 */
/* V1: a price that its schema does not allow. */
#include <string.h>

#include "../variant.h"

static nc_code sink_write(nc_sink *sink, const void *p, size_t n)
{
	if (memmem(p, n, "\"price_micros\"", 14)) {
		p = "{\"price_micros\":\"cheap\"}";
		n = strlen(p);
	}
	return variant_real_host->sink_write(sink, p, n);
}

void variant_plugin(nc_plugin *table)
{
	(void)table;
}

void variant_host(nc_host *table)
{
	table->sink_write = sink_write;
}
