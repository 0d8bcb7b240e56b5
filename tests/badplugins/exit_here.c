/* SPDX-License-Identifier: Apache-2.0 */
/* The same with _exit: no signal tells of it, only the sentinel that stays. */
#include <errno.h>

#include "plugin.h"

__attribute__((constructor)) static void leave(void)
{
	if (strcmp(program_invocation_short_name, "nc-plugin-host") != 0)
		_exit(7);
}
