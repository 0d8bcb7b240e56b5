/* SPDX-License-Identifier: Apache-2.0 */
/* orphan adopt: make an object of something found outside. */
#include "cli/change.h"
#include "cli/cmd/all.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init(&call, "POST", &nc_kind_orphan, c->args.words[0], "adopt");
	return nc_change_send(c, &nc_kind_orphan, &call, "adopted", err);
}

const nc_cmd nc_cmd_orphan_adopt = {
	.path = "orphan adopt",
	.doc = "make an object of it",
	.args = { { .name = "ORPHAN", .kind = "orphan" } },
	.uses = NC_USES_WAIT | NC_USES_CHANGE | NC_USES_OUTPUT,
	.run = run,
};
