/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "plugin/hostproc.h"
#include "plugin/loader_internal.h"

/*
 * What a plugin's offences lead to. A strike is logged with its rule; three within the window mean
 * quarantine for a process, an alarm for code in the daemon, which can't be taken out. A process that
 * dies is started again, later each time; five deaths in ten minutes are quarantine too. Judging may
 * happen on any thread, the carrying out is the supervisor's.
 */

#define RESTART_MOST_US (INT64_C(60) * 1000000)
#define ALARM_QUIET_US  (INT64_C(60) * 1000000)

static void tell(nc_found *f, const char *type, const char *inst, const char *reason, int rule)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_jw w;
	nc_buf_init(&b, 16 << 10);
	nc_jw_init(&w, &b);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "plugin", f->id);
	if (inst)
		nc_jw_kstr(&w, "instance", inst);
	nc_jw_kstr(&w, "reason", reason);
	if (rule >= 0)
		nc_jw_ki64(&w, "rule", rule);
	nc_jw_obj_end(&w);
	if (!nc_buf_failed(&b))
		nc_plugins_event(f->p, type, nc_buf_bytes(&b));
}

/* ---- quarantine ---- */

static void quarantine_task(nc_task *task)
{
	nc_found *f = NC_CONTAINER(task, nc_found, quarantine_task);
	char reason[sizeof(f->quarantine_reason)];
	nc_error err = NC_ERROR_INIT;
	pthread_mutex_lock(&f->p->lock);
	memcpy(reason, f->quarantine_reason, sizeof(reason));
	f->is_quarantine_posted = 0;
	pthread_mutex_unlock(&f->p->lock);
	if (nc_found_quarantine(f, reason, &err) != NC_OK)
		nc_log(L_ERROR, "plugin.quarantine.failed", F_STR("plugin", f->id), F_ERR(&err));
}

typedef struct quarantine_call {
	nc_found *f;
	const char *reason;
} quarantine_call;

static void quarantine_call_run(void *arg)
{
	quarantine_call *c = arg;
	nc_error err = NC_ERROR_INIT;
	if (nc_found_quarantine(c->f, c->reason, &err) != NC_OK)
		nc_log(L_ERROR, "plugin.quarantine.failed", F_STR("plugin", c->f->id), F_ERR(&err));
}

void nc_found_quarantine_now(nc_found *f, const char *reason)
{
	quarantine_call c = { f, reason };
	nc_loop_call(f->p->super, quarantine_call_run, &c);
}

void nc_found_quarantine_soon(nc_found *f, const char *reason)
{
	pthread_mutex_lock(&f->p->lock);
	int is_first =
		!f->is_quarantine_posted && f->state != NC_PLUGIN_QUARANTINED && !f->p->is_ending;
	if (is_first) {
		f->is_quarantine_posted = 1;
		snprintf(f->quarantine_reason, sizeof(f->quarantine_reason), "%s", reason);
		f->quarantine_task.run = quarantine_task;
		nc_loop_post(f->p->super, &f->quarantine_task);
	}
	pthread_mutex_unlock(&f->p->lock);
}

/* The record first: what then happens to the process must not bring it back. */
nc_code nc_found_quarantine(nc_found *f, const char *reason, nc_error *err)
{
	nc_code rc = nc_quarantine_put(f->p, f->id, reason, err);
	if (rc != NC_OK)
		return rc;
	pthread_mutex_lock(&f->p->lock);
	int is_in_process = f->image != NULL;
	nc_hostproc *h = f->process ? nc_hostproc_ref(f->process) : NULL;
	if (!is_in_process) {
		f->state = NC_PLUGIN_QUARANTINED;
		nc_err(&f->why, NC_E_UNAVAILABLE, "quarantined: %s", reason);
	}
	pthread_mutex_unlock(&f->p->lock);
	nc_restart_cancel(f);
	nc_log(L_ERROR, "plugin.quarantined", F_STR("plugin", f->id), F_STR("reason", reason));
	tell(f, "plugin.quarantined", NULL, reason, -1);
	if (h) {
		nc_hostproc_kill(h, reason);
		nc_hostproc_unref(h);
	}
	return NC_OK;
}

/* ---- strikes ---- */

static void out(nc_found *f, const char *inst, nc_rule rule, const char *what)
{
	char reason[300];
	snprintf(reason, sizeof(reason), "three strikes; the last: P%d, %s (%s)", (int)rule,
		nc_rule_text(rule), what);
	pthread_mutex_lock(&f->p->lock);
	int is_in_process = f->image != NULL;
	f->n_alarms += (uint32_t)is_in_process;
	int64_t now = nc_clock_mono_us();
	int is_quiet = f->alarm_us && now - f->alarm_us < ALARM_QUIET_US;
	if (is_in_process && !is_quiet)
		f->alarm_us = now;
	pthread_mutex_unlock(&f->p->lock);
	if (!is_in_process) {
		nc_found_quarantine_soon(f, reason);
		return;
	}
	if (is_quiet)
		return; /* counted; it can't be stopped, so it must not fill the log either */
	nc_log(L_ERROR, "plugin.alarm", F_STR("plugin", f->id), F_STR("reason", reason));
	tell(f, "plugin.alarm", inst, reason, (int)rule);
}

void nc_found_strike(nc_found *f, const char *inst, nc_rule rule, const char *what)
{
	int64_t now = nc_clock_mono_us();
	pthread_mutex_lock(&f->p->lock);
	int is_out = nc_strikes_add(&f->strikes, rule, now, f->p->strike_window_us);
	snprintf(f->last_strike, sizeof(f->last_strike), "P%d: %.180s", (int)rule, what);
	pthread_mutex_unlock(&f->p->lock);
	nc_log(L_WARN, "plugin.strike", F_STR("plugin", f->id), F_STR("instance", inst ? inst : ""),
		F_U64("rule", (uint64_t)rule), F_STR("text", nc_rule_text(rule)),
		F_STR("what", what));
	if (is_out)
		out(f, inst, rule, what);
}

void nc_found_late(void *found, const char *function)
{
	char what[120];
	snprintf(what, sizeof(what), "%s after destroy had returned", function);
	nc_found_strike(found, NULL, NC_P5_AFTER_DESTROY, what);
}

/* ---- deaths ---- */

/* Under the lock: whether this one is the fifth within the window. */
static int note_crash(nc_found *f, int64_t now)
{
	int64_t *at = f->crashes_us;
	int is_quiet =
		at[NC_CRASHES_OUT - 1] == 0 || now - at[NC_CRASHES_OUT - 1] > NC_CRASH_WINDOW_US;
	memmove(at, at + 1, (NC_CRASHES_OUT - 1) * sizeof(*at));
	at[NC_CRASHES_OUT - 1] = now;
	f->restart_step = is_quiet ? 0 : f->restart_step + 1;
	return at[0] != 0 && now - at[0] <= NC_CRASH_WINDOW_US;
}

/* Under the lock. */
static int64_t back_off(const nc_found *f)
{
	int64_t wait = f->p->restart_us << NC_MIN(f->restart_step, 6u);
	return NC_MIN(wait, RESTART_MOST_US);
}

int64_t nc_found_not_its_fault(nc_found *f, const nc_error *why)
{
	pthread_mutex_lock(&f->p->lock);
	int is_held_back = f->state == NC_PLUGIN_QUARANTINED;
	if (!is_held_back)
		f->state = NC_PLUGIN_LOST;
	int64_t wait = is_held_back ? -1 : back_off(f);
	f->restart_step++;
	pthread_mutex_unlock(&f->p->lock);
	nc_log(L_ERROR, "plugin.host.start_failed", F_STR("plugin", f->id), F_ERR(why),
		F_I64("restart_ms", wait < 0 ? -1 : wait / 1000));
	return wait;
}

int64_t nc_found_crashed(nc_found *f, const char *how)
{
	int64_t now = nc_clock_mono_us();
	char reason[200];
	pthread_mutex_lock(&f->p->lock);
	int is_held_back = f->state == NC_PLUGIN_QUARANTINED;
	int is_out = !is_held_back && note_crash(f, now);
	if (!is_held_back)
		f->state = NC_PLUGIN_LOST;
	int64_t wait = back_off(f);
	pthread_mutex_unlock(&f->p->lock);
	if (is_held_back)
		return -1;
	nc_log(L_ERROR, "plugin.host.died", F_STR("plugin", f->id), F_STR("how", how),
		F_I64("restart_ms", is_out ? -1 : wait / 1000));
	tell(f, "plugin.host.died", NULL, how, -1);
	if (!is_out)
		return wait;
	snprintf(reason, sizeof(reason), "its process died five times in ten minutes; the last: %s",
		how);
	nc_found_quarantine_soon(f, reason);
	return -1;
}
