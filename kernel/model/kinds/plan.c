/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/governance.h"

/* A set of moves, computed as a whole, reviewed, then applied. */

static const nc_field_def move_fields[] = {
	NC_FIELD_STR(nc_plan_move, id, "id", NC_BY_SERVER, .doc = "Made by the server"),
	NC_FIELD_REF(nc_plan_move, vm, "vm", NC_KIND_VM, .flags = NC_FF_WEAK, .doc = "What"),
	NC_FIELD_REF(nc_plan_move, from, "from", NC_KIND_HOST, .flags = NC_FF_WEAK, .doc = "From"),
	NC_FIELD_REF(nc_plan_move, to, "to", NC_KIND_HOST, .flags = NC_FF_WEAK, .doc = "To"),
	NC_FIELD_STR(nc_plan_move, reason, "reason", .doc = "Why"),
	NC_FIELD_STR(
		nc_plan_move, state, "state", .doc = "planned, running, done, failed, skipped"),
	NC_FIELD_REF(nc_plan_move, operation, "operation", NC_KIND_OPERATION, .flags = NC_FF_WEAK,
		.doc = "What does it"),
};
static const nc_sub_def move_def = NC_SUB_DEF("PlanMove", move_fields, nc_plan_move, "mov", "move");

static const nc_field_def fields[] = {
	NC_FIELD_STR(nc_plan, goal, "goal", .mut = NC_IMMUTABLE, .flags = NC_FF_REQUIRED,
		.max_len = 32, .doc = "rebalance, drain or maintenance"),
	NC_FIELD_REFS(nc_plan, hosts, "hosts", NC_KIND_HOST, .mut = NC_IMMUTABLE,
		.flags = NC_FF_WEAK, .max_len = 256, .doc = "Which hosts; none: all"),
	NC_FIELD_STR(nc_plan, on_unmovable, "on_unmovable", .mut = NC_IMMUTABLE,
		.flags = NC_FF_DEFAULT, .def_s = "refuse", .max_len = 16,
		.doc = "refuse, leave or stop"),
	NC_FIELD_I64(nc_plan, max_moves, "max_moves", .mut = NC_IMMUTABLE, .max = 100000,
		.flags = NC_FF_ZERO_NULL, .doc = "At most so many"),
	NC_FIELD_U64(nc_plan, ledger_generation, "ledger_generation", NC_BY_SERVER,
		.doc = "What it was computed from"),
	NC_FIELD_OBJS(nc_plan, moves, "moves", &move_def, NC_BY_SERVER, .max_len = 4096,
		.doc = "All moves in order"),
	NC_FIELD_STRS(nc_plan, blockers, "blockers", NC_BY_SERVER, .max_len = 4096,
		.doc = "What can't move, and why"),
};
static const char *const statuses[] = { "computing", "proposed", "applying", "applied", "failed",
	"stale", NULL };

static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_plan *p = NC_AS(const nc_plan, obj);
	if (p->goal && strcmp(p->goal, "rebalance") != 0 && strcmp(p->goal, "drain") != 0 &&
		strcmp(p->goal, "maintenance") != 0)
		nc_fault_add(f, "goal", "choice", "must be rebalance, drain or maintenance");
}

const nc_kind nc_kind_plan = {
	NC_KIND_TABLE(PLAN, "plan", "plans", "pln", nc_plan, fields),
	.scope = NC_SCOPE_GLOBAL,
	.verbs = NC_CAN_CREATE | NC_CAN_DELETE,
	.flags = NC_KF_NAMELESS,
	.statuses = statuses,
	.initial_status = "computing",
	.feature = "kernel.plans",
	.validate = validate,
	.doc = "A set of moves, computed as a whole, reviewed, then applied",
};
