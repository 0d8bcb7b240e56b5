/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper and the kernel's own two calls. The keeper is one thread: each round it has every
 * provider visited (visits.c) and, without waiting for that, looks after what needs no driver. It
 * blocks on the store alone.
 */
#include "flow/care.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/wait.h"
#include "flow/reports.h"
#include "flow/retention.h"
#include "flow/sealing.h"
#include "flow/sweep.h"
#include "flow/visits.h"

/* ---- provider.open, provider.close ---- */

typedef struct own_call {
	nc_flow *f;
	nc_op_sink sink;
	int is_open;
	char provider[NC_DB_ID_MAX + 1];
} own_call;

static nc_code open_provider(
	nc_flow *f, const char *id, nc_provider_applied *applied, nc_error *err)
{
	nc_code rc = nc_providers_open(f->providers, id, applied, err);

	if (rc == NC_OK)
		rc = nc_flow_find_hosts(f, id, err);
	if (rc == NC_OK)
		nc_flow_observe_provider(f, id, &(nc_provider_look){ .n_guests = -1 });
	return rc;
}

/* As an operation's result: how what it asked for came into force. */
static void write_applied(const nc_provider_applied *applied, nc_buf *out)
{
	static const char *const words[] = { [NC_PROVIDER_SAME] = "unchanged",
		[NC_PROVIDER_RECONFIGURED] = "reconfigured",
		[NC_PROVIDER_REOPENED] = "reopened",
		[NC_PROVIDER_OPENED] = "opened" };
	nc_jw w;

	nc_jw_init(&w, out);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "how", words[applied->how]);
	nc_jw_kstr(&w, "why", applied->why);
	nc_jw_obj_end(&w);
}

/* The last thing a call does with the flow. */
static void end_own_call(nc_flow *f)
{
	pthread_mutex_lock(&f->keeper_lock);
	f->n_own_calls--;
	pthread_cond_broadcast(&f->keeper_wake);
	pthread_mutex_unlock(&f->keeper_lock);
}

static void *own_call_main(void *arg)
{
	_cleanup_(nc_freep) own_call *k = arg;
	_cleanup_(nc_buf_done) nc_buf result;
	nc_provider_applied applied = { .how = NC_PROVIDER_SAME };
	nc_error err = NC_ERROR_INIT;
	nc_code rc = NC_OK;

	nc_buf_init(&result, 4096);
	if (k->is_open)
		rc = open_provider(k->f, k->provider, &applied, &err);
	else
		nc_providers_close(k->f->providers, k->provider);
	write_applied(&applied, &result);
	nc_op_result r = { .code = NC_OK,
		.outcome = rc == NC_OK ? NC_DONE : NC_FAILED_NO_EFFECT,
		.recovered = rc == NC_OK ? NC_REC_DONE : NC_REC_ABSENT,
		.err = &err,
		.result = nc_buf_bytes(&result) };
	k->sink.done(k->sink.arg, &r);
	end_own_call(k->f);
	return NULL;
}

static nc_code begin_own_call(nc_flow *f, nc_error *err)
{
	pthread_mutex_lock(&f->keeper_lock);
	int is_stopping = f->is_stopping;
	f->n_own_calls += !is_stopping;
	pthread_mutex_unlock(&f->keeper_lock);
	return is_stopping ? nc_err(err, NC_E_UNAVAILABLE, "the daemon is stopping") : NC_OK;
}

nc_code nc_care_call(nc_flow *f, const nc_op_call *call, const nc_op_sink *sink, nc_error *err)
{
	own_call *k = nc_calloc(1, sizeof(*k));
	uint64_t thread;
	nc_code rc = k ? begin_own_call(f, err) : nc_err_nomem(err);

	if (rc != NC_OK) {
		nc_free(k);
		return rc;
	}
	k->f = f;
	k->sink = *sink;
	k->is_open = !strcmp(call->verb, "provider.open");
	snprintf(k->provider, sizeof(k->provider), "%s", call->provider);
	int e = nc_thread_start(&thread, "nc-provider", own_call_main, k);
	if (e) {
		nc_free(k);
		end_own_call(f);
		return nc_err_errno(err, e, "could not start a thread to open a provider");
	}
	nc_thread_detach(thread);
	return NC_OK;
}

/* They end by themselves, a hanging create after its time-out. */
static nc_code wait_for_own_calls(nc_flow *f)
{
	int64_t until_us = nc_clock_mono_us() + (int64_t)f->own_call_max_s * 1000000;

	pthread_mutex_lock(&f->keeper_lock);
	while (f->n_own_calls && nc_cond_wait_until(&f->keeper_wake, &f->keeper_lock, until_us))
		;
	uint32_t left = f->n_own_calls;
	pthread_mutex_unlock(&f->keeper_lock);
	if (!left)
		return NC_OK;
	nc_log(L_ERROR, "provider.calls.stuck", F_U64("threads", left),
		F_STR("consequence", "the process ends while they run"));
	return NC_E_TIMEOUT;
}

/* ---- the keeper ---- */

static void on_report(void *ctx, nc_bytes json)
{
	json_t *j = NULL;

	if (nc_json_parse(json, NC_SINK_MAX, &j, NULL) != NC_OK)
		return;
	nc_flow_saw_guest(ctx, j);
	json_decref(j);
}

/* Of a provider that is being visited they wait until that is over: what the visit was told may be
 * older, and is written later. */
static int is_held(void *ctx, const char *instance)
{
	const nc_visited *now = ctx;

	for (size_t i = 0; i < now->n; i++)
		if (!strcmp(now->instances[i], instance))
			return 1;
	return 0;
}

static void read_reports(nc_flow *f)
{
	_cleanup_(nc_visited_done) nc_visited now;

	if (nc_visits_now(f->visits, &now) == NC_OK)
		nc_reports_drain(f->reports, is_held, &now, on_report, f);
}

typedef enum { STOP, READ_REPORTS, ROUND_DUE, ROUND_ANEW } wish;

/* Until there is something to do, at the latest when the next round is due. */
static wish wait_for_wish(nc_flow *f, int64_t due_us)
{
	wish w = ROUND_DUE;

	pthread_mutex_lock(&f->keeper_lock);
	while (!f->is_stopping && !f->wants_round && !f->has_reports &&
		nc_cond_wait_until(&f->keeper_wake, &f->keeper_lock, due_us))
		;
	if (f->is_stopping)
		w = STOP;
	else if (f->wants_round)
		w = ROUND_ANEW;
	else if (f->has_reports && nc_clock_mono_us() < due_us) /* never for want of a pause */
		w = READ_REPORTS;
	f->has_reports = 0;
	if (w == ROUND_ANEW)
		f->wants_round = 0;
	pthread_mutex_unlock(&f->keeper_lock);
	return w;
}

static int64_t next_round_us(nc_flow *f)
{
	int64_t every_us = nc_flow_get_settings(f).inventory_every_us;

	return nc_clock_mono_us() + (every_us ? every_us : 60000000);
}

/* What needs no driver; it waits for no visit. */
static void look_after_the_store(nc_flow *f)
{
	nc_retention_round(f);
	nc_sweep_round(f, nc_clock_wall_ms());
}

static void *keeper_main(void *arg)
{
	nc_flow *f = arg;

	nc_visits_all(f->visits, NC_VISIT_ANEW);
	nc_flow_finish_rotation(f); /* what else has waited can wait until the start is over */
	int64_t due_us = next_round_us(f);
	for (wish w; (w = wait_for_wish(f, due_us)) != STOP;) {
		read_reports(f);
		if (w == READ_REPORTS)
			continue;
		nc_visits_all(f->visits, w == ROUND_ANEW ? NC_VISIT_ANEW : NC_VISIT_DUE);
		nc_flow_finish_rotation(f); /* an old key shall not stay for a minute more */
		look_after_the_store(f);
		due_us = next_round_us(f);
	}
	return NULL;
}

nc_code nc_care_start(nc_flow *f, nc_error *err)
{
	nc_code rc = nc_visits_new(f, &f->visits, err);

	if (rc != NC_OK)
		return rc;
	int e = nc_thread_start(&f->keeper, "nc-keeper", keeper_main, f);
	if (e)
		return nc_err_errno(err, e, "could not start the keeper");
	f->is_keeping = 1;
	return NC_OK;
}

void nc_care_soon(nc_flow *f)
{
	pthread_mutex_lock(&f->keeper_lock);
	f->wants_round = 1;
	pthread_cond_broadcast(&f->keeper_wake);
	pthread_mutex_unlock(&f->keeper_lock);
}

void nc_care_read(nc_flow *f)
{
	pthread_mutex_lock(&f->keeper_lock);
	f->has_reports = 1;
	pthread_cond_broadcast(&f->keeper_wake);
	pthread_mutex_unlock(&f->keeper_lock);
}

nc_code nc_care_stop(nc_flow *f)
{
	pthread_mutex_lock(&f->keeper_lock);
	f->is_stopping = 1;
	pthread_cond_broadcast(&f->keeper_wake);
	pthread_mutex_unlock(&f->keeper_lock);
	if (f->is_keeping)
		nc_thread_join(f->keeper);
	f->is_keeping = 0;
	if (f->visits)
		nc_visits_stop(f->visits);
	return wait_for_own_calls(f);
}
