/* SPDX-License-Identifier: Apache-2.0 */
/* vm list: with filters by what a VM stands in. */
#include "cli/cmd/all.h"
#include "cli/pages.h"
#include "model/kind.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	return nc_pages_print(c, &nc_kind_vm, err);
}

#define BY(flag_name, of, member, what)                                                            \
	{                                                                                          \
		.name = (flag_name), .value = "NAME", .type = NC_FLAG_NAME, .kind = (of),          \
		.field = (member), .doc = "only those " what                                       \
	}
static const nc_flag flags[] = {
	BY("host", "host", "host", "on this host"),
	BY("provider", "provider", "provider", "of this provider"),
	BY("zone", "zone", "zone", "that asked for this zone"),
	BY("group", "vm_group", "vm_group", "of this VM group"),
	BY("template", "template", "template", "made from this template"),
	BY("type", "instance_type", "instance_type", "of this instance type"),
	{ .name = NULL },
};

const nc_cmd nc_cmd_vm_list = {
	.path = "vm list",
	.doc = "list VMs",
	.more = "novacron vm list --status running --label env=prod --sort -created_at",
	.flags = flags,
	.uses = NC_USES_FILTER | NC_USES_PAGES | NC_USES_PROJECT | NC_USES_OUTPUT,
	.run = run,
};
