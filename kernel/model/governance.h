/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_GOVERNANCE_H
#define NC_MODEL_GOVERNANCE_H

#include "model/object.h"

/* Policies, approvals, schedules, plans, decisions. */
typedef struct nc_policy_obj {
	nc_object o;        /* status: active shadow failed disabled */
	const char **hooks; /* "admit", "filter", "score", … */
	size_t n_hooks;
	const char *source; /* Lua */
	const char *tests;
	const char *on_failure; /* "closed", "open", "last_known_good" */
	int is_shadow;
	int64_t priority;
	uint64_t bundle_revision; /* of the last good one */
	const char *error;
} nc_policy_obj;

typedef struct nc_approval {
	nc_object o;           /* status: waiting granted refused expired */
	const char *operation; /* ref */
	const char *policy;    /* ref */
	const char *reason;
	const char *requested_by, *decided_by;
	const char *comment;
	int64_t decided_at_ms, expires_at_ms;
} nc_approval;

typedef enum nc_on_missed { NC_MISSED_RUN_ONCE, NC_MISSED_SKIP } nc_on_missed;
typedef enum nc_concurrency { NC_RUN_FORBID, NC_RUN_ALLOW, NC_RUN_REPLACE } nc_concurrency;

typedef struct nc_schedule {
	nc_object o;          /* status: active paused */
	const char *cron;     /* five fields; or */
	int64_t at_ms;        /* once */
	const char *timezone; /* IANA name */
	const char *action;   /* "vm.stop" */
	nc_bytes arguments;   /* JSON: the verb's request */
	const char *target;   /* id; or */
	const char *selector; /* "env=prod" */
	int64_t retention;    /* how many results to keep; 0 = all */
	nc_on_missed on_missed;
	nc_concurrency concurrency;
	int is_enabled;
	int64_t next_at_ms, last_at_ms;
	const char *last_operation; /* ref */
	const char *last_result;    /* of that */
	int64_t n_fired, n_missed;
} nc_schedule;

typedef struct nc_plan_move {
	const char *id;
	const char *vm;        /* ref */
	const char *from, *to; /* refs: hosts */
	const char *reason;
	const char *state; /* "planned", "running", "done", "failed", "skipped" */
	const char *operation;
} nc_plan_move;

typedef struct nc_plan {
	nc_object o;        /* status: computing proposed applying applied failed stale */
	const char *goal;   /* "rebalance", "drain", "maintenance" */
	const char **hosts; /* refs */
	size_t n_hosts;
	const char *on_unmovable; /* "refuse", "leave", "stop" */
	int64_t max_moves;
	uint64_t ledger_generation;
	nc_plan_move *moves;
	size_t n_moves;
	const char **blockers;
	size_t n_blockers;
} nc_plan;

enum { NC_SCHEDULE_IX_NEXT = NC_IX_OWN }; /* next_at: what the timer walks */

#endif
