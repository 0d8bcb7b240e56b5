/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_HOST_H
#define NC_MODEL_HOST_H

#include "model/object.h"

/*
 * A machine guests run on, or a cloud's offer seen as one. The ledger of sched/ is made of these:
 * capacity = (total - reserved) * ratio.
 */
typedef enum nc_host_admin {
	NC_HOST_ENABLED,
	NC_HOST_CORDONED, /* nothing new is placed */
	NC_HOST_DRAINING,
	NC_HOST_MAINTENANCE,
	NC_HOST_ADMIN_COUNT
} nc_host_admin;

typedef enum nc_host_reach {
	NC_HOST_UNKNOWN,
	NC_HOST_UP,
	NC_HOST_SILENT,
	NC_HOST_DOWN, /* confirmed or fenced */
	NC_HOST_REACH_COUNT
} nc_host_reach;

typedef struct nc_inventory { /* a resource class beyond the three columns */
	const char *resource;
	int64_t total, reserved;
	double allocation_ratio;
	int64_t min_unit, max_unit, step; /* 0 = no limit */
} nc_inventory;

typedef struct nc_host_network { /* where a physical network is plugged in here */
	const char *id;
	const char *physical_network; /* ref */
	const char *device;           /* "br0" */
} nc_host_network;

typedef struct nc_host_obj {
	nc_object o; /* status: up, unknown, silent, down, cordoned, draining, maintenance */
	/* intent */
	const char *provider; /* ref */
	const char *target;   /* what the driver calls it; default: the name */
	const char *zone;     /* ref */
	const char *address;
	nc_host_admin admin_state;
	double vcpu_ratio, memory_ratio, disk_ratio;
	int64_t reserved_vcpus, reserved_memory_mib, reserved_disk_gib;
	const char **traits; /* as the operator says; the driver's are in found_traits */
	size_t n_traits;
	const char **pools; /* refs: reachable */
	size_t n_pools;
	nc_host_network *networks;
	size_t n_networks;
	/* state */
	nc_host_reach reach;
	int64_t vcpus, memory_mib, disk_gib; /* total */
	int64_t overhead_mib;                /* the hypervisor's own, per guest */
	const char **found_traits;
	size_t n_found_traits;
	const char **found_pools; /* refs */
	size_t n_found_pools;
	nc_inventory *inventory;
	size_t n_inventory;
	const char *hypervisor, *hypervisor_version, *cpu_model, *arch;
	uint64_t generation; /* moves with capacity and traits */
	int64_t down_since_ms;
	/* observed */
	int64_t memory_free_mib, disk_free_gib;
	double load;
	int64_t n_guests, n_foreign_guests; /* seen; foreign ones aren't ours */
	int64_t foreign_vcpus, foreign_memory_mib;
} nc_host_obj;

extern const char *const nc_host_admin_words[];
extern const char *const nc_host_reach_words[];
extern const nc_sub_def nc_inventory_def;

#endif
