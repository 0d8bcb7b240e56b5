/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "plugin/inst_internal.h"
#include "plugin/loader_internal.h"
#include "plugin/remote.h"
#include "plugin/schema.h"

/*
 * What becomes of an instance when its process dies: its calls end, and when there is a process
 * again it is created anew with the configuration it had, as often as it takes. On the io loop;
 * nothing here waits.
 */

void nc_pinst_lost(nc_pinst *inst, const char *why, int64_t back_at_us)
{
	nc_plugin_hooks hooks;
	nc_error err = NC_ERROR_INIT;
	pthread_mutex_lock(&inst->inst_lock);
	inst->back_at_us = back_at_us;
	int was_active = inst->state == NC_PINST_ACTIVE;
	pthread_mutex_unlock(&inst->inst_lock);
	nc_pinst_set_state(inst, back_at_us < 0 ? NC_PINST_FAILED : NC_PINST_LOST, why);
	nc_inst_health_forget(inst);
	nc_err(&err, NC_E_UNAVAILABLE, "the process of instance %s ended: %s", inst->name, why);
	err.flags = NC_ERR_OUTCOME_UNKNOWN | NC_ERR_RETRYABLE;
	nc_pinst_end_all(inst, &err);
	if (!was_active || !nc_pinst_speak(inst, &hooks))
		return;
	if (hooks.host_lost)
		hooks.host_lost(hooks.user, inst, why);
	nc_pinst_spoke(inst);
}

static void recreate_later(const nc_closure *c, uint64_t timer)
{
	nc_pinst *inst = c->ctx;
	pthread_mutex_lock(&inst->inst_lock);
	if (inst->retry_timer == timer)
		inst->retry_timer = 0;
	pthread_mutex_unlock(&inst->inst_lock);
	nc_pinst_recreate(inst);
	nc_pinst_unref(inst);
}

static void start_retry(nc_pinst *inst, uint64_t after_ns)
{
	uint64_t timer = 0;
	nc_pinst_ref(inst); /* the timer's */
	if (nc_loop_timer_start(nc_plugins_io(inst->p), after_ns, 0, recreate_later,
		    (nc_closure){ .ctx = inst }, &timer) != NC_OK) {
		nc_pinst_set_state(inst, NC_PINST_FAILED, "there was no memory to try again");
		nc_pinst_unref(inst);
		return;
	}
	pthread_mutex_lock(&inst->inst_lock);
	inst->retry_timer = timer;
	int is_late = inst->is_closing;
	pthread_mutex_unlock(&inst->inst_lock);
	if (is_late && nc_loop_timer_stop(nc_plugins_io(inst->p), timer) == NC_OK)
		nc_pinst_unref(inst);
}

static void retry_create(nc_pinst *inst, const nc_error *why)
{
	const int64_t most = 60;
	nc_error copy = *why;
	pthread_mutex_lock(&inst->inst_lock);
	int64_t wait_s = INT64_C(1) << NC_MIN(inst->n_create_failures, 6u);
	inst->n_create_failures++;
	wait_s = NC_MIN(wait_s, most);
	inst->back_at_us = nc_clock_mono_us() + wait_s * 1000000;
	pthread_mutex_unlock(&inst->inst_lock);
	nc_pinst_set_state(inst, NC_PINST_LOST, copy.message);
	nc_log(L_WARN, "plugin.instance.create_failed", F_STR("instance", inst->name),
		F_I64("retry_s", wait_s), F_ERR(&copy));
	start_retry(inst, (uint64_t)wait_s * 1000000000);
}

static void on_recreated(void *user, const nc_call_end *end)
{
	nc_pinst *inst = user;
	nc_plugin_hooks hooks;
	pthread_mutex_lock(&inst->inst_lock);
	int is_wanted = !inst->is_closing && inst->state == NC_PINST_LOST;
	pthread_mutex_unlock(&inst->inst_lock);
	if (is_wanted && end->code == NC_OK) {
		(void)nc_pinst_learn_verbs(inst, end->result);
		pthread_mutex_lock(&inst->inst_lock);
		inst->n_create_failures = 0;
		pthread_mutex_unlock(&inst->inst_lock);
		nc_pinst_set_state(inst, NC_PINST_ACTIVE, "");
		nc_log(L_INFO, "plugin.instance.back", F_STR("instance", inst->name));
		nc_ask_health_soon(inst->p);
		if (nc_pinst_speak(inst, &hooks)) {
			if (hooks.host_back)
				hooks.host_back(hooks.user, inst);
			nc_pinst_spoke(inst);
		}
	} else if (is_wanted && end->outcome != NC_UNKNOWN) {
		retry_create(inst, end->error);
	}
	/* Unknown: its process died in create, and its restart comes back here. */
	nc_pinst_unref(inst);
}

void nc_pinst_stop_retry(nc_pinst *inst)
{
	pthread_mutex_lock(&inst->inst_lock);
	uint64_t timer = inst->retry_timer;
	inst->retry_timer = 0;
	pthread_mutex_unlock(&inst->inst_lock);
	if (timer && nc_loop_timer_stop(nc_plugins_io(inst->p), timer) == NC_OK)
		nc_pinst_unref(inst); /* the timer's */
}

/* Into the process that is there now; one that is still starting brings everybody in by itself. */
static nc_code attach(nc_pinst *inst, nc_error *err)
{
	nc_found *f = inst->found;
	pthread_mutex_lock(&f->p->lock);
	int is_up = f->process && f->state == NC_PLUGIN_LOADED;
	nc_hostproc *h = is_up ? nc_hostproc_ref(f->process) : NULL;
	pthread_mutex_unlock(&f->p->lock);
	nc_code rc = nc_err(err, NC_E_UNAVAILABLE, "the process of plugin %s is gone", f->id);
	if (h && nc_transport_enter(inst)) {
		rc = nc_remote_attach(inst, h, err);
		nc_transport_leave(inst);
	}
	if (h)
		nc_hostproc_unref(h);
	return rc;
}

void nc_pinst_recreate(nc_pinst *inst)
{
	nc_error err = NC_ERROR_INIT;
	nc_pinst_stop_retry(inst); /* it is made once */
	pthread_mutex_lock(&inst->inst_lock);
	int is_wanted = !inst->is_closing && inst->state == NC_PINST_LOST;
	inst->n_created += (uint64_t)is_wanted;
	char *text = is_wanted ? nc_json_dump(inst->config, JSON_COMPACT) : NULL;
	pthread_mutex_unlock(&inst->inst_lock);
	if (!is_wanted)
		return;
	nc_call_spec spec = { .request = nc_str(text ? text : ""),
		.deadline_us = nc_clock_mono_us() + inst->create_timeout_us,
		.done = on_recreated,
		.user = nc_pinst_ref(inst) };
	nc_code rc = text ? attach(inst, &err) : nc_err_nomem(&err);
	if (rc == NC_OK)
		rc = nc_pinst_start_call(inst, &nc_life_create, &spec, -1, NULL, &err);
	nc_free(text);
	if (rc == NC_OK)
		return;
	retry_create(inst, &err);
	nc_pinst_unref(inst);
}
