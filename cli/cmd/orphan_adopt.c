/* SPDX-License-Identifier: Apache-2.0 */
/* orphan adopt: make an object of something found outside. */
#include "cli/body.h"
#include "cli/change.h"
#include "cli/cmd/all.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init(&call, "POST", &nc_kind_orphan, c->args.words[0], "adopt");
	nc_code rc = nc_body_make(c, &nc_kind_vm, &call.body, err);
	return rc == NC_OK ? nc_change_send(c, &nc_kind_vm, &call, "adopted", err) : rc;
}

static const nc_flag flags[] = {
	{ .name = "name",
		.value = "NAME",
		.type = NC_FLAG_TEXT,
		.field = "name",
		.doc = "what it is called here (default: as outside)" },
	{ .name = NULL },
};

const nc_cmd nc_cmd_orphan_adopt = {
	.path = "orphan adopt",
	.doc = "make a VM of it, counted where it runs",
	.args = { { .name = "ORPHAN", .kind = "orphan" } },
	.flags = flags,
	.uses = NC_USES_CHANGE | NC_USES_PROJECT | NC_USES_OUTPUT,
	.run = run,
};
