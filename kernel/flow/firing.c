/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One firing: the operation schedule.fire, whose one step is a call to the kernel itself. It asks
 * for the action on each VM as a user would, waits for the operations that come of it, and says
 * how many went well. After a crash it is run again from the start: the idempotency key of each VM
 * brings back the operation that was started before, also one that has failed, and that nothing was
 * to be done or that it was refused.
 *
 * Owned by the thread nc-schedules.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "flow/schedules.h"
#include "model/problem.h"

#define STARTS_MAX 32 /* in one step */
#define ERRORS_MAX 10 /* told in the result */

typedef struct child {
	char op_id[NC_DB_ID_MAX + 1]; /* "" = nothing to wait for */
	uint8_t is_over, is_failed;
} child;

struct nc_firing {
	nc_flow *f;
	nc_op_sink sink;
	int is_recover, has_cancelled;
	json_t *request;
	const char *op_id, *action, *project, *reason; /* in request */
	char *actor;
	size_t n_vms, n_begun; /* children before n_begun have been asked for */
	child *children;
	uint64_t n_started, n_unchanged, n_failed;
	json_t *errors;
	char first_error[200];
};

void nc_firing_free(nc_firing *x)
{
	if (!x)
		return;
	json_decref(x->request);
	json_decref(x->errors);
	nc_free(x->actor);
	nc_free(x->children);
	nc_free(x);
}
NC_DEFINE_CLEANUP(nc_firing *, nc_firing_free);

static const char *text_of(const nc_firing *x, const char *key)
{
	const char *s = json_string_value(json_object_get(x->request, key));

	return s ? s : "";
}

nc_code nc_firing_new(nc_flow *f, const nc_op_call *call, int is_recover, const nc_op_sink *sink,
	nc_firing **ret, nc_error *err)
{
	_cleanup_(nc_firing_freep) nc_firing *x = nc_calloc(1, sizeof(*x));

	if (!x)
		return nc_err_nomem(err);
	x->f = f;
	x->sink = *sink;
	x->is_recover = is_recover;
	nc_code rc = nc_json_parse(call->request, 256u << 10, &x->request, err);
	if (rc != NC_OK)
		return rc;
	x->op_id = text_of(x, "operation");
	x->action = text_of(x, "action");
	x->project = text_of(x, "project");
	x->reason = text_of(x, "reason");
	x->n_vms = json_array_size(json_object_get(x->request, "vms"));
	x->actor = nc_asprintf("schedule:%s", text_of(x, "schedule"));
	x->children = nc_calloc(x->n_vms + 1, sizeof(*x->children));
	x->errors = json_array();
	if (!x->actor || !x->children || !x->errors)
		return nc_err_nomem(err);
	*ret = nc_steal(&x);
	return NC_OK;
}

/* ---- the operations it starts ---- */

static void note_error(nc_firing *x, const char *what, const char *message)
{
	x->n_failed++;
	if (!x->first_error[0])
		snprintf(x->first_error, sizeof(x->first_error), "%s: %s", what, message);
	if (json_array_size(x->errors) < ERRORS_MAX)
		(void)json_array_append_new(
			x->errors, json_pack("{s:s,s:s}", "vm", what, "error", message));
}

/* The store or memory is short of something; it will pass. */
static int is_passing(nc_code rc)
{
	return rc == NC_E_NOMEM || rc == NC_E_UNAVAILABLE;
}

/* An earlier life of this firing was told so. */
static nc_code refused_before(const nc_buf *answer, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_code rc = nc_json_parse(nc_buf_bytes(answer), 64u << 10, &j, err);
	const char *why = json_string_value(json_object_get(j, "error"));

	return rc == NC_OK ? nc_problem_err(err, "conflict", "%s", why ? why : "refused") : rc;
}

static nc_code ask(nc_firing *x, size_t i, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(4u << 20);
	_cleanup_(nc_buf_done) nc_buf body;
	char key[2 * NC_DB_ID_MAX + 2];
	const char *vm = json_string_value(json_array_get(json_object_get(x->request, "vms"), i));
	const nc_action *action = nc_schedule_action(x->action);

	nc_buf_init(&body, 4u << 20);
	if (!a)
		return nc_err_nomem(err);
	if (!action)
		return nc_problem_err(
			err, "unsupported", "there is no action \"%.63s\"", x->action);
	snprintf(key, sizeof(key), "%s.%s", x->op_id, vm);
	nc_act act = { .flow = x->f,
		.arena = a,
		.actor = x->actor,
		.reach = { .project = x->project },
		.idempotency_key = key,
		.request_hash = x->op_id,
		.is_once = 1,
		.parent = x->op_id,
		.reason = x->reason,
		.body = &body };
	nc_code rc = nc_act_do(
		&act, &nc_kind_vm, vm, action->name, json_object_get(x->request, "arguments"), err);
	if (rc != NC_OK)
		return rc;
	if (act.http_status >= 400)
		return refused_before(&body, err);
	x->n_started += act.operation != NULL;
	x->n_unchanged += act.operation == NULL;
	snprintf(x->children[i].op_id, sizeof(x->children[i].op_id), "%s",
		act.operation ? act.operation : "");
	x->children[i].is_over = act.operation == NULL;
	return NC_OK;
}

/* The next few; -1: not now. */
static int begin_some(nc_firing *x)
{
	for (int n = 0; n < STARTS_MAX && x->n_begun < x->n_vms; n++) {
		nc_error err = NC_ERROR_INIT;
		size_t i = x->n_begun;
		nc_code rc = ask(x, i, &err);
		if (is_passing(rc))
			return -1;
		if (rc != NC_OK) {
			const json_t *vms = json_object_get(x->request, "vms");
			note_error(x, json_string_value(json_array_get(vms, i)), err.message);
			x->children[i].is_over = x->children[i].is_failed = 1;
		}
		x->n_begun++;
	}
	return 0;
}

/* The operation as it stands, hot or cold. NULL with NC_E_NOTFOUND: long gone. */
static nc_code look_up(nc_firing *x, const char *id, nc_arena *a, nc_operation **ret)
{
	nc_object *o = NULL;
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_model_find(x->f->db, &nc_kind_operation, id, a, &o, &err);

	*ret = o ? NC_AS(nc_operation, o) : NULL;
	return rc;
}

static int is_over(nc_firing *x, const char *op_id, child *c)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_operation *op = NULL;
	nc_code rc = a ? look_up(x, op_id, a, &op) : NC_E_NOMEM;

	if (rc == NC_E_NOTFOUND)
		return 1; /* past its retention */
	if (rc != NC_OK || !nc_operation_state_is_final(op->state))
		return 0;
	if (c && op->state != NC_OPER_SUCCEEDED) {
		c->is_failed = 1;
		note_error(x, op->target.name ? op->target.name : op->target.id,
			op->error ? op->error->message : nc_operation_state_words[op->state]);
	}
	return 1;
}

static size_t count_running(nc_firing *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->n_begun; i++) {
		child *c = &x->children[i];
		if (!c->is_over)
			c->is_over = (uint8_t)is_over(x, c->op_id, c);
		n += !c->is_over;
	}
	return n;
}

static void cancel_all(nc_firing *x)
{
	for (size_t i = 0; i < x->n_begun; i++)
		if (!x->children[i].is_over) /* one that can't be cancelled is waited for */
			(void)nc_ops_cancel(x->f->ops, x->children[i].op_id, x->actor, NULL);
	x->has_cancelled = 1;
}

/* ---- the answer ---- */

static void render_result(const nc_firing *x, nc_buf *b)
{
	char *errors = json_dumps(x->errors, JSON_COMPACT);
	size_t n = 0;
	nc_jw w;

	nc_jw_init(&w, b);
	nc_jw_obj(&w);
	nc_jw_ku64(&w, "started", x->n_started);
	nc_jw_ku64(&w, "unchanged", x->n_unchanged);
	nc_jw_ku64(&w, "failed", x->n_failed);
	nc_jw_karr(&w, "operations");
	for (size_t i = 0; i < x->n_begun && n < 100; i++)
		if (x->children[i].op_id[0]) {
			nc_jw_str(&w, x->children[i].op_id);
			n++;
		}
	nc_jw_arr_end(&w);
	if (errors)
		nc_jw_kraw(&w, "errors", errors, strlen(errors));
	nc_jw_obj_end(&w);
	nc_free(errors);
}

static void answer(nc_firing *x, int32_t outcome)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_error err = NC_ERROR_INIT;

	nc_buf_init(&b, 60u << 10);
	render_result(x, &b);
	if (outcome == NC_FAILED_PARTIAL)
		nc_problem_err(&err, "conflict", "%llu of %zu went wrong, first %s",
			(unsigned long long)x->n_failed, x->n_vms, x->first_error);
	nc_op_result r = { .code = NC_OK,
		.outcome = outcome,
		.recovered = x->is_recover ? NC_REC_RUNNING : -1,
		.err = &err,
		.result = nc_buf_failed(&b) ? nc_str("{}") : nc_buf_bytes(&b),
		.plugin_id = "novacron" };
	x->sink.done(x->sink.arg, &r);
}

static int finish(nc_firing *x, int is_cut)
{
	int64_t left_out = json_integer_value(json_object_get(x->request, "left_out"));

	if (left_out > 0) {
		char text[80];
		snprintf(
			text, sizeof(text), "%lld more than one firing takes", (long long)left_out);
		note_error(x, "selector", text);
	}
	answer(x, is_cut ? NC_CANCELLED : x->n_failed ? NC_FAILED_PARTIAL : NC_DONE);
	return 1;
}

int nc_firing_step(nc_firing *x, int32_t stop_reason)
{
	const char *after = text_of(x, "after");

	if (stop_reason == NC_DETACH) {
		answer(x, NC_DETACHED);
		return 1;
	}
	if (stop_reason == NC_CANCEL && !x->has_cancelled)
		cancel_all(x);
	if (stop_reason == NC_CANCEL)
		return count_running(x) ? 0 : finish(x, x->n_begun < x->n_vms || x->n_failed);
	if (!x->n_begun && *after && !is_over(x, after, NULL))
		return 0;
	if (begin_some(x) < 0)
		return 0;
	return count_running(x) || x->n_begun < x->n_vms ? 0 : finish(x, 0);
}

/* ---- the operation ---- */

static nc_code prepare(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	(void)err;
	call->provider = c->op->target.id; /* each schedule has its own place at the gate */
	call->target = "";
	call->verb = "schedule.fire";
	call->request = c->op->request;
	return NC_OK;
}

static nc_code keep_result(nc_opctx *c, nc_bytes result, nc_error *err)
{
	c->op->result = (nc_bytes){ nc_arena_memdup(c->arena, result.ptr, result.len), result.len };
	return c->op->result.ptr ? NC_OK : nc_err_nomem(err);
}

static nc_code ended(nc_opctx *c, nc_error *err)
{
	nc_schedule *s = c->target ? NC_AS(nc_schedule, c->target) : NULL;

	if (!s || !s->last_operation || strcmp(s->last_operation, c->op->o.id))
		return NC_OK; /* deleted, or it has fired again since */
	const char *word = nc_operation_state_words[c->op->state];
	s->last_result = c->op->error
				 ? nc_arena_printf(c->arena, "%s: %s", word, c->op->error->message)
				 : word;
	c->target_is_dirty = 1;
	return s->last_result ? NC_OK : nc_err_nomem(err);
}

static const nc_op_step_def steps[] = {
	{ .name = "fire",
		.prepare = prepare,
		.finish = keep_result,
		.flags = NC_STEP_CANCELABLE | NC_STEP_KEEPS_ANSWER },
};
const nc_op_type nc_flow_schedule_fire = {
	.kind = "schedule.fire", .steps = steps, .n_steps = NC_LEN(steps), .ended = ended
};
