/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_OPERATION_H
#define NC_MODEL_OPERATION_H

#include "model/object.h"

/* An operation as it is stored and shown. op/ runs it; progress is memory only. */
typedef enum nc_operation_state {
	NC_OPER_PENDING,
	NC_OPER_WAITING, /* for another operation, a time, an approval */
	NC_OPER_RUNNING,
	NC_OPER_CANCELING,
	NC_OPER_SUCCEEDED,
	NC_OPER_FAILED,
	NC_OPER_CANCELED,
	NC_OPER_ABANDONED,
	NC_OPER_STATE_COUNT
} nc_operation_state;
static inline int nc_operation_state_is_final(nc_operation_state s)
{
	return s >= NC_OPER_SUCCEEDED;
}

typedef enum nc_op_step_state {
	NC_STEP_PENDING,
	NC_STEP_RUNNING,
	NC_STEP_DONE,
	NC_STEP_FAILED,
	NC_STEP_SKIPPED,
	NC_STEP_UNKNOWN, /* asked the driver, no answer: recover first */
	NC_STEP_STATE_COUNT
} nc_op_step_state;

typedef enum nc_op_undo_state {
	NC_UNDO_NONE, /* not asked for */
	NC_UNDO_PENDING,
	NC_UNDO_RUNNING,
	NC_UNDO_DONE,
	NC_UNDO_FAILED,
	NC_UNDO_UNKNOWN,
	NC_UNDO_STATE_COUNT
} nc_op_undo_state;

typedef struct nc_op_target {
	const char *kind; /* "vm" */
	const char *id;
	const char *name; /* as it was called then */
} nc_op_target;

typedef struct nc_op_error {
	const char *domain; /* nc_error.domain: "class" */
	const char *code;   /* problem code, or nc_code's name */
	const char *message;
	const char *hint;
	int is_retryable;
	int is_outcome_unknown;
} nc_op_error;

typedef struct nc_op_step {
	const char *name;
	nc_op_step_state state;
	nc_op_undo_state undo;
	const char *key;  /* operation.step.ordinal: what the driver gets */
	int64_t attempts; /* how often it was begun; undoing not counted */
	int64_t started_at_ms, ended_at_ms;
	const char *target;     /* the host it was sent to last, else the provider; NULL: none */
	const char *checkpoint; /* the driver's, base64 */
	nc_op_error *error;
} nc_op_step;

typedef struct nc_op_progress {
	const char *phase;
	int64_t done_bytes, total_bytes;
	int64_t permille;
	int64_t rate_bytes_s;
	int64_t eta_s;
	int64_t stalled_since_ms; /* 0 = it moves */
} nc_op_progress;

typedef struct nc_op_plugin {
	const char *id, *version;
} nc_op_plugin;

typedef struct nc_operation {
	nc_object o;      /* o.status is the word of state */
	const char *verb; /* "vm.create": "kind" outside */
	nc_op_target target;
	const char *actor;
	nc_operation_state state;
	const char *step; /* the one at work */
	nc_op_step *steps;
	size_t n_steps;
	int is_cancelable;
	nc_op_error *error;
	const char *parent;
	const char **depends_on;
	size_t n_depends_on;
	const char **reason_trail;
	size_t n_reason_trail;
	const char *idempotency_key, *request_hash;
	nc_bytes request; /* JSON without secrets */
	nc_bytes result;  /* JSON */
	const char **decision_ids;
	size_t n_decision_ids;
	nc_op_plugin plugin;
	const char *provider, *host; /* whose queues and breakers count it */
	int64_t started_at_ms, ended_at_ms, deadline_at_ms, not_before_ms;
	uint64_t epoch; /* of the store when it began: drivers get the same on every retry */
	const char *checkpoint;  /* of the runner: what it must know after a restart */
	nc_op_progress progress; /* observed */
} nc_operation;

enum { NC_OPER_IX_TARGET = NC_IX_OWN, NC_OPER_IX_PARENT, NC_OPER_IX_VERB };

extern const char *const nc_operation_state_words[];
extern const char *const nc_op_step_state_words[];
extern const char *const nc_op_undo_state_words[];
/* Shared sub-tables. */
extern const nc_sub_def nc_op_error_def;
extern const nc_sub_def nc_op_target_def;

/* An nc_error as part of an object; NULL = arena full. And back. */
nc_op_error *nc_op_error_of(nc_arena *a, const nc_error *err);
void nc_op_error_to(const nc_op_error *e, nc_error *ret);

#endif
