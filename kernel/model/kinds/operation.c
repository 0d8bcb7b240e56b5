/* SPDX-License-Identifier: Apache-2.0 */
#include "model/operation.h"

#include <stdio.h>

#include "base/err.h"
#include "model/problem.h"

/* An operation as it is stored and shown; op/ runs it. */

const char *const nc_operation_state_words[] = { "pending", "waiting", "running", "canceling",
	"succeeded", "failed", "canceled", "abandoned", NULL };
const char *const nc_op_step_state_words[] = { "pending", "running", "done", "failed", "skipped",
	"unknown", NULL };
const char *const nc_op_undo_state_words[] = { "", "pending", "running", "done", "failed",
	"unknown", NULL };
_Static_assert(NC_LEN(nc_operation_state_words) == NC_OPER_STATE_COUNT + 1, "words");
_Static_assert(NC_LEN(nc_op_step_state_words) == NC_STEP_STATE_COUNT + 1, "words");
_Static_assert(NC_LEN(nc_op_undo_state_words) == NC_UNDO_STATE_COUNT + 1, "words");

static const nc_field_def error_fields[] = {
	NC_FIELD_STR(nc_op_error, domain, "class", .doc = "Who says so: a driver, or nc"),
	NC_FIELD_STR(nc_op_error, code, "code", .doc = "Problem code"),
	NC_FIELD_STR(nc_op_error, message, "message", .max_len = 320, .doc = "What happened"),
	NC_FIELD_STR(nc_op_error, hint, "hint", .max_len = 320, .doc = "What can be done"),
	NC_FIELD_BOOL(nc_op_error, is_retryable, "retryable", .doc = "Trying again may help"),
	NC_FIELD_BOOL(nc_op_error, is_outcome_unknown, "outcome_unknown",
		.doc = "Nobody knows whether it happened"),
};
const nc_sub_def nc_op_error_def =
	NC_SUB_DEF("OperationError", error_fields, nc_op_error, NULL, NULL);

static const nc_field_def target_fields[] = {
	NC_FIELD_STR(nc_op_target, kind, "kind", .doc = "vm"),
	NC_FIELD_STR(nc_op_target, id, "id", .flags = NC_FF_INDEXED, .index = NC_OPER_IX_TARGET,
		.doc = "Its id"),
	NC_FIELD_STR(nc_op_target, name, "name", .doc = "What it was called then"),
};
const nc_sub_def nc_op_target_def =
	NC_SUB_DEF("OperationTarget", target_fields, nc_op_target, NULL, NULL);

static const nc_field_def step_fields[] = {
	NC_FIELD_STR(nc_op_step, name, "name", .doc = "What is done"),
	NC_FIELD_ENUM(nc_op_step, state, "state", nc_op_step_state_words, .doc = "How far it is"),
	NC_FIELD_ENUM(
		nc_op_step, undo, "undo", nc_op_undo_state_words, .doc = "How far undoing is"),
	NC_FIELD_STR(nc_op_step, key, "key", .max_len = 64, .doc = "What the driver knows it by"),
	NC_FIELD_I64(nc_op_step, attempts, "attempts",
		.doc = "How often it was tried; undoing not counted"),
	NC_FIELD_TIME(nc_op_step, started_at_ms, "started_at", .doc = "When it began"),
	NC_FIELD_TIME(nc_op_step, ended_at_ms, "ended_at", .doc = "When it ended"),
	NC_FIELD_STR(nc_op_step, target, "target", .doc = "Host or provider it was sent to"),
	NC_FIELD_STR(nc_op_step, checkpoint, "checkpoint", .max_len = 64 << 10,
		.doc = "The driver's own, base64"),
	NC_FIELD_OBJ(nc_op_step, error, "error", &nc_op_error_def, .doc = "Why it failed"),
};
static const nc_sub_def step_def = NC_SUB_DEF("OperationStep", step_fields, nc_op_step, NULL, NULL);

static const nc_field_def plugin_fields[] = {
	NC_FIELD_STR(nc_op_plugin, id, "id", .doc = "Plugin"),
	NC_FIELD_STR(nc_op_plugin, version, "version", .doc = "Its version then"),
};
static const nc_sub_def plugin_def =
	NC_SUB_DEF("OperationPlugin", plugin_fields, nc_op_plugin, NULL, NULL);

static const nc_field_def progress_fields[] = {
	NC_FIELD_STR(nc_op_progress, phase, "phase", .doc = "What it is at"),
	NC_FIELD_I64(nc_op_progress, done_bytes, "done_bytes", .flags = NC_FF_ZERO_NULL,
		.unit = "bytes", .doc = "Done"),
	NC_FIELD_I64(nc_op_progress, total_bytes, "total_bytes", .flags = NC_FF_ZERO_NULL,
		.unit = "bytes", .doc = "In all"),
	NC_FIELD_I64(nc_op_progress, permille, "permille", .doc = "Of the phase; never goes back"),
	NC_FIELD_I64(nc_op_progress, rate_bytes_s, "rate", .flags = NC_FF_ZERO_NULL,
		.unit = "bytes/s", .doc = "How fast"),
	NC_FIELD_I64(nc_op_progress, eta_s, "eta", .flags = NC_FF_ZERO_NULL, .unit = "s",
		.doc = "How long it may take yet"),
	NC_FIELD_TIME(nc_op_progress, stalled_since_ms, "stalled_since", .doc = "Not moved since"),
};
static const nc_sub_def progress_def =
	NC_SUB_DEF("OperationProgress", progress_fields, nc_op_progress, NULL, NULL);

#define OPER_STR(m, json, ...)  NC_FIELD_STR(nc_operation, m, json, NC_BY_SERVER, __VA_ARGS__)
#define OPER_TIME(m, json, ...) NC_FIELD_TIME(nc_operation, m, json, NC_BY_SERVER, __VA_ARGS__)
#define OPER_REF(m, json, kind, ...)                                                               \
	NC_FIELD_REF(nc_operation, m, json, NC_KIND_##kind, NC_BY_SERVER, __VA_ARGS__)

static const nc_field_def fields[] = {
	OPER_STR(verb, "kind", .flags = NC_FF_INDEXED, .index = NC_OPER_IX_VERB,
		.doc = "What is done: vm.create"),
	NC_FIELD_STRUCT(
		nc_operation, target, "target", &nc_op_target_def, NC_BY_SERVER, .doc = "To what"),
	OPER_STR(actor, "actor", .doc = "Who asked"),
	NC_FIELD_ENUM(nc_operation, state, "state", nc_operation_state_words, NC_BY_SERVER,
		.flags = NC_FF_INDEXED, .index = NC_IX_STATUS, .doc = "How far it is"),
	OPER_STR(step, "step", .doc = "The step at work"),
	NC_FIELD_OBJS(nc_operation, steps, "steps", &step_def, NC_BY_SERVER, .doc = "All steps"),
	NC_FIELD_BOOL(nc_operation, is_cancelable, "cancelable", NC_BY_SERVER,
		.doc = "Whether a cancel would be tried now"),
	NC_FIELD_OBJ(nc_operation, error, "error", &nc_op_error_def, NC_BY_SERVER,
		.doc = "Why it failed"),
	OPER_REF(parent, "parent", OPERATION, .flags = NC_FF_WEAK | NC_FF_INDEXED,
		.index = NC_OPER_IX_PARENT, .doc = "The one it is part of"),
	NC_FIELD_REFS(nc_operation, depends_on, "depends_on", NC_KIND_OPERATION, NC_BY_SERVER,
		.flags = NC_FF_WEAK | NC_FF_QUIET, .doc = "What it waits for"),
	NC_FIELD_STRS(nc_operation, reason_trail, "reason_trail", NC_BY_SERVER,
		.flags = NC_FF_QUIET, .doc = "Why it was started, and what happened to it"),
	OPER_STR(idempotency_key, "idempotency_key", .doc = "The client's"),
	OPER_STR(request_hash, "request_hash", .doc = "Of what was asked, keyed"),
	NC_FIELD_JSON(nc_operation, request, "request", NC_BY_SERVER, .max_len = 128 << 10,
		.doc = "What was asked, without secrets"),
	NC_FIELD_JSON(nc_operation, result, "result", NC_BY_SERVER, .max_len = 64 << 10,
		.doc = "What came of it"),
	NC_FIELD_STRS(nc_operation, decision_ids, "decision_ids", NC_BY_SERVER,
		.flags = NC_FF_QUIET, .doc = "Decisions made for it"),
	NC_FIELD_STRUCT(
		nc_operation, plugin, "plugin", &plugin_def, NC_BY_SERVER, .doc = "Who did it"),
	OPER_REF(provider, "provider", PROVIDER, .flags = NC_FF_WEAK, .doc = "Where it is done"),
	OPER_REF(host, "host", HOST, .flags = NC_FF_WEAK, .doc = "Where it is done"),
	OPER_TIME(started_at_ms, "started_at", .doc = "When it began"),
	OPER_TIME(ended_at_ms, "ended_at", .doc = "When it ended"),
	OPER_TIME(deadline_at_ms, "deadline_at", .doc = "When it is given up"),
	NC_FIELD_U64(nc_operation, epoch, "epoch", .cls = NC_STATE, .mut = NC_SERVER,
		.doc = "Of the store when it began: part of the tag of what it makes"),
	OPER_TIME(not_before_ms, "not_before", .doc = "When it is tried next"),
	OPER_STR(checkpoint, "checkpoint", .max_len = 64 << 10, .doc = "The runner's own, base64"),
	NC_FIELD_STRUCT(nc_operation, progress, "progress", &progress_def, NC_SEEN,
		.doc = "How far the step is"),
};
static const char *const indexes[] = { "target", "parent", "kind" };

static void derive(nc_object *obj)
{
	obj->status = nc_operation_state_words[NC_AS(nc_operation, obj)->state];
}

const nc_kind nc_kind_operation = {
	NC_KIND_TABLE(OPERATION, "operation", "operations", "op", nc_operation, fields),
	.scope = NC_SCOPE_EITHER,
	.flags = NC_KF_PLAIN,
	.n_own_indexes = NC_LEN(indexes),
	.own_indexes = indexes,
	.statuses = nc_operation_state_words,
	.initial_status = "pending",
	.derive = derive,
	.doc = "Something that takes its time, from request to end",
};

nc_op_error *nc_op_error_of(nc_arena *a, const nc_error *err)
{
	nc_op_error *e = nc_arena_new_array(a, nc_op_error, 1);
	if (!e)
		return NULL;
	e->domain = nc_arena_strdup(a, err->domain);
	e->code = nc_problem_of(err)->code;
	e->message = nc_arena_strdup(a, err->message);
	e->hint = nc_arena_strdup(a, err->hint);
	e->is_retryable = (err->flags & NC_ERR_RETRYABLE) != 0;
	e->is_outcome_unknown = (err->flags & NC_ERR_OUTCOME_UNKNOWN) != 0;
	return e->domain && e->message && e->hint ? e : NULL;
}

void nc_op_error_to(const nc_op_error *e, nc_error *ret)
{
	const nc_problem *p = e->code ? nc_problem_find(e->code) : NULL;
	nc_err(ret, p ? p->nc : NC_E_INTERNAL, "%s", e->message ? e->message : "");
	nc_err_hint(ret, ret->code, "%s", e->hint ? e->hint : "");
	snprintf(ret->domain, sizeof(ret->domain), "%s", e->domain ? e->domain : "");
	ret->flags = (e->is_retryable ? NC_ERR_RETRYABLE : 0u) |
		     (e->is_outcome_unknown ? NC_ERR_OUTCOME_UNKNOWN : 0u);
}
