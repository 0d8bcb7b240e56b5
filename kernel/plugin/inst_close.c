/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/wait.h"
#include "plugin/inst_internal.h"
#include "plugin/loader_internal.h"

/*
 * The end of an instance: no new calls, those queued end unsent, those running are told to detach and
 * have their time, the plugin destroys what it made, and what then still runs ends unknown. Waits,
 * so never from a callback.
 */

/* Tells up to 64 of them; 1 when there may be more. */
static int detach_some(nc_pinst *inst)
{
	nc_call handles[64];
	size_t n = 0;
	pthread_mutex_lock(&inst->inst_lock);
	NC_LIST_EACH (l, &inst->live) {
		const nc_live *c = NC_LIST_ENTRY(l, nc_live, inst_link);
		if (!c->is_ended && c->target && c->stop_reason != NC_DETACH && n < NC_LEN(handles))
			handles[n++].v = c->handle;
	}
	pthread_mutex_unlock(&inst->inst_lock);
	for (size_t i = 0; i < n; i++)
		nc_call_stop(handles[i], NC_DETACH);
	return n == NC_LEN(handles);
}

/* Under inst_lock. */
static int has_running(const nc_pinst *inst)
{
	NC_LIST_EACH (l, &inst->live) {
		const nc_live *c = NC_LIST_ENTRY(l, nc_live, inst_link);
		if (!c->is_ended && c->verb != &nc_life_health) /* nobody waits for that answer */
			return 1;
	}
	return 0;
}

static void drain(nc_pinst *inst, int64_t drain_us)
{
	int64_t until = nc_clock_mono_us() + drain_us;
	while (detach_some(inst))
		;
	/* A plugin without drain says so; the calls have been told in any case. */
	(void)nc_pinst_life(inst, &nc_life_drain, (nc_bytes){ NULL, 0 }, drain_us, NULL, NULL);
	pthread_mutex_lock(&inst->inst_lock);
	while (has_running(inst) && nc_cond_wait_until(&inst->has_changed, &inst->inst_lock, until))
		;
	pthread_mutex_unlock(&inst->inst_lock);
}

/* 1: we close it. 0: somebody does or has; waits for that. */
static int begin_close(nc_pinst *inst)
{
	pthread_mutex_lock(&inst->inst_lock);
	int is_ours = !inst->is_closing;
	inst->is_closing = 1;
	while (!is_ours && inst->state != NC_PINST_CLOSED)
		pthread_cond_wait(&inst->has_changed, &inst->inst_lock);
	pthread_mutex_unlock(&inst->inst_lock);
	return is_ours;
}

static void end_close(nc_pinst *inst)
{
	pthread_mutex_lock(&inst->inst_lock);
	inst->state = NC_PINST_CLOSED;
	inst->is_open = 0;
	while (inst->n_speaking > 0)
		pthread_cond_wait(&inst->has_changed, &inst->inst_lock);
	pthread_cond_broadcast(&inst->has_changed);
	pthread_mutex_unlock(&inst->inst_lock);
}

/* A thread of it is still in the plugin. Of a process the end of that has been seen to. */
static void leave_behind(nc_pinst *inst)
{
	nc_found *f = inst->found;
	nc_code rc = NC_E_NOMEM;
	if (!f->manifest->is_exclusive || f->isolation != NC_ISO_IN_PROCESS)
		return;
	pthread_mutex_lock(&f->p->lock);
	if (!f->left_behind)
		f->left_behind = nc_map_new();
	if (f->left_behind)
		rc = nc_map_put(f->left_behind, nc_str(inst->name), f, NULL);
	pthread_mutex_unlock(&f->p->lock);
	nc_log(L_ERROR, "plugin.instance.left_behind", F_STR("plugin", f->id),
		F_STR("instance", inst->name),
		F_STR("consequence",
			rc == NC_OK ? "the plugin is exclusive: not opened again before a restart"
				    : "no memory to remember it"));
}

void nc_pinst_close(nc_pinst *inst, int64_t drain_us)
{
	nc_error why = NC_ERROR_INIT;
	if (!begin_close(inst))
		return;
	nc_err(&why, NC_E_UNAVAILABLE, "instance %s is being closed", inst->name);
	why.flags = NC_ERR_RETRYABLE; /* it may be opened again */
	nc_pinst_end_queued(inst, &why);
	pthread_mutex_lock(&inst->inst_lock);
	int was_active = inst->state == NC_PINST_ACTIVE;
	pthread_mutex_unlock(&inst->inst_lock);
	if (was_active && drain_us > 0)
		drain(inst, drain_us);
	nc_pinst_stop_retry(inst);
	nc_code rc = nc_transport_close(inst, inst->grace_us);
	if (rc == NC_E_TIMEOUT && was_active)
		nc_found_strike(inst->found, inst->name, NC_P6_THREADS,
			"a thread of the instance did not come back when it was closed");
	if (rc == NC_E_TIMEOUT)
		leave_behind(inst);
	why.flags = NC_ERR_OUTCOME_UNKNOWN;
	nc_pinst_end_all(inst, &why);
	end_close(inst);
	nc_pinst_delist(inst);
	nc_inst_health_forget(inst);
	nc_pinst_drop_secrets(inst);
}
