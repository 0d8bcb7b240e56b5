/* SPDX-License-Identifier: Apache-2.0 */
#include "model/tenancy.h"

/* What a project may hold at most. */

static const nc_field_def limit_fields[] = {
	NC_FIELD_STR(nc_limit, resource, "resource", .flags = NC_FF_REQUIRED | NC_FF_UNIQUE,
		.max_len = 63, .doc = "vcpus, memory_mib, disk_gib, vms, …"),
	NC_FIELD_I64(nc_limit, limit, "limit", .min = -1, .max = INT64_MAX,
		.doc = "At most so many; -1: no limit"),
};
const nc_sub_def nc_limit_def = NC_SUB_DEF("Limit", limit_fields, nc_limit, NULL, NULL);

static const nc_field_def fields[] = {
	NC_FIELD_OBJS(
		nc_quota_obj, limits, "limits", &nc_limit_def, .doc = "What is not here is free"),
};

static void normalize(nc_object *obj, nc_unused nc_faults *f)
{
	if (!obj->name)
		obj->name = "default"; /* one a project */
}

const nc_kind nc_kind_quota = {
	NC_KIND_TABLE(QUOTA, "quota", "quotas", "quo", nc_quota_obj, fields),
	.scope = NC_SCOPE_PROJECT,
	.verbs = NC_CAN_ALL,
	.normalize = normalize,
	.doc = "What a project may hold at most",
};
