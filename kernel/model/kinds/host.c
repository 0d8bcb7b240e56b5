/* SPDX-License-Identifier: Apache-2.0 */
#include "model/host.h"

/* A machine guests run on. */

const char *const nc_host_admin_words[] = { "enabled", "cordoned", "draining", "maintenance",
	NULL };
const char *const nc_host_reach_words[] = { "unknown", "up", "silent", "down", NULL };
_Static_assert(NC_LEN(nc_host_admin_words) == NC_HOST_ADMIN_COUNT + 1, "a word for each");
_Static_assert(NC_LEN(nc_host_reach_words) == NC_HOST_REACH_COUNT + 1, "a word for each");

static const nc_field_def inventory_fields[] = {
	NC_FIELD_STR(nc_inventory, resource, "resource", .flags = NC_FF_REQUIRED | NC_FF_UNIQUE,
		.max_len = 63, .doc = "Resource class: gpu"),
	NC_FIELD_I64(nc_inventory, total, "total", .max = INT64_MAX, .doc = "How many there are"),
	NC_FIELD_I64(nc_inventory, reserved, "reserved", .max = INT64_MAX, .doc = "Not for guests"),
	NC_FIELD_F64(nc_inventory, allocation_ratio, "allocation_ratio", .max = 1000,
		.flags = NC_FF_DEFAULT, .def_f = 1, .doc = "How often each may be promised"),
	NC_FIELD_I64(nc_inventory, min_unit, "min_unit", .max = INT64_MAX, .flags = NC_FF_ZERO_NULL,
		.doc = "Least that can be asked for"),
	NC_FIELD_I64(nc_inventory, max_unit, "max_unit", .max = INT64_MAX, .flags = NC_FF_ZERO_NULL,
		.doc = "Most that can be asked for"),
	NC_FIELD_I64(nc_inventory, step, "step", .max = INT64_MAX, .flags = NC_FF_ZERO_NULL,
		.doc = "Multiples of this"),
};
const nc_sub_def nc_inventory_def =
	NC_SUB_DEF("Inventory", inventory_fields, nc_inventory, NULL, NULL);

static const nc_field_def network_fields[] = {
	NC_FIELD_STR(nc_host_network, id, "id", NC_BY_SERVER, .doc = "Made by the server"),
	NC_FIELD_REF(nc_host_network, physical_network, "physical_network",
		NC_KIND_PHYSICAL_NETWORK, .flags = NC_FF_REQUIRED | NC_FF_UNIQUE,
		.doc = "Which one"),
	NC_FIELD_STR(nc_host_network, device, "device", .flags = NC_FF_REQUIRED, .max_len = 63,
		.doc = "Bridge or interface there: br0"),
};
static const nc_sub_def network_def =
	NC_SUB_DEF("HostNetwork", network_fields, nc_host_network, "hnet", "network");

#define CAPACITY(m, json, u, text)                                                                 \
	NC_FIELD_I64(nc_host_obj, m, json, NC_BY_SERVER, .unit = (u), .doc = (text))
#define RESERVED(m, json, u, text)                                                                 \
	NC_FIELD_I64(nc_host_obj, m, json, .max = (int64_t)1 << 40, .unit = (u), .doc = (text))

#define RATIO(m, text)                                                                             \
	NC_FIELD_F64(nc_host_obj, m, #m, .max = 1000, .flags = NC_FF_ZERO_NULL, .doc = (text))

static const nc_field_def fields[] = {
	NC_FIELD_REF(nc_host_obj, provider, "provider", NC_KIND_PROVIDER, .mut = NC_IMMUTABLE,
		.flags = NC_FF_REQUIRED | NC_FF_INDEXED, .index = NC_IX_REF,
		.doc = "Whose driver reaches it"),
	NC_FIELD_STR(nc_host_obj, target, "target", .mut = NC_IMMUTABLE,
		.doc = "What the driver calls it; left out: its name"),
	NC_FIELD_REF(nc_host_obj, zone, "zone", NC_KIND_ZONE, .flags = NC_FF_INDEXED,
		.index = NC_IX_REF, .doc = "Where it stands"),
	NC_FIELD_STR(nc_host_obj, address, "address", .doc = "Where it is reached"),
	NC_FIELD_ENUM(nc_host_obj, admin_state, "admin_state", nc_host_admin_words,
		.mut = NC_SERVER,
		.hint = "use POST /api/v1/hosts/{id}/cordon, maintenance or uncordon",
		.doc = "What its operator wants of it"),
	RATIO(vcpu_ratio, "How often each thread may be promised; 0: sched.vcpu_ratio"),
	RATIO(memory_ratio, "How often memory may be promised; 0: sched.memory_ratio"),
	RATIO(disk_ratio, "How often disk may be promised; 0: sched.disk_ratio"),
	RESERVED(reserved_vcpus, "reserved_vcpus", NULL, "Threads not for guests"),
	RESERVED(reserved_memory_mib, "reserved_memory_mib", "MiB",
		"Memory not for guests; 0: the larger of 2 GiB and 5 %"),
	RESERVED(reserved_disk_gib, "reserved_disk_gib", "GiB", "Disk not for guests"),
	NC_FIELD_STRS(nc_host_obj, traits, "traits", .doc = "What it has, as its operator says"),
	NC_FIELD_REFS(nc_host_obj, pools, "pools", NC_KIND_POOL, .doc = "Pools it reaches"),
	NC_FIELD_OBJS(nc_host_obj, networks, "networks", &network_def, .mut = NC_SUBRESOURCE,
		.doc = "Where physical networks are plugged in"),
	NC_FIELD_ENUM(nc_host_obj, reach, "reach", nc_host_reach_words, NC_BY_SERVER,
		.doc = "Whether it answers"),
	CAPACITY(vcpus, "vcpus", NULL, "Threads it has"),
	CAPACITY(memory_mib, "memory_mib", "MiB", "Memory it has"),
	CAPACITY(disk_gib, "disk_gib", "GiB", "Disk it has"),
	CAPACITY(overhead_mib, "overhead_mib", "MiB", "What the hypervisor needs per guest"),
	NC_FIELD_STRS(nc_host_obj, found_traits, "found_traits", NC_BY_SERVER, .max_len = 256,
		.doc = "What the driver found"),
	NC_FIELD_REFS(nc_host_obj, found_pools, "found_pools", NC_KIND_POOL, NC_BY_SERVER,
		.flags = NC_FF_WEAK | NC_FF_QUIET,
		.doc = "Shared pools that the driver found it reaches"),
	NC_FIELD_OBJS(nc_host_obj, inventory, "inventory", &nc_inventory_def, NC_BY_SERVER,
		.doc = "Other resource classes"),
	NC_FIELD_STR(
		nc_host_obj, hypervisor, "hypervisor", NC_BY_SERVER, .doc = "What runs guests"),
	NC_FIELD_STR(nc_host_obj, hypervisor_version, "hypervisor_version", NC_BY_SERVER,
		.doc = "Its version"),
	NC_FIELD_STR(nc_host_obj, cpu_model, "cpu_model", NC_BY_SERVER, .doc = "Its processor"),
	NC_FIELD_STR(nc_host_obj, arch, "arch", NC_BY_SERVER, .doc = "x86_64, aarch64"),
	NC_FIELD_U64(nc_host_obj, generation, "generation", NC_BY_SERVER,
		.doc = "Moves with capacity and traits"),
	NC_FIELD_TIME(
		nc_host_obj, down_since_ms, "down_since", NC_BY_SERVER, .doc = "Not up since"),
	NC_FIELD_I64(nc_host_obj, memory_free_mib, "memory_free_mib", NC_SEEN, .unit = "MiB",
		.doc = "Free now"),
	NC_FIELD_I64(nc_host_obj, disk_free_gib, "disk_free_gib", NC_SEEN, .unit = "GiB",
		.doc = "Free now"),
	NC_FIELD_F64(
		nc_host_obj, load, "load", NC_SEEN, .doc = "Runnable threads, mean of a minute"),
	NC_FIELD_I64(nc_host_obj, n_guests, "guests", NC_SEEN,
		.doc = "VMs that are there or on their way, and foreign guests"),
	NC_FIELD_I64(nc_host_obj, n_foreign_guests, "foreign_guests", NC_SEEN,
		.doc = "Guests that aren't ours"),
	NC_FIELD_I64(
		nc_host_obj, foreign_vcpus, "foreign_vcpus", NC_SEEN, .doc = "What those hold"),
	NC_FIELD_I64(nc_host_obj, foreign_memory_mib, "foreign_memory_mib", NC_SEEN, .unit = "MiB",
		.doc = "What those hold"),
};
static const char *const statuses[] = { "unknown", "up", "silent", "down", "cordoned", "draining",
	"maintenance", NULL };

/* A host that doesn't answer says so first; then what its operator wants of it. */
static void derive(nc_object *obj)
{
	const nc_host_obj *h = NC_AS(nc_host_obj, obj);
	int is_plain = h->reach != NC_HOST_UP || h->admin_state == NC_HOST_ENABLED;
	obj->status =
		is_plain ? nc_host_reach_words[h->reach] : nc_host_admin_words[h->admin_state];
}

const nc_kind nc_kind_host = {
	NC_KIND_TABLE(HOST, "host", "hosts", "hst", nc_host_obj, fields),
	.scope = NC_SCOPE_GLOBAL,
	.verbs = NC_CAN_ALL,
	.statuses = statuses,
	.initial_status = "unknown",
	.derive = derive,
	.doc = "A machine guests run on, or a cloud's offer seen as one",
};
