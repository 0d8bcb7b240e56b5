/* SPDX-License-Identifier: Apache-2.0 */
/* KIND list: objects of any kind, filtered, sorted, page by page. */
#include "cli/cmd/all.h"
#include "cli/pages.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	return nc_pages_print(c, c->kind, err);
}

const nc_cmd nc_cmd_kind_list = {
	.path = NC_ANY_KIND " list",
	.doc = "list them",
	.uses = NC_USES_FILTER | NC_USES_PAGES | NC_USES_PROJECT | NC_USES_OUTPUT,
	.run = run,
};
