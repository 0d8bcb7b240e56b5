/* SPDX-License-Identifier: Apache-2.0 */
/* Made for ABI 2, but it still carries the entry of 1: this one is right and must load. */
#include "plugin.h"

NC_EXPORT const nc_entry *nc_plugin_entry_v2(uint32_t host_abi);
const nc_entry *nc_plugin_entry_v2(uint32_t host_abi)
{
	return nc_plugin_entry_v1(host_abi);
}
