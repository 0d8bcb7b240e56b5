/* SPDX-License-Identifier: Apache-2.0 */
#include "model/tenancy.h"

/* Capacity that is held for a project. */

static const nc_field_def fields[] = {
	NC_FIELD_I64(nc_reservation, vcpus, "vcpus", .max = 1 << 20, .doc = "Virtual processors"),
	NC_FIELD_I64(nc_reservation, memory_mib, "memory_mib", .max = (int64_t)1 << 34,
		.unit = "MiB", .doc = "Memory"),
	NC_FIELD_I64(nc_reservation, disk_gib, "disk_gib", .max = (int64_t)1 << 30, .unit = "GiB",
		.doc = "Disk"),
	NC_FIELD_REF(
		nc_reservation, host, "host", NC_KIND_HOST, .doc = "There; left out: anywhere"),
	NC_FIELD_REF(nc_reservation, zone, "zone", NC_KIND_ZONE, .doc = "In this zone"),
	NC_FIELD_REF(
		nc_reservation, vm_group, "vm_group", NC_KIND_VM_GROUP, .doc = "For these VMs"),
	NC_FIELD_TIME(nc_reservation, starts_at_ms, "starts_at", .doc = "Left out: now"),
	NC_FIELD_TIME(
		nc_reservation, ends_at_ms, "ends_at", .doc = "Left out: until it is deleted"),
};
static const char *const statuses[] = { "pending", "active", "expired", NULL };

static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_reservation *r = NC_AS(const nc_reservation, obj);
	if (r->ends_at_ms && r->starts_at_ms >= r->ends_at_ms)
		nc_fault_add(f, "ends_at", "range", "must come after starts_at");
}

const nc_kind nc_kind_reservation = {
	NC_KIND_TABLE(RESERVATION, "reservation", "reservations", "rsv", nc_reservation, fields),
	.scope = NC_SCOPE_PROJECT,
	.verbs = NC_CAN_ALL,
	.statuses = statuses,
	.initial_status = "pending",
	.feature = "kernel.reservations",
	.validate = validate,
	.doc = "Capacity that is held for a project",
};
