/* SPDX-License-Identifier: Apache-2.0 */
/* vm restore: out of soft delete, stopped, by its old name or id; under another name where the old one is taken. */
#include "base/err.h"
#include "cli/body.h"
#include "cli/change.h"
#include "cli/cmd/all.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init(&call, "POST", &nc_kind_vm, c->args.words[0], "restore");
	nc_code rc = nc_body_make(c, &nc_kind_vm, &call.body, err);
	return rc == NC_OK ? nc_change_send(c, &nc_kind_vm, &call, "restored", err) : rc;
}

static const nc_flag flags[] = {
	{ .name = "name",
		.value = "NAME",
		.type = NC_FLAG_TEXT,
		.field = "name",
		.doc = "what it is called from now on (default: as before)" },
	{ .name = NULL },
};

const nc_cmd nc_cmd_vm_restore = {
	.path = "vm restore",
	.doc = "bring a deleted VM back, stopped",
	.more = "Where several deleted ones had the name, the answer lists their ids; novacron vm "
		"list "
		"--deleted -o wide shows them too.",
	.args = { { .name = "VM", .kind = "vm" } },
	.flags = flags,
	.uses = NC_USES_WAIT | NC_USES_CHANGE | NC_USES_PROJECT | NC_USES_OUTPUT,
	.run = run,
};
