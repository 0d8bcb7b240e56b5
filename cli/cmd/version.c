/* SPDX-License-Identifier: Apache-2.0 */
/* version: ours, and the daemon's where one answers. */
#include "base/err.h"
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/output.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	_cleanup_(nc_json_decrefp) json_t *both = NULL;
	nc_error silent = NC_ERROR_INIT;

	nc_call_init_path(&call, "GET", "/version");
	int is_there = nc_call_send(c, &call, &silent) == NC_OK;
	if (nc_out_is_for_programs(c)) {
		both = json_pack(
			"{s:s, s:O?}", "client", NC_VERSION, "server", is_there ? call.json : NULL);
		return both ? nc_print_json(c, both, err) : nc_err_nomem(err);
	}
	nc_code rc = nc_print_line(c, err, "novacron  %s", NC_VERSION);
	if (rc != NC_OK || !is_there)
		return rc;
	return nc_print_line(c, err, "novacrond %s, API %s, plugin ABI %s",
		nc_json_text(call.json, "version"), nc_json_text(call.json, "api"),
		nc_json_text(call.json, "abi"));
}

const nc_cmd nc_cmd_version = {
	.path = "version",
	.doc = "of this program, and of the daemon if one answers",
	.uses = NC_USES_OUTPUT,
	.run = run,
};
