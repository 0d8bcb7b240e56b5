/* SPDX-License-Identifier: Apache-2.0 */
/* P9: nobody listens to a stop. Tried with a verb that takes longer than a second. */
#include "../variant.h"

static void op_stop(nc_inst *inst, nc_op op, int32_t reason)
{
	(void)inst;
	(void)op;
	(void)reason;
}

static int32_t op_stop_reason(nc_host_ctx *ctx, nc_op op)
{
	(void)ctx;
	(void)op;
	return NC_RUN;
}

void variant_plugin(nc_plugin *table)
{
	table->op_stop = op_stop;
}

void variant_host(nc_host *table)
{
	table->op_stop_reason = op_stop_reason;
}
