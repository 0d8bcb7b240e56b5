/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/rt.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/wait.h"
#include "plugin/image.h"
#include "plugin/manifest.h"
#include "plugin/rt_internal.h"

/*
 * Life and death of an instance's runtime. Two gates make the end safe: n_in_plugin counts threads
 * inside the plugin, and destroy waits for none; n_up counts events on their way up, and the owner
 * goes only when there is none. Whoever is stuck in the plugin keeps the runtime, mute, in memory.
 */

#define CONTROL_LEAST_US INT64_C(100000) /* for an idle loop to end */
#define SPARE_THREADS    2               /* health, create and destroy beside max_threads calls */

/* ---- gates ---- */

int nc_rt_enter(nc_rt *rt)
{
	pthread_mutex_lock(&rt->rt_lock);
	int may = !rt->is_closing;
	rt->n_in_plugin += (size_t)may;
	pthread_mutex_unlock(&rt->rt_lock);
	return may;
}

void nc_rt_leave(nc_rt *rt)
{
	pthread_mutex_lock(&rt->rt_lock);
	if (--rt->n_in_plugin == 0)
		pthread_cond_broadcast(&rt->has_changed);
	pthread_mutex_unlock(&rt->rt_lock);
}

int nc_rt_speak(nc_rt *rt)
{
	pthread_mutex_lock(&rt->rt_lock);
	int may = !rt->is_mute;
	rt->n_up += (size_t)may;
	pthread_mutex_unlock(&rt->rt_lock);
	return may;
}

void nc_rt_spoke(nc_rt *rt)
{
	pthread_mutex_lock(&rt->rt_lock);
	if (--rt->n_up == 0)
		pthread_cond_broadcast(&rt->has_changed);
	pthread_mutex_unlock(&rt->rt_lock);
}

void nc_rt_strike(nc_rt *rt, nc_rule rule, const char *fmt, ...)
{
	char what[200];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (!nc_rt_speak(rt))
		return;
	rt->up->strike(rt->user, rule, what);
	nc_rt_spoke(rt);
}

/* ---- the calling thread ---- */

static _Thread_local rt_thread current;

rt_thread nc_rt_thread_enter(nc_rt *rt, int32_t class)
{
	rt_thread former = current;
	current = (rt_thread){ .rt = rt, .class = class };
	return former;
}

void nc_rt_thread_leave(rt_thread former)
{
	current = former;
}

rt_thread nc_rt_thread_current(void)
{
	return current;
}

/* ---- birth ---- */

static nc_code start_threads(nc_rt *rt, uint32_t max_threads, nc_error *err)
{
	char name[64];
	snprintf(name, sizeof(name), "w:%.13s", rt->name);
	nc_code rc = nc_pool_new(
		name, max_threads * (1 + NC_RT_SLOW_FACTOR) + SPARE_THREADS, &rt->pool, err);
	if (rc != NC_OK)
		return rc;
	snprintf(name, sizeof(name), "c:%.13s", rt->name);
	if ((rc = nc_loop_new(name, RT_TIMERS_MAX, &rt->control, err)) != NC_OK)
		return rc;
	return nc_loop_start(rt->control, err);
}

static void destroy_memory(nc_rt *rt)
{
	uint64_t handle;
	rt_op *o;
	for (uint32_t it = 0; (o = nc_slots_next(&rt->ops, &it, &handle));)
		nc_rt_release_op(rt, o);
	nc_slots_done(&rt->ops);
	nc_slots_done(&rt->checkpoints);
	nc_map_free(rt->by_id);
	pthread_cond_destroy(&rt->has_changed);
	pthread_mutex_destroy(&rt->rt_lock);
	nc_free(rt);
}

nc_code nc_rt_new(const nc_rt_options *opt, nc_rt **ret, nc_error *err)
{
	nc_rt *rt = nc_calloc(1, sizeof(*rt));
	if (!rt)
		return nc_err_nomem(err);
	rt->image = opt->image;
	rt->manifest = opt->manifest;
	rt->up = opt->up;
	rt->user = opt->user;
	rt->n_refs = 1;
	snprintf(rt->name, sizeof(rt->name), "%s", opt->name);
	snprintf(rt->plugin, sizeof(rt->plugin), "%s", opt->manifest->id);
	pthread_mutex_init(&rt->rt_lock, NULL);
	nc_cond_init(&rt->has_changed);
	nc_slots_init(&rt->ops, sizeof(rt_op), RT_OPS_MAX);
	nc_slots_init(&rt->checkpoints, sizeof(rt_checkpoint), RT_CHECKPOINTS_MAX);
	rt->by_id = nc_map_new();
	rt->ctx = nc_ctx_new(rt, opt);
	nc_code rc =
		rt->by_id && rt->ctx ? start_threads(rt, opt->max_threads, err) : nc_err_nomem(err);
	if (rc == NC_OK) {
		*ret = rt;
		return NC_OK;
	}
	nc_loop_free(rt->control);
	nc_pool_free(rt->pool);
	if (rt->ctx)
		nc_ctx_retire(rt->ctx);
	destroy_memory(rt);
	return rc;
}

void nc_rt_unref(nc_rt *rt)
{
	pthread_mutex_lock(&rt->rt_lock);
	int is_last = --rt->n_refs == 0;
	pthread_mutex_unlock(&rt->rt_lock);
	if (is_last)
		destroy_memory(rt);
}

/* ---- death ---- */

/* Whether no thread is inside before the time is over. */
static int wait_for_plugin(nc_rt *rt, int64_t until_us)
{
	pthread_mutex_lock(&rt->rt_lock);
	rt->is_closing = 1;
	while (rt->n_in_plugin > 0 && nc_cond_wait_until(&rt->has_changed, &rt->rt_lock, until_us))
		;
	int is_empty = rt->n_in_plugin == 0;
	pthread_mutex_unlock(&rt->rt_lock);
	return is_empty;
}

static void mute(nc_rt *rt)
{
	pthread_mutex_lock(&rt->rt_lock);
	rt->is_mute = 1;
	while (rt->n_up > 0)
		pthread_cond_wait(&rt->has_changed, &rt->rt_lock);
	pthread_mutex_unlock(&rt->rt_lock);
}

typedef struct destroy_job {
	nc_job job;
	nc_rt *rt;
	int has_ended, is_left; /* under rt_lock */
} destroy_job;

static void run_destroy(nc_job *job)
{
	destroy_job *d = NC_CONTAINER(job, destroy_job, job);
	nc_rt *rt = d->rt;
	rt_thread former = nc_rt_thread_enter(rt, NC_THREAD_WORKER);
	nc_mark mark = nc_mark_enter(rt->plugin, "destroy");
	rt->image->plugin.destroy(rt->self);
	nc_mark_leave(mark);
	nc_rt_thread_leave(former);
	pthread_mutex_lock(&rt->rt_lock);
	d->has_ended = 1;
	int is_left = d->is_left;
	pthread_cond_broadcast(&rt->has_changed);
	pthread_mutex_unlock(&rt->rt_lock);
	if (is_left)
		nc_free(d);
}

/* destroy on a worker; 0 when it did not come back in time. Without memory for a job or a thread it is
 * called from here: it may then hold us up, but the plugin must not pay for our want. */
static int call_destroy(nc_rt *rt, int64_t until_us)
{
	destroy_job here = { .job.run = run_destroy, .rt = rt };
	if (!rt->self)
		return 1;
	destroy_job *d = nc_memdup(&here, sizeof(here));
	if (!d || nc_pool_submit(rt->pool, &d->job) != NC_OK) {
		nc_free(d);
		run_destroy(&here.job);
		return 1;
	}
	pthread_mutex_lock(&rt->rt_lock);
	while (!d->has_ended && nc_cond_wait_until(&rt->has_changed, &rt->rt_lock, until_us))
		;
	int has_ended = d->has_ended;
	d->is_left = !has_ended;
	pthread_mutex_unlock(&rt->rt_lock);
	if (has_ended)
		nc_free(d);
	else
		nc_pool_forfeit(rt->pool, &d->job);
	return has_ended;
}

static void forfeit_running(nc_rt *rt)
{
	uint64_t handle;
	rt_op *o;
	pthread_mutex_lock(&rt->rt_lock);
	for (uint32_t it = 0; (o = nc_slots_next(&rt->ops, &it, &handle));)
		if (!o->has_returned)
			nc_pool_forfeit(rt->pool, &o->job); /* places don't move; a leaf lock */
	pthread_mutex_unlock(&rt->rt_lock);
}

nc_code nc_rt_free(nc_rt *rt, int64_t timeout_us)
{
	if (!rt)
		return NC_OK;
	int64_t until_us = nc_clock_mono_us() + timeout_us;
	int is_out = wait_for_plugin(rt, until_us);
	/* No callback runs beside or after destroy. The loop itself stays until no host call can come. */
	int64_t left_us = NC_MAX(until_us - nc_clock_mono_us(), CONTROL_LEAST_US);
	is_out = nc_loop_stop_within(rt->control, left_us) && is_out;
	is_out = is_out && call_destroy(rt, NC_MAX(until_us, nc_clock_mono_us() + 1000000));
	mute(rt);
	forfeit_running(rt);
	nc_pool_free(rt->pool);
	if (!is_out)
		return NC_E_TIMEOUT; /* and rt stays: a thread of the plugin's may come back to it */
	nc_ctx_retire(rt->ctx);
	nc_loop_free(rt->control);
	nc_rt_unref(rt);
	return NC_OK;
}

void nc_rt_get_stats(nc_rt *rt, nc_rt_stats *ret)
{
	*ret = (nc_rt_stats){ .timers = nc_loop_timers(rt->control),
		.fds = nc_loop_fds(rt->control),
		.control_busy_since_us = nc_loop_busy_since_us(rt->control) };
	pthread_mutex_lock(&rt->rt_lock);
	ret->ops = rt->ops.used;
	ret->checkpoints = rt->checkpoints.used;
	ret->forfeited = rt->n_forfeited;
	pthread_mutex_unlock(&rt->rt_lock);
}

struct nc_inst *nc_rt_self(nc_rt *rt)
{
	pthread_mutex_lock(&rt->rt_lock);
	nc_inst *self = rt->self;
	pthread_mutex_unlock(&rt->rt_lock);
	return self;
}
