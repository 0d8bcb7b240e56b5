/* SPDX-License-Identifier: Apache-2.0 */
/* plugin status, plugin info: what the loader knows of plugins. */
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/output.h"

static nc_code run_status(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init(&call, "GET", &nc_kind_plugin, NULL, NULL);
	nc_code rc = nc_call_send(c, &call, err);
	return rc == NC_OK ? nc_print_list(c, &nc_kind_plugin, call.json, err) : rc;
}

static nc_code run_info(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init(&call, "GET", &nc_kind_plugin, c->args.words[0],
		nc_args_has(&c->args, "schema") ? "schema" : NULL);
	nc_code rc = nc_call_send(c, &call, err);
	return rc == NC_OK ? nc_print_object(c, &nc_kind_plugin, call.json, err) : rc;
}

const nc_cmd nc_cmd_plugin_status = {
	.path = "plugin status",
	.doc = "every plugin that was found, its state and why",
	.uses = NC_USES_OUTPUT,
	.run = run_status,
};

static const nc_flag flags[] = {
	{ .name = "schema", .doc = "what its configuration may hold" },
	{ .name = NULL },
};

const nc_cmd nc_cmd_plugin_info = {
	.path = "plugin info",
	.doc = "one plugin: what it can do, its instances, what went wrong",
	.args = { { .name = "PLUGIN", .kind = "plugin" } },
	.flags = flags,
	.uses = NC_USES_OUTPUT,
	.run = run_info,
};
