/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest in its code promises less than the file. */
#define BAD_ENTRY
#include "plugin.h"

const nc_entry *nc_plugin_entry_v1(uint32_t host_abi)
{
	static const nc_entry entry = { .struct_size = sizeof(nc_entry),
		.abi = NC_ABI,
		.id = BAD_ID,
		.version = "1.0.0",
		.manifest_json = "{\"id\":\"" BAD_ID "\",\"version\":\"1.0.0\"}",
		.plugin = &table };
	(void)host_abi;
	return &entry;
}
