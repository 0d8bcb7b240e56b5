/* SPDX-License-Identifier: Apache-2.0 */
#include "model/netcheck.h"
#include "model/netobj.h"

/* A place to plug a guest in; it outlives the guest. */

static const nc_field_def fields[] = {
	NC_FIELD_REF(nc_port, network, "network", NC_KIND_NETWORK, .mut = NC_IMMUTABLE,
		.flags = NC_FF_REQUIRED | NC_FF_INDEXED, .index = NC_IX_REF,
		.doc = "Of this network"),
	NC_FIELD_STR(nc_port, mac, "mac", .mut = NC_IMMUTABLE, .max_len = 17,
		.doc = "Left out: made by the server"),
	NC_FIELD_STRS(nc_port, addresses, "addresses", .mut = NC_IMMUTABLE, .max_len = 16,
		.doc = "Left out: the network chooses"),
	NC_FIELD_REFS(nc_port, security_groups, "security_groups", NC_KIND_SECURITY_GROUP,
		.doc = "What may come in and go out"),
	NC_FIELD_REF(nc_port, vm, "vm", NC_KIND_VM, NC_BY_SERVER,
		.flags = NC_FF_WEAK | NC_FF_NULL | NC_FF_INDEXED, .index = NC_IX_OWN,
		.hint = "use POST /api/v1/vms/{id}/nics", .doc = "The VM that is plugged in"),
	NC_FIELD_STR(nc_port, nic, "nic", NC_BY_SERVER, .doc = "Which of its NICs"),
	NC_FIELD_REF(nc_port, host, "host", NC_KIND_HOST, NC_BY_SERVER, .flags = NC_FF_WEAK,
		.doc = "Where it is"),
	NC_FIELD_STR(nc_port, native_id, "native_id", NC_BY_SERVER, .doc = "The driver's own id"),
};
static const char *const indexes[] = { "vm" };
static const char *const statuses[] = { "creating", "active", "down", "deleting", "error", NULL };

static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_port *p = NC_AS(const nc_port, obj);
	if (p->mac && !nc_mac_is(p->mac))
		nc_fault_add(
			f, "mac", "format", "is not a hardware address like 52:54:00:12:34:56");
	for (size_t i = 0; i < p->n_addresses; i++)
		if (!nc_ip_is(p->addresses[i]))
			nc_fault_add(
				f, "addresses", "format", "element %zu is not an IP address", i);
}

const nc_kind nc_kind_port = {
	NC_KIND_TABLE(PORT, "port", "ports", "prt", nc_port, fields),
	.scope = NC_SCOPE_PROJECT,
	.verbs = NC_CAN_ALL,
	.flags = NC_KF_NAMELESS,
	.n_own_indexes = NC_LEN(indexes),
	.own_indexes = indexes,
	.statuses = statuses,
	.initial_status = "creating",
	.feature = "kernel.ports",
	.validate = validate,
	.doc = "A place to plug a guest in; it outlives the guest",
};
