/* SPDX-License-Identifier: Apache-2.0 */
#include "model/allocation.h"

/* What a consumer holds; the ledger of sched/ is the sum of these. */

static const nc_field_def extra_fields[] = {
	NC_FIELD_STR(nc_alloc_extra, provider, "provider", .doc = "Host or pool that has it"),
	NC_FIELD_STR(nc_alloc_extra, resource, "resource", .doc = "Resource class"),
	NC_FIELD_I64(nc_alloc_extra, amount, "amount", .doc = "How much"),
};
static const nc_sub_def extra_def =
	NC_SUB_DEF("AllocationExtra", extra_fields, nc_alloc_extra, NULL, NULL);

#define AL(type, m, json, text) NC_FIELD_##type(nc_allocation, m, json, NC_BY_SERVER, .doc = (text))

static const nc_field_def fields[] = {
	AL(STR, consumer, "consumer", "Id of what holds it"),
	AL(STR, consumer_kind, "consumer_kind", "vm, volume, …"),
	NC_FIELD_REF(nc_allocation, host, "host", NC_KIND_HOST, NC_BY_SERVER,
		.flags = NC_FF_INDEXED, .index = NC_IX_REF, .doc = "Where"),
	AL(I64, vcpus, "vcpus", "Virtual processors"),
	AL(I64, memory_mib, "memory_mib", "Memory"),
	AL(I64, disk_gib, "disk_gib", "Disk on the host"),
	AL(I64, overhead_mib, "overhead_mib", "The hypervisor's own"),
	NC_FIELD_OBJS(nc_allocation, extra, "extra", &extra_def, NC_BY_SERVER, .flags = NC_FF_QUIET,
		.doc = "Of other resource classes"),
	NC_FIELD_REF(nc_allocation, vm_group, "vm_group", NC_KIND_VM_GROUP, NC_BY_SERVER,
		.flags = NC_FF_WEAK, .doc = "In whose domain it counts"),
	AL(BOOL, is_paired, "paired", "A migration's second: free of quota"),
	AL(STR, decision, "decision", "That placed it"),
	AL(STR, operation, "operation", "That claimed it"),
};

const nc_kind nc_kind_allocation = {
	NC_KIND_TABLE(ALLOCATION, "allocation", "allocations", "alc", nc_allocation, fields),
	.scope = NC_SCOPE_EITHER,
	.flags = NC_KF_PLAIN | NC_KF_GIVEN_ID,
	.doc = "What a consumer holds of a host or pool",
};
