/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Letting go of the calls that are out, at the end and when another node leads the store: the driver
 * goes on or not, as it likes, and whoever leads then asks what became of it.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "op/engine.h"

/* Their handles; a call whose handle is not known yet is told by whoever is making it. */
static size_t mark_all(nc_ops *ops, uint64_t *handles, size_t cap)
{
	size_t n = 0, it = 0;
	nc_bytes key;
	void *val;

	while (n < cap && nc_map_next(ops->runs, &it, &key, &val)) {
		nc_run *run = val;
		if (!run->call_is_out)
			continue;
		run->stop_reason = NC_DETACH;
		if (run->handle)
			handles[n++] = run->handle;
	}
	return n;
}

void nc_ops_detach_now(nc_ops *ops)
{
	size_t cap = ops->calls_out, n = 0;
	uint64_t *handles = cap ? nc_malloc(cap * sizeof(*handles)) : NULL;

	ops->must_detach = 0;
	if (handles)
		n = mark_all(ops, handles, cap);
	pthread_mutex_unlock(&ops->lock);
	if (cap && !handles)
		nc_log(L_WARN, "op.detach.memory", F_U64("calls", cap),
			F_STR("consequence", "they go on, and their answers are not expected"));
	for (size_t i = 0; i < n; i++)
		ops->driver.stop(ops->driver.ctx, handles[i], NC_DETACH);
	nc_free(handles);
	pthread_mutex_lock(&ops->lock);
}

void nc_ops_detach(nc_ops *ops)
{
	pthread_mutex_lock(&ops->lock);
	ops->must_detach = 1;
	nc_ops_wake(ops);
	pthread_mutex_unlock(&ops->lock);
}

void nc_ops_wait_for_calls(nc_ops *ops)
{
	int64_t until = nc_clock_mono_us() + NC_MAX(ops->opt.grace_us, 100000);

	while (ops->calls_out && nc_clock_mono_us() < until) {
		pthread_mutex_unlock(&ops->lock);
		nc_clock_sleep_us(2000);
		pthread_mutex_lock(&ops->lock);
	}
	if (ops->calls_out)
		nc_log(L_WARN, "op.detach.slow", F_U64("calls", ops->calls_out),
			F_STR("consequence", "leaving them to recover at the next start"));
}
