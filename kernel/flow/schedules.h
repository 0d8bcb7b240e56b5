/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_SCHEDULES_H
#define NC_FLOW_SCHEDULES_H

#include "base/cron.h"
#include "flow/internal.h"
#include "model/governance.h"

/*
 * Durable timers. A firing is one record: the schedule with its next time, and an operation
 * `schedule.fire` that names what was chosen; whoever writes it first has fired, and nobody fires
 * that time again. What the operation then does are the acts that a user would ask for, each with a
 * key of its own, so that a crash repeats none.
 *
 * One thread, nc-schedules, looks for what is due and carries firings on.
 */
nc_code nc_schedules_new(nc_flow *f, nc_schedules **ret, nc_error *err);
void nc_schedules_free(nc_schedules *s);
nc_code nc_schedules_start(nc_schedules *s, nc_error *err);
void nc_schedules_stop(nc_schedules *s);
void nc_schedules_wake(nc_schedules *s); /* any thread: a schedule has changed */
/* One round, as the thread does it: fire what is due, then carry on with what was fired. */
void nc_schedules_round(nc_schedules *s);

/* By name; stays open. Any thread. */
nc_code nc_schedules_zone(nc_schedules *s, const char *name, const nc_zone **ret, nc_error *err);

/* ---- the driver's side of schedule.fire ---- */

#define NC_SCHEDULES_HANDLE ((uint64_t)1 << 63) /* set in its handles, and in no plugin's */
nc_code nc_schedules_call(nc_schedules *s, const nc_op_call *call, int is_recover,
	const nc_op_sink *sink, uint64_t *ret_handle, nc_error *err);
void nc_schedules_stop_call(nc_schedules *s, uint64_t handle, int32_t reason);

/* ---- schedule_plan.c: when; pure ---- */

#define NC_SCHEDULE_LATE_MS 60000 /* who is later than this has missed it */

typedef struct nc_schedule_plan {
	int64_t fire_at_ms; /* the time to fire for; 0 = none */
	int64_t n_missed;   /* times that have passed and are not fired */
	int64_t next_at_ms; /* 0 = never again */
	int is_late;
} nc_schedule_plan;
/* For one whose next_at has come. */
nc_code nc_schedule_plan_at(const nc_schedule *s, const nc_zone *z, int64_t now_ms,
	nc_schedule_plan *ret, nc_error *err);
/* Its first time after now; 0 = none. */
nc_code nc_schedule_first_at(
	const nc_schedule *s, const nc_zone *z, int64_t now_ms, int64_t *ret, nc_error *err);

/* ---- schedule_acts.c ---- */

/* "vm.stop" → the action; NULL = nothing that a schedule may do. */
const nc_action *nc_schedule_action(const char *word);
/* Ids of the VMs that it is meant for, now. At most max; *ret_left_out counts those beyond. */
nc_code nc_schedule_select(const nc_schedule *s, const nc_root *r, nc_arena *a, size_t max,
	const char ***ret, size_t *ret_n, size_t *ret_left_out, nc_faults *faults, nc_error *err);

/* ---- schedule_fire.c ---- */

/* Whatever is due becomes a record each. When the next one is due, INT64_MAX = none. */
int64_t nc_schedules_fire_due(nc_flow *f);

/* ---- firing.c: one operation of kind schedule.fire, from start to end ---- */

typedef struct nc_firing nc_firing;
nc_code nc_firing_new(nc_flow *f, const nc_op_call *call, int is_recover, const nc_op_sink *sink,
	nc_firing **ret, nc_error *err);
void nc_firing_free(nc_firing *x);
/* A bounded part of it; blocking. 1 = it has answered its sink and is over. */
int nc_firing_step(nc_firing *x, int32_t stop_reason);

#endif
