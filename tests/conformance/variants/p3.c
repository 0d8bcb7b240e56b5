/* SPDX-License-Identifier: Apache-2.0 */
/* P3: a wanted service is used without a look whether it is there. */
#include "../variant.h"

static nc_code create(const nc_host *host, nc_bytes config, nc_inst **out, nc_error *err)
{
	const nc_metrics *metrics = host->get_extension(host->ctx, NC_EXT_METRICS);

	metrics->gauge_set(host->ctx, "created", NULL, 1.0);
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
