/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_INST_INTERNAL_H
#define NC_PLUGIN_INST_INTERNAL_H

#include <jansson.h>
#include <pthread.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/queue.h"
#include "plugin/inst.h"
#include "plugin/inst_health.h"
#include "plugin/loop.h"
#include "plugin/plugin.h"
#include "plugin/rt.h"

/*
 * What the files above the runtime share: an instance with its queue of calls (call.c, call_cb.c,
 * queue.c), its life (inst.c), what comes up from the plugin (inst_up.c), its secrets
 * (inst_secret.c) and the two ways to its code (local.c, remote.c).
 *
 * Lock order: none of these locks is held while another is taken, except inst_lock → calls_lock.
 */

typedef struct nc_found nc_found; /* loader_internal.h: a plugin that was found */

/* The way to the plugin's code. None may block; `id` is nc_call.v. */
typedef struct nc_transport {
	nc_code (*start)(void *t, const nc_rt_call *call, nc_error *err);
	void (*stop)(void *t, uint64_t id, int32_t reason);
	void (*forfeit)(void *t, uint64_t id);
	void (*checkpoint_done)(void *t, uint64_t ticket, nc_code code);
	/* Blocks up to timeout_us; nothing comes up any more when it returns. NC_E_TIMEOUT: the plugin is
	 * stuck and was left behind. */
	nc_code (*close)(void *t, int64_t timeout_us);
	void (*stats)(void *t, nc_rt_stats *ret);
	struct nc_rt *(*rt)(void *t); /* in process only, else NULL slot */
} nc_transport;

/* What calls of one target wait for. Lives while it has calls. */
typedef struct nc_target {
	nc_list ready_link; /* in nc_pinst.ready while a call could start */
	nc_list queued;     /* nc_live.queue_link */
	uint32_t n_calls, running, stuck;
	int is_ready;
	size_t len;
	char name[];
} nc_target;

typedef enum { NC_LIVE_QUEUED, NC_LIVE_STARTING, NC_LIVE_SENT } nc_live_state;

typedef struct nc_live_checkpoint {
	struct nc_live_checkpoint *next;
	uint64_t ticket;
	size_t len;
	char token[];
} nc_live_checkpoint;

/* A call from nc_pinst_call until the owner knows its end and the plugin has let go of it. */
typedef struct nc_live {
	nc_list inst_link, queue_link;
	nc_pinst *inst; /* a reference */
	uint64_t handle;
	uint32_t refs; /* under calls_lock */
	const nc_verb *verb;
	nc_target *target; /* NULL: a lifecycle call, outside all limits */
	nc_bytes target_name, request;
	char *block; /* request, target, key */
	const char *key;
	nc_call_spec spec; /* callbacks and user */
	int fd;
	/* under inst_lock: */
	nc_live_state state;
	int has_returned, is_accepted, is_ended, is_stuck, is_slow, is_deadline_over, is_counted;
	int is_watched; /* a sentinel stands for it */
	int32_t stop_reason;
	uint64_t timer;
	uint64_t n_objects;
	int64_t started_us;
	/* Callbacks one at a time: who finds `is_calling` set leaves its news here. */
	int is_calling, is_done_called;
	int has_accepted, has_progress, has_end;
	uint32_t permille;
	char phase[48];
	nc_live_checkpoint *checkpoints;
	nc_call_end end;
	nc_error end_err;
	char *end_result; /* owned copy when the end had to wait */
} nc_live;

struct nc_pinst {
	nc_plugins *p;
	nc_found *found;
	char name[64];
	json_t *config; /* secrets replaced by handles; under inst_lock after open */
	uint32_t max_concurrency, max_per_target;
	int64_t create_timeout_us, grace_us;

	pthread_mutex_t inst_lock;     /* guards what follows */
	const nc_transport *transport; /* set once */
	void *t;
	pthread_cond_t has_changed;
	uint32_t refs;
	nc_pinst_state state;
	int is_open, is_closing, is_listed, is_transport_gone, is_changing;
	uint64_t n_created;   /* how often it was made anew after a loss */
	int64_t back_at_us;   /* lost: when the process is started again */
	char why[200];        /* lost, failed */
	uint64_t retry_timer; /* to come back after a restart: the last time failed */
	uint32_t n_create_failures;
	uint64_t serves[NC_VERB_MAX / 64];
	uint64_t entered[NC_VERB_MAX / 64]; /* in this process, since it started */
	nc_list live;                       /* nc_live */
	nc_list ready;                      /* nc_target */
	nc_map *targets;
	uint32_t n_queued, n_running, n_slow, n_stuck, n_speaking, n_in_transport;
	uint64_t n_calls, n_unknown;
	struct nc_pinst_secrets *secrets;
	struct nc_store_door *door; /* made once, by its one user */
	int64_t log_window_us;
	uint32_t log_count;
	uint64_t log_dropped;
	nc_list found_link;    /* in nc_found.insts, under the loader's lock */
	nc_inst_health health; /* the same */
	uint32_t walk;         /* the same */
};

#define NC_QUEUED_MAX   8192u
#define NC_LIVE_SLOW_US 10000000 /* of a call that holds its thread */

/* live.c */
nc_code nc_live_enter(
	nc_live *c); /* into the table; the table's reference was counted by the caller */
nc_live *nc_live_get(uint64_t handle); /* a reference, or NULL */
void nc_live_unref(nc_live *c);
void nc_live_forget(nc_live *c); /* its handle is stale from here on */
/* End it for its owner, once; NC_OK in code only with NC_DONE or a recover state. */
void nc_live_end(nc_live *c, const nc_call_end *end);
/* Its function is about to be called in this process. */
void nc_live_entering(nc_live *c);
void nc_live_fail(nc_live *c, int32_t outcome, const nc_error *err);
void nc_live_returned(nc_live *c, const nc_rt_return *r);
void nc_live_completed(nc_live *c, int32_t outcome, const nc_error *err, nc_bytes result);

/* call.c */
void nc_pinst_pump(nc_pinst *inst); /* start what can be started */
nc_code nc_pinst_start_call(nc_pinst *inst, const nc_verb *verb, const nc_call_spec *spec, int fd,
	nc_call *ret, nc_error *err);

/* deadline.c */
void nc_live_set_timer(nc_live *c, int64_t after_us);
int nc_live_unqueue(nc_live *c); /* 0 when it is not queued any more */
/* Under inst_lock: a cancel that must wait. A recover is a question, and asked whatever comes; the
 * cancel is for what it finds running. */
int nc_live_holds_cancel(const nc_live *c, int32_t reason);

/* life.c */
/* A lifecycle call and its end. *out gets the result, may be NULL. */
nc_code nc_pinst_life(nc_pinst *inst, const nc_verb *verb, nc_bytes request, int64_t timeout_us,
	nc_buf *out, nc_error *err);
/* Every call ends: those queued unsent, those sent UNKNOWN (returned = no event will come). */
void nc_pinst_end_all(nc_pinst *inst, const nc_error *why);
void nc_pinst_end_stuck_queue(nc_pinst *inst, const nc_live *c);
void nc_pinst_end_queued(nc_pinst *inst, const nc_error *why);

/* call_cb.c */
void nc_live_tell_accepted(nc_live *c);
void nc_live_tell_progress(nc_live *c, uint32_t permille, const char *phase);
nc_code nc_live_tell_checkpoint(nc_live *c, uint64_t ticket, nc_bytes token);
nc_code nc_live_tell_object(nc_live *c, nc_bytes json);
void nc_live_tell_end(nc_live *c, const nc_call_end *end); /* is_ended was set by the caller */

/* queue.c: all under inst_lock */
nc_target *nc_queue_target(nc_pinst *inst, nc_bytes name); /* found or made; NULL = no memory */
void nc_queue_add(nc_pinst *inst, nc_live *c);
void nc_queue_remove(nc_pinst *inst, nc_live *c); /* a queued one */
nc_live *nc_queue_next(nc_pinst *inst); /* the next to start, counted as running; or NULL */
void nc_queue_returned(nc_pinst *inst, nc_live *c);
void nc_queue_stuck(nc_pinst *inst, nc_live *c); /* its thread was given up */
/* It has held its thread for long: counts against its target alone from now on, or not if there are
 * too many like it already. */
void nc_queue_slow(nc_pinst *inst, nc_live *c);
int nc_queue_is_stuck(const nc_pinst *inst, const nc_target *t); /* no call of it can start */
void nc_queue_release(nc_pinst *inst, nc_live *c);

/* inst_up.c */
extern const nc_rt_up nc_pinst_up;                        /* user = nc_pinst */
int nc_pinst_speak(nc_pinst *inst, nc_plugin_hooks *ret); /* 0 when closed */
void nc_pinst_spoke(nc_pinst *inst);
void nc_pinst_report_lost(nc_pinst *inst);

/* inst_secret.c */
nc_code nc_pinst_seal_config(nc_pinst *inst, const json_t *schema, json_t *config, nc_error *err);
nc_code nc_pinst_secret_open(
	nc_pinst *inst, nc_bytes handle, void *buf, size_t cap, size_t *ret_len, nc_error *err);
/* Whether the text holds a secret this instance has opened (P10). */
int nc_pinst_leaks(nc_pinst *inst, nc_bytes text);
void nc_pinst_drop_secrets(nc_pinst *inst);

/* inst.c, inst_config.c */
nc_code nc_pinst_prepare_config(nc_pinst *inst, nc_bytes text, json_t **ret, nc_error *err);
void nc_pinst_delist(nc_pinst *inst);
void nc_pinst_set_state(nc_pinst *inst, nc_pinst_state state, const char *why);
nc_code nc_pinst_learn_verbs(nc_pinst *inst, nc_bytes names);

/* inst_back.c; back_at_us < 0: it does not come back by itself */
void nc_pinst_lost(nc_pinst *inst, const char *why, int64_t back_at_us);
/* Its process is there again: it takes its place there and is created anew. */
void nc_pinst_recreate(nc_pinst *inst);
void nc_pinst_stop_retry(nc_pinst *inst);

/* transport.c: the way to the code, safe against being closed */
void nc_transport_set(nc_pinst *inst, const nc_transport *transport, void *t);
int nc_transport_enter(nc_pinst *inst); /* 0: there is none, or it is being closed */
void nc_transport_leave(nc_pinst *inst);
nc_code nc_transport_start(nc_pinst *inst, const nc_rt_call *call, nc_error *err);
void nc_transport_stop(nc_pinst *inst, uint64_t id, int32_t reason);
void nc_transport_forfeit(nc_pinst *inst, uint64_t id);
void nc_transport_checkpoint_done(nc_pinst *inst, uint64_t ticket, nc_code code);
int nc_transport_stats(nc_pinst *inst, nc_rt_stats *ret); /* 0 when there are none */
nc_code nc_transport_close(nc_pinst *inst, int64_t timeout_us);

/* store_door.c */
typedef struct nc_store_door nc_store_door;
void nc_store_door_free(nc_store_door *door);

/* local.c, remote.c */
nc_code nc_local_open(nc_pinst *inst, nc_error *err);
nc_code nc_remote_open(nc_pinst *inst, nc_error *err);

#endif
