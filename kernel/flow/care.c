/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper and the kernel's own two calls. The keeper is one thread, with a few more during a round
 * that open providers and look at them side by side; they block on drivers and the store as long as
 * they take; nothing waits for them but nc_care_stop.
 */
#include "flow/care.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "base/pool.h"
#include "flow/reports.h"
#include "flow/retention.h"
#include "flow/sealing.h"
#include "flow/sweep.h"

#define OWN_CALL_MAX_S 45 /* a create has 30 */
#define VISITS_MAX     16 /* providers at once */

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
static void wait_for_own_calls(nc_flow *f)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += OWN_CALL_MAX_S;
	pthread_mutex_lock(&f->keeper_lock);
	while (f->n_own_calls && !pthread_cond_timedwait(&f->keeper_wake, &f->keeper_lock, &until))
		;
	uint32_t left = f->n_own_calls;
	pthread_mutex_unlock(&f->keeper_lock);
	if (left)
		nc_log(L_ERROR, "provider.calls.stuck", F_U64("threads", left),
			F_STR("consequence", "the process ends while they run"));
}

/* ---- the keeper ---- */

typedef struct provider_ids {
	char (*ids)[NC_DB_ID_MAX + 1];
	size_t n;
} provider_ids;

static void list_providers(nc_flow *f, provider_ids *list)
{
	const nc_root *r = nc_db_read_begin(f->db);
	nc_walk w;

	list->n = 0;
	list->ids = nc_calloc(nc_root_count(r, NC_KIND_PROVIDER) + 1, sizeof(*list->ids));
	nc_walk_init(
		&w, r, NC_KIND_PROVIDER, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it; list->ids && (it = nc_walk_next(&w, NULL));)
		snprintf(list->ids[list->n++], sizeof(*list->ids), "%s", nc_item_id(it));
	nc_db_read_end(f->db);
}

static void look_at(nc_flow *f, const char *provider)
{
	nc_provider_look look = { .n_guests = -1 };
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_flow_find_hosts(f, provider, &err);

	if (rc == NC_OK)
		rc = nc_flow_look_at_guests(f, provider, &look.n_guests, &err);
	look.why = rc == NC_OK ? NULL : err.message;
	nc_flow_observe_provider(f, provider, &look);
	if (rc != NC_OK)
		nc_log(L_WARN, "provider.look.failed", F_STR("provider", provider), F_ERR(&err),
			F_STR("consequence", "trying again at the next round"));
}

typedef struct visit {
	nc_job job;
	nc_flow *f;
	const char *provider;
} visit;

static int is_stopping(nc_flow *f)
{
	pthread_mutex_lock(&f->keeper_lock);
	int is = f->is_stopping;
	pthread_mutex_unlock(&f->keeper_lock);
	return is;
}

static void run_visit(nc_job *job)
{
	visit *v = NC_CONTAINER(job, visit, job);

	if (!is_stopping(v->f))
		nc_provider_bring_up(v->f, v->provider);
	if (!is_stopping(v->f))
		look_at(v->f, v->provider);
}

/* Side by side: one that hangs until its time-outs holds up no other, only the end of the round. */
static void visit_all(nc_flow *f, const provider_ids *list)
{
	_cleanup_(nc_freep) visit *visits = nc_calloc(list->n + 1, sizeof(*visits));
	nc_pool *pool = NULL;

	if (!visits)
		return;
	if (list->n > 1)
		(void)nc_pool_new("nc-visit", (unsigned)NC_MIN(list->n, (size_t)VISITS_MAX), &pool,
			NULL); /* or one after the other */
	for (size_t i = 0; i < list->n; i++) {
		visits[i] = (visit){ .job.run = run_visit, .f = f, .provider = list->ids[i] };
		if (!pool || nc_pool_submit(pool, &visits[i].job) != NC_OK)
			run_visit(&visits[i].job);
	}
	nc_pool_free(pool); /* waits for them */
}

typedef enum { FIRST_ROUND, LATER_ROUND } which_round;

static void round_of_care(nc_flow *f, which_round which)
{
	provider_ids list = { 0 };

	list_providers(f, &list);
	visit_all(f, &list);
	nc_free(list.ids);
	nc_flow_finish_rotation(f); /* rare, and an old key shall not stay for a minute more */
	if (which == FIRST_ROUND)
		return; /* what has waited until now can wait until the start is over */
	nc_retention_round(f);
	nc_sweep_round(f, nc_clock_wall_ms());
}

static void on_report(void *ctx, nc_bytes json)
{
	json_t *j = NULL;

	if (nc_json_parse(json, NC_SINK_MAX, &j, NULL) != NC_OK)
		return;
	nc_flow_saw_guest(ctx, j);
	json_decref(j);
}

typedef enum { STOP, READ_REPORTS, ROUND } wish;

/* Until there is something to do, at the latest when the next round is due. */
static wish wait_for_wish(nc_flow *f, const struct timespec *due)
{
	wish w = ROUND;

	pthread_mutex_lock(&f->keeper_lock);
	while (!f->is_stopping && !f->wants_round && !f->has_reports)
		if (pthread_cond_timedwait(&f->keeper_wake, &f->keeper_lock, due))
			break;
	if (f->is_stopping)
		w = STOP;
	else if (f->has_reports && !f->wants_round)
		w = READ_REPORTS;
	f->has_reports = 0;
	if (w == ROUND)
		f->wants_round = 0;
	pthread_mutex_unlock(&f->keeper_lock);
	return w;
}

static void set_due(nc_flow *f, struct timespec *due)
{
	int64_t every = nc_flow_get_settings(f).inventory_every_us;

	every = every ? every : 60000000;
	clock_gettime(CLOCK_MONOTONIC, due);
	due->tv_sec += every / 1000000;
	due->tv_nsec += every % 1000000 * 1000;
	due->tv_sec += due->tv_nsec / 1000000000;
	due->tv_nsec %= 1000000000;
}

static void *keeper_main(void *arg)
{
	nc_flow *f = arg;

	struct timespec due;

	round_of_care(f, FIRST_ROUND);
	set_due(f, &due);
	for (wish w; (w = wait_for_wish(f, &due)) != STOP;) {
		nc_reports_drain(f->reports, on_report, f);
		if (w != ROUND)
			continue;
		round_of_care(f, LATER_ROUND);
		set_due(f, &due);
	}
	return NULL;
}

nc_code nc_care_start(nc_flow *f, nc_error *err)
{
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

void nc_care_stop(nc_flow *f)
{
	pthread_mutex_lock(&f->keeper_lock);
	f->is_stopping = 1;
	pthread_cond_broadcast(&f->keeper_wake);
	pthread_mutex_unlock(&f->keeper_lock);
	if (f->is_keeping)
		nc_thread_join(f->keeper);
	f->is_keeping = 0;
	wait_for_own_calls(f);
}
