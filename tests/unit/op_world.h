/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_OP_WORLD_H
#define NC_TESTS_OP_WORLD_H

#include <pthread.h>

#include "op/op.h"
#include "state.h"

/*
 * An operation engine over a memory store, with a driver that does what it is told and remembers
 * what it was asked. Time stands still but for what ow_wait_* let pass. Operations are of three
 * kinds:
 *
 *   t.calls   one, two, three: calls; one and two are undone by calls undo-one and undo-two; three
 *             can't be cancelled
 *   t.hosts   pick (local), make (call): a failure without effect goes back to pick, another host
 *   t.single  make (call), not undone
 *   t.at_once as t.hosts, begun in the record that makes it
 *
 * The provider "none" can't be prepared for. Each has a zone as its target, whose description `ended` sets to how it ended.
 */
/* UNSENT: taken, and then said never to have been sent. */
typedef enum { OW_NOW, OW_LATE, OW_REFUSE, OW_UNSENT } ow_when;

typedef struct ow_answer {
	const char *verb; /* which call it is for; a recover's is "?verb" */
	ow_when when;
	int32_t outcome;    /* NC_DONE … */
	int32_t recovered;  /* of a recover */
	nc_code code;       /* of the error; with OW_REFUSE and OW_UNSENT also the answer's */
	uint32_t flags;     /* of the error */
	const char *result; /* NULL = {} */
} ow_answer;

typedef struct ow_call {
	char key[64], verb[32], provider[32], host[32], checkpoint[64], op[40];
	int is_recover, is_open, was_durable; /* durable: the record named it when it came */
	int32_t stopped;                      /* the last reason told, or -1 */
	nc_op_sink sink;
	ow_answer how;
} ow_call;

enum { OW_CALLS = 4096, OW_SCRIPT = 256, OW_PROJECTS = 8 };
typedef struct op_world {
	state st;
	nc_ops *ops;
	int64_t hurry_us; /* how far the clock goes while a test waits a moment; 0 = 250 ms */
	nc_ops_options opt;
	nc_op_driver driver;
	nc_arena *a;
	nc_object *projects[OW_PROJECTS];
	int n_projects;
	pthread_mutex_t world_lock; /* guards all below */
	ow_call *calls;
	int n_calls;
	ow_answer script[OW_SCRIPT]; /* the first that fits is used up; none fits: done, at once */
	int n_script;
	int is_dead;      /* a crash: nothing is heard or answered any more */
	int is_deaf;      /* stop is heard and not answered */
	int n_acks;       /* checkpoints acknowledged */
	nc_code acks[64]; /* how */
	/* The n-th allocation of the worker that first comes by fails; 0 = none. One worker then. */
	uint64_t arm_nth;
	int is_armed, has_fired;
	int acks_durable; /* of those, how many were in the record by then */
} op_world;

int ow_open(op_world *w, const nc_ops_options *limits /* NULL = none */);
nc_code ow_register(nc_ops *ops, nc_error *err);
int ow_start(op_world *w);  /* a new engine over what the store holds */
void ow_stop(op_world *w);  /* as a daemon stops */
void ow_crash(op_world *w); /* as kill -9 leaves it; the store stays */
void ow_free(op_world *w);

/* What the driver is to do, in order, of each verb. */
void ow_script(op_world *w, const ow_answer *answers, size_t n);
#define OW_SCRIPT(w, ...)                                                                          \
	ow_script((w), (const ow_answer[]){ __VA_ARGS__ },                                         \
		sizeof((const ow_answer[]){ __VA_ARGS__ }) / sizeof(ow_answer))

/* Start an operation; its id, in the world's arena. */
const char *ow_begin(
	op_world *w, const char *kind, const char *provider, const char *host, const char *project);
typedef struct ow_more {
	int64_t deadline_at_ms, not_before_ms;
} ow_more;
const char *ow_begin_more(op_world *w, const char *kind, const char *provider, const char *host,
	const char *project, const ow_more *more);

/* Staged and not committed; what begun says is done by the caller. */
typedef struct ow_staged {
	nc_operation *op;
	nc_object *zone;
	nc_txn *txn;
} ow_staged;
int ow_stage(op_world *w, ow_staged *s, const char *kind, const char *provider, const char *host,
	const char *project);

/* The record now, hot or cold; in the arena. */
nc_operation *ow_get(op_world *w, const char *id);
const char *ow_description(op_world *w, const char *id); /* of its target */
/* Events of that type about it so far. */
int ow_events(op_world *w, const char *id, const char *type);
/* Until it is so, for at most ten seconds and many more of the turned clock; 1 = it is. */
int ow_wait_state(op_world *w, const char *id, nc_operation_state want);
int ow_wait_calls(op_world *w, const char *verb, int n); /* so many calls of that verb came */
int ow_wait_acks(op_world *w, int n);
int ow_wait_idle(op_world *w);       /* nothing is live */
void ow_settle(op_world *w, int ms); /* let the clock go on so far, and threads with it */

int ow_count(op_world *w, const char *verb); /* calls of that verb so far; NULL = all */
int ow_count_of(op_world *w, const char *op, const char *verb);
ow_call *ow_last(op_world *w, const char *verb);                /* NULL = none */
void ow_answer_call(op_world *w, ow_call *call, ow_answer how); /* one that is open */
void ow_forget(op_world *w); /* all calls so far, none of which is open; and the script */
/* Verbs in order of their coming, of one operation: "one two undo-one ". */
const char *ow_log(op_world *w, const char *op);

#endif
