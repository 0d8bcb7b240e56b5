/* SPDX-License-Identifier: Apache-2.0 */
#include "model/identity.h"

/* Actions that are allowed or denied together. */

static const nc_field_def rule_fields[] = {
	NC_FIELD_STR(nc_role_rule, id, "id", NC_BY_SERVER, .doc = "Made by the server"),
	NC_FIELD_BOOL(nc_role_rule, is_deny, "deny", .doc = "Takes away instead of giving"),
	NC_FIELD_STRS(nc_role_rule, actions, "actions", .flags = NC_FF_REQUIRED,
		.doc = "Actions, with * for a branch: vm.power.*"),
	NC_FIELD_STR(
		nc_role_rule, selector, "selector", .doc = "Labels it is limited to: env=prod"),
};
static const nc_sub_def rule_def = NC_SUB_DEF("RoleRule", rule_fields, nc_role_rule, "rlr", "rule");

static const nc_field_def fields[] = {
	NC_FIELD_BOOL(nc_role, is_builtin, "builtin", NC_BY_SERVER,
		.doc = "Comes with the kernel; can't be changed"),
	NC_FIELD_OBJS(nc_role, rules, "rules", &rule_def, .mut = NC_SUBRESOURCE,
		.doc = "What it allows and denies"),
};

const nc_kind nc_kind_role = {
	NC_KIND_TABLE(ROLE, "role", "roles", "rol", nc_role, fields),
	.scope = NC_SCOPE_EITHER,
	.verbs = NC_CAN_ALL,
	.feature = "kernel.identity",
	.doc = "Actions that are allowed or denied together",
};
