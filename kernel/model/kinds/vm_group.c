/* SPDX-License-Identifier: Apache-2.0 */
#include "model/guest.h"

/* VMs that keep together or apart. Its members are those that name it. */

static const char *const policy_words[] = { "affinity", "anti-affinity", "soft-affinity",
	"soft-anti-affinity", NULL };
static const char *const domain_words[] = { "host", "host_group", "zone", NULL };
_Static_assert(NC_LEN(policy_words) == NC_VM_GROUP_POLICY_COUNT + 1, "a word for each");
_Static_assert(NC_LEN(domain_words) == NC_DOMAIN_COUNT + 1, "a word for each");

static const nc_field_def fields[] = {
	NC_FIELD_ENUM(nc_vm_group, policy, "policy", policy_words, .mut = NC_IMMUTABLE,
		.flags = NC_FF_DEFAULT, .def = NC_ANTI_AFFINITY,
		.doc = "Together or apart; soft ones give way when nothing else fits"),
	NC_FIELD_ENUM(nc_vm_group, domain, "domain", domain_words, .mut = NC_IMMUTABLE,
		.doc = "On what they are together or apart"),
	NC_FIELD_I64(nc_vm_group, max_per_domain, "max_per_domain", .min = 1, .max = 10000,
		.flags = NC_FF_DEFAULT, .def = 1, .doc = "How many may share one, when apart"),
};

const nc_kind nc_kind_vm_group = {
	NC_KIND_TABLE(VM_GROUP, "vm_group", "vm-groups", "vmg", nc_vm_group, fields),
	.scope = NC_SCOPE_PROJECT,
	.verbs = NC_CAN_ALL,
	.doc = "VMs that keep together or apart",
};
