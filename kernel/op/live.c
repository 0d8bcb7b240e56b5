/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a run is: what the driver reports and what the run waits for. Memory alone; a restart
 * begins with nothing. Any thread.
 */
#include "op/engine.h"

#include <string.h>

#include "base/clock.h"

/* A driver that has told how far it is and goes silent for so long is called stalled. */
#define STALLED_US INT64_C(60000000)

/* Monotone within a phase: a driver that goes back is not shown going back. */
void nc_run_progress(void *arg, uint32_t permille, const char *phase)
{
	nc_run *run = arg;
	nc_op_live *p = &run->live;

	pthread_mutex_lock(&run->ops->lock);
	int is_same = phase && !strcmp(p->phase, phase);
	if (!is_same || permille > p->permille) {
		snprintf(p->phase, sizeof(p->phase), "%s", phase ? phase : "");
		p->permille = NC_MIN(permille, 1000u);
		run->progress_at_us = nc_clock_mono_us();
	}
	pthread_mutex_unlock(&run->ops->lock);
}

static int64_t stalled_since_ms(const nc_run *run)
{
	int64_t us = nc_clock_mono_us() - run->progress_at_us;

	if (run->where != NC_RUN_CALLING || !run->progress_at_us || us < STALLED_US)
		return 0;
	return nc_clock_wall_ms() - us / 1000;
}

nc_code nc_ops_get_live(nc_ops *ops, const char *id, nc_op_live *ret)
{
	pthread_mutex_lock(&ops->lock);
	const nc_run *run = nc_run_find(ops, id);
	if (run) {
		*ret = run->live;
		ret->stalled_since_ms = stalled_since_ms(run);
	}
	pthread_mutex_unlock(&ops->lock);
	return run ? NC_OK : NC_E_NOTFOUND;
}
