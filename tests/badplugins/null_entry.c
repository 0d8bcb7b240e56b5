/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses every host. */
#define BAD_ENTRY
#include "plugin.h"

const nc_entry *nc_plugin_entry_v1(uint32_t host_abi)
{
	(void)host_abi;
	(void)table;
	return NULL;
}
