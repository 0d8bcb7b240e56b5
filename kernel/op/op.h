/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_OP_OP_H
#define NC_OP_OP_H

/*
 * The operation journal: whatever may take over a second is an operation, in the store before it
 * is acknowledged, carried to its end by this engine, also across a crash.
 *
 * What an operation does is a table (nc_op_type): steps, each local or a call to a driver, each
 * with its undo. Between steps an operation is a record, not a thread. The engine knows no
 * plugin: the higher room gives it one nc_op_driver.
 *
 * A step's functions run on a thread that may block: a worker's, or that of whoever begins the
 * operation (nc_ops_begin) or abandons it. They may read the root and stage changes in c->txn, and
 * are run again when the record conflicts with somebody else's change: they must have no other
 * effect.
 */

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "model/operation.h"
#include "store/db.h"

typedef struct nc_ops nc_ops;

/* ---- what a step sees ---- */

typedef struct nc_opctx {
	nc_ops *ops;
	nc_db *db;
	const nc_root *root;    /* as of this turn */
	nc_arena *arena;        /* of this turn */
	nc_operation *op;       /* the engine puts it; steps may set fields */
	nc_operation_state was; /* its state in the record that was read */
	nc_object *target;      /* what op->target names, or NULL; shared by the steps of a turn */
	int target_is_dirty;    /* set it, and the engine puts the target with the record, */
	int target_is_gone;     /* or really deletes it */
	nc_txn *txn;            /* anything else to stage */
	void *user;             /* nc_ops_options.user */
} nc_opctx;

typedef struct nc_op_call {
	const char *provider;   /* object id of the provider */
	const char *verb;       /* "compute.create" */
	const char *target;     /* the driver's name of the host; "" = the instance */
	nc_bytes request;       /* JSON, arena */
	int64_t deadline_us;    /* how long from now; 0 = the step's */
	const char *checkpoint; /* engine's: what the driver last made durable, base64, or NULL */
	int is_own;             /* opens, changes or closes the provider: no breaker keeps it */
	int is_needless;        /* set instead of the rest: the goal already holds, skip */
} nc_op_call;

/* What to do when a step has failed for good. */
enum { NC_FAIL_OP = -1, NC_RETRY_STEP = -2 /* or the index of a step to go back to */ };

typedef struct nc_op_step_def {
	const char *name;
	/* Local step: */
	nc_code (*run)(nc_opctx *c, nc_error *err);
	/* or a call: fill *call, and stage what the result means. */
	nc_code (*prepare)(nc_opctx *c, nc_op_call *call, nc_error *err);
	nc_code (*finish)(nc_opctx *c, nc_bytes result, nc_error *err);
	/* Of NC_STEP_GONE_IS_DONE, where the driver knows nothing of what is to go; or NULL. */
	nc_code (*gone)(nc_opctx *c, nc_error *err);
	/* How to take it back, in the same two forms; NULL = nothing to take back. A step whose
	 * outcome was no effect is not undone. */
	nc_code (*undo)(nc_opctx *c, nc_error *err);
	nc_code (*undo_prepare)(nc_opctx *c, nc_op_call *call, nc_error *err);
	/* Whether the answer to that call says that it was done, and what follows; NULL = any does. */
	nc_code (*undo_finish)(nc_opctx *c, nc_bytes result, nc_error *err);
	/* Of a failure without effect. Bounded by the engine to NC_OP_RETRIES in all. Where it says
	 * NC_FAIL_OP, or is NULL, an error that may be retried is, three times at most. */
	int (*on_fail)(nc_opctx *c, int32_t outcome, const nc_error *why);
	uint32_t flags;
	int64_t deadline_us; /* of one call; 0 = ops.default_deadline */
} nc_op_step_def;
enum {
	NC_STEP_CANCELABLE = 1,
	NC_STEP_GONE_IS_UNDONE = 2, /* its undo destroys: what the driver doesn't know is gone */
	NC_STEP_KEEPS_ANSWER = 4,   /* also where it failed: it is the operation's result */
	NC_STEP_GONE_IS_DONE = 8    /* it destroys: likewise; `gone` in place of `finish` */
};
#define NC_OP_RETRIES   8
#define NC_OP_STEPS_MAX 12

typedef struct nc_op_type {
	const char *kind; /* "vm.create" */
	const nc_op_step_def *steps;
	uint32_t n_steps;
	/* Staged in the last record. `ended` sees c->op->state: succeeded, failed, canceled or
	 * abandoned, and sets the target free of it. */
	nc_code (*ended)(nc_opctx *c, nc_error *err);
	int begins_at_once; /* its steps up to the first call may be part of the record that makes it */
} nc_op_type;

/* ---- the driver side, given by the higher room ---- */

typedef struct nc_op_result {
	nc_code code; /* not NC_OK: the call was not accepted (no effect) */
	int is_unsent; /* and nobody was asked: to ask again costs nothing, and says nothing of them */
	int32_t outcome;   /* NC_DONE … NC_UNKNOWN, when accepted */
	int32_t recovered; /* NC_REC_*, of a recover */
	const nc_error *err;
	nc_bytes result;
	const char *plugin_id, *plugin_version;
} nc_op_result;
typedef void (*nc_op_result_fn)(void *arg, const nc_op_result *r); /* any thread, quick */
typedef void (*nc_op_progress_fn)(void *arg, uint32_t permille, const char *phase);
/* Make token durable, then call ack once, from any thread. Any thread, quick. */
typedef void (*nc_op_checkpoint_fn)(
	void *arg, nc_bytes token, void (*ack)(void *ack_arg, nc_code code), void *ack_arg);

/* What a call's callbacks are; arg goes to each. */
typedef struct nc_op_sink {
	nc_op_result_fn done;
	nc_op_progress_fn progress;
	nc_op_checkpoint_fn checkpoint;
	void *arg;
} nc_op_sink;

typedef struct nc_op_driver {
	void *ctx;
	/* Begin; `done` exactly once unless an error is returned (then never). The key is
	 * operation.step.ordinal. On a recover the result says which state was found, and after
	 * NC_REC_RUNNING how the operation it re-attached to then ended. */
	nc_code (*call)(void *ctx, const nc_op_call *call, const char *key, int is_recover,
		const nc_op_sink *sink, uint64_t *ret_handle, nc_error *err);
	void (*stop)(void *ctx, uint64_t handle, int32_t reason); /* stale handles are harmless */
} nc_op_driver;

/* ---- the engine ---- */

typedef struct nc_ops_options {
	nc_db *db;
	const nc_op_driver *driver;
	void *user;
	uint32_t workers;
	int64_t default_deadline_us; /* of one call */
	/* driver calls under way at once; 0 = no limit. per_project counts at each provider, so
	 * that one that hangs holds nobody's work elsewhere. */
	uint32_t in_all, per_host, per_provider, per_project;
	uint32_t breaker_failures; /* in a row, of a target or of the provider, until it opens */
	int64_t breaker_open_us;
	int64_t grace_us; /* how long stop waits for drivers to hear NC_DETACH */
} nc_ops_options;

nc_code nc_ops_new(const nc_ops_options *o, nc_ops **ret, nc_error *err);
/* Tables live for ever. Before start. */
nc_code nc_ops_register(nc_ops *ops, const nc_op_type *type, nc_error *err);
/* Adopt what is unfinished in the store, then take new ones as they are published. */
nc_code nc_ops_start(nc_ops *ops, nc_error *err);
/* Let turns end, join, see the last records out, detach from every call. Unfinished operations stay in the
 * store. */
void nc_ops_stop(nc_ops *ops);
/* Have a worker detach from every call: this node leads no more. They are asked after again once it does,
 * if nobody else has. Any thread, quick. */
void nc_ops_detach(nc_ops *ops);
void nc_ops_free(nc_ops *ops);
void nc_ops_configure(nc_ops *ops, const nc_ops_options *o); /* limits and deadlines; reload */
/* From the db's published hook: new operations join their queue, begun ones go on. A change of one
 * that is known is the engine's own, or its maker (cancel, abandon) wakes it. */
void nc_ops_published(nc_ops *ops, const nc_db_batch *b);

/* A new operation of a registered kind, in the arena: id, state pending, steps. The caller fills
 * target, project, actor, request, puts it together with the object whose `operation` it became,
 * and the engine takes it when that is published. NC_E_UNSUPPORTED: no such kind. */
nc_code nc_ops_stage(nc_ops *ops, nc_arena *a, const char *kind, nc_operation **ret, nc_error *err);
nc_code nc_ops_put(nc_txn *t, nc_operation *op, nc_error *err);
/* Before nc_ops_put, of one that may begin at once: run its steps in c->txn until a call is named.
 * NC_BEGUN: goes on when the record is published, and nc_ops_forget if that will not be.
 * NC_BEGUN_NOT: drop the transaction and the object, and make them again without this. */
typedef enum { NC_BEGUN_NOT, NC_BEGUN } nc_begun;
int nc_ops_begins_at_once(const nc_ops *ops, const nc_operation *op);
nc_begun nc_ops_begin(nc_opctx *c);
void nc_ops_forget(nc_ops *ops, const char *id); /* one that was not begun: nothing */

/* A driver call there passed deadline and grace: the breaker of that target (as in nc_op_call; "" = the
 * instance) opens at once. Any thread, quick. */
void nc_ops_target_stuck(nc_ops *ops, const char *provider, nc_bytes target);

/* Ask: durable when it returns; workers. NC_E_CONFLICT: already ended; NC_E_UNSUPPORTED: the step
 * under way cannot be cancelled (hint says which). */
nc_code nc_ops_cancel(nc_ops *ops, const char *id, const char *actor, nc_error *err);
nc_code nc_ops_abandon(
	nc_ops *ops, const char *id, const char *actor, const char *reason, nc_error *err);

/* Live progress, not in the record: members of the operation's JSON. NC_E_NOTFOUND = not live. */
typedef struct nc_op_live {
	char phase[48];
	uint32_t permille;
	int64_t stalled_since_ms; /* 0 = it moves, or its driver tells nothing */
	char waiting_for[120];    /* "its turn at prv_01… on host-3"; "" */
} nc_op_live;
nc_code nc_ops_get_live(nc_ops *ops, const char *id, nc_op_live *ret);

typedef struct nc_ops_stats {
	uint64_t queued, running, waiting, adopted, succeeded, failed, canceled;
	uint64_t breakers_open;
} nc_ops_stats;
void nc_ops_get_stats(nc_ops *ops, nc_ops_stats *ret);

#endif
