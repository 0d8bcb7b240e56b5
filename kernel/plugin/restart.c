/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "plugin/loader_internal.h"
#include "plugin/remote.h"

/*
 * A host process that died comes back: 1, 2, 4 … 60 s later, unless its plugin is in quarantine by
 * then. What died and what is ready is told on the io loop; the new process is started by the
 * supervisor. Nobody waits here.
 */

#define SLOWLY_US INT64_C(200000)

nc_pinst *nc_found_next_inst(nc_found *f, uint32_t walk)
{
	nc_pinst *found = NULL;
	pthread_mutex_lock(&f->p->lock);
	NC_LIST_EACH (l, &f->insts) {
		nc_pinst *inst = NC_LIST_ENTRY(l, nc_pinst, found_link);
		if (inst->walk == walk)
			continue;
		inst->walk = walk;
		found = nc_pinst_ref(inst);
		break;
	}
	pthread_mutex_unlock(&f->p->lock);
	return found;
}

static void start_again(nc_task *task);

static void on_restart_timer(const nc_closure *c, uint64_t timer)
{
	nc_found *f = c->ctx;
	pthread_mutex_lock(&f->p->lock);
	int is_wanted = f->restart_timer == timer;
	f->restart_timer = 0;
	pthread_mutex_unlock(&f->p->lock);
	if (!is_wanted)
		return;
	f->restart_task.run = start_again;
	nc_loop_post(f->p->super, &f->restart_task);
}

/* Without memory for a timer, at the supervisor's expense: better late than never. */
static void start_again_slowly(nc_task *task)
{
	nc_clock_sleep_us(SLOWLY_US);
	start_again(task);
}

static void schedule(nc_found *f, int64_t after_us)
{
	uint64_t timer = 0;
	nc_code rc = NC_OK;
	pthread_mutex_lock(&f->p->lock); /* or the timer might fire before it is noted */
	int is_wanted = !f->is_stopping && !f->p->is_ending;
	if (is_wanted)
		rc = nc_loop_timer_start(f->p->io, (uint64_t)after_us * 1000, 0, on_restart_timer,
			(nc_closure){ .ctx = f }, &timer);
	if (rc == NC_OK)
		f->restart_timer = timer;
	pthread_mutex_unlock(&f->p->lock);
	if (rc == NC_OK)
		return;
	nc_log(L_WARN, "plugin.host.no_timer", F_STR("plugin", f->id),
		F_STR("consequence", "it is restarted without its pause"));
	f->restart_task.run = start_again_slowly;
	nc_loop_post(f->p->super, &f->restart_task);
}

void nc_restart_cancel(nc_found *f)
{
	pthread_mutex_lock(&f->p->lock);
	uint64_t timer = f->restart_timer;
	f->restart_timer = 0;
	pthread_mutex_unlock(&f->p->lock);
	if (timer)
		(void)nc_loop_timer_stop(f->p->io, timer);
}

void nc_found_process_gone(nc_found *f, nc_hostproc *h, const char *how, const nc_error *blameless)
{
	pthread_mutex_lock(&f->p->lock);
	int is_ours = f->process == h;
	if (is_ours)
		f->process = NULL;
	int is_first_start = f->is_loading, was_stopping = f->is_stopping || f->p->is_ending;
	pthread_mutex_unlock(&f->p->lock);
	if (!is_ours)
		return;
	if (is_first_start) { /* who loads it waits for this, and tells */
		nc_hostproc_unref(h);
		return;
	}
	int64_t after_us = was_stopping ? -1
			   : blameless  ? nc_found_not_its_fault(f, blameless)
					: nc_found_crashed(f, how);
	int64_t back_at = after_us < 0 ? -1 : nc_clock_mono_us() + after_us;
	f->walk++;
	for (nc_pinst *inst; (inst = nc_found_next_inst(f, f->walk));) {
		if (nc_transport_enter(inst)) {
			nc_remote_detach(inst);
			nc_transport_leave(inst);
		}
		nc_pinst_lost(inst, how, back_at);
		nc_pinst_unref(inst);
	}
	if (after_us >= 0)
		schedule(f, after_us);
	nc_hostproc_unref(h);
}

/* On the supervisor. */
static void start_again(nc_task *task)
{
	nc_found *f = NC_CONTAINER(task, nc_found, restart_task);
	nc_error err = NC_ERROR_INIT;
	nc_hostproc *h = NULL;
	pthread_mutex_lock(&f->p->lock);
	int is_wanted = f->state == NC_PLUGIN_LOST && !f->is_stopping && !f->p->is_ending;
	pthread_mutex_unlock(&f->p->lock);
	if (!is_wanted)
		return;
	nc_code rc = nc_hostproc_start(f, f->code_memfd, &h, &err);
	if (rc != NC_OK) {
		int64_t after_us = nc_found_not_its_fault(f, &err);
		if (after_us >= 0)
			schedule(f, after_us);
		return;
	}
	pthread_mutex_lock(&f->p->lock);
	f->n_restarts++;
	pthread_mutex_unlock(&f->p->lock);
	nc_hostproc_kill_unless_ready(h, f->p->probe_timeout_us);
	nc_hostproc_unref(h);
}

void nc_found_process_ready(nc_found *f, nc_hostproc *h)
{
	pthread_mutex_lock(&f->p->lock);
	int is_restart = f->process == h && f->state == NC_PLUGIN_LOST;
	if (is_restart) {
		f->state = NC_PLUGIN_LOADED;
		pthread_cond_broadcast(&f->p->has_changed);
	}
	pthread_mutex_unlock(&f->p->lock);
	if (!is_restart)
		return;
	f->walk++;
	for (nc_pinst *inst; (inst = nc_found_next_inst(f, f->walk));) {
		nc_pinst_recreate(inst);
		nc_pinst_unref(inst);
	}
}
