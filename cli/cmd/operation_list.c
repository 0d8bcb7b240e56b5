/* SPDX-License-Identifier: Apache-2.0 */
/* operation list: those under way and those that have ended. */
#include "cli/cmd/all.h"
#include "cli/pages.h"
#include "model/kind.h"

static const char *const states[] = { "pending", "waiting", "running", "canceling", "succeeded",
	"failed", "canceled", "abandoned", NULL };

static nc_code run(nc_cli *c, nc_error *err)
{
	return nc_pages_print(c, &nc_kind_operation, err);
}

static const nc_flag flags[] = {
	{ .name = "state",
		.value = "STATE",
		.type = NC_FLAG_WORD,
		.choices = states,
		.field = "state",
		.doc = "only those in this state" },
	{ .name = NULL },
};

const nc_cmd nc_cmd_operation_list = {
	.path = "operation list",
	.doc = "list operations, under way and ended",
	.flags = flags,
	.uses = NC_USES_PAGES | NC_USES_PROJECT | NC_USES_OUTPUT,
	.run = run,
};
