/* SPDX-License-Identifier: Apache-2.0 */
/* test.plain: sim under another name, whose manifest declares no feature. */
#include "sim/inst.h"

NC_PLUG_EMBED(plain_manifest, "manifest.json");
NC_PLUG_EMBED(plain_config_schema, "schema.json");

const nc_entry *nc_plugin_entry_v1(uint32_t host_abi)
{
	static const nc_entry entry = {
		.struct_size = sizeof(entry),
		.abi = NC_ABI,
		.id = "test.plain",
		.version = "0.1.0",
		.manifest_json = plain_manifest,
		.config_schema_json = plain_config_schema,
		.plugin = &sim_plugin,
	};

	return NC_ABI_MAJOR_OF(host_abi) == NC_ABI_MAJOR ? &entry : NULL;
}
