/* SPDX-License-Identifier: Apache-2.0 */
/* P7: takes a signal of the whole process. */
#include <signal.h>

#include "plugin.h"

static void on_signal(int sig)
{
	(void)sig;
}

__attribute__((constructor)) static void take(void)
{
	(void)signal(SIGUSR1, on_signal);
}
