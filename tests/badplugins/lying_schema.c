/* SPDX-License-Identifier: Apache-2.0 */
/* The schema in its code uses what no host checks. */
#define BAD_ENTRY
#include "plugin.h"

const nc_entry *nc_plugin_entry_v1(uint32_t host_abi)
{
	static const nc_entry entry = { .struct_size = sizeof(nc_entry),
		.abi = NC_ABI,
		.id = BAD_ID,
		.version = "1.0.0",
		.config_schema_json = "{\"type\":\"object\",\"patternProperties\":{}}",
		.plugin = &table };
	(void)host_abi;
	return &entry;
}
