/* SPDX-License-Identifier: Apache-2.0 */
/* V3: a verb of many host calls calls done what was cancelled at one of the last of them. */
#include "../variant.h"
#include <stdatomic.h>
enum { CALLS = 40, EARLY = 30 };

static atomic_ullong liar; /* the operation that lies */

static nc_code power(nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	const nc_host *h = variant_real_host;
	int n = 0;

	while (n < CALLS && h->op_stop_reason(h->ctx, op) == NC_RUN)
		n++;
	if (n >= EARLY && n < CALLS)
		atomic_store(&liar, op.v);
	return variant_real_compute->power(inst, op, target, req, err);
}

static void op_complete(
	nc_host_ctx *ctx, nc_op op, int32_t outcome, const nc_error *err, nc_bytes result)
{
	static const char done[] = "{\"changed\":true,\"power\":\"running\"}";

	if (atomic_load(&liar) == op.v && outcome != NC_DONE)
		variant_real_host->op_complete(
			ctx, op, NC_DONE, NULL, (nc_bytes){ done, sizeof(done) - 1 });
	else
		variant_real_host->op_complete(ctx, op, outcome, err, result);
}

static void change(nc_compute *copy)
{
	copy->power = power;
}

void variant_plugin(nc_plugin *table)
{
	variant_change_compute(table, change);
}

void variant_host(nc_host *table)
{
	table->op_complete = op_complete;
}
