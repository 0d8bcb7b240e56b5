/* SPDX-License-Identifier: Apache-2.0 */
/* Mapping it never ends. */
#include "plugin.h"

__attribute__((constructor)) static void hang(void)
{
	for (;;)
		pause();
}
