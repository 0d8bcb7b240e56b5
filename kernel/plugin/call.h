/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_CALL_H
#define NC_PLUGIN_CALL_H

#include "base/cleanup.h"
#include "novacron/abi.h"

struct nc_score_batch;

/*
 * One call of one verb, the same whether the plugin lies in this process or in nc-plugin-host.
 * It waits in the queue of its target without a thread, is started when the instance and the
 * target have room, and ends exactly once. All callbacks of one call are serialised, come from any
 * thread with no lock held, may start and stop other calls, and must not block.
 */
typedef struct nc_pinst nc_pinst;

/* A handle, 0 = none. One that has ended is stale; using it is harmless and does nothing. */
typedef struct nc_call {
	uint64_t v;
} nc_call;

/* How a call ended; what it points to is borrowed until `done` returns. */
typedef struct nc_call_end {
	/* NC_OK only when the verb did what was asked: outcome NC_DONE, a query answered, recover
	 * gave a state. Otherwise the plugin's code or ours, with `error` saying why. */
	nc_code code;
	/* NC_DONE … NC_UNKNOWN. Never sent, or refused by the verb: NC_FAILED_NO_EFFECT (cancelled
	 * while queued: NC_CANCELLED). UNKNOWN: ask the verb's recover before anything else. */
	int32_t outcome;
	/* NC_REC_* of a recover verb, else -1. RUNNING: `accepted` told so at the time, and the
	 * other fields say how the operation it re-attached to ended. */
	int32_t recover_state;
	int32_t was_sent;      /* 0: the plugin never saw it, a retry is free */
	const nc_error *error; /* never NULL; code NC_OK on success */
	nc_bytes result;       /* OP, STREAM, RECOVER: JSON or empty; STATS: nc_stat_row[];
				* SCORE: double[] */
	uint64_t n_objects;    /* QUERY: how many `object` calls there were */
} nc_call_end;

typedef struct nc_call_spec {
	const char *verb;    /* "compute.create" */
	nc_bytes target;     /* what limits count by; empty = the instance */
	nc_bytes request;    /* JSON; copied, as are target and key */
	const char *key;     /* at most NC_OP_KEY_MAX ASCII; NULL where nothing is changed */
	int64_t deadline_us; /* nc_clock_mono_us to give up at; 0 = never */

	/* STATS: names asked for; copied. */
	const nc_bytes *guests;
	uint32_t n_guests;
	/* SCORE: copied; `free` has n_hosts rows of n_res. The batch's own `score` is not used. */
	const struct nc_score_batch *batch;
	uint32_t n_hosts;

	/* All may be NULL. */
	/* The plugin took the operation, or recover found it running. Left out when `done` is faster. */
	void (*accepted)(void *user);
	void (*progress)(void *user, uint32_t permille, const char *phase);
	/* Make `token` durable, then say so with nc_call_checkpoint_done, from anywhere. Without
	 * this callback the plugin is told NC_E_UNSUPPORTED. */
	void (*checkpoint)(void *user, nc_call call, uint64_t ticket, nc_bytes token);
	/* One object of a query. Other than NC_OK: the plugin's sink refuses from now on. */
	nc_code (*object)(void *user, nc_bytes json);
	/* Required. Exactly once if nc_pinst_call returned NC_OK, perhaps before it returns. */
	void (*done)(void *user, const nc_call_end *end);
	void *user;
} nc_call_spec;

/*
 * Queue a call. *ret_call may be NULL. Other than NC_OK nothing was queued and `done` is not
 * called: NC_E_UNSUPPORTED (names plugin and verb), NC_E_INVAL (spec over a limit),
 * NC_E_UNAVAILABLE (instance closing, or its process is down: retry_after_ms), NC_E_BUSY (queue
 * full), NC_E_NOMEM.
 */
nc_code nc_pinst_call(nc_pinst *inst, const nc_call_spec *spec, nc_call *ret_call, nc_error *err);

/*
 * The same for stream.open. *ret_fd is the caller's end of a connected, non-blocking, close-on-exec
 * stream socket, to be closed by the caller whatever happens later. EOF ends the data, `done` the
 * truth. spec->verb is ignored, spec->request is the stream's spec.
 */
nc_code nc_pinst_stream(
	nc_pinst *inst, const nc_call_spec *spec, int *ret_fd, nc_call *ret_call, nc_error *err);

/*
 * Ask a call to stop: NC_CANCEL, NC_DETACH or NC_DEADLINE. One still queued ends at once; one that
 * runs ends when the driver says how (P9) or its deadline and grace have passed.
 */
void nc_call_stop(nc_call call, int32_t reason);
/* The answer to a checkpoint. An unknown call or ticket is harmless. */
void nc_call_checkpoint_done(nc_call call, uint64_t ticket, nc_code code);

#endif
