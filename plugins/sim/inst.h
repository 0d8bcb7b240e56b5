/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_INST_H
#define SIM_INST_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "heap.h"
#include "messages.h"
#include "novacron-sdk/messages.h"
#include "novacron/host_services.h"
#include "ops.h"
#include "truth.h"
#include "world.h"

/*
 * An instance: one simulated provider. `lock` covers all that is not marked otherwise; it is held
 * across the write of a line of the truth and never across a call to the host. `wake_lock` covers
 * what op_stop leaves for the timer thread, so that op_stop never waits for a write. Order: lock,
 * then wake_lock.
 */
/* Reasons of our own beside NC_CANCEL and its kin: the checkpoint of the operation is durable; the
 * operation is that of nc_plugin.drain. */
enum { SIM_STOP_CHECKPOINTED = 100, SIM_STOP_DRAIN };

typedef struct sim_stop {
	struct sim_stop *next;
	nc_op op;
	int32_t reason;
} sim_stop;

struct nc_inst {
	const nc_host *host; /* const after create, as are the services; NULL: not offered */
	const nc_report *report;
	const nc_secrets *secrets;
	const nc_metrics *metrics;

	pthread_mutex_t lock;
	sim_config *cfg;       /* packed; replaced by reconfigure */
	sim_config *first_cfg; /* packed; what the world points into */
	sim_world world;
	sim_truth *truth; /* NULL: in memory only */
	uint64_t seq;     /* of the last act */
	sim_ops ops;
	sim_map work_by_op; /* attached works, by their handle as text */
	sim_heap heap;
	uint32_t n_works, n_sleepers;
	uint64_t n_acts; /* since the start, for health */
	int dump_stage;  /* of the compaction under way; see dump.c */
	uint32_t dump_host;
	sim_timer compact_timer;
	uint64_t compact_from_seq;
	bool is_draining, is_closing;
	pthread_cond_t sleepers;     /* a stop was seen, or the instance closes */
	uint64_t stop_count;         /* moves with each stop, so that a sleeper misses none */
	struct sim_streams *streams; /* NULL until the first; see stream.c */

	pthread_mutex_t wake_lock;
	pthread_cond_t wake;
	sim_stop *stops, **last_stop;
	bool is_woken, has_lost_stops;

	pthread_t timer_thread;
	bool has_timer_thread;
};

/* Make the timer thread look again: something is due earlier, or a stop came. Any thread. */
void sim_wake(struct nc_inst *inst);
/* Leave a stop to the timer thread; false: only that there was one could be noted. Any thread. */
bool sim_note_stop(struct nc_inst *inst, nc_op op, int32_t reason);
uint64_t sim_mono_ns(void);

/*
 * Wait on a worker thread, as a call to a slow or hung host does: until `until_ns`, a stop of `op`,
 * its deadline, or the end of the instance. NC_OK: the time is over. The lock must not be held.
 */
nc_code sim_sleep(
	struct nc_inst *inst, nc_op op, uint64_t until_ns, bool hears_stop, nc_error *err);

/* nc_plugin's slots (inst.c). */
nc_code sim_create(const nc_host *host, nc_bytes config, nc_inst **out, nc_error *err);
nc_code sim_reconfigure(nc_inst *inst, nc_bytes config, nc_error *err);
nc_code sim_health(nc_inst *inst, nc_sink *sink, nc_error *err);
nc_code sim_drain(nc_inst *inst, nc_op op, nc_error *err);
void sim_op_stop(nc_inst *inst, nc_op op, int32_t reason);
void sim_destroy(nc_inst *inst);

/* The timer thread (timer.c). */
nc_code sim_timer_start(struct nc_inst *inst, nc_error *err);
void sim_timer_join(struct nc_inst *inst);

/* What a record of the truth means to the instance (replay.c): used at the start and by nc.state. */
nc_code sim_replay(void *inst, const sim_record *rec, nc_error *err);
/* Works that had begun and have not ended go on. After the whole replay. */
nc_code sim_resume(struct nc_inst *inst, nc_error *err);

extern const nc_plugin sim_plugin;

#endif
