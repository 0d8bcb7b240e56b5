/* SPDX-License-Identifier: Apache-2.0 */
/* One verb kills the process it runs in: a finding of each check that calls it, and nobody's end. */
#include <signal.h>
#include <string.h>

#include "../variant.h"
#include "novacron/compute.h"

static nc_compute compute;

static nc_code die(nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)inst;
	(void)op;
	(void)target;
	(void)req;
	(void)err;
	(void)raise(SIGKILL);
	return NC_OK;
}

static const void *get_extension(nc_inst *inst, const char *id)
{
	const nc_compute *real = sim_plugin.get_extension(inst, id);

	if (strcmp(id, NC_EXT_COMPUTE) != 0)
		return real;
	compute = *real;
	compute.destroy = die;
	return &compute;
}

void variant_plugin(nc_plugin *table)
{
	table->get_extension = get_extension;
}

void variant_host(nc_host *table)
{
	(void)table;
}
