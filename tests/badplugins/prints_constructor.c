/* SPDX-License-Identifier: Apache-2.0 */
/* P8: greets on stdout. */
#include <stdio.h>

#include "plugin.h"

__attribute__((constructor)) static void greet(void)
{
	puts("hello from a plugin");
	(void)fflush(stdout);
}
