/* SPDX-License-Identifier: Apache-2.0 */
#include "model/tenancy.h"

/* A project: whose things are, what they may use. Deleted only when empty. */

static const nc_field_def fields[] = {
	NC_FIELD_BOOL(nc_project, is_enabled, "enabled", .flags = NC_FF_DEFAULT, .def = 1,
		.doc = "Off: nothing in it can be made or changed"),
	NC_FIELD_REF(nc_project, parent, "parent", NC_KIND_PROJECT, .mut = NC_IMMUTABLE,
		.doc = "The project it lies in"),
	NC_FIELD_REF(nc_project, default_network, "default_network", NC_KIND_NETWORK,
		.flags = NC_FF_WEAK, .doc = "Where a VM is plugged in that names no network"),
	NC_FIELD_REF(nc_project, owner, "owner", NC_KIND_USER, .doc = "Who answers for it"),
};
static const char *const statuses[] = { "active", "disabled", NULL };

static void derive(nc_object *obj)
{
	obj->status = NC_AS(nc_project, obj)->is_enabled ? "active" : "disabled";
}

const nc_kind nc_kind_project = {
	NC_KIND_TABLE(PROJECT, "project", "projects", "prj", nc_project, fields),
	.scope = NC_SCOPE_GLOBAL,
	.verbs = NC_CAN_ALL,
	.statuses = statuses,
	.initial_status = "active",
	.derive = derive,
	.doc = "What belongs together: VMs, networks, quotas, people",
};
