/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_INFRA_H
#define NC_MODEL_INFRA_H

#include "model/host.h"
#include "model/object.h"

/* Zones, host groups, pools, physical networks: what hosts stand in. All global. */
typedef struct nc_zone {
	nc_object o;
	const char *region;
} nc_zone;

typedef struct nc_host_group { /* may share inventory: a pool of hosts counts once */
	nc_object o;
	const char **hosts; /* refs */
	size_t n_hosts;
	nc_inventory *inventory;
	size_t n_inventory;
	int is_failure_domain; /* affinity may count by it */
} nc_host_group;

typedef struct nc_pool_obj {
	nc_object o;          /* status: up degraded down */
	const char *provider; /* ref */
	const char *target;   /* what the driver calls it */
	const char *type;     /* "dir", "lvm", "rbd" */
	int is_shared;        /* reachable from several hosts, counted once */
	double allocation_ratio;
	int64_t reserved_gib;
	nc_bytes config;
	/* state */
	int64_t total_gib;
	const char **traits;
	size_t n_traits;
	/* observed */
	int64_t free_gib;
} nc_pool_obj;

typedef struct nc_physical_network {
	nc_object o;
	const char *type; /* "vlan", "flat", "vxlan" */
	int64_t vlan_min, vlan_max;
	int64_t mtu;
} nc_physical_network;

#endif
