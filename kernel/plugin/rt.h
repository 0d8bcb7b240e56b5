/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_RT_H
#define NC_PLUGIN_RT_H

#include "base/cleanup.h"
#include "novacron/abi.h"
#include "plugin/rules.h"
#include "plugin/verbs.h"

struct nc_buf;
struct nc_image;
struct nc_manifest;
struct nc_store;

/*
 * The runtime of one instance where its code runs: the same in the daemon and in nc-plugin-host. It
 * owns the worker threads and the control loop, the operation handles, sinks and host services, and
 * keeps a plugin to the contract. It knows nothing of queues, deadlines or sockets: what happens
 * goes up through nc_rt_up.
 */
typedef struct nc_rt nc_rt;

/* Lifecycle calls go the way of the verbs but are in no plugin's extension. */
extern const nc_verb nc_life_create;      /* request = config; result = served verbs, one a line */
extern const nc_verb nc_life_reconfigure; /* request = config; control thread */
extern const nc_verb nc_life_health;      /* result = the document */
extern const nc_verb nc_life_drain;       /* control thread; completes as an operation */
const nc_verb *nc_life_find(const char *name);

typedef struct nc_rt_call {
	uint64_t id; /* the caller's, never 0, unique among those live */
	const nc_verb *verb;
	nc_bytes target, request; /* borrowed */
	const char *key;          /* NULL = "" */
	uint64_t deadline_ns;     /* CLOCK_MONOTONIC, 0 = none */
	int fd;                   /* stream.open: the plugin's end, ours on NC_OK; else -1 */
} nc_rt_call;

/* What a function returned. For OP and STREAM, NC_OK means accepted: `completed` comes, or came. */
typedef struct nc_rt_return {
	nc_code code;
	int32_t recover_state; /* -1 unless a recover */
	const nc_error *err;   /* never NULL */
	nc_bytes result;
	uint64_t n_objects;
} nc_rt_return;

/* Events of one call come from one thread at a time, except that `completed`, `progress` and
 * `checkpoint` may come beside `returned`; completed comes once. None may block but those marked. */
typedef struct nc_rt_up {
	/* About to call the plugin; NULL where a crash in there is not ours. May block. */
	void (*entering)(void *user, uint64_t call);
	void (*returned)(void *user, uint64_t call, const nc_rt_return *r);
	void (*completed)(
		void *user, uint64_t call, int32_t outcome, const nc_error *err, nc_bytes result);
	nc_code (*object)(void *user, uint64_t call, nc_bytes json); /* may block */
	void (*progress)(void *user, uint64_t call, uint32_t permille, const char *phase);
	void (*checkpoint)(void *user, uint64_t call, uint64_t ticket, nc_bytes token);
	void (*log)(void *user, int32_t level, const char *event, nc_bytes json);
	nc_code (*report)(void *user, nc_bytes target, uint64_t obs_seq, nc_bytes json);
	nc_code (*secret_open)(void *user, nc_bytes handle, void *buf, size_t cap, size_t *ret_len,
		nc_error *err);                                                   /* may block */
	nc_code (*kv_put)(void *user, nc_bytes key, nc_bytes val, nc_error *err); /* may block */
	nc_code (*kv_get)(
		void *user, nc_bytes key, struct nc_buf *out, nc_error *err); /* may block */
	nc_code (*kv_del)(void *user, nc_bytes key, nc_error *err);           /* may block */
	void (*metric)(void *user, int is_gauge, const char *name, const char *label, double v);
	void (*strike)(void *user, nc_rule rule, const char *what);
} nc_rt_up;

/* Calls that hold their threads for long count against their targets alone: so many more than
 * max_threads may there be at once, in times of it. */
#define NC_RT_SLOW_FACTOR 3u

typedef struct nc_rt_options {
	const struct nc_image *image; /* outlive the runtime, even one that is stuck */
	const struct nc_manifest *manifest;
	const char *name; /* of the instance */
	uint32_t max_threads;
	const nc_rt_up *up;
	void *user;
	/* A host call after destroy (P5), for as long as the process lives or until
	 * nc_rt_forget(late_user). */
	void (*late)(void *late_user, const char *function);
	void *late_user;
} nc_rt_options;

nc_code nc_rt_new(const nc_rt_options *opt, nc_rt **ret, nc_error *err);
/*
 * Wait for the plugin's threads to come out, call destroy, and let nothing up any more: `user` may
 * go when it returns. NC_E_TIMEOUT: a thread or the control loop is stuck in the plugin; the
 * instance is then left as it is, without a voice, for the life of the process.
 */
nc_code nc_rt_free(nc_rt *rt, int64_t timeout_us);
void nc_rt_forget(const void *late_user);

/* Begin a call. NC_E_UNSUPPORTED (slot not there), NC_E_BUSY, NC_E_NOMEM, NC_E_UNAVAILABLE. */
nc_code nc_rt_start(nc_rt *rt, const nc_rt_call *call, nc_error *err);
void nc_rt_stop(nc_rt *rt, uint64_t call, int32_t reason); /* calls the plugin's op_stop */
/* The call is over for the owner: free its thread's place and expect nothing from it. What it still
 * says is refused. */
void nc_rt_forfeit(nc_rt *rt, uint64_t call);
void nc_rt_checkpoint_done(nc_rt *rt, uint64_t ticket, nc_code code);

/* The table of an extension after create, or NULL; and the instance to call it with. */
const void *nc_rt_extension(nc_rt *rt, const char *ext);
struct nc_inst *nc_rt_self(nc_rt *rt);

typedef struct nc_rt_stats {
	uint64_t ops, timers, fds, forfeited, checkpoints;
	int64_t control_busy_since_us; /* 0 = idle */
} nc_rt_stats;
void nc_rt_get_stats(nc_rt *rt, nc_rt_stats *ret);

#endif
