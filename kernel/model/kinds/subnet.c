/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "model/netcheck.h"
#include "model/netobj.h"

/* Addresses of a network. */

static const nc_field_def range_fields[] = {
	NC_FIELD_STR(nc_ip_range, first, "first", .flags = NC_FF_REQUIRED, .max_len = 45,
		.doc = "From here"),
	NC_FIELD_STR(nc_ip_range, last, "last", .flags = NC_FF_REQUIRED, .max_len = 45,
		.doc = "to here, both in it"),
};
static const nc_sub_def range_def = NC_SUB_DEF("IpRange", range_fields, nc_ip_range, NULL, NULL);

static const nc_field_def fields[] = {
	NC_FIELD_REF(nc_subnet, network, "network", NC_KIND_NETWORK, .mut = NC_IMMUTABLE,
		.flags = NC_FF_REQUIRED | NC_FF_INDEXED, .index = NC_IX_REF,
		.doc = "Of this network"),
	NC_FIELD_STR(nc_subnet, cidr, "cidr", .mut = NC_IMMUTABLE, .flags = NC_FF_REQUIRED,
		.max_len = 49, .doc = "10.0.0.0/24"),
	NC_FIELD_STR(
		nc_subnet, gateway, "gateway", .max_len = 45, .doc = "Way out; left out: none"),
	NC_FIELD_BOOL(nc_subnet, has_dhcp, "dhcp", .flags = NC_FF_DEFAULT, .def = 1,
		.doc = "Whether guests are told their addresses"),
	NC_FIELD_STRS(nc_subnet, dns, "dns", .max_len = 8, .doc = "Name servers"),
	NC_FIELD_OBJS(nc_subnet, ranges, "ranges", &range_def,
		.doc = "What may be given out; none: all of it"),
};

static void fault_range(nc_faults *f, size_t i, const char *end)
{
	char path[64];
	snprintf(path, sizeof(path), "ranges[%zu].%s", i, end);
	nc_fault_add(f, nc_arena_strdup(f->arena, path), "range", "does not lie in cidr");
}

static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_subnet *s = NC_AS(const nc_subnet, obj);
	if (!s->cidr)
		return;
	if (!nc_cidr_is(s->cidr)) {
		nc_fault_add(f, "cidr", "format", "is not a network like 10.0.0.0/24");
		return;
	}
	if (s->gateway && !nc_cidr_has(s->cidr, s->gateway))
		nc_fault_add(f, "gateway", "range", "does not lie in cidr");
	for (size_t i = 0; i < s->n_ranges; i++) {
		if (s->ranges[i].first && !nc_cidr_has(s->cidr, s->ranges[i].first))
			fault_range(f, i, "first");
		if (s->ranges[i].last && !nc_cidr_has(s->cidr, s->ranges[i].last))
			fault_range(f, i, "last");
	}
}

const nc_kind nc_kind_subnet = {
	NC_KIND_TABLE(SUBNET, "subnet", "subnets", "sub", nc_subnet, fields),
	.scope = NC_SCOPE_PROJECT,
	.verbs = NC_CAN_ALL,
	.feature = "kernel.subnets",
	.validate = validate,
	.doc = "Addresses of a network",
};
