/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_SCHED_WORLD_H
#define NC_TESTS_SCHED_WORLD_H

#include <pthread.h>

#include "base/buf.h"
#include "model/allocation.h"
#include "model/guest.h"
#include "model/host.h"
#include "model/infra.h"
#include "model/provider.h"
#include "model/tenancy.h"
#include "sched/sched.h"
#include "state.h"

/* A scheduler over a state, and short words for what its tests put into it. */
typedef struct world {
	state st;
	nc_sched *s;
	nc_arena *a; /* everything a test makes */
	nc_provider *provider;
	/* While set, appends wait: what is submitted meanwhile becomes one group. */
	pthread_mutex_t hold_lock;
	pthread_cond_t released;
	int is_holding, is_held;
} world;

int world_open(world *w, nc_sched_algorithm algorithm); /* 1 = it works */
int world_reopen(world *w);                             /* the same state, a new scheduler */
void world_free(world *w);

/* Hosts are up and enabled, ratios 1, 1 MiB reserved; capacity is exactly what is given here. */
nc_host_obj *world_host(world *w, const char *name, int64_t vcpus, int64_t mem, int64_t disk);
nc_host_obj *world_host_unput(world *w, const char *name, int64_t vcpus, int64_t mem, int64_t disk);
const char *world_project(world *w, const char *name); /* id */
const char *world_zone(world *w, const char *name);    /* id */
nc_quota_obj *world_quota(world *w, const char *project, const char *resource, int64_t limit);
const char *world_group(
	world *w, nc_vm_group_policy policy, nc_vm_group_domain domain, int64_t max);

nc_place_req world_req(world *w, const char *consumer, int64_t vcpus, int64_t mem, int64_t disk);
/* Place; *ret_decision (may be NULL) gets the rendered decision, in the arena. */
nc_code world_place(world *w, const nc_place_req *req, nc_placement *ret, const char **ret_decision,
	nc_error *err);
/* Place and claim in one transaction of its own; p may be NULL. */
nc_code world_claim(world *w, const nc_place_req *req, nc_placement *p, nc_error *err);
/* Claim this very host. */
nc_txn *world_claim_txn(world *w, const nc_place_req *req, const char *host);
nc_code world_claim_on(world *w, const nc_place_req *req, const char *host, nc_error *err);
nc_code world_resize(
	world *w, const char *consumer, int64_t vcpus, int64_t mem, int64_t disk, nc_error *err);
nc_code world_release(world *w, const char *consumer, nc_error *err);

/* Several transactions as one group of the sequencer. */
typedef struct answer {
	nc_code code;
	nc_error err;
	uint64_t seq;
} answer;
void world_commit_together(world *w, nc_txn **txns, answer *answers, size_t n);
/* After a fault that is over: until the store has been opened again and takes transactions. */
void world_wait_writable(world *w);

int64_t world_used(world *w, const char *host, int resource);
int64_t world_project_used(world *w, const char *project, int use);
uint64_t world_faults(world *w); /* of nc_sched_check, each printed */

#endif
