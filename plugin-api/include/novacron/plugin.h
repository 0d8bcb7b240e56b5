/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOVACRON_PLUGIN_H
#define NOVACRON_PLUGIN_H

/*
 * The three tables every plugin meets: the host's (nc_host), its own (nc_plugin), and the one
 * that introduces it (nc_entry). Tables start with struct_size and only grow at the end.
 *
 * Thread classes, named at each slot:
 *   control  the instance's own loop: serialised, must never block
 *   worker   a pool thread of the instance, may block, bounded by max_concurrency and, for calls
 *            with a target, max_per_target
 *   any      any thread, no lock of the host's is held
 */

#include "novacron/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NC_SINK_MAX       (1u << 20) /* bytes of one sink write; more is NC_E_INVAL and a strike */
#define NC_SINK_TOTAL_MAX (64u << 20)
#define NC_CHECKPOINT_MAX (16u << 10)
#define NC_RESULT_MAX     (256u << 10)
#define NC_OP_KEY_MAX     64u
#define NC_TARGET_MAX     255u
#define NC_REQUEST_MAX    (1u << 20)

typedef struct nc_host {
	uint32_t struct_size;
	uint32_t abi;
	nc_host_ctx *ctx;
	/* any. NULL when the host does not offer `id`. The table lives as long as the instance. */
	const void *(*get_extension)(nc_host_ctx *, const char *id);
	/* any. `json` is an object of fields or empty. */
	void (*log)(nc_host_ctx *, int32_t level, const char *event, nc_bytes json);
	/* the thread that was given the sink. One write is one object. NC_E_INVAL past the limit. */
	nc_code (*sink_write)(nc_sink *, const void *, size_t);
	int32_t (*op_stop_reason)(nc_host_ctx *, nc_op);  /* any; NC_RUN for a stale handle too */
	uint64_t (*op_deadline_ns)(nc_host_ctx *, nc_op); /* any; CLOCK_MONOTONIC, 0 = none */
	/* any. operation.step.ordinal, stable over retries, at most NC_OP_KEY_MAX ASCII;
	 * valid until op_complete or the return of the call, whichever is later. */
	const char *(*op_key)(nc_host_ctx *, nc_op);
	/* any. Monotone within a phase; lower values are dropped. */
	void (*op_progress)(nc_host_ctx *, nc_op, uint32_t permille, const char *phase);
	/* any. Durable when `cont` runs (control), with NC_OK or why not. */
	nc_code (*op_checkpoint)(nc_host_ctx *, nc_op, nc_bytes token, nc_cont cont, uint64_t user);
	/* any; never blocks. Exactly once for each accepted op. `err` may be NULL on NC_DONE. */
	void (*op_complete)(
		nc_host_ctx *, nc_op, int32_t outcome, const nc_error *err, nc_bytes result);
} nc_host;

typedef struct nc_plugin {
	uint32_t struct_size;
	uint32_t flags; /* 0 */
	/* worker. `config` is JSON already validated against the schema. The host's table outlives
	 * the instance. On failure *out is untouched and nothing is left behind. */
	nc_code (*create)(const nc_host *, nc_bytes config, nc_inst **out, nc_error *);
	nc_code (*reconfigure)(nc_inst *, nc_bytes config, nc_error *); /* control */
	nc_code (*health)(nc_inst *, nc_sink *json, nc_error *);        /* worker */
	/* control. Detach long work, accept no more; complete the op when quiescent. The op serves
	 * op_complete and op_stop_reason. */
	nc_code (*drain)(nc_inst *, nc_op, nc_error *);
	/* any, never blocks. May come before the verb has returned, and once more when the op has
	 * just been completed: an unknown op is ignored. What was asked before the verb was entered
	 * is seen by op_stop_reason alone. */
	void (*op_stop)(nc_inst *, nc_op, int32_t reason);
	/* worker. Returns when every thread of the instance is joined and no host call follows. No
	 * other call of the instance is running, timers and fd watches are gone already. */
	void (*destroy)(nc_inst *);
	const void *(*get_extension)(nc_inst *, const char *id); /* any, after create() only */
} nc_plugin;

typedef struct nc_entry {
	uint32_t struct_size;
	uint32_t abi;
	/* static storage, as is all they point to */
	const char *id;
	const char *version;
	const char *manifest_json;
	const char *config_schema_json;
	const nc_plugin *plugin;
} nc_entry;

/* The only exported symbol. Allocates nothing, starts nothing. NULL = refuse this host. */
NC_EXPORT const nc_entry *nc_plugin_entry_v1(uint32_t host_abi);
typedef const nc_entry *(*nc_plugin_entry_fn)(uint32_t host_abi);
#define NC_ENTRY_SYMBOL "nc_plugin_entry_v1"

/*
 * The shapes that verbs come in. All JSON; see schemas/. `target` names what the limits count
 * by: a host, a region, an account; empty = the instance.
 */

/* worker. NC_OK = accepted, op_complete follows exactly once, perhaps before the return.
 * Any other code: not accepted, the op must not be touched. */
typedef nc_code (*nc_verb_fn)(nc_inst *, nc_op, nc_bytes target, nc_bytes req, nc_error *);
/* worker. Answers through the sink, one object a write, over when it returns; `op` serves
 * op_stop_reason and op_deadline_ns only and is never completed. */
typedef nc_code (*nc_query_fn)(
	nc_inst *, nc_op, nc_bytes target, nc_bytes req, nc_sink *, nc_error *);
/* worker. `req` = {key, verb, request, checkpoint?}. Looks for what an earlier call with that key
 * did. RUNNING: the op is accepted anew, op_complete follows. Otherwise the op is not touched;
 * DONE writes the verb's result, FAILED sets err (and returns NC_OK). */
typedef nc_code (*nc_recover_fn)(
	nc_inst *, nc_op, nc_bytes target, nc_bytes req, int32_t *ret_state, nc_sink *, nc_error *);

#ifdef __cplusplus
}
#endif
#endif
