/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_OP_TURN_H
#define NC_OP_TURN_H

/*
 * Inside of op/: one turn of one operation and the files that carry it. turn.c reads the record and
 * settles what comes next; forward.c begins steps, outcome.c reads what drivers answered,
 * backward.c undoes. On the worker's thread, no lock held.
 */

#include "op/engine.h"

#define NC_OP_REFUSALS_MAX 300 /* at two seconds each: ten minutes */
#define NC_OP_RECOVERS_MAX 24  /* with back-off up to a minute: eighteen minutes */

typedef enum {
	NC_GO_ON,     /* moved on in memory, look again */
	NC_GO_COMMIT, /* a record is needed before anything else may happen */
	NC_GO_CALL,   /* the record is there already: call */
	NC_GO_SLEEP,
	NC_GO_DROP /* nothing left to do */
} nc_go;

typedef struct nc_turn {
	nc_run *run;
	nc_opctx c;
	int64_t sleep_us;
} nc_turn;

/* ---- turn.c ---- */
int64_t nc_op_back_off_us(uint32_t n);
int nc_op_has_undo(const nc_op_step_def *def);
/* Nobody was asked, and the reason passes: the provider is being opened, memory is short. */
int nc_op_was_put_off(const nc_run *run);
int64_t nc_op_put_off_us(uint32_t n);
void nc_op_step_mark(nc_op_step *s, nc_op_step_state state);
/* From here on it goes back: every step that is done and can be undone is to be. */
void nc_turn_round(nc_turn *t);
nc_go nc_turn_retry_memory(nc_turn *t);
/* A record first, then sleep. */
nc_go nc_turn_rest(nc_turn *t, int64_t us);
nc_go nc_turn_end(nc_turn *t, nc_operation_state state);
int nc_turn_is_backward(const nc_operation *op);

/* ---- forward.c ---- */
nc_go nc_turn_forward(nc_turn *t);
nc_go nc_turn_begin_call(nc_turn *t, size_t i, const nc_op_step_def *def);
typedef enum { NC_NO_EFFECT, NC_HAS_EFFECT } nc_effect;
nc_go nc_turn_step_failed(nc_turn *t, size_t i, nc_effect e, const nc_error *why);
/* Cancelled: not an error of the operation, but the end of its way forward. */
nc_go nc_turn_step_cancelled(nc_turn *t, size_t i);
/* The key of the call that takes step i back: that of the deed, with a "u" in it. */
void nc_turn_key_undo(nc_opctx *c, size_t i);
/* Copy what the call needs into the run: it outlives the turn's arena. */
nc_code nc_turn_keep_call(nc_turn *t, const nc_op_call *call, const nc_op_step *s, int64_t step_us);

/* ---- outcome.c: the answer to step i has come ---- */
nc_go nc_turn_forward_result(nc_turn *t, size_t i, const nc_op_step_def *def);

/* ---- backward.c ---- */
nc_go nc_turn_backward(nc_turn *t);

#endif
