/* SPDX-License-Identifier: Apache-2.0 */
/* plugin test PATH: the conformance kit on a plugin's folder, without a daemon. */
#include "cli/cmd/all.h"
#include "cli/conformance.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	return nc_conformance_test(c, c->args.words[0], err);
}

static const nc_flag flags[] = {
	{ .name = "settings",
		.value = "FILE",
		.type = NC_FLAG_TEXT,
		.doc = "what the checks need to know: its configuration, fixtures, time scale" },
	{ .name = "only",
		.value = "RULE|VERB",
		.type = NC_FLAG_TEXT,
		.doc = "one rule (P4, V3) or one verb (compute.create)" },
	{ .name = "isolation",
		.value = "WAY",
		.type = NC_FLAG_TEXT,
		.doc = "both (the default), process: in nc-plugin-host, or in_process" },
	{ .name = "timeout",
		.value = "TIME",
		.type = NC_FLAG_DURATION,
		.doc = "how long one check may take" },
	{ .name = NULL },
};

const nc_cmd nc_cmd_plugin_test = {
	.path = "plugin test",
	.doc = "check that a plugin keeps to the contract (offline)",
	.more = "PATH is the plugin's folder: manifest.json, schema.json and its object. It is "
		"tried\n"
		"in a process of the kit's own and in nc-plugin-host, as the daemon would run it.\n"
		"Exit code: 0 nothing failed, 1 something did, 2 it can't be tried, 4 it is for "
		"another ABI or platform.",
	.args = { { .name = "PATH" } },
	.flags = flags,
	.uses = NC_USES_OUTPUT,
	.run = run,
};
