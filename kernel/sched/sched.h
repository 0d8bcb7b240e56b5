/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_SCHED_SCHED_H
#define NC_SCHED_SCHED_H

/*
 * Where a guest may go. The ledger is columns of capacity, one slot a host, rebuilt from host and
 * allocation items at start and moved on by the publish hook; the pipeline filters them natively
 * (policies join between filter and claim later: see nc_sched_stage). A placement is only a
 * proposal: the claim is a guard that the sequencer runs against its tip.
 *
 * Threads: slots are written by the sequencer thread alone (nc_sched_apply, the guard), but for what
 * guests hold that aren't ours (nc_sched_set_foreign: who looks at them), and read by any worker
 * without a lock; what a worker read may be stale, which the guard catches.
 *
 * A host gives a guest its memory and the hypervisor's overhead; a project is counted the memory
 * alone, for that is what it asked for. Paired allocations (a migration's second) count at the
 * host, not in the project.
 */

#include <stdint.h>

#include "base/buf.h"
#include "novacron/abi.h"
#include "store/db.h"

typedef struct nc_sched nc_sched;

typedef enum { NC_SCHED_FIRST_FIT, NC_SCHED_BEST_FIT } nc_sched_algorithm;

typedef struct nc_sched_options {
	nc_sched_algorithm algorithm;
	double vcpu_ratio, memory_ratio, disk_ratio; /* defaults; a host's own win */
	int64_t reserve_memory_mib;                  /* the larger of this */
	int64_t reserve_memory_percent;              /* and this share; a host's own wins */
	/* Whose hook calls nc_sched_apply: what could not be applied, for want of memory or because
	 * the hook was not there yet, is then made good from its root. NULL: it stays so. */
	nc_db *db;
} nc_sched_options;

nc_code nc_sched_new(const nc_sched_options *o, nc_sched **ret, nc_error *err);
void nc_sched_free(nc_sched *s);
/* Any thread; reload. Ratios and reserves count from the next batch on; db stays. */
void nc_sched_configure(nc_sched *s, const nc_sched_options *o);

/* From the db's published hook (and once over the whole root at start): changes of hosts, host
 * groups, vm groups and quotas. Sequencer thread, or before anything else runs. Claims are not
 * among them: their guards have moved the ledger already. */
nc_code nc_sched_load(nc_sched *s, const nc_root *root, nc_error *err);
void nc_sched_apply(nc_sched *s, const nc_db_batch *b);

enum { NC_RES_VCPU, NC_RES_MEMORY_MIB, NC_RES_DISK_GIB, NC_RES_COUNT };
enum { NC_USE_VMS = NC_RES_COUNT, NC_USE_COUNT }; /* what a project is counted */

/* What guests that aren't ours hold of a host, as its driver last saw it; nothing durable. One
 * thread a host. NC_E_NOTFOUND: no such host. */
nc_code nc_sched_set_foreign(
	nc_sched *s, const char *host, const int64_t held[NC_RES_COUNT], nc_error *err);

typedef struct nc_place_req {
	const char *consumer; /* object id of the vm */
	const char *project;
	int64_t want[NC_RES_COUNT];
	const char *provider, *zone, *host; /* id or NULL = any */
	const char *vm_group;               /* id or NULL */
	/* All required. A host with the trait "!x" has x, and refuses who doesn't ask for it. */
	const char *const *traits;
	uint32_t n_traits;
	const char *const
		*networks; /* ids of physical networks that the host must be plugged into */
	uint32_t n_networks;
	const char *const *pools; /* ids of pools that it must reach */
	uint32_t n_pools;
	const char *const *exclude; /* host ids already tried */
	uint32_t n_exclude;
	int is_dry_run;
	/* A migration's second claim: beside the consumer's own, at the host it moves to, and free of
	 * quota. Its id is the consumer's with NC_SCHED_PAIR behind it. */
	int is_paired;
	int is_there; /* it runs there already: its claim is not refused for want of room or quota */
} nc_place_req;
#define NC_SCHED_PAIR ".to"

#define NC_PLACE_ALTERNATES 3
typedef struct nc_placement {
	char host[NC_DB_ID_MAX + 1]; /* object id of the choice */
	char host_name[64];          /* for messages */
	char provider[NC_DB_ID_MAX + 1];
	char alternates[NC_PLACE_ALTERNATES][NC_DB_ID_MAX + 1];
	uint32_t n_alternates;
	char decision_id[NC_DB_ID_MAX + 1];
} nc_placement;

/*
 * Filter, score, choose. Any worker, no lock held. The decision, fit or not, is written to
 * `decision` (binary, about 1 KB; see nc_decision_render) and belongs in the same transaction as
 * what follows from it. NC_E_QUOTA / NC_E_UNAVAILABLE ("no_capacity") carry in message and hint
 * which filter refused how many, the nearest miss and what would make it fit. What the consumer
 * holds already counts as given back.
 */
nc_code nc_sched_place(nc_sched *s, const nc_root *root, const nc_place_req *req, nc_placement *ret,
	nc_buf *decision, nc_error *err);

/*
 * Add the claim to a transaction: the guard that re-checks capacity, quota and hard groups
 * against the tip, and the allocation item. A consumer that holds one already is moved. The guard
 * refuses with NC_E_CONFLICT whatever its reason (but NC_E_NOMEM for want of memory): placed again,
 * the request meets the same reason in the ledger and is told it in full.
 */
nc_code nc_sched_claim(nc_sched *s, nc_txn *t, const nc_root *root, const nc_place_req *req,
	const nc_placement *p, nc_error *err);
/* Change the size of, or release, what consumer holds: guard and item likewise. Growing past host
 * or quota is said at once: NC_E_UNAVAILABLE, NC_E_QUOTA. NC_E_NOTFOUND: it holds nothing. */
nc_code nc_sched_resize(nc_sched *s, nc_txn *t, const nc_root *root, const char *consumer,
	const int64_t want[NC_RES_COUNT], nc_error *err);
/* The same, and nothing is given back: each is at least what is wanted. */
nc_code nc_sched_grow(nc_sched *s, nc_txn *t, const nc_root *root, const char *consumer,
	const int64_t want[NC_RES_COUNT], nc_error *err);
nc_code nc_sched_release(
	nc_sched *s, nc_txn *t, const nc_root *root, const char *consumer, nc_error *err);

/* What is of no host (volumes): its project is counted it. Again with another size: changed. Refused
 * as _resize refuses. */
typedef struct nc_hold_req {
	const char *consumer, *kind; /* "volume" */
	const char *project;
	int64_t want[NC_RES_COUNT];
	int is_settled; /* it is there whatever the quota says */
} nc_hold_req;
nc_code nc_sched_hold(
	nc_sched *s, nc_txn *t, const nc_root *root, const nc_hold_req *req, nc_error *err);
/* A migration is over: of the consumer's pair of claims one is left, the one here or the one there.
 * Nothing is checked again, for the guest is where it is. NC_E_NOTFOUND: there is no pair. */
typedef enum { NC_MOVE_STAYED, NC_MOVE_ARRIVED } nc_move_end;
nc_code nc_sched_end_move(nc_sched *s, nc_txn *t, const nc_root *root, const char *consumer,
	nc_move_end how, nc_error *err);

/* The consumer has been found on another host: its claim goes there, unchecked likewise. */
nc_code nc_sched_follow(nc_sched *s, nc_txn *t, const nc_root *root, const char *consumer,
	const char *host, nc_error *err);

/* Quota alone, for admission before anything is written: usage of a project and its limits. */
nc_code nc_sched_check_quota(nc_sched *s, const nc_root *root, const char *project,
	const int64_t delta[NC_RES_COUNT], nc_error *err);
void nc_sched_usage(nc_sched *s, const char *project, int64_t used[NC_USE_COUNT]);

/* What was not placed but told, written as a decision: where req->consumer is, and why that is
 * known (its `reason`). ret_id takes NC_DB_ID_MAX + 1 bytes. */
void nc_sched_told(nc_sched *s, const nc_place_req *req, const char *host, const char *why,
	char *ret_id, nc_buf *decision);
/* A decision as JSON: counts per filter, at most 64 survivors with scores, the nearest miss. */
nc_code nc_decision_render(nc_bytes decision, nc_buf *json, nc_error *err);

/* Ledger, usage and groups recomputed from the items: each difference is one line. Workers. What
 * is on its way while it looks may show as a difference; nc_sched_audit looks again until only
 * what stays is left. */
typedef void (*nc_sched_diff_fn)(void *ctx, const char *what);
uint64_t nc_sched_check(nc_sched *s, const nc_root *root, nc_sched_diff_fn fn, void *ctx);
uint64_t nc_sched_audit(nc_sched *s, nc_db *db, nc_sched_diff_fn fn, void *ctx);
/* Per host: totals and use, as JSON members for the host's view. */
nc_code nc_sched_host_usage(nc_sched *s, const char *host, int64_t total[NC_RES_COUNT],
	int64_t used[NC_RES_COUNT], nc_error *err);

/*
 * The seam for policies and scheduler plugins: stages between the native filters and the choice.
 * Registered at boot; run in order over at most K survivors; may lower `alive[i]` to 0 and change
 * `score[i]` (less is better).
 */
typedef struct nc_sched_stage {
	const char *name;
	void *ctx;
	nc_code (*run)(void *ctx, const nc_place_req *req, const char *const *hosts, uint32_t n,
		uint8_t *alive, double *score, nc_error *err);
} nc_sched_stage;
nc_code nc_sched_add_stage(nc_sched *s, const nc_sched_stage *stage, nc_error *err);

#endif
