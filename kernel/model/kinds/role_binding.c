/* SPDX-License-Identifier: Apache-2.0 */
#include "model/identity.h"

/* Who has which role where. */

static const nc_field_def fields[] = {
	NC_FIELD_REF(nc_role_binding, role, "role", NC_KIND_ROLE, .mut = NC_IMMUTABLE,
		.flags = NC_FF_REQUIRED, .doc = "The role that is given"),
	NC_FIELD_REF(nc_role_binding, user, "user", NC_KIND_USER, .mut = NC_IMMUTABLE,
		.doc = "To this user, or"),
	NC_FIELD_REF(nc_role_binding, group, "group", NC_KIND_GROUP, .mut = NC_IMMUTABLE,
		.doc = "to this group"),
	NC_FIELD_TIME(nc_role_binding, expires_at_ms, "expires_at", .doc = "Until when"),
};

static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_role_binding *b = NC_AS(const nc_role_binding, obj);
	if (!b->user == !b->group)
		nc_fault_add(f, "user", "conflict", "either user or group must be given");
}

const nc_kind nc_kind_role_binding = {
	NC_KIND_TABLE(
		ROLE_BINDING, "role_binding", "role-bindings", "rlb", nc_role_binding, fields),
	.scope = NC_SCOPE_EITHER,
	.verbs = NC_CAN_ALL,
	.flags = NC_KF_NAMELESS,
	.feature = "kernel.identity",
	.validate = validate,
	.doc = "Who has which role, in one project or everywhere",
};
