/* SPDX-License-Identifier: Apache-2.0 */
/* decision list: each placement that was decided, oldest first. */
#include "cli/cmd/all.h"
#include "cli/pages.h"
#include "model/kind.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	return nc_pages_print(c, &nc_kind_decision, err);
}

const nc_cmd nc_cmd_decision_list = {
	.path = "decision list",
	.doc = "list decisions, oldest first",
	.uses = NC_USES_PAGES | NC_USES_PROJECT | NC_USES_OUTPUT,
	.run = run,
};
