/* SPDX-License-Identifier: Apache-2.0 */
#include "model/infra.h"

/* Hosts that share something: a rack, a storage pool. */

static const nc_field_def fields[] = {
	NC_FIELD_REFS(
		nc_host_group, hosts, "hosts", NC_KIND_HOST, .max_len = 256, .doc = "Hosts in it"),
	NC_FIELD_OBJS(nc_host_group, inventory, "inventory", &nc_inventory_def,
		.flags = NC_FF_TO_COME, .doc = "What they share, counted once"),
	NC_FIELD_BOOL(nc_host_group, is_failure_domain, "failure_domain",
		.doc = "They may fail together: affinity may count by it"),
};

const nc_kind nc_kind_host_group = {
	NC_KIND_TABLE(HOST_GROUP, "host_group", "host-groups", "hgr", nc_host_group, fields),
	.scope = NC_SCOPE_GLOBAL,
	.verbs = NC_CAN_ALL,
	.doc = "Hosts that share something: a rack, a store",
};
