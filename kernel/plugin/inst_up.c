/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "plugin/inst_internal.h"
#include "plugin/loader_internal.h"
#include "plugin/plugin_metric.h"

/*
 * What a plugin says, whichever way it comes: from the runtime in this process or from the wire. A
 * call's number is looked up and must belong to this instance, for a process may send what it
 * likes. Secrets that turn up in what it says are kept back (P10).
 */

#define LOG_WINDOW_US  INT64_C(1000000)
#define LOG_PER_WINDOW 200u
#define LOG_JSON_MAX   (16u << 10)

int nc_pinst_speak(nc_pinst *inst, nc_plugin_hooks *ret)
{
	pthread_mutex_lock(&inst->inst_lock);
	int may = inst->state != NC_PINST_CLOSED;
	inst->n_speaking += (uint32_t)may;
	pthread_mutex_unlock(&inst->inst_lock);
	if (may)
		*ret = nc_plugins_hooks(inst->p);
	return may;
}

void nc_pinst_spoke(nc_pinst *inst)
{
	pthread_mutex_lock(&inst->inst_lock);
	if (--inst->n_speaking == 0)
		pthread_cond_broadcast(&inst->has_changed);
	pthread_mutex_unlock(&inst->inst_lock);
}

static nc_live *call_of(nc_pinst *inst, uint64_t id)
{
	nc_live *c = nc_live_get(id);
	if (c && c->inst != inst) {
		nc_live_unref(c);
		return NULL;
	}
	return c;
}

/* ---- P10 ---- */

static void strike(void *user, nc_rule rule, const char *what)
{
	nc_pinst *inst = user;
	nc_found_strike(inst->found, inst->name, rule, what);
}

static int error_leaks(nc_pinst *inst, const nc_error *e)
{
	return nc_pinst_leaks(inst, nc_str(e->message)) || nc_pinst_leaks(inst, nc_str(e->hint));
}

/* Keep back a text or result with a secret in it. The outcome stands: it says what was done. */
static void withhold(nc_pinst *inst, const nc_error *err, nc_bytes *result, nc_error *ret)
{
	*ret = *err;
	if (error_leaks(inst, err)) {
		strike(inst, NC_P10_SECRETS, "an error with a secret in it");
		nc_err(ret, err->code, "the plugin's message held a secret and was withheld");
	}
	if (nc_pinst_leaks(inst, *result)) {
		strike(inst, NC_P10_SECRETS, "a result with a secret in it");
		*result = (nc_bytes){ NULL, 0 };
	}
}

/* ---- calls ---- */

static void entering(void *user, uint64_t id)
{
	nc_live *c = call_of(user, id);
	if (!c)
		return;
	nc_live_entering(c);
	nc_live_unref(c);
}

static void returned(void *user, uint64_t id, const nc_rt_return *r)
{
	nc_pinst *inst = user;
	nc_live *c = call_of(inst, id);
	if (!c)
		return;
	nc_error err;
	nc_rt_return copy = *r;
	withhold(inst, r->err, &copy.result, &err);
	copy.err = &err;
	nc_live_returned(c, &copy);
	nc_live_unref(c);
}

static void completed(
	void *user, uint64_t id, int32_t outcome, const nc_error *err, nc_bytes result)
{
	nc_pinst *inst = user;
	nc_live *c = call_of(inst, id);
	if (!c)
		return;
	nc_error copy;
	withhold(inst, err, &result, &copy);
	nc_live_completed(c, outcome, &copy, result);
	nc_live_unref(c);
}

static nc_code object(void *user, uint64_t id, nc_bytes json)
{
	nc_pinst *inst = user;
	nc_live *c = call_of(inst, id);
	if (!c)
		return NC_E_CANCELLED;
	nc_code rc = NC_E_DENIED;
	if (nc_pinst_leaks(inst, json))
		strike(inst, NC_P10_SECRETS, "an object with a secret in it");
	else
		rc = nc_live_tell_object(c, json);
	nc_live_unref(c);
	return rc;
}

static void progress(void *user, uint64_t id, uint32_t permille, const char *phase)
{
	nc_pinst *inst = user;
	nc_live *c = call_of(inst, id);
	if (!c)
		return;
	if (nc_pinst_leaks(inst, nc_str(phase)))
		phase = "";
	nc_live_tell_progress(c, permille, phase);
	nc_live_unref(c);
}

static void checkpoint(void *user, uint64_t id, uint64_t ticket, nc_bytes token)
{
	nc_pinst *inst = user;
	nc_live *c = call_of(inst, id);
	nc_code rc = NC_E_CANCELLED;
	if (c)
		rc = nc_live_tell_checkpoint(c, ticket, token);
	if (rc != NC_OK) /* nobody will answer: we do */
		nc_transport_checkpoint_done(inst, ticket, rc);
	if (c)
		nc_live_unref(c);
}

/* ---- logs and metrics ---- */

/* At most LOG_PER_WINDOW lines a second; 0 when this one is too many. */
static int may_log(nc_pinst *inst, uint64_t *ret_dropped)
{
	int64_t now = nc_clock_mono_us();
	pthread_mutex_lock(&inst->inst_lock);
	*ret_dropped = 0;
	if (now - inst->log_window_us >= LOG_WINDOW_US) {
		inst->log_window_us = now;
		inst->log_count = 0;
		*ret_dropped = inst->log_dropped;
		inst->log_dropped = 0;
	}
	int may = inst->log_count < LOG_PER_WINDOW;
	inst->log_count++;
	inst->log_dropped += !may;
	pthread_mutex_unlock(&inst->inst_lock);
	return may;
}

static int is_json_object(nc_bytes json)
{
	json_t *doc = NULL;
	int is_object =
		nc_json_parse(json, LOG_JSON_MAX, &doc, NULL) == NC_OK && json_is_object(doc);
	json_decref(doc);
	return is_object;
}

static void write_log(const nc_pinst *inst, int32_t level, const char *event, nc_bytes json)
{
	int is_sound = json.len > 0 && is_json_object(json);
	_cleanup_(nc_buf_done) nc_buf fields; /* for its NUL */
	nc_buf_init(&fields, LOG_JSON_MAX);
	nc_buf_put(&fields, is_sound ? json.ptr : "{}", is_sound ? json.len : 2);
	if (nc_buf_failed(&fields))
		return;
	nc_log((nc_log_level)level, "plugin.log", F_STR("plugin", inst->found->id),
		F_STR("instance", inst->name), F_STR("plugin_event", event),
		F_RAW("fields", fields.ptr), F_BOOL("malformed", json.len > 0 && !is_sound));
}

static void log_line(void *user, int32_t level, const char *event, nc_bytes json)
{
	nc_pinst *inst = user;
	uint64_t dropped;
	if (level > (int32_t)nc_log_threshold() || !may_log(inst, &dropped))
		return;
	if (dropped)
		nc_log(L_WARN, "plugin.log.dropped", F_STR("instance", inst->name),
			F_U64("lines", dropped));
	if (nc_pinst_leaks(inst, json) || nc_pinst_leaks(inst, nc_str(event))) {
		strike(inst, NC_P10_SECRETS, "a log line with a secret in it");
		return;
	}
	write_log(inst, level, event, json);
}

static void metric(void *user, int is_gauge, const char *name, const char *label, double v)
{
	nc_pinst *inst = user;
	nc_plugin_metric_update(inst->found->id, inst->name,
		is_gauge ? NC_METRIC_GAUGE : NC_METRIC_COUNTER, name, label, v);
}

/* ---- services ---- */

static nc_code report(void *user, nc_bytes target, uint64_t obs_seq, nc_bytes json)
{
	nc_pinst *inst = user;
	nc_plugin_hooks hooks;
	if (nc_pinst_leaks(inst, json)) {
		strike(inst, NC_P10_SECRETS, "a report with a secret in it");
		return NC_E_DENIED;
	}
	if (!nc_pinst_speak(inst, &hooks))
		return NC_E_UNAVAILABLE;
	if (hooks.report)
		hooks.report(hooks.user, inst, target, obs_seq, json);
	nc_pinst_spoke(inst);
	return NC_OK;
}

void nc_pinst_report_lost(nc_pinst *inst)
{
	nc_plugin_hooks hooks;
	if (!nc_pinst_speak(inst, &hooks))
		return;
	if (hooks.report_overflow)
		hooks.report_overflow(hooks.user, inst);
	nc_pinst_spoke(inst);
}

static nc_code secret_open(
	void *user, nc_bytes handle, void *buf, size_t cap, size_t *ret_len, nc_error *err)
{
	return nc_pinst_secret_open(user, handle, buf, cap, ret_len, err);
}

static nc_code no_kv(nc_error *err)
{
	return nc_err(err, NC_E_UNAVAILABLE, "the instance's memory can't be reached yet");
}

static nc_code kv_put(void *user, nc_bytes key, nc_bytes val, nc_error *err)
{
	nc_pinst *inst = user;
	nc_plugin_hooks h;
	if (!nc_pinst_speak(inst, &h))
		return no_kv(err);
	nc_code rc = h.kv_put ? h.kv_put(h.user, inst, key, val, err) : no_kv(err);
	nc_pinst_spoke(inst);
	return rc;
}

static nc_code kv_get(void *user, nc_bytes key, nc_buf *out, nc_error *err)
{
	nc_pinst *inst = user;
	nc_plugin_hooks h;
	if (!nc_pinst_speak(inst, &h))
		return no_kv(err);
	nc_code rc = h.kv_get ? h.kv_get(h.user, inst, key, out, err) : no_kv(err);
	nc_pinst_spoke(inst);
	return rc;
}

static nc_code kv_del(void *user, nc_bytes key, nc_error *err)
{
	nc_pinst *inst = user;
	nc_plugin_hooks h;
	if (!nc_pinst_speak(inst, &h))
		return no_kv(err);
	nc_code rc = h.kv_del ? h.kv_del(h.user, inst, key, err) : no_kv(err);
	nc_pinst_spoke(inst);
	return rc;
}

const nc_rt_up nc_pinst_up = { .entering = entering,
	.returned = returned,
	.completed = completed,
	.object = object,
	.progress = progress,
	.checkpoint = checkpoint,
	.log = log_line,
	.report = report,
	.secret_open = secret_open,
	.kv_put = kv_put,
	.kv_get = kv_get,
	.kv_del = kv_del,
	.metric = metric,
	.strike = strike };
