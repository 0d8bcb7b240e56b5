/* SPDX-License-Identifier: Apache-2.0 */
/* The entry of every variant: sim's plugin table and the host's, both changed by the variant. */
#include "variant.h"

#include <string.h>

const nc_host *variant_real_host;
const nc_compute *variant_real_compute;
static void (*change_compute)(nc_compute *copy);
static nc_host host_table;
static nc_plugin plugin_table;

static const void *get_extension(nc_inst *inst, const char *id)
{
	static nc_compute changed;
	const void *table = sim_plugin.get_extension(inst, id);

	if (!table || strcmp(id, NC_EXT_COMPUTE) != 0)
		return table;
	variant_real_compute = table;
	changed = *variant_real_compute;
	change_compute(&changed);
	return &changed;
}

void variant_change_compute(nc_plugin *table, void (*change)(nc_compute *copy))
{
	change_compute = change;
	table->get_extension = get_extension;
}

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
