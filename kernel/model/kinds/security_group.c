/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "model/netcheck.h"
#include "model/netobj.h"

/* What may come in and go out. */

static const nc_field_def fields[] = {
	NC_FIELD_OBJS(nc_security_group, rules, "rules", &nc_rule_def, .mut = NC_SUBRESOURCE,
		.max_len = 256, .doc = "What is let through; all else is not"),
	NC_FIELD_BOOL(nc_security_group, is_stateful, "stateful", .mut = NC_IMMUTABLE,
		.flags = NC_FF_DEFAULT, .def = 1, .doc = "Answers to what was let through pass"),
};

static int is_one_of(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(s, *words) == 0)
			return 1;
	return 0;
}

static void fault_rule(nc_faults *f, size_t i, const char *field, const char *code, const char *why)
{
	char path[48];
	snprintf(path, sizeof(path), "rules[%zu].%s", i, field);
	nc_fault_add(f, nc_arena_strdup(f->arena, path), code, "%s", why);
}

static void validate_rule(const nc_rule *r, size_t i, nc_faults *f)
{
	static const char *const directions[] = { "in", "out", NULL };
	static const char *const protocols[] = { "tcp", "udp", "icmp", "any", NULL };
	if (r->direction && !is_one_of(r->direction, directions))
		fault_rule(f, i, "direction", "choice", "must be in or out");
	if (r->protocol && !is_one_of(r->protocol, protocols))
		fault_rule(f, i, "protocol", "choice", "must be tcp, udp, icmp or any");
	if (r->cidr && !nc_cidr_is(r->cidr))
		fault_rule(f, i, "cidr", "format", "is not a network like 10.0.0.0/24");
	if (r->cidr && r->group)
		fault_rule(f, i, "group", "conflict", "either cidr or group can be given");
	if (r->port_min > r->port_max)
		fault_rule(f, i, "port_max", "range", "must not be less than port_min");
}

static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_security_group *g = NC_AS(const nc_security_group, obj);
	for (size_t i = 0; i < g->n_rules; i++)
		validate_rule(&g->rules[i], i, f);
}

const nc_kind nc_kind_security_group = {
	NC_KIND_TABLE(SECURITY_GROUP, "security_group", "security-groups", "sgr", nc_security_group,
		fields),
	.scope = NC_SCOPE_SHARED,
	.verbs = NC_CAN_ALL,
	.feature = "kernel.security_groups",
	.validate = validate,
	.doc = "What may come in and go out",
};
