/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/governance.h"

/* Rules in Lua, with their tests. */

static const nc_field_def fields[] = {
	NC_FIELD_STRS(nc_policy_obj, hooks, "hooks", .max_len = 16,
		.doc = "admit, filter, score, quota, on_event, migrate, cost"),
	NC_FIELD_STR(nc_policy_obj, source, "source", .flags = NC_FF_REQUIRED, .max_len = 128 << 10,
		.doc = "Lua"),
	NC_FIELD_STR(
		nc_policy_obj, tests, "tests", .max_len = 64 << 10, .doc = "Lua that tests it"),
	NC_FIELD_STR(nc_policy_obj, on_failure, "on_failure", .flags = NC_FF_DEFAULT,
		.def_s = "closed", .max_len = 16, .doc = "closed, open or last_known_good"),
	NC_FIELD_BOOL(
		nc_policy_obj, is_shadow, "shadow", .doc = "It runs beside and decides nothing"),
	NC_FIELD_I64(nc_policy_obj, priority, "priority", .min = -1000, .max = 1000,
		.doc = "Higher ones are asked first"),
	NC_FIELD_U64(nc_policy_obj, bundle_revision, "bundle_revision", NC_BY_SERVER,
		.doc = "Of the last good one"),
	NC_FIELD_STR(nc_policy_obj, error, "error", NC_BY_SERVER, .max_len = 1024,
		.doc = "Why the newest was refused"),
};
static const char *const statuses[] = { "active", "shadow", "failed", "disabled", NULL };

static void validate(const nc_object *obj, nc_faults *f)
{
	const char *s = NC_AS(const nc_policy_obj, obj)->on_failure;
	if (s && strcmp(s, "closed") != 0 && strcmp(s, "open") != 0 &&
		strcmp(s, "last_known_good") != 0)
		nc_fault_add(f, "on_failure", "choice", "must be closed, open or last_known_good");
}

const nc_kind nc_kind_policy = {
	NC_KIND_TABLE(POLICY, "policy", "policies", "plc", nc_policy_obj, fields),
	.scope = NC_SCOPE_EITHER,
	.verbs = NC_CAN_ALL,
	.statuses = statuses,
	.initial_status = "disabled",
	.feature = "kernel.policy",
	.validate = validate,
	.doc = "Rules in Lua, with their tests",
};
