/* SPDX-License-Identifier: Apache-2.0 */
/* state show: the store's health, its log and epoch. */
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/output.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init_path(&call, "GET", "/api/v1/admin/state");
	nc_code rc = nc_call_send(c, &call, err);
	return rc == NC_OK ? nc_print_object(c, NULL, call.json, err) : rc;
}

const nc_cmd nc_cmd_state_show = {
	.path = "state show",
	.doc = "the store's health, log and epoch",
	.uses = NC_USES_OUTPUT,
	.run = run,
};
