/* SPDX-License-Identifier: Apache-2.0 */
/* P2: loading opens a descriptor. */
#include <fcntl.h>

#include "../variant.h"

__attribute__((constructor)) static void on_load(void)
{
	(void)!open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void variant_plugin(nc_plugin *table)
{
	(void)table;
}

void variant_host(nc_host *table)
{
	(void)table;
}
