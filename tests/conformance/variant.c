/* SPDX-License-Identifier: Apache-2.0 */
/* The entry of every variant: sim's plugin table and the host's, both changed by the variant. */
#include "variant.h"

const nc_host *variant_real_host;
static nc_host host_table;
static nc_plugin plugin_table;

static nc_code create(const nc_host *host, nc_bytes config, nc_inst **out, nc_error *err)
{
	nc_plugin changed = sim_plugin;

	variant_real_host = host;
	host_table = *host;
	variant_host(&host_table);
	variant_plugin(&changed);
	return changed.create(&host_table, config, out, err);
}

const nc_entry *nc_plugin_entry_v1(uint32_t host_abi)
{
	static const nc_entry entry = {
		.struct_size = sizeof(entry),
		.abi = NC_ABI,
		.id = "novacron.sim",
		.version = "0.1.0",
		.manifest_json = "{}",
		.config_schema_json = "{}",
		.plugin = &plugin_table,
	};

	if (NC_ABI_MAJOR_OF(host_abi) != NC_ABI_MAJOR)
		return NULL;
	plugin_table = sim_plugin;
	variant_plugin(&plugin_table);
	plugin_table.create = create;
	return &entry;
}
