/* SPDX-License-Identifier: Apache-2.0 */
/* P7: the umask is changed for the whole process. */
#include <sys/stat.h>

#include "../variant.h"

static nc_code create(const nc_host *host, nc_bytes config, nc_inst **out, nc_error *err)
{
	umask(0);
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
