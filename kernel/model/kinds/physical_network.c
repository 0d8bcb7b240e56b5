/* SPDX-License-Identifier: Apache-2.0 */
#include "model/infra.h"

/* A wire that hosts are plugged into: a placement requirement of networks on it. */

static const nc_field_def fields[] = {
	NC_FIELD_STR(nc_physical_network, type, "type", .mut = NC_IMMUTABLE, .flags = NC_FF_DEFAULT,
		.def_s = "vlan", .doc = "flat, vlan or vxlan"),
	NC_FIELD_I64(nc_physical_network, vlan_min, "vlan_min", .max = 4094,
		.flags = NC_FF_ZERO_NULL, .doc = "First VLAN networks may have"),
	NC_FIELD_I64(nc_physical_network, vlan_max, "vlan_max", .max = 4094,
		.flags = NC_FF_ZERO_NULL, .doc = "Last VLAN networks may have"),
	NC_FIELD_I64(nc_physical_network, mtu, "mtu", .min = 576, .max = 65535,
		.flags = NC_FF_DEFAULT, .def = 1500, .unit = "bytes", .doc = "Largest packet"),
};

static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_physical_network *n = NC_AS(const nc_physical_network, obj);
	if (n->vlan_min > n->vlan_max)
		nc_fault_add(f, "vlan_max", "range", "must not be less than vlan_min");
}

const nc_kind nc_kind_physical_network = {
	NC_KIND_TABLE(PHYSICAL_NETWORK, "physical_network", "physical-networks", "pnet",
		nc_physical_network, fields),
	.scope = NC_SCOPE_GLOBAL,
	.verbs = NC_CAN_ALL,
	.validate = validate,
	.doc = "A wire that hosts are plugged into",
};
