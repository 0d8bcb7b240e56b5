/* SPDX-License-Identifier: Apache-2.0 */
#include "model/netcheck.h"
#include "model/netobj.h"

/* What guests are plugged into. */

static const nc_field_def fields[] = {
	NC_FIELD_STR(nc_network_obj, type, "type", .mut = NC_IMMUTABLE, .max_len = 16,
		.flags = NC_FF_DEFAULT, .def_s = "nat",
		.doc = "nat, routed, isolated, bridge, vlan"),
	NC_FIELD_STR(nc_network_obj, cidr, "cidr", .mut = NC_IMMUTABLE, .max_len = 49,
		.doc = "Its addresses: 10.0.0.0/24; left out: a free one, or the outside's"),
	NC_FIELD_REF(nc_network_obj, provider, "provider", NC_KIND_PROVIDER, .mut = NC_IMMUTABLE,
		.doc = "Whose it is; left out: the kernel chooses"),
	NC_FIELD_REF(nc_network_obj, physical_network, "physical_network", NC_KIND_PHYSICAL_NETWORK,
		.mut = NC_IMMUTABLE, .doc = "The wire it runs on: hosts must have it"),
	NC_FIELD_I64(nc_network_obj, vlan, "vlan", .mut = NC_IMMUTABLE, .max = 4094,
		.flags = NC_FF_ZERO_NULL, .doc = "VLAN number"),
	NC_FIELD_I64(nc_network_obj, vni, "vni", .mut = NC_IMMUTABLE, .max = (1 << 24) - 1,
		.flags = NC_FF_ZERO_NULL, .doc = "VXLAN number"),
	NC_FIELD_I64(nc_network_obj, mtu, "mtu", .min = 576, .max = 65535, .flags = NC_FF_DEFAULT,
		.def = 1500, .unit = "bytes", .doc = "Largest packet"),
	NC_FIELD_BOOL(nc_network_obj, is_external, "external", .mut = NC_IMMUTABLE,
		.doc = "Floating addresses come from it"),
	NC_FIELD_STR(nc_network_obj, dns_domain, "dns_domain", .doc = "Of names in it"),
	NC_FIELD_STR(
		nc_network_obj, native_id, "native_id", NC_BY_SERVER, .doc = "The driver's own id"),
};
static const char *const statuses[] = { "creating", "active", "deleting", "error", NULL };

static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_network_obj *n = NC_AS(const nc_network_obj, obj);
	if (n->cidr && !nc_cidr_is(n->cidr))
		nc_fault_add(f, "cidr", "format", "is not a network like 10.0.0.0/24");
}

const nc_kind nc_kind_network = {
	NC_KIND_TABLE(NETWORK, "network", "networks", "net", nc_network_obj, fields),
	.scope = NC_SCOPE_SHARED,
	.verbs = NC_CAN_ALL,
	.statuses = statuses,
	.initial_status = "creating",
	.feature = "nc.network/1",
	.validate = validate,
	.doc = "What guests are plugged into",
};
