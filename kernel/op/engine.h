/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_OP_ENGINE_H
#define NC_OP_ENGINE_H

/*
 * Inside of op/: the engine and its runs. Nobody else includes it.
 *
 * A run is the memory of one live operation; its truth is the record. Where a run is:
 *
 *   READY ──worker──▶ TURNING ──record──▶ COMMITTING ──durable──▶ READY or CALLING or gone
 *     ▲                  │                                          │
 *     ├──── SLEEPING ◀───┤ (back-off, a time)       GATED ◀─────────┤
 *     └──────────────────┴──────────── result ◀──── CALLING ◀───────┘
 *
 * `lock` guards every run, the queues, the gate and the timers, and is held for a few lines at a
 * time: never while a step, the store or a driver runs. In TURNING and COMMITTING the worker, then
 * the sequencer, owns `call`, `result` and what the turn settled; everybody else only sets flags.
 */

#include <pthread.h>

#include "base/map.h"
#include "base/queue.h"
#include "op/fair.h"
#include "op/gate.h"
#include "op/op.h"
#include "op/timers.h"

typedef enum {
	NC_RUN_READY,
	NC_RUN_TURNING,
	NC_RUN_COMMITTING,
	NC_RUN_GATED,
	NC_RUN_CALLING,
	NC_RUN_SLEEPING
} nc_run_where;

/* A driver's answer, copied out of the callback. */
typedef struct nc_run_result {
	nc_code code;
	int32_t outcome, recovered;
	nc_error err;
	char *bytes;
	size_t len;
	int was_sent; /* 0: the driver side refused it at once, nobody was asked */
	char plugin_id[64], plugin_version[32];
} nc_run_result;

/* A call that has been journalled and waits for its turn at the gate. Owned copies. */
typedef struct nc_run_call {
	char *verb, *target, *request, *checkpoint; /* checkpoint: base64, or NULL */
	size_t request_len;
	char key[64];
	int64_t deadline_us;
	int is_recover, is_undo, is_own;
} nc_run_call;

typedef struct nc_run {
	nc_ops *ops;
	nc_list link; /* in ready */
	nc_due due;
	nc_gate_ticket ticket; /* its strings are provider, host and project below */
	char id[NC_DB_ID_MAX + 1];
	char *project, *provider, *host;
	const nc_op_type *type;
	nc_run_where where;

	uint8_t is_adopted;   /* found in the store at start: what was running must be recovered */
	uint8_t wants_cancel; /* the record says canceling */
	uint8_t wants_call;   /* the record being committed names a call to make */
	uint8_t has_result;
	uint8_t result_is_used; /* by this turn; it goes once the turn's record is durable */
	uint8_t is_ended;       /* the record being committed is the last */
	uint8_t is_again;       /* the call is to be made once more: its record counts that */
	uint8_t is_begun;       /* that record is the one that makes it, and somebody else's */
	uint8_t call_is_out;
	uint8_t is_admitted;  /* inside the gate: the next worker makes the call */
	uint8_t is_nudged;    /* the record was changed for it meanwhile: look before sleeping */
	uint8_t is_abandoned; /* nothing goes out any more */
	uint8_t stop_reason;  /* to send as soon as the handle is known */
	uint8_t end_state;    /* nc_operation_state of the last record */
	uint32_t conflicts, attempts, recovers, refusals, call_number;
	int64_t rest_us;        /* sleep so long once the record is durable */
	int64_t deadline_at_ms; /* wall time; 0 = none, or it is past and known to be */
	/* The store refuses its records, and not because somebody was faster. */
	uint32_t records_refused;
	nc_error record_error;

	nc_run_call call;
	uint64_t handle;
	nc_run_result result;
	/* A checkpoint the driver wants durable; token NULL = none. */
	struct {
		nc_list link; /* in ops->checkpoints */
		char *token;
		char key[64]; /* of the call it belongs to */
		void (*ack)(void *arg, nc_code code);
		void *arg;
	} checkpoint;
	nc_list late; /* in ops->late: its deadline came while it waited or a call was out */
	nc_op_live live;
	int64_t progress_at_us; /* the call under way moved on; 0 = it has told nothing yet */
} nc_run;

struct nc_ops {
	nc_ops_options opt; /* limits guarded by lock */
	nc_op_driver driver;
	nc_map *types; /* kind → nc_op_type; constant after start */

	pthread_mutex_t lock;
	/* At most one worker is being woken at a time; it wakes the next if there is more to do. */
	pthread_cond_t wake;
	uint32_t n_idle;
	uint8_t is_waking,
		has_timekeeper; /* who waits for the next due time; the others just wait */
	nc_fair *ready;
	nc_gate *gate;
	nc_timers timers;
	nc_map *runs; /* id → nc_run */
	nc_ops_stats stats;
	int is_stopping, is_orphan; /* orphan: freed, once the last record is answered */
	uint32_t calls_out, records_out;
	nc_list checkpoints; /* runs with one to write */
	nc_list late;        /* runs to end for their deadline */
	int must_detach;     /* this node leads no more */
	int has_missed;      /* an operation could not be taken in: look in the store again */
	int64_t look_at_us;  /* not before */

	uint64_t *threads;
	uint32_t n_threads;
};

/* ---- detach.c: with the lock held, which is let go meanwhile ---- */
void nc_ops_detach_now(nc_ops *ops);
void nc_ops_wait_for_calls(nc_ops *ops); /* bounded: until the drivers have heard it */

/* ---- engine.c: all with the lock held ---- */
void nc_run_make_ready(nc_run *run);
/* There is work: wake a worker, unless one is on its way. Lock held. */
void nc_ops_wake(nc_ops *ops);
void nc_run_sleep(nc_run *run, int64_t us);
void nc_ops_destroy(nc_ops *ops); /* no lock held, nobody else knows it */
/* Freed. It stands in no queue but those of times and deadlines, which it leaves. */
void nc_run_drop(nc_run *run);
nc_run *nc_run_find(nc_ops *ops, const char *id);
nc_run *nc_run_new(nc_ops *ops, const nc_operation *op); /* no lock; in no queue yet */
void nc_run_free(nc_run *run);
/* It waits for others: have the deadline looked at meanwhile. */
void nc_run_mind_deadline(nc_run *run);

/* ---- turn.c: a worker's turn; no lock held ---- */
void nc_run_turn(nc_run *run);

/* ---- checkpoint.c ---- */
void nc_run_want_checkpoint(
	void *run, nc_bytes token, void (*ack)(void *arg, nc_code code), void *arg);
/* Lock held, released while it writes: one of those wanted. 0 = there is none. */
int nc_ops_write_checkpoint(nc_ops *ops);
/* Lock held: nobody will write it any more. Who asked for it is to be told without the lock. */
typedef struct nc_run_ack {
	void (*fn)(void *arg, nc_code code); /* NULL = nobody asked */
	void *arg;
} nc_run_ack;
nc_run_ack nc_run_take_checkpoint(nc_run *run);

/* ---- call.c ---- */
void nc_run_call_clear(nc_run_call *call);
void nc_run_result_clear(nc_run_result *r);
/* Lock held: go through the gate, or wait before it. */
void nc_run_enter_gate(nc_run *run);
/* Lock held: everybody who may go in now; provider NULL = of all. */
void nc_ops_admit(nc_ops *ops, const char *provider);
/* No lock held: the run is inside the gate. */
void nc_run_start_call(nc_run *run);
/* Lock held: the call was never sent and cancel is wanted: answer for the driver. */
void nc_run_cancel_unsent(nc_run *run);
/* Lock held: tell the driver's call under way; the lock is released and taken again. */
void nc_run_stop_call(nc_run *run, int32_t reason);

/* ---- cancel.c ---- */
/* Lock held, released while it writes: end one whose deadline has come. 0 = there is none. */
int nc_ops_write_late(nc_ops *ops);
nc_op_error *nc_op_deadline_error(const nc_operation *op, nc_arena *a);

/* ---- live.c: nc_op_progress_fn of a run ---- */
void nc_run_progress(void *run, uint32_t permille, const char *phase);

/* ---- commit.c: no lock held ---- */
/* Stage target, operation and events, and submit: takes c->txn. */
void nc_run_commit(nc_run *run, nc_opctx *c);
nc_code nc_op_stage_all(nc_opctx *c, nc_error *err);
/* Lock held: its record is durable. */
void nc_run_durable(nc_run *run);

/* ---- begin.c ---- */
/* Lock held: the record that made it and began it is durable. 0 = it was not begun. */
int nc_run_take_begun(nc_ops *ops, const char *id);

#endif
