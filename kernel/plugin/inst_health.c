/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/inst_health.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "plugin/inst_internal.h"
#include "plugin/loader_internal.h"

/*
 * Asking plugins how they are. A round on the io loop sends each active instance its health call, a
 * worker's like any other but outside the limits of calls, and waits for nobody: the answer comes as
 * the call's end. One that does not come back loses its thread after deadline and grace as every call
 * does, and is not asked again before that thread is back; so it costs one thread, once.
 *
 * What was said is under the loader's lock, so that the worst of all can be told at once.
 */

#define NEW_NS      UINT64_C(1000000000) /* an instance is first asked so long after it was made */
#define DOC_MAX     (256u << 10)
#define DETAILS_MAX 4096u

const char *nc_health_state_name(nc_health_state state)
{
	static const char *const names[] = { "unknown", "healthy", "degraded", "unhealthy" };
	return (size_t)state < NC_LEN(names) ? names[state] : "unknown";
}

void nc_inst_health_done(nc_inst_health *h)
{
	nc_free(h->details);
	h->details = NULL;
}

/* ---- telling ---- */

/* Under the loader's lock. *ret_who names plugin, instance and message. */
static nc_health_state worst_of_all(nc_plugins *p, char *ret_who, size_t cap)
{
	nc_health_state worst = NC_HEALTH_UNKNOWN;
	ret_who[0] = 0;
	NC_LIST_EACH (l, &p->found) {
		const nc_found *f = NC_LIST_ENTRY(l, nc_found, link);
		NC_LIST_EACH (k, (nc_list *)(uintptr_t)&f->insts) {
			const nc_pinst *inst = NC_LIST_ENTRY(k, nc_pinst, found_link);
			if (inst->health.state <= worst)
				continue;
			worst = inst->health.state;
			snprintf(ret_who, cap, "%s, instance %s: %s", f->id, inst->name,
				inst->health.why);
		}
	}
	return worst;
}

static void tell_worst(nc_plugins *p)
{
	char who[512];
	pthread_mutex_lock(&p->lock);
	nc_health_state worst = worst_of_all(p, who, sizeof(who));
	nc_plugin_hooks hooks = p->hooks;
	p->n_events++;
	pthread_mutex_unlock(&p->lock);
	if (hooks.health)
		hooks.health(hooks.user, worst, who);
	pthread_mutex_lock(&p->lock);
	p->n_events--;
	pthread_cond_broadcast(&p->has_changed);
	pthread_mutex_unlock(&p->lock);
}

static void tell_change(nc_pinst *inst, nc_health_state state, const char *why)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_jw w;
	nc_log(state == NC_HEALTH_HEALTHY ? L_INFO : L_WARN, "plugin.health",
		F_STR("plugin", inst->found->id), F_STR("instance", inst->name),
		F_STR("status", nc_health_state_name(state)), F_STR("why", why));
	nc_buf_init(&b, 4096);
	nc_jw_init(&w, &b);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "plugin", inst->found->id);
	nc_jw_kstr(&w, "instance", inst->name);
	nc_jw_kstr(&w, "status", nc_health_state_name(state));
	nc_jw_kstr(&w, "message", why);
	nc_jw_obj_end(&w);
	if (!nc_buf_failed(&b))
		nc_plugins_event(inst->p, "plugin.health", nc_buf_bytes(&b));
}

/* ---- what it said ---- */

/* Takes over `details`. */
static void note(nc_pinst *inst, nc_health_state state, const char *why, char *details)
{
	nc_plugins *p = inst->p;
	nc_inst_health *h = &inst->health;
	pthread_mutex_lock(&p->lock);
	int is_listed = inst->is_listed, was_known = h->state != NC_HEALTH_UNKNOWN;
	int is_ill = state > NC_HEALTH_HEALTHY;
	/* Only the state is news: a message may have figures in it. */
	int is_news = is_listed && h->state != state && (was_known || is_ill);
	if (is_listed) {
		nc_inst_health_done(h);
		h->state = state;
		h->at_us = nc_clock_mono_us();
		h->details = nc_steal(&details);
		snprintf(h->why, sizeof(h->why), "%s", why);
	}
	pthread_mutex_unlock(&p->lock);
	nc_free(details);
	if (is_news)
		tell_change(inst, state, why);
	if (is_news || (is_listed && is_ill)) /* again and again: who listens may have come later */
		tell_worst(p);
}

static nc_code read_document(
	nc_bytes json, nc_health_state *ret, char *why, size_t cap, char **ret_details)
{
	_cleanup_(nc_json_decrefp) json_t *doc = NULL;
	const char *status = NULL, *message = NULL;
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_json_parse(json, DOC_MAX, &doc, &err);
	if (rc == NC_OK)
		rc = nc_json_get_str(doc, NULL, "status", NC_REQUIRED, 31, &status, &err);
	if (rc == NC_OK)
		rc = nc_json_get_str(doc, NULL, "message", NC_REQUIRED, 319, &message, &err);
	int state = NC_HEALTH_HEALTHY;
	while (rc == NC_OK && strcmp(status, nc_health_state_name((nc_health_state)state)) != 0)
		if (++state > NC_HEALTH_UNHEALTHY)
			rc = nc_err(&err, NC_E_PROTO, "status \"%s\" is none", status);
	if (rc == NC_OK)
		snprintf(why, cap, "%s", message);
	else
		snprintf(why, cap, "its health can't be read: %.250s", err.message);
	*ret = rc == NC_OK ? (nc_health_state)state : NC_HEALTH_UNHEALTHY;
	const json_t *details = rc == NC_OK ? json_object_get(doc, "details") : NULL;
	char *text = json_is_object(details) ? nc_json_dump(details, JSON_COMPACT) : NULL;
	if (text && strlen(text) > DETAILS_MAX) {
		nc_free(text);
		text = NULL;
	}
	*ret_details = text;
	return rc;
}

static void note_none(nc_pinst *inst)
{
	pthread_mutex_lock(&inst->p->lock);
	inst->health.has_none = 1;
	pthread_mutex_unlock(&inst->p->lock);
}

/* Nothing it said: its process is gone, or it was closed first. */
static int is_no_answer(const nc_call_end *end)
{
	return !end->was_sent || end->code == NC_E_UNAVAILABLE;
}

static void on_answer(void *user, const nc_call_end *end)
{
	nc_pinst *inst = user;
	nc_health_state state = NC_HEALTH_UNHEALTHY;
	char why[320], *details = NULL;
	if (end->code == NC_OK) {
		(void)read_document(end->result, &state, why, sizeof(why), &details);
		note(inst, state, why, details);
	} else if (end->code == NC_E_UNSUPPORTED) {
		note_none(inst);
	} else if (!is_no_answer(end)) {
		snprintf(why, sizeof(why), "%s", end->error->message);
		note(inst, state, why, NULL);
	}
	nc_pinst_unref(inst);
}

/* ---- asking ---- */

typedef enum { EVERY, NEW_ONES } whom;

static int is_to_be_asked(nc_pinst *inst, whom which, uint64_t *ret_former)
{
	pthread_mutex_lock(&inst->inst_lock);
	int is_active = inst->state == NC_PINST_ACTIVE && !inst->is_closing;
	pthread_mutex_unlock(&inst->inst_lock);
	pthread_mutex_lock(&inst->p->lock);
	nc_inst_health *h = &inst->health;
	int is_due = is_active && !h->has_none && (which == EVERY || !h->was_asked);
	h->was_asked |= is_due;
	*ret_former = h->call;
	pthread_mutex_unlock(&inst->p->lock);
	return is_due;
}

/* Of a former call the plugin's thread is not back: another would only be given up as well. */
static int hangs(uint64_t call)
{
	nc_live *c = nc_live_get(call);
	if (!c)
		return 0;
	nc_live_unref(c);
	return 1;
}

static void ask(nc_pinst *inst, whom which)
{
	uint64_t former;
	nc_call call = { 0 };
	if (!is_to_be_asked(inst, which, &former) || hangs(former))
		return;
	nc_call_spec spec = { .deadline_us = nc_clock_mono_us() + inst->p->health_timeout_us,
		.done = on_answer,
		.user = nc_pinst_ref(inst) };
	if (nc_pinst_start_call(inst, &nc_life_health, &spec, -1, &call, NULL) != NC_OK) {
		nc_pinst_unref(inst); /* no memory for it: at the next round */
		return;
	}
	pthread_mutex_lock(&inst->p->lock);
	inst->health.call = call.v;
	pthread_mutex_unlock(&inst->p->lock);
}

static void round_of(const nc_closure *c, uint64_t timer)
{
	nc_plugins *p = c->ctx;
	nc_found *f;
	(void)timer;
	for (size_t k = 0; (f = nc_found_at(p, k)); k++) {
		f->walk++;
		for (nc_pinst *inst; (inst = nc_found_next_inst(f, f->walk));) {
			ask(inst, (whom)c->arg);
			nc_pinst_unref(inst);
		}
	}
}

nc_code nc_ask_health_start(nc_plugins *p, nc_error *err)
{
	uint64_t timer, period_ns = (uint64_t)p->health_every_us * 1000;
	if (p->health_every_us <= 0)
		return NC_OK;
	nc_code rc = nc_loop_timer_start(p->io, period_ns, period_ns, round_of,
		(nc_closure){ .ctx = p, .arg = EVERY }, &timer);
	return rc == NC_OK ? NC_OK : nc_err(err, rc, "could not set a timer for health");
}

void nc_ask_health_soon(nc_plugins *p)
{
	uint64_t timer, after_ns = NC_MIN(NEW_NS, (uint64_t)p->health_every_us * 1000);
	if (p->health_every_us > 0) /* or at the next round */
		(void)nc_loop_timer_start(p->io, after_ns, 0, round_of,
			(nc_closure){ .ctx = p, .arg = NEW_ONES }, &timer);
}

void nc_inst_health_forget(nc_pinst *inst)
{
	nc_plugins *p = inst->p;
	nc_inst_health *h = &inst->health;
	pthread_mutex_lock(&p->lock);
	int was_ill = h->state > NC_HEALTH_HEALTHY;
	nc_inst_health_done(h);
	*h = (nc_inst_health){ .call = h->call };
	pthread_mutex_unlock(&p->lock);
	if (was_ill)
		tell_worst(p);
}

/* ---- showing ---- */

nc_health_state nc_pinst_get_health(nc_pinst *inst, char *why, size_t cap)
{
	pthread_mutex_lock(&inst->p->lock);
	nc_health_state state = inst->health.state;
	snprintf(why, cap, "%s", inst->health.why);
	pthread_mutex_unlock(&inst->p->lock);
	return state;
}

void nc_inst_health_render(nc_jw *w, nc_pinst *inst)
{
	const nc_inst_health *h = &inst->health;
	nc_jw_kobj(w, "health");
	pthread_mutex_lock(&inst->p->lock);
	nc_jw_kstr(w, "status", h->has_none ? "none" : nc_health_state_name(h->state));
	if (h->at_us) {
		nc_jw_kstr(w, "message", h->why);
		nc_jw_ki64(w, "age_ms", (nc_clock_mono_us() - h->at_us) / 1000);
	}
	if (h->details)
		nc_jw_kraw(w, "details", h->details, strlen(h->details));
	pthread_mutex_unlock(&inst->p->lock);
	nc_jw_obj_end(w);
}
