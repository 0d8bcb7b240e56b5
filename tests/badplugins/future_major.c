/* SPDX-License-Identifier: Apache-2.0 */
/* Its manifest wants ABI 2, and it brings no entry for 1. */
#include "novacron/plugin.h"

NC_EXPORT const nc_entry *nc_plugin_entry_v2(uint32_t host_abi);
const nc_entry *nc_plugin_entry_v2(uint32_t host_abi)
{
	(void)host_abi;
	return NULL;
}
