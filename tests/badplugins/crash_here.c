/* SPDX-License-Identifier: Apache-2.0 */
/* Behaves in nc-plugin-host, so that the probe lets it pass, and crashes in any other process. */
#include <errno.h>

#include "plugin.h"

__attribute__((constructor)) static void crash(void)
{
	if (strcmp(program_invocation_short_name, "nc-plugin-host") != 0)
		abort();
}
