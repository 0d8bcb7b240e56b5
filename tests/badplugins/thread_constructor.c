/* SPDX-License-Identifier: Apache-2.0 */
/* P2: starts a thread when it is mapped. */
#include "plugin.h"

static void *idle(void *arg)
{
	for (;;)
		pause();
	return arg;
}

__attribute__((constructor)) static void start(void)
{
	pthread_t thread;
	(void)pthread_create(&thread, NULL, idle, NULL);
}
