/* SPDX-License-Identifier: Apache-2.0 */
/* config show: what is in force in the daemon, secrets left out. */
#include "base/err.h"
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/output.h"
#include "cli/tree.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	_cleanup_(nc_buf_done) nc_buf b;
	const nc_tree yaml = { .style = NC_TREE_YAML };

	nc_buf_init(&b, 1u << 20);
	nc_call_init_path(&call, "GET", "/api/v1/admin/config");
	nc_code rc = nc_call_send(c, &call, err);
	if (rc != NC_OK)
		return rc;
	nc_tree_render(&yaml, call.json, &b);
	if (nc_buf_failed(&b))
		return nc_err_nomem(err);
	return nc_print_either(c, call.json, nc_buf_bytes(&b), err);
}

const nc_cmd nc_cmd_config_show = {
	.path = "config show",
	.doc = "the configuration in force",
	.uses = NC_USES_OUTPUT,
	.run = run,
};
