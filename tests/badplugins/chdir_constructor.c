/* SPDX-License-Identifier: Apache-2.0 */
/* P7: goes to another folder. */
#include "plugin.h"

__attribute__((constructor)) static void go(void)
{
	if (chdir("/") != 0)
		abort();
}
