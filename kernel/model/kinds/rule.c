/* SPDX-License-Identifier: Apache-2.0 */
#include "model/netobj.h"

/* One rule of a security group: it lives there, and is declared as a kind for its schema alone. */

static const nc_field_def sub_fields[] = {
	NC_FIELD_STR(nc_rule, id, "id", .mut = NC_SERVER, .doc = "Made by the server"),
	NC_FIELD_STR(nc_rule, direction, "direction", .flags = NC_FF_DEFAULT, .def_s = "in",
		.max_len = 8, .doc = "in or out"),
	NC_FIELD_STR(nc_rule, protocol, "protocol", .flags = NC_FF_DEFAULT, .def_s = "any",
		.max_len = 8, .doc = "tcp, udp, icmp or any"),
	NC_FIELD_I64(nc_rule, port_min, "port_min", .max = 65535, .flags = NC_FF_ZERO_NULL,
		.doc = "First port, or ICMP type"),
	NC_FIELD_I64(nc_rule, port_max, "port_max", .max = 65535, .flags = NC_FF_ZERO_NULL,
		.doc = "Last port"),
	NC_FIELD_STR(nc_rule, cidr, "cidr", .max_len = 49, .doc = "From or to these addresses"),
	NC_FIELD_REF(nc_rule, group, "group", NC_KIND_SECURITY_GROUP, .doc = "or these VMs"),
	NC_FIELD_STR(nc_rule, description, "description", .doc = "Free text"),
};
const nc_sub_def nc_rule_def = NC_SUB_DEF("Rule", sub_fields, nc_rule, "rule", "rule");

/* As an object of its own, only ever described. */
typedef struct rule_object {
	nc_object o;
	nc_rule rule;
} rule_object;
static const nc_field_def fields[] = {
	NC_FIELD_STRUCT(rule_object, rule, "rule", &nc_rule_def, NC_BY_SERVER,
		.doc = "POST /api/v1/security-groups/{id}/rules"),
};

const nc_kind nc_kind_rule = {
	NC_KIND_TABLE(RULE, "rule", "rules", "rule", rule_object, fields),
	.scope = NC_SCOPE_PROJECT,
	.flags = NC_KF_SUB | NC_KF_PLAIN,
	.doc = "One rule of a security group; it lives in the group's rules[]",
};
