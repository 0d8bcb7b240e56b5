/* SPDX-License-Identifier: Apache-2.0 */
/* V3: a verb of many host calls calls done what was cancelled at one of the last of them. */
#include <stdatomic.h>
#include <string.h>

#include "../variant.h"
#include "novacron/compute.h"

enum { CALLS = 40, EARLY = 30 };

static const nc_compute *real_compute;
static atomic_ullong liar; /* the operation that lies */

static nc_code power(nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	const nc_host *h = variant_real_host;
	int n = 0;

	while (n < CALLS && h->op_stop_reason(h->ctx, op) == NC_RUN)
		n++;
	if (n >= EARLY && n < CALLS)
		atomic_store(&liar, op.v);
	return real_compute->power(inst, op, target, req, err);
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

static const void *get_extension(nc_inst *inst, const char *id)
{
	static nc_compute changed;
	const void *table = sim_plugin.get_extension(inst, id);

	if (!table || strcmp(id, NC_EXT_COMPUTE) != 0)
		return table;
	real_compute = table;
	changed = *real_compute;
	changed.power = power;
	return &changed;
}

void variant_plugin(nc_plugin *table)
{
	table->get_extension = get_extension;
}

void variant_host(nc_host *table)
{
	table->op_complete = op_complete;
}
