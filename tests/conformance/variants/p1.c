/* SPDX-License-Identifier: Apache-2.0 */
/* P1: a symbol is exported beside the entry. */
#include "../variant.h"

NC_EXPORT int sim_helper(void);
NC_EXPORT int sim_helper(void)
{
	return 1;
}

void variant_plugin(nc_plugin *table)
{
	(void)table;
}

void variant_host(nc_host *table)
{
	(void)table;
}
