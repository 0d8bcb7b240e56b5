/* SPDX-License-Identifier: Apache-2.0 */
#include "model/infra.h"

/* Where disks lie. */

static const nc_field_def fields[] = {
	NC_FIELD_REF(nc_pool_obj, provider, "provider", NC_KIND_PROVIDER, .mut = NC_IMMUTABLE,
		.flags = NC_FF_REQUIRED, .doc = "Whose driver reaches it"),
	NC_FIELD_STR(nc_pool_obj, target, "target", .mut = NC_IMMUTABLE,
		.doc = "What the driver calls it; left out: its name"),
	NC_FIELD_STR(
		nc_pool_obj, type, "type", .mut = NC_IMMUTABLE, .doc = "dir, lvm, zfs, rbd, nfs"),
	NC_FIELD_BOOL(nc_pool_obj, is_shared, "shared", .mut = NC_IMMUTABLE,
		.doc = "Several hosts reach it; it counts once"),
	NC_FIELD_F64(nc_pool_obj, allocation_ratio, "allocation_ratio", .max = 1000,
		.flags = NC_FF_DEFAULT | NC_FF_TO_COME, .def_f = 1,
		.doc = "How often each GiB may be promised"),
	NC_FIELD_I64(nc_pool_obj, reserved_gib, "reserved_gib", .max = (int64_t)1 << 40,
		.flags = NC_FF_TO_COME, .unit = "GiB", .doc = "Not for volumes"),
	NC_FIELD_JSON(nc_pool_obj, config, "config", .flags = NC_FF_TO_COME,
		.doc = "As the driver's schema says"),
	NC_FIELD_I64(nc_pool_obj, total_gib, "total_gib", NC_BY_SERVER, .unit = "GiB",
		.doc = "What it has"),
	NC_FIELD_STRS(nc_pool_obj, traits, "traits", NC_BY_SERVER, .doc = "What the driver found"),
	NC_FIELD_I64(nc_pool_obj, free_gib, "free_gib", NC_SEEN, .unit = "GiB", .doc = "Free now"),
};
static const char *const statuses[] = { "unknown", "up", "degraded", "down", NULL };

static void validate(const nc_object *obj, nc_faults *f)
{
	if (NC_AS(const nc_pool_obj, obj)->allocation_ratio <= 0)
		nc_fault_add(f, "allocation_ratio", "range", "must be more than 0");
}

const nc_kind nc_kind_pool = {
	NC_KIND_TABLE(POOL, "pool", "pools", "pol", nc_pool_obj, fields),
	.scope = NC_SCOPE_GLOBAL,
	.verbs = NC_CAN_ALL,
	.statuses = statuses,
	.initial_status = "unknown",
	.feature = "nc.volume/1",
	.validate = validate,
	.doc = "Where disks lie",
};
