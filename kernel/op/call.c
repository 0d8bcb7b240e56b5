/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Driver calls of runs: through the gate, out, and back. The driver's answer may come on any
 * thread, also before the call has returned, and does no more than copy itself into the run and
 * make it ready. Every call that went out comes back exactly once: the driver side promises that.
 */
#include "op/engine.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

void nc_run_call_clear(nc_run_call *call)
{
	nc_free(call->verb);
	nc_free(call->target);
	nc_free(call->request);
	nc_free(call->checkpoint);
	*call = (nc_run_call){ 0 };
}

void nc_run_result_clear(nc_run_result *r)
{
	nc_free(r->bytes);
	*r = (nc_run_result){ 0 };
}

/* ---- answers made here; lock held ---- */

static void answer_locally(nc_run *run, nc_code code, int32_t outcome, const nc_error *err)
{
	nc_run_result_clear(&run->result);
	run->result.code = code;
	run->result.outcome = outcome;
	nc_err_copy(&run->result.err, err);
	run->result.recovered = -1;
	run->has_result = 1;
	nc_run_make_ready(run);
}

void nc_run_cancel_unsent(nc_run *run)
{
	nc_error err = NC_ERROR_INIT;

	nc_err(&err, NC_E_CANCELLED, "cancelled before it was sent");
	answer_locally(run, NC_OK, NC_CANCELLED, &err);
}

/* Cancel is wanted and the call has not gone out: it certainly had no effect. */
static int cancelled_before_sending(nc_run *run)
{
	if (!run->wants_cancel || run->call.is_recover || run->call.is_undo)
		return 0;
	nc_run_cancel_unsent(run);
	return 1;
}

/* ---- the gate; lock held ---- */

static void set_waiting_for(nc_run *run, int is_broken)
{
	char *text = run->live.waiting_for;
	size_t size = sizeof(run->live.waiting_for);
	const char *host = *run->host ? run->host : "the provider";

	if (!is_broken)
		snprintf(text, size, "its turn at %s on %s", run->provider, host);
	else if (nc_gate_is_broken(run->ops->gate, run->provider))
		snprintf(text, size, "breaker open for %s, trying again soon", run->provider);
	else
		snprintf(text, size, "breaker open for %s on %s, trying again soon", run->provider,
			host);
}

/* It is inside: the next worker makes the call. */
static void admit(nc_run *run)
{
	run->live.waiting_for[0] = '\0';
	run->is_admitted = 1;
	nc_run_make_ready(run);
}

void nc_run_enter_gate(nc_run *run)
{
	nc_ops *ops = run->ops;
	int64_t retry_us = 0;

	if (cancelled_before_sending(run))
		return;
	run->ticket.provider = run->provider;
	run->ticket.host = run->host;
	run->ticket.project = run->project;
	run->ticket.is_own = (uint8_t)run->call.is_own;
	switch (nc_gate_enter(ops->gate, &run->ticket, nc_clock_mono_us(), &retry_us)) {
	case NC_GATE_IN:
		admit(run);
		break;
	case NC_GATE_WAIT:
		run->where = NC_RUN_GATED;
		set_waiting_for(run, retry_us > 0);
		nc_run_mind_deadline(run);
		if (!ops->has_timekeeper)
			nc_ops_wake(ops); /* somebody is to mind when there is room again */
		break;
	default: /* no memory for its names */
		nc_run_sleep(run, 100000);
	}
}

void nc_ops_admit(nc_ops *ops, const char *provider)
{
	int64_t now = nc_clock_mono_us();

	for (nc_gate_ticket *t; (t = nc_gate_next(ops->gate, provider, now));)
		admit(NC_CONTAINER(t, nc_run, ticket));
}

/* What speaks against the target itself rather than against the request. A provider that is not
 * open has not been asked, which says nothing. */
static nc_gate_verdict verdict_of(const nc_run_result *r)
{
	if (!r->was_sent)
		return NC_GATE_SILENT;
	if (r->code == NC_OK && r->outcome == NC_UNKNOWN)
		return NC_GATE_FAULT;
	if (r->err.code == NC_E_UNAVAILABLE)
		return NC_GATE_AWAY;
	return r->err.code == NC_E_TIMEOUT ? NC_GATE_FAULT : NC_GATE_FINE;
}

void nc_ops_target_stuck(nc_ops *ops, const char *provider, nc_bytes target)
{
	pthread_mutex_lock(&ops->lock);
	nc_gate_break(ops->gate, provider, target, nc_clock_mono_us());
	nc_ops_wake(ops); /* for whoever waits there there is a time to wait for now */
	pthread_mutex_unlock(&ops->lock);
}

static void leave_gate(nc_run *run, nc_gate_verdict verdict)
{
	nc_gate_leave(run->ops->gate, &run->ticket, verdict, nc_clock_mono_us());
	nc_ops_admit(run->ops, run->provider);
}

/* ---- out and back ---- */

static int copy_result(nc_run_result *to, const nc_op_result *from)
{
	nc_run_result_clear(to);
	to->code = from->code;
	to->outcome = from->outcome;
	to->recovered = from->recovered;
	nc_err_copy(&to->err, from->err);
	snprintf(
		to->plugin_id, sizeof(to->plugin_id), "%s", from->plugin_id ? from->plugin_id : "");
	snprintf(to->plugin_version, sizeof(to->plugin_version), "%s",
		from->plugin_version ? from->plugin_version : "");
	to->bytes = nc_malloc(from->result.len + 1);
	if (!to->bytes)
		return -1;
	if (from->result.len)
		memcpy(to->bytes, from->result.ptr, from->result.len);
	to->bytes[from->result.len] = '\0';
	to->len = from->result.len;
	return 0;
}

static void on_result(void *arg, const nc_op_result *r)
{
	nc_run *run = arg;
	nc_ops *ops = run->ops;

	pthread_mutex_lock(&ops->lock);
	if (copy_result(&run->result, r) < 0) {
		/* The answer is lost for want of memory: it can be asked for again. */
		run->result.code = NC_OK;
		run->result.outcome = NC_DETACHED;
		if (run->result.recovered >= 0)
			run->result.recovered = NC_REC_UNKNOWN;
	}
	run->result.was_sent = !r->is_unsent;
	run->call_is_out = 0;
	run->handle = 0;
	ops->calls_out--;
	nc_run_ack ack = nc_run_take_checkpoint(run);
	leave_gate(run, verdict_of(&run->result));
	if (!ops->is_stopping) {
		run->has_result = 1;
		nc_run_make_ready(run);
	}
	pthread_mutex_unlock(&ops->lock);
	if (ack.fn)
		ack.fn(ack.arg, NC_E_NOTFOUND);
}

static void refused(nc_run *run, nc_code code, const nc_error *err)
{
	nc_ops *ops = run->ops;

	pthread_mutex_lock(&ops->lock);
	run->call_is_out = 0;
	ops->calls_out--;
	nc_run_result_clear(&run->result);
	run->result.code = code;
	run->result.outcome = NC_FAILED_NO_EFFECT;
	run->result.recovered = -1;
	nc_err_copy(&run->result.err, err);
	run->has_result = 1;
	nc_run_ack ack = nc_run_take_checkpoint(run);
	leave_gate(run, NC_GATE_SILENT);
	nc_run_make_ready(run);
	pthread_mutex_unlock(&ops->lock);
	if (ack.fn)
		ack.fn(ack.arg, NC_E_NOTFOUND);
}

/* What a call needs, taken out of the run: the answer may come, and the run go, before it
 * returns. Lock held. */
typedef struct outgoing {
	char id[NC_DB_ID_MAX + 1];
	char *provider;
	nc_run_call k; /* owned but for its flags */
	uint32_t number;
	int64_t default_us;
} outgoing;

static void outgoing_done(outgoing *o)
{
	nc_free(o->provider);
	nc_run_call_clear(&o->k);
}

static int take_out(nc_run *run, outgoing *o)
{
	nc_ops *ops = run->ops;

	o->provider = nc_strdup(run->provider);
	if (!o->provider)
		return -1;
	memcpy(o->id, run->id, sizeof(o->id));
	o->k = run->call;
	run->call.verb = run->call.target = run->call.request = run->call.checkpoint = NULL;
	o->default_us = ops->opt.default_deadline_us;
	o->number = ++run->call_number;
	run->where = NC_RUN_CALLING;
	run->call_is_out = 1;
	/* A recover of what is to be cancelled takes hold of it and is told then. */
	run->stop_reason = run->wants_cancel && !run->call.is_undo ? NC_CANCEL : NC_RUN;
	ops->calls_out++;
	nc_run_mind_deadline(run);
	return 0;
}

/* The handle, if the answer has not overtaken it; tells what has been asked for meanwhile. */
static int32_t keep_handle(nc_ops *ops, const outgoing *o, const nc_run *run, uint64_t handle)
{
	int32_t reason = NC_RUN;

	pthread_mutex_lock(&ops->lock);
	nc_run *still = nc_run_find(ops, o->id);
	if (still && still == run && still->call_is_out && still->call_number == o->number) {
		still->handle = handle;
		reason = still->stop_reason;
	}
	pthread_mutex_unlock(&ops->lock);
	return reason;
}

/* Another node may have taken over what this one believes to do; it is asked again until it leads. */
static int must_not_call(nc_run *run, const outgoing *o)
{
	nc_error err = NC_ERROR_INIT;

	if (nc_db_leads(run->ops->opt.db))
		return 0;
	nc_err(&err, NC_E_UNAVAILABLE, "this node does not lead the store now, so %s is not called",
		o->k.verb);
	err.flags = NC_ERR_RETRYABLE;
	refused(run, NC_E_UNAVAILABLE, &err);
	return 1;
}

void nc_run_start_call(nc_run *run)
{
	nc_ops *ops = run->ops;
	_cleanup_(outgoing_done) outgoing o = { .provider = NULL };
	nc_error err = NC_ERROR_INIT;
	uint64_t handle = 0;
	int is_sent = 0;

	pthread_mutex_lock(&ops->lock);
	if (run->is_abandoned) {
		leave_gate(run, NC_GATE_SILENT);
		nc_run_make_ready(run); /* for a last look at its record */
	} else if (run->wants_cancel && !run->call.is_recover && !run->call.is_undo) {
		leave_gate(run, NC_GATE_SILENT);
		nc_run_cancel_unsent(run);
	} else if (take_out(run, &o) < 0) {
		leave_gate(run, NC_GATE_SILENT);
		nc_run_sleep(run, 100000);
	} else {
		is_sent = 1;
		run->progress_at_us = 0;
	}
	pthread_mutex_unlock(&ops->lock);
	if (!is_sent || must_not_call(run, &o))
		return;
	nc_op_call call = { .provider = o.provider,
		.verb = o.k.verb,
		.target = o.k.target,
		.request = { o.k.request, o.k.request_len },
		.checkpoint = o.k.checkpoint,
		.deadline_us = o.k.deadline_us ? o.k.deadline_us : o.default_us };
	nc_op_sink sink = { .done = on_result,
		.progress = nc_run_progress,
		.checkpoint = nc_run_want_checkpoint,
		.arg = run };
	nc_code rc = ops->driver.call(
		ops->driver.ctx, &call, o.k.key, o.k.is_recover, &sink, &handle, &err);
	if (rc != NC_OK) {
		refused(run, rc, &err);
		return;
	}
	int32_t reason = keep_handle(ops, &o, run, handle);
	if (reason != NC_RUN)
		ops->driver.stop(ops->driver.ctx, handle, reason);
}

void nc_run_stop_call(nc_run *run, int32_t reason)
{
	nc_ops *ops = run->ops;
	uint64_t handle = run->handle;

	run->stop_reason = (uint8_t)reason;
	if (!handle) /* not known yet: nc_run_start_call sends it */
		return;
	pthread_mutex_unlock(&ops->lock);
	ops->driver.stop(ops->driver.ctx, handle, reason);
	pthread_mutex_lock(&ops->lock);
}
