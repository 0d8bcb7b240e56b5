/* SPDX-License-Identifier: Apache-2.0 */
/* The same in a way that no handler sees: only the sentinel stays. */
#include <errno.h>
#include <signal.h>

#include "plugin.h"

__attribute__((constructor)) static void leave(void)
{
	if (strcmp(program_invocation_short_name, "nc-plugin-host") != 0)
		(void)kill(getpid(), SIGKILL);
}
