/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_RT_INTERNAL_H
#define NC_PLUGIN_RT_INTERNAL_H

#include <pthread.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/pool.h"
#include "novacron/host_services.h"
#include "plugin/loop.h"
#include "plugin/mark.h"
#include "plugin/rt.h"
#include "plugin/slots.h"

/* What the files of the runtime share. rt.c: life and death; rt_call.c: an operation's place;
 * rt_run.c: calls by shape; rt_life.c: lifecycle calls; rt_op.c: the op_* functions; rt_host.c: the
 * context and the table; rt_sink.c; rt_services.c. */

#define RT_OPS_MAX         4096u
#define RT_TIMERS_MAX      4096u
#define RT_CHECKPOINTS_MAX 1024u
#define RT_PHASE_MAX       48

/*
 * What a plugin holds as nc_host_ctx: never freed, since its code stays mapped and may call through
 * it after destroy, which must be refused and not crash. About 200 bytes for each instance ever
 * created.
 */
struct nc_host_ctx {
	nc_host table;
	struct nc_host_ctx *next; /* in the list of all, under its own lock */
	pthread_mutex_t ctx_lock; /* guards what follows */
	pthread_cond_t has_left;
	nc_rt *rt; /* NULL after destroy */
	size_t n_inside;
	void (*late)(void *late_user, const char *function);
	void *late_user;
};

/*
 * One call from start until both the plugin and the owner are through with it. `job` serves worker
 * calls, `task` those of the control thread.
 */
typedef struct rt_op {
	nc_job job;
	nc_task task;
	nc_rt *rt;
	uint64_t handle, id;
	const nc_verb *verb;
	nc_bytes target, request; /* in `block` */
	const char *key;          /* in `block` */
	char *block;
	uint64_t deadline_ns;
	int fd;                /* stream.open: until handed over; the worker's */
	uint64_t stream_place; /* its number and inode, to see whether it is ever closed */
	/* under rt_lock: */
	int32_t stop_reason;
	uint32_t n_busy; /* threads that hold this place without the lock */
	int has_entered, has_returned, is_told, is_accepted, is_completed, is_forfeited;
	/* recover: a completion that came before the return, kept until then */
	int is_held;
	int32_t held_outcome;
	nc_error held_err;
	char *held;
	size_t held_len;
	int has_progress;
	uint32_t permille;
	char phase[RT_PHASE_MAX];
} rt_op;

typedef struct rt_checkpoint {
	nc_task task;
	nc_rt *rt;
	uint64_t ticket;
	nc_op op;
	nc_cont cont;
	uint64_t user;
	nc_code code;
	int is_answered;
} rt_checkpoint;

struct nc_rt {
	const struct nc_image *image;
	const struct nc_manifest *manifest;
	char name[64];
	char plugin[64]; /* its id, for crash marks; outlives the manifest */
	const nc_rt_up *up;
	void *user;
	nc_host_ctx *ctx;
	nc_pool *pool;
	nc_loop *control;

	pthread_mutex_t rt_lock; /* guards what follows; never held while anything else is called */
	pthread_cond_t has_changed;
	nc_inst *self;                    /* set by create */
	void *slot[NC_VERB_MAX];          /* function of each verb, NULL = not served */
	nc_slots ops;                     /* rt_op */
	nc_map *by_id;                    /* id → handle */
	nc_slots checkpoints;             /* rt_checkpoint */
	size_t n_in_plugin, n_up, n_refs; /* threads inside; events under way; jobs and owner */
	uint64_t n_forfeited;
	int is_closing, is_mute;
};

/* rt.c */
int nc_rt_enter(nc_rt *rt); /* 0 when closing; else a leave must follow */
void nc_rt_leave(nc_rt *rt);
int nc_rt_speak(nc_rt *rt); /* 0 when mute; else an nc_rt_spoke must follow */
void nc_rt_spoke(nc_rt *rt);
void nc_rt_unref(nc_rt *rt);
nc_printf(3, 4) void nc_rt_strike(nc_rt *rt, nc_rule rule, const char *fmt, ...);

/* The calling thread's class for its instance; set around what a plugin runs in. */
typedef struct rt_thread {
	nc_rt *rt;
	int32_t class;
} rt_thread;
rt_thread nc_rt_thread_enter(nc_rt *rt, int32_t class);
void nc_rt_thread_leave(rt_thread former);
rt_thread nc_rt_thread_current(void);

/* What a call of the plugin's function came to; `out` carries the result. */
typedef struct rt_outcome {
	nc_code code;
	int32_t recover_state;
	uint64_t n_objects;
	nc_error err;
	nc_buf out;
} rt_outcome;

/* rt_life.c, rt_run.c: inside the plugin */
void nc_rt_run_life(nc_rt *rt, rt_op *o, rt_outcome *r);
void nc_rt_run_shape(nc_rt *rt, rt_op *o, rt_outcome *r);
int nc_rt_is_open_at(uint64_t stream_place);

/* rt_call.c */
/* What a plugin filled in: terminated, known flags, one code. */
void nc_rt_tidy_error(nc_error *err, nc_code code);
int nc_rt_op_completes(const rt_op *o);             /* a verb that op_complete ends */
void nc_rt_release_op(nc_rt *rt, rt_op *o);         /* under rt_lock */
void nc_rt_release_op_if_over(nc_rt *rt, rt_op *o); /* under rt_lock */

/* rt_op.c: slots of nc_host */
int32_t nc_rt_op_stop_reason(nc_host_ctx *ctx, nc_op op);
uint64_t nc_rt_op_deadline_ns(nc_host_ctx *ctx, nc_op op);
const char *nc_rt_op_key(nc_host_ctx *ctx, nc_op op);
void nc_rt_op_progress(nc_host_ctx *ctx, nc_op op, uint32_t permille, const char *phase);
nc_code nc_rt_op_checkpoint(
	nc_host_ctx *ctx, nc_op op, nc_bytes token, nc_cont cont, uint64_t user);
void nc_rt_op_complete(
	nc_host_ctx *ctx, nc_op op, int32_t outcome, const nc_error *err, nc_bytes result);

/* rt_host.c */
nc_host_ctx *nc_ctx_new(nc_rt *rt, const nc_rt_options *opt);
void nc_ctx_retire(nc_host_ctx *ctx);                        /* waits for those inside */
nc_rt *nc_ctx_enter(nc_host_ctx *ctx, const char *function); /* NULL: refused, P5 counted */
void nc_ctx_leave(nc_host_ctx *ctx);

/* rt_sink.c */
nc_sink *nc_sink_open_objects(nc_rt *rt, uint64_t call);
nc_sink *nc_sink_open_buf(nc_rt *rt, nc_buf *out, int is_private);
/* How many writes there were; *ret_code: NC_OK, or why one was refused. */
uint64_t nc_sink_close(nc_sink *sink, nc_code *ret_code);
nc_buf *nc_sink_buf(nc_sink *sink); /* of a private one; NULL when stale */
nc_code nc_sink_write(nc_sink *sink, const void *p, size_t n);

/* rt_services.c */
const void *nc_rt_service(const char *id);

#endif
