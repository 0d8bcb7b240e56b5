/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/plugin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "plugin/hostproc.h"
#include "plugin/inst_internal.h"
#include "plugin/loader_internal.h"

/*
 * Birth and death of the loader, its hooks, and the closing of instances for those who may not wait.
 * It owns the records, both loops and the service pool; everything else hangs on these.
 */

#define SERVICE_THREADS    4
#define IO_TIMERS_MAX      (1u << 19)
#define SUPER_TIMERS_MAX   256
#define DEFAULT_PROBE_US   INT64_C(5000000)
#define DEFAULT_GRACE_US   INT64_C(2000000)
#define DEFAULT_STRIKES_US INT64_C(3600000000)
#define DEFAULT_RESTART_US INT64_C(1000000)
#define DEFAULT_HEALTH_US  INT64_C(30000000)
#define DEFAULT_ANSWER_US  INT64_C(5000000)

/* ---- small things ---- */

const char *nc_plugin_state_name(nc_plugin_state state)
{
	static const char *const names[] = { "available", "not_allowed", "incompatible", "invalid",
		"quarantined", "loaded", "lost" };
	return (size_t)state < NC_LEN(names) ? names[state] : "unknown";
}

nc_loop *nc_plugins_io(nc_plugins *p)
{
	return p->io;
}

nc_plugin_hooks nc_plugins_hooks(nc_plugins *p)
{
	pthread_mutex_lock(&p->lock);
	nc_plugin_hooks hooks = p->hooks;
	pthread_mutex_unlock(&p->lock);
	return hooks;
}

void nc_plugins_set_hooks(nc_plugins *p, const nc_plugin_hooks *hooks)
{
	pthread_mutex_lock(&p->lock);
	p->hooks = *hooks;
	while (p->n_events > 0) /* to the former ones; those of instances end with their closing */
		pthread_cond_wait(&p->has_changed, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

void nc_plugins_event(nc_plugins *p, const char *type, nc_bytes json)
{
	pthread_mutex_lock(&p->lock);
	nc_plugin_hooks hooks = p->hooks;
	p->n_events++;
	pthread_mutex_unlock(&p->lock);
	if (hooks.event)
		hooks.event(hooks.user, type, json);
	pthread_mutex_lock(&p->lock);
	p->n_events--;
	pthread_cond_broadcast(&p->has_changed);
	pthread_mutex_unlock(&p->lock);
}

/* ---- birth ---- */

static nc_code copy_strings(nc_plugins *p, const nc_plugins_options *opt)
{
	p->search_path = nc_calloc(opt->n_search + 1, sizeof(*p->search_path));
	p->allow = nc_calloc(opt->n_allow + 1, sizeof(*p->allow));
	p->state_dir = nc_strdup(opt->state_dir);
	p->host_binary = nc_strdup(opt->host_binary ? opt->host_binary : "");
	p->installation_id = nc_strdup(opt->installation_id ? opt->installation_id : "");
	if (!p->search_path || !p->allow || !p->state_dir || !p->host_binary || !p->installation_id)
		return NC_E_NOMEM;
	for (; p->n_search < opt->n_search; p->n_search++)
		if (!(p->search_path[p->n_search] = nc_strdup(opt->search_path[p->n_search])))
			return NC_E_NOMEM;
	for (; p->n_allow < opt->n_allow; p->n_allow++) {
		char *id = nc_strdup(opt->allow[p->n_allow].id);
		if (!id)
			return NC_E_NOMEM;
		p->allow[p->n_allow] = (nc_plugin_allow){ id, opt->allow[p->n_allow].isolation };
	}
	return NC_OK;
}

static nc_code start_threads(nc_plugins *p, nc_error *err)
{
	nc_code rc = nc_loop_new("plugin-super", SUPER_TIMERS_MAX, &p->super, err);
	if (rc == NC_OK)
		rc = nc_loop_new("plugin-io", IO_TIMERS_MAX, &p->io, err);
	if (rc == NC_OK)
		rc = nc_pool_new("plugin-svc", SERVICE_THREADS, &p->services, err);
	if (rc == NC_OK)
		rc = nc_loop_start(p->super, err);
	return rc == NC_OK ? nc_loop_start(p->io, err) : rc;
}

static int64_t or_default(int64_t given, int64_t fallback)
{
	return given > 0 ? given : fallback;
}

static void free_memory(nc_plugins *p)
{
	nc_loop_free(p->super);
	nc_loop_free(p->io);
	nc_pool_free(p->services);
	NC_LIST_EACH (l, &p->found) {
		nc_found *f = NC_LIST_ENTRY(l, nc_found, link);
		nc_rt_forget(f); /* code of its that stays mapped may still call */
		nc_found_free(f);
	}
	nc_sentinels_done(p);
	nc_map_free(p->instances);
	for (size_t i = 0; p->search_path && i < p->n_search; i++)
		nc_free(p->search_path[i]);
	for (size_t i = 0; p->allow && i < p->n_allow; i++) {
		char *id = (char *)(uintptr_t)p->allow[i].id;
		nc_free(id);
	}
	nc_free(p->search_path);
	nc_free(p->allow);
	nc_free(p->state_dir);
	nc_free(p->host_binary);
	nc_free(p->installation_id);
	pthread_cond_destroy(&p->has_changed);
	pthread_mutex_destroy(&p->lock);
	nc_free(p);
}

static nc_code set_up(nc_plugins *p, const nc_plugins_options *opt, nc_error *err)
{
	if (copy_strings(p, opt) != NC_OK || !(p->instances = nc_map_new()) ||
		!(p->sentinels = nc_map_new()))
		return nc_err_nomem(err);
	nc_code rc = nc_mkdir_p(p->state_dir, 0700, err);
	if (rc == NC_OK)
		rc = nc_sentinels_read(p, err);
	if (rc == NC_OK)
		rc = nc_crashes_read(p, err);
	if (rc == NC_OK)
		rc = start_threads(p, err);
	return rc == NC_OK ? nc_ask_health_start(p, err) : rc;
}

nc_code nc_plugins_new(const nc_plugins_options *opt, nc_plugins **ret, nc_error *err)
{
	nc_plugins *p = nc_calloc(1, sizeof(*p));
	if (!p)
		return nc_err_nomem(err);
	p->launcher = opt->launcher;
	p->probe_timeout_us = or_default(opt->probe_timeout_us, DEFAULT_PROBE_US);
	p->grace_us = or_default(opt->grace_us, DEFAULT_GRACE_US);
	p->strike_window_us = or_default(opt->strike_window_us, DEFAULT_STRIKES_US);
	p->restart_us = or_default(opt->restart_us, DEFAULT_RESTART_US);
	p->health_every_us = opt->health_every_us ? opt->health_every_us : DEFAULT_HEALTH_US;
	p->health_timeout_us = or_default(opt->health_timeout_us, DEFAULT_ANSWER_US);
	p->uid = geteuid();
	nc_list_init(&p->found);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->has_changed, NULL);
	nc_code rc = set_up(p, opt, err);
	if (rc == NC_OK)
		*ret = p;
	else
		free_memory(p);
	return rc;
}

/* The k-th record; they are never freed while the loader lives. */
nc_found *nc_found_at(nc_plugins *p, size_t k)
{
	nc_found *f = NULL;
	pthread_mutex_lock(&p->lock);
	NC_LIST_EACH (l, &p->found)
		if (k-- == 0) {
			f = NC_LIST_ENTRY(l, nc_found, link);
			break;
		}
	pthread_mutex_unlock(&p->lock);
	return f;
}

/* ---- scanning ---- */

typedef struct scan_call {
	nc_plugins *p;
	nc_error *err;
	nc_code rc;
} scan_call;

static void run_scan(void *arg)
{
	scan_call *c = arg;
	c->rc = nc_scan(c->p, c->err);
}

nc_code nc_plugins_scan(nc_plugins *p, nc_error *err)
{
	scan_call c = { .p = p, .err = err };
	nc_loop_call(p->super, run_scan, &c);
	return c.rc;
}

/* ---- closing ---- */

typedef struct close_job {
	nc_job job;
	nc_pinst *inst;
} close_job;

static void run_close(nc_job *job)
{
	close_job *c = NC_CONTAINER(job, close_job, job);
	nc_pinst_close(c->inst, 0);
	nc_pinst_unref(c->inst);
	nc_free(c);
}

void nc_plugins_close_soon(nc_pinst *inst)
{
	close_job *c = nc_malloc(sizeof(*c));
	if (c) {
		*c = (close_job){ .job.run = run_close, .inst = inst };
		if (nc_pool_submit(inst->p->services, &c->job) == NC_OK)
			return;
		nc_free(c);
	}
	/* No memory for it now: it stays open without an owner until the loader ends. */
	nc_log(L_ERROR, "plugin.instance.close_failed", F_STR("instance", inst->name));
}

/* Any one instance of a plugin, or of all; the caller unrefs. */
static nc_pinst *any_inst(nc_plugins *p, const nc_found *f)
{
	nc_pinst *inst = NULL;
	pthread_mutex_lock(&p->lock);
	NC_LIST_EACH (l, &p->found) {
		nc_found *each = NC_LIST_ENTRY(l, nc_found, link);
		if (inst || (f && each != f) || nc_list_is_empty(&each->insts))
			continue;
		inst = nc_pinst_ref(NC_LIST_ENTRY(each->insts.next, nc_pinst, found_link));
	}
	pthread_mutex_unlock(&p->lock);
	return inst;
}

static void close_instances(nc_plugins *p, const nc_found *f, int64_t drain_us)
{
	for (nc_pinst *inst; (inst = any_inst(p, f));) {
		nc_pinst_close(inst, drain_us);
		nc_pinst_unref(inst);
	}
}

static void end_process(nc_found *f)
{
	nc_restart_cancel(f);
	pthread_mutex_lock(&f->p->lock);
	nc_hostproc *h = f->process;
	f->process = NULL;
	pthread_mutex_unlock(&f->p->lock);
	if (!h)
		return;
	nc_hostproc_end(h);
	nc_hostproc_unref(h);
}

nc_code nc_plugins_stop(nc_plugins *p, const char *id, int64_t drain_us, nc_error *err)
{
	nc_found *f = nc_found_get(p, id);
	if (!f)
		return nc_err(err, NC_E_NOTFOUND, "there is no plugin %s", id);
	pthread_mutex_lock(&p->lock);
	f->is_stopping = 1;
	pthread_mutex_unlock(&p->lock);
	close_instances(p, f, drain_us);
	end_process(f);
	pthread_mutex_lock(&p->lock);
	if (!f->image && f->state != NC_PLUGIN_QUARANTINED)
		f->state = NC_PLUGIN_AVAILABLE;
	f->is_stopping = 0;
	pthread_mutex_unlock(&p->lock);
	return NC_OK;
}

void nc_plugins_free(nc_plugins *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->is_ending = 1;
	while (p->n_loading > 0)
		pthread_cond_wait(&p->has_changed, &p->lock);
	pthread_mutex_unlock(&p->lock);
	close_instances(p, NULL, 0);
	NC_LIST_EACH (l, &p->found)
		end_process(NC_LIST_ENTRY(l, nc_found, link));
	free_memory(p);
}

nc_pinst *nc_pinst_find(nc_plugins *p, const char *name)
{
	pthread_mutex_lock(&p->lock);
	nc_pinst *inst = nc_map_get(p->instances, nc_str(name));
	if (inst)
		nc_pinst_ref(inst);
	pthread_mutex_unlock(&p->lock);
	return inst;
}

/* ---- quarantine by hand, and what is not there yet ---- */

typedef struct judge_call {
	nc_found *f;
	const char *reason; /* NULL: release */
	nc_error *err;
	nc_code rc;
} judge_call;

static nc_code release(nc_found *f, nc_error *err)
{
	nc_code rc = nc_quarantine_lift(f->p, f->id, err);
	if (rc != NC_OK)
		return rc;
	pthread_mutex_lock(&f->p->lock);
	if (f->state == NC_PLUGIN_QUARANTINED)
		f->state = NC_PLUGIN_AVAILABLE;
	memset(&f->crashes_us, 0, sizeof(f->crashes_us));
	memset(&f->strikes.last_us, 0, sizeof(f->strikes.last_us));
	f->deaths = 0;
	pthread_mutex_unlock(&f->p->lock);
	(void)nc_found_assess(f, NULL);
	nc_log(L_INFO, "plugin.released", F_STR("plugin", f->id));
	return NC_OK;
}

static void run_judge(void *arg)
{
	judge_call *c = arg;
	c->rc = c->reason ? nc_found_quarantine(c->f, c->reason, c->err) : release(c->f, c->err);
}

static nc_code judge(nc_plugins *p, const char *id, const char *reason, nc_error *err)
{
	judge_call c = { .f = nc_found_get(p, id), .reason = reason, .err = err };
	if (!c.f)
		return nc_err(err, NC_E_NOTFOUND, "there is no plugin %s", id);
	nc_loop_call(p->super, run_judge, &c);
	return c.rc;
}

nc_code nc_plugins_quarantine(nc_plugins *p, const char *id, const char *reason, nc_error *err)
{
	return judge(p, id, reason && *reason ? reason : "by hand", err);
}

nc_code nc_plugins_release(nc_plugins *p, const char *id, nc_error *err)
{
	return judge(p, id, NULL, err);
}

nc_code nc_plugins_manage(nc_plugins *p, const char *verb, const char *arg, nc_error *err)
{
	(void)p;
	int is_reload = strcmp(verb, "reload") == 0 || strcmp(verb, "rollback") == 0;
	nc_err(err, NC_E_UNSUPPORTED, "plugin %s%s%s: not in this version", verb, arg ? " " : "",
		arg ? arg : "");
	return nc_err_hint(err, NC_E_UNSUPPORTED,
		is_reload ? "stop the plugin and start it again"
			  : "put the plugin's folder on the search path and allow it by name");
}
