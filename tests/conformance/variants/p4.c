/* SPDX-License-Identifier: Apache-2.0 */
/* P4: operations are completed twice. */
#include "../variant.h"

static void op_complete(
	nc_host_ctx *ctx, nc_op op, int32_t outcome, const nc_error *err, nc_bytes result)
{
	variant_real_host->op_complete(ctx, op, outcome, err, result);
	variant_real_host->op_complete(ctx, op, outcome, err, result);
}

void variant_plugin(nc_plugin *table)
{
	(void)table;
}

void variant_host(nc_host *table)
{
	table->op_complete = op_complete;
}
