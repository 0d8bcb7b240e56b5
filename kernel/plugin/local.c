/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "plugin/inst_internal.h"
#include "plugin/loader_internal.h"

/* The way to a plugin in this process: the runtime itself, with hardly anything between. */

static nc_code start(void *t, const nc_rt_call *call, nc_error *err)
{
	return nc_rt_start(t, call, err);
}

static void stop(void *t, uint64_t id, int32_t reason)
{
	nc_rt_stop(t, id, reason);
}

static void forfeit(void *t, uint64_t id)
{
	nc_rt_forfeit(t, id);
}

static void checkpoint_done(void *t, uint64_t ticket, nc_code code)
{
	nc_rt_checkpoint_done(t, ticket, code);
}

static nc_code close_rt(void *t, int64_t timeout_us)
{
	return nc_rt_free(t, timeout_us);
}

static void stats(void *t, nc_rt_stats *ret)
{
	nc_rt_get_stats(t, ret);
}

static nc_rt *rt(void *t)
{
	return t;
}

static const nc_transport transport = { .start = start,
	.stop = stop,
	.forfeit = forfeit,
	.checkpoint_done = checkpoint_done,
	.close = close_rt,
	.stats = stats,
	.rt = rt };

nc_code nc_local_open(nc_pinst *inst, nc_error *err)
{
	nc_rt *made = NULL;
	nc_code rc = nc_rt_new(&(nc_rt_options){ .image = inst->found->image,
				       .manifest = inst->found->manifest,
				       .name = inst->name,
				       .max_threads = inst->max_concurrency,
				       .up = &nc_pinst_up,
				       .user = inst,
				       .late = nc_found_late,
				       .late_user = inst->found },
		&made, err);
	if (rc != NC_OK)
		return rc;
	nc_transport_set(inst, &transport, made);
	return NC_OK;
}
