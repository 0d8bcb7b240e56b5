/* SPDX-License-Identifier: Apache-2.0 */
/* P6: a thread outlives the instance. */
#include <unistd.h>

#include "../variant.h"

static void *linger(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void destroy(nc_inst *inst)
{
	pthread_t thread;

	sim_plugin.destroy(inst);
	if (pthread_create(&thread, NULL, linger, NULL) == 0)
		pthread_detach(thread);
}

void variant_plugin(nc_plugin *table)
{
	table->destroy = destroy;
}

void variant_host(nc_host *table)
{
	(void)table;
}
