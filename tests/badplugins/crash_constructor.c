/* SPDX-License-Identifier: Apache-2.0 */
/* Crashes as soon as it is mapped. */
#include "plugin.h"

__attribute__((constructor)) static void crash(void)
{
	abort();
}
