/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "plugin/hostproc.h"
#include "plugin/inst_internal.h"
#include "plugin/loader_internal.h"
#include "plugin/schema.h"

/*
 * What an operator gets to see of plugins: a snapshot under the loader's lock, then, without it, one
 * after another the instances of each. What blocks an instance from being closed is named call by
 * call, the longest first sixteen of them.
 */

#define CALLS_SHOWN 16

static void render_names(nc_jw *w, const char *key, const json_t *names)
{
	size_t i;
	json_t *v;
	nc_jw_karr(w, key);
	json_array_foreach(names, i, v)
	{
		nc_jw_str(w, json_string_value(v));
	}
	nc_jw_arr_end(w);
}

static void render_strikes(nc_jw *w, const nc_strikes *s, const char *last)
{
	char rule[8];
	nc_jw_kobj(w, "strikes");
	for (unsigned i = 0; i < NC_RULES; i++) {
		if (s->by_rule[i] == 0)
			continue;
		snprintf(rule, sizeof(rule), "P%u", i);
		nc_jw_ku64(w, rule, s->by_rule[i]);
	}
	nc_jw_obj_end(w);
	if (*last)
		nc_jw_kstr(w, "last_strike", last);
}

/* ---- instances ---- */

static const char *call_state(const nc_live *c)
{
	if (c->state == NC_LIVE_QUEUED && !c->has_returned)
		return "queued";
	if (c->is_stuck)
		return "stuck";
	return c->has_returned ? "accepted" : "running";
}

/* Under inst_lock. */
static void render_calls(nc_jw *w, const nc_pinst *inst)
{
	int64_t now = nc_clock_mono_us();
	unsigned n = 0;
	nc_jw_karr(w, "calls");
	NC_LIST_EACH (l, &inst->live) {
		const nc_live *c = NC_LIST_ENTRY(l, nc_live, inst_link);
		if (n++ >= CALLS_SHOWN)
			break;
		nc_jw_obj(w);
		nc_jw_kstr(w, "verb", c->verb->name);
		nc_jw_key(w, "target");
		nc_jw_strn(w, c->target_name.ptr, c->target_name.len);
		nc_jw_kstr(w, "key", c->key);
		nc_jw_kstr(w, "state", call_state(c));
		if (c->started_us)
			nc_jw_ki64(w, "since_ms", (now - c->started_us) / 1000);
		nc_jw_obj_end(w);
	}
	nc_jw_arr_end(w);
}

static void render_serves(nc_jw *w, const nc_pinst *inst)
{
	const nc_verb *v;
	nc_jw_karr(w, "verbs");
	for (unsigned i = 0; (v = nc_verb_at(i)); i++)
		if ((inst->serves[i / 64] >> (i % 64)) & 1)
			nc_jw_str(w, v->name);
	nc_jw_arr_end(w);
}

static void render_runtime(nc_jw *w, nc_pinst *inst)
{
	nc_rt_stats s;
	if (!nc_transport_stats(inst, &s))
		return;
	nc_jw_ku64(w, "operations", s.ops);
	nc_jw_ku64(w, "timers", s.timers);
	nc_jw_ku64(w, "fd_watches", s.fds);
	nc_jw_ku64(w, "forfeited_threads", s.forfeited);
	if (s.control_busy_since_us)
		nc_jw_ki64(w, "control_busy_ms",
			(nc_clock_mono_us() - s.control_busy_since_us) / 1000);
}

static void render_inst(nc_jw *w, nc_pinst *inst)
{
	nc_jw_obj(w);
	nc_jw_kstr(w, "name", inst->name);
	pthread_mutex_lock(&inst->inst_lock);
	nc_jw_kstr(w, "state", nc_pinst_state_name(inst->state));
	if (inst->why[0])
		nc_jw_kstr(w, "why", inst->why);
	nc_jw_ku64(w, "calls_total", inst->n_calls);
	nc_jw_ku64(w, "calls_unknown", inst->n_unknown);
	nc_jw_ku64(w, "queued", inst->n_queued);
	nc_jw_ku64(w, "running", inst->n_running);
	nc_jw_ku64(w, "stuck", inst->n_stuck);
	nc_jw_ku64(w, "max_concurrency", inst->max_concurrency);
	nc_jw_ku64(w, "max_per_target", inst->max_per_target);
	render_serves(w, inst);
	render_calls(w, inst);
	pthread_mutex_unlock(&inst->inst_lock);
	nc_inst_health_render(w, inst);
	render_runtime(w, inst);
	nc_jw_obj_end(w);
}

/* The k-th instance of a plugin; the caller unrefs. */
static nc_pinst *inst_at(nc_found *f, size_t k)
{
	nc_pinst *inst = NULL;
	pthread_mutex_lock(&f->p->lock);
	NC_LIST_EACH (l, &f->insts)
		if (k-- == 0) {
			inst = nc_pinst_ref(NC_LIST_ENTRY(l, nc_pinst, found_link));
			break;
		}
	pthread_mutex_unlock(&f->p->lock);
	return inst;
}

/* ---- plugins ---- */

/* Under the loader's lock. */
static void render_manifest(nc_jw *w, const nc_found *f)
{
	const nc_manifest *m = f->manifest;
	char abi[32];
	if (!m)
		return;
	snprintf(abi, sizeof(abi), "%u.%u", m->abi_major, m->abi_min_minor);
	nc_jw_kstr(w, "version", m->version);
	nc_jw_kstr(w, "publisher", m->publisher);
	nc_jw_kstr(w, "license", m->license);
	nc_jw_kstr(w, "abi", abi);
	render_names(w, "provides", m->provides);
	render_names(w, "requires", m->requires);
	render_names(w, "wants", m->wants);
	render_names(w, "features", m->features);
	nc_jw_kbool(w, "exclusive", m->is_exclusive);
	nc_jw_kbool(w, "owns_guests", m->owns_guests);
}

static void render_found(nc_jw *w, nc_found *f)
{
	nc_error looked = NC_ERROR_INIT, *files_why = &looked;
	nc_code rc = nc_found_look_at_files(f, files_why);
	const char *files = rc == NC_OK ? "intact" : nc_is_change(rc) ? "changed" : "unknown";
	pthread_mutex_lock(&f->p->lock);
	nc_jw_kstr(w, "id", f->id);
	nc_jw_kstr(w, "folder", f->folder);
	nc_jw_kstr(w, "state", nc_plugin_state_name(f->state));
	if (f->why.message[0] && f->state != NC_PLUGIN_LOADED) {
		nc_jw_kstr(w, "reason", f->why.message);
		nc_jw_kstr(w, "hint", f->why.hint);
	}
	if (f->manifest)
		nc_jw_kstr(w, "files", files);
	if (files_why->code != NC_OK && f->manifest)
		nc_jw_kstr(w, "files_reason", files_why->message);
	render_manifest(w, f);
	if (f->isolation != NC_ISO_MANIFEST)
		nc_jw_kstr(
			w, "isolation", f->isolation == NC_ISO_PROCESS ? "process" : "in_process");
	nc_jw_ku64(w, "generation", f->generation);
	if (f->process)
		nc_jw_ki64(w, "pid", nc_hostproc_pid(f->process));
	nc_jw_ku64(w, "restarts", f->n_restarts);
	nc_jw_ku64(w, "alarms", f->n_alarms);
	render_strikes(w, &f->strikes, f->last_strike);
	pthread_mutex_unlock(&f->p->lock);
}

static void render_plugin(nc_jw *w, nc_found *f)
{
	nc_jw_obj(w);
	render_found(w, f);
	nc_jw_karr(w, "instances");
	nc_pinst *inst;
	for (size_t k = 0; (inst = inst_at(f, k)); k++) {
		render_inst(w, inst);
		nc_pinst_unref(inst);
	}
	nc_jw_arr_end(w);
	nc_jw_obj_end(w);
}

nc_code nc_plugins_render(nc_plugins *p, const char *id, nc_buf *out, nc_error *err)
{
	nc_jw w;
	nc_found *f = id ? nc_found_get(p, id) : NULL;
	if (id && !f)
		return nc_err(err, NC_E_NOTFOUND, "there is no plugin %s", id);
	nc_jw_init(&w, out);
	if (f) {
		render_plugin(&w, f);
	} else {
		nc_jw_arr(&w);
		for (size_t k = 0; (f = nc_found_at(p, k)); k++)
			render_plugin(&w, f);
		nc_jw_arr_end(&w);
	}
	return nc_buf_failed(out) ? nc_err(err, out->error, "the list of plugins has no room")
				  : NC_OK;
}

nc_code nc_plugins_schema(nc_plugins *p, const char *id, nc_buf *out, nc_error *err)
{
	nc_found *f = nc_found_get(p, id);
	nc_code rc = NC_OK;
	if (!f)
		return nc_err(err, NC_E_NOTFOUND, "there is no plugin %s", id);
	pthread_mutex_lock(&p->lock);
	if (f->schema) /* one that is not the manifest's, or wrong, says nothing */
		nc_buf_puts(out, f->schema_text);
	else
		rc = nc_err(err, NC_E_NOTFOUND, "plugin %s has no schema that can be read", id);
	pthread_mutex_unlock(&p->lock);
	return rc == NC_OK && nc_buf_failed(out) ? nc_err(err, out->error, "no room") : rc;
}

nc_code nc_plugins_validate(
	nc_plugins *p, const char *id, nc_bytes config, nc_buf *out, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *doc = NULL;
	nc_found *f = nc_found_get(p, id);
	nc_jw w;
	if (!f)
		return nc_err(err, NC_E_NOTFOUND, "there is no plugin %s", id);
	nc_code rc = nc_json_parse(config, 256 << 10, &doc, err);
	if (rc != NC_OK)
		return rc;
	pthread_mutex_lock(&p->lock);
	json_t *schema = json_incref(f->schema); /* a rescan may drop the record's own */
	pthread_mutex_unlock(&p->lock);
	if (!schema)
		return nc_err(err, NC_E_NOTFOUND, "plugin %s has no schema that can be read", id);
	nc_jw_init(&w, out);
	if ((rc = nc_schema_fill(schema, doc, err)) == NC_OK)
		(void)nc_schema_render_faults(schema, doc, &w);
	json_decref(schema);
	return rc == NC_OK && nc_buf_failed(out) ? nc_err(err, out->error, "no room") : rc;
}
