/* SPDX-License-Identifier: Apache-2.0 */
/* P5 and P6: a thread that nobody joined calls the host when the instance is gone. */
#include "../variant.h"

#include <unistd.h>

static void *late(void *arg)
{
	(void)arg;
	usleep(50000);
	variant_real_host->log(
		variant_real_host->ctx, NC_LOG_INFO, "sim.late", (nc_bytes){ NULL, 0 });
	return NULL;
}

static void destroy(nc_inst *inst)
{
	pthread_t thread;

	sim_plugin.destroy(inst);
	if (pthread_create(&thread, NULL, late, NULL) == 0)
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
