/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operation engine's driver: finds the provider's instance and turns an engine's call into a
 * plugin's. Three verbs are the kernel's own, because they are long and outside the store like any
 * driver's: provider.open and provider.close (care.c), and schedule.fire (schedules.c).
 *
 * Any thread. A pending call holds one reference on the instance and is freed when it ends.
 */
#include "flow/internal.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "flow/care.h"
#include "flow/features.h"
#include "flow/schedules.h"

typedef struct pending {
	nc_op_sink sink;
	nc_pinst *inst;
	int is_recover;
} pending;

static void pending_free(pending *p)
{
	nc_pinst_unref(p->inst);
	nc_free(p);
}

static void on_done(void *user, const nc_call_end *end)
{
	pending *p = user;
	nc_op_result r = { .code = NC_OK,
		.outcome = end->outcome,
		.recovered = end->recover_state,
		.err = end->error,
		.result = end->result,
		.plugin_id = nc_pinst_plugin_id(p->inst),
		.plugin_version = nc_pinst_plugin_version(p->inst) };

	if (!end->was_sent &&
		end->outcome == NC_FAILED_NO_EFFECT) { /* it waited in the plugin's queue */
		r.code = end->code;
		r.is_unsent = 1;
	} else if (p->is_recover && end->recover_state < 0)
		r.code = end->code == NC_OK ? NC_E_PROTO : end->code;
	p->sink.done(p->sink.arg, &r);
	pending_free(p);
}

static void on_progress(void *user, uint32_t permille, const char *phase)
{
	pending *p = user;

	p->sink.progress(p->sink.arg, permille, phase);
}

typedef struct ticket {
	nc_call call;
	uint64_t number;
} ticket;

static void on_ack(void *arg, nc_code code)
{
	ticket *t = arg;

	nc_call_checkpoint_done(t->call, t->number, code);
	nc_free(t);
}

static void on_checkpoint(void *user, nc_call call, uint64_t number, nc_bytes token)
{
	pending *p = user;
	ticket *t = nc_malloc(sizeof(*t));

	if (!t) {
		nc_call_checkpoint_done(call, number, NC_E_NOMEM);
		return;
	}
	*t = (ticket){ .call = call, .number = number };
	p->sink.checkpoint(p->sink.arg, token, on_ack, t);
}

static nc_code recover_request(const nc_op_call *call, const char *key, nc_buf *b, nc_error *err)
{
	nc_jw w;

	nc_jw_init(&w, b);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "key", key);
	nc_jw_kstr(&w, "verb", call->verb);
	nc_jw_kraw(&w, "request", call->request.ptr, call->request.len);
	if (call->checkpoint)
		nc_jw_kstr(&w, "checkpoint", call->checkpoint);
	nc_jw_obj_end(&w);
	return nc_buf_failed(b) ? nc_err_nomem(err) : NC_OK;
}

static nc_code require(void *ctx, const char *feature, nc_error *err)
{
	return nc_pinst_require_feature(ctx, feature, err);
}

static nc_code send_call(
	pending *p, const nc_op_call *call, const char *key, uint64_t *ret_handle, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf fitted;
	_cleanup_(nc_buf_done) nc_buf request;
	const nc_verb *verb = nc_verb_find(call->verb);
	nc_op_call told = *call;
	nc_call handle = { 0 };
	nc_code rc;

	nc_buf_init(&fitted, 1u << 20);
	nc_buf_init(&request, 1u << 20);
	if (!verb || (p->is_recover && !verb->recover))
		return nc_err(err, NC_E_UNSUPPORTED, "no driver serves \"%s\"", call->verb);
	rc = nc_features_fit(call->verb, &told.request, require, p->inst, &fitted, err);
	if (rc == NC_OK && p->is_recover)
		rc = recover_request(&told, key, &request, err);
	if (rc != NC_OK)
		return rc;
	nc_call_spec spec = { .verb = p->is_recover ? verb->recover : verb->name,
		.target = nc_str(call->target),
		.request = p->is_recover ? nc_buf_bytes(&request) : told.request,
		.key = key,
		.deadline_us = nc_clock_mono_us() + call->deadline_us,
		.progress = on_progress,
		.checkpoint = on_checkpoint,
		.done = on_done,
		.user = p };
	rc = nc_pinst_call(p->inst, &spec, &handle, err);
	*ret_handle = handle.v;
	return rc;
}

static nc_code driver_call(void *ctx, const nc_op_call *call, const char *key, int is_recover,
	const nc_op_sink *sink, uint64_t *ret_handle, nc_error *err)
{
	nc_flow *f = ctx;

	if (!strcmp(call->verb, "provider.open") || !strcmp(call->verb, "provider.close"))
		return nc_care_call(f, call, sink, err);
	if (!strcmp(call->verb, "schedule.fire"))
		return nc_schedules_call(f->schedules, call, is_recover, sink, ret_handle, err);
	pending *p = nc_calloc(1, sizeof(*p));
	if (!p)
		return nc_err_nomem(err);
	p->sink = *sink;
	p->is_recover = is_recover;
	nc_code rc = nc_providers_get(f->providers, call->provider, &p->inst, err);
	if (rc != NC_OK) {
		nc_free(p);
		return rc;
	}
	rc = send_call(p, call, key, ret_handle, err);
	if (rc != NC_OK)
		pending_free(p);
	return rc;
}

static void driver_stop(void *ctx, uint64_t handle, int32_t reason)
{
	nc_flow *f = ctx;

	if (handle & NC_SCHEDULES_HANDLE)
		nc_schedules_stop_call(f->schedules, handle, reason);
	else
		nc_call_stop((nc_call){ handle }, reason);
}

void nc_flow_driver_init(nc_flow *f)
{
	f->driver = (nc_op_driver){ .ctx = f, .call = driver_call, .stop = driver_stop };
}

const nc_op_driver *nc_flow_driver(nc_flow *f)
{
	return &f->driver;
}
