/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_VERB_H
#define SIM_VERB_H

#include "fate.h"
#include "inst.h"
#include "txn.h"

/* Verbs that change something, as one table of rows that all run alike (run.c). */
typedef enum sim_target { SIM_ON_HOST, SIM_ON_POOL, SIM_ON_ANY } sim_target;

/* One attempt of one verb, under the lock. What act stages in txn and writes to res becomes true
 * together, after it returned NC_OK; otherwise nothing does. Strings of res live in mem. */
typedef struct sim_call {
	struct nc_inst *inst;
	const struct sim_verb *verb;
	const char *key, *target;
	const void *req; /* struct of verb->request */
	void *res;       /* struct of verb->result, zeroed */
	nc_msg_mem *mem;
	sim_txn txn;
	bool is_partial;    /* stop half way: a guest that is there but did not start */
	const char *booted; /* native id of the guest that act starts, for what comes later */
} sim_call;

typedef struct sim_verb {
	const char *name; /* as in plugin-api/schemas */
	const nc_msg *request, *result;
	sim_target target;
	nc_code (*act)(sim_call *call, nc_error *err);
	/* On the worker's thread before anything else, without the lock: may call the host. */
	nc_code (*prepare)(struct nc_inst *inst, const void *req, nc_error *err);
	/* How long it takes by its nature, beyond the latency of the configuration. */
	int64_t (*lasts_ms)(struct nc_inst *inst, const void *req);
	const char *phase; /* of its progress */
	bool checkpoints;  /* waits for a durable checkpoint before it begins */
} sim_verb;

/* NULL-ended; each file of verbs has one. */
extern const sim_verb sim_verbs_guest[], sim_verbs_power[], sim_verbs_migrate[],
	sim_verbs_snapshot[], sim_verbs_disk[], sim_verbs_nic[], sim_verbs_console[],
	sim_verbs_backup[], sim_verbs_volume[], sim_verbs_network[];
const sim_verb *sim_verb_find(const char *name); /* NULL: none */

/* Work that takes time. In the heap unless it hangs or waits for its checkpoint. */
enum { SIM_TIMER_WORK, SIM_TIMER_EVENT, SIM_TIMER_COMPACT };
typedef struct sim_work {
	sim_timer timer;
	const sim_verb *verb;
	sim_op *known;    /* its key */
	nc_op op;         /* 0: detached, nobody waits */
	char op_text[17]; /* key in work_by_op while attached */
	char *target;
	char *request;
	size_t request_len;
	sim_fate fate;
	int64_t attempt;
	bool has_begun;  /* the truth has a begin line */
	bool is_waiting; /* for its checkpoint, which was asked for when is_asked */
	bool is_asked;
	uint64_t start_ns, act_ns;
	int64_t due_ms;  /* act_ns as milliseconds since 1970, for the truth */
	uint32_t n_told; /* progress so far, in quarters */
} sim_work;

/* How an attempt ended; told to the host once the lock is released. */
typedef struct sim_answer {
	int32_t outcome;
	nc_error err; /* code NC_OK: none */
	nc_plug_buf result;
} sim_answer;
#define SIM_ANSWER_INIT                                                                            \
	{                                                                                          \
		NC_UNKNOWN, { .struct_size = sizeof(nc_error) }, NC_PLUG_BUF(NC_RESULT_MAX)        \
	}

/* Act or don't, as fate has it; writes the truth and what is known of the key. Under the lock. */
typedef struct sim_attempt {
	const sim_verb *verb;
	sim_op *known;
	const char *target;
	nc_bytes request;
	sim_fate fate;
	int64_t number; /* from 1 */
} sim_attempt;
void sim_perform(struct nc_inst *inst, const sim_attempt *attempt, sim_answer *ret);
/* Without the lock. Frees what the answer holds. */
void sim_tell(struct nc_inst *inst, nc_op op, sim_answer *answer);
/* It ended without acting: `outcome` is SIM_OUTCOME_*. Under the lock; false: could not be written. */
bool sim_note_end(struct nc_inst *inst, const sim_attempt *attempt, int32_t outcome, nc_code code,
	const char *message);

/* Works (work.c), under the lock. */
sim_work *sim_work_new(struct nc_inst *inst, const sim_attempt *attempt, nc_op op, nc_error *err);
void sim_work_free(struct nc_inst *inst, sim_work *work); /* out of heap, map and its key too */
void sim_work_attach(struct nc_inst *inst, sim_work *work, nc_op op);
nc_op sim_work_detach(struct nc_inst *inst, sim_work *work); /* whom it had */
sim_work *sim_work_of(const struct nc_inst *inst, nc_op op);
void sim_work_schedule(struct nc_inst *inst, sim_work *work, int64_t in_ms);
sim_attempt sim_work_attempt(const sim_work *work);
/* What fate had for it when it began, found again after a restart. */
sim_fate sim_fate_for(const struct nc_inst *inst, const sim_work *work);

/* The slots of nc.compute and its kin call these (run.c, recover.c). */
nc_code sim_submit(nc_inst *inst, const sim_verb *verb, nc_op op, nc_bytes target, nc_bytes req,
	nc_error *err);
nc_code sim_recover(nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, int32_t *ret_state,
	nc_sink *sink, nc_error *err);
/* What slow, hung and down hosts do to queries; NC_OK: go on. Without the lock. */
nc_code sim_query_enter(
	nc_inst *inst, const char *verb, nc_op op, const char *target, nc_error *err);

#define SIM_TARGET_MAX 256
/* A NUL-ended copy; NC_E_INVAL when it is longer or has a NUL in it. */
nc_code sim_target_copy(nc_bytes target, char out[SIM_TARGET_MAX], nc_error *err);

#endif
