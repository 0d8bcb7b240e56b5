/* SPDX-License-Identifier: Apache-2.0 */
/* The one exported symbol, and the files it hands out. Reads and writes nothing. */
#include "inst.h"

NC_PLUG_EMBED(sim_manifest, "manifest.json");
NC_PLUG_EMBED(sim_config_schema, "schema.json");

const nc_entry *nc_plugin_entry_v1(uint32_t host_abi)
{
	static const nc_entry entry = {
		.struct_size = sizeof(entry),
		.abi = NC_ABI,
		.id = "novacron.sim",
		.version = "0.1.0",
		.manifest_json = sim_manifest,
		.config_schema_json = sim_config_schema,
		.plugin = &sim_plugin,
	};

	return NC_ABI_MAJOR_OF(host_abi) == NC_ABI_MAJOR ? &entry : NULL;
}
