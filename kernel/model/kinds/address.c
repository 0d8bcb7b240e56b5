/* SPDX-License-Identifier: Apache-2.0 */
#include "model/netcheck.h"
#include "model/netobj.h"

/* A floating address: led to a port, and to another later. */

static const nc_field_def fields[] = {
	NC_FIELD_REF(nc_address, network, "network", NC_KIND_NETWORK, .mut = NC_IMMUTABLE,
		.flags = NC_FF_REQUIRED, .doc = "The external network it is taken from"),
	NC_FIELD_STR(nc_address, ip, "ip", .mut = NC_IMMUTABLE, .max_len = 45,
		.flags = NC_FF_INDEXED, .index = NC_IX_OWN, .doc = "Left out: the network chooses"),
	NC_FIELD_REF(nc_address, port, "port", NC_KIND_PORT, .flags = NC_FF_NULL,
		.doc = "What it leads to"),
	NC_FIELD_STR(
		nc_address, native_id, "native_id", NC_BY_SERVER, .doc = "The driver's own id"),
};
static const char *const indexes[] = { "ip" };
static const char *const statuses[] = { "creating", "free", "assigned", "deleting", "error", NULL };

static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_address *a = NC_AS(const nc_address, obj);
	if (a->ip && !nc_ip_is(a->ip))
		nc_fault_add(f, "ip", "format", "is not an IP address");
}

const nc_kind nc_kind_address = {
	NC_KIND_TABLE(ADDRESS, "address", "addresses", "adr", nc_address, fields),
	.scope = NC_SCOPE_PROJECT,
	.verbs = NC_CAN_ALL,
	.flags = NC_KF_NAMELESS,
	.n_own_indexes = NC_LEN(indexes),
	.own_indexes = indexes,
	.statuses = statuses,
	.initial_status = "creating",
	.feature = "kernel.addresses",
	.validate = validate,
	.doc = "A floating address",
};
