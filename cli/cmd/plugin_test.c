/* SPDX-License-Identifier: Apache-2.0 */
/* plugin test PATH: the conformance kit on a plugin's folder, without a daemon. */
#include "base/err.h"
#include "cli/cmd/all.h"
#include "cli/conformance.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	return nc_conformance_test(c, c->args.words[0], err);
}

static const nc_flag flags[] = {
	{ .name = "config",
		.value = "JSON|@FILE",
		.type = NC_FLAG_TEXT,
		.doc = "what its instances are made with (default {})" },
	{ .name = "only",
		.value = "TEXT",
		.type = NC_FLAG_TEXT,
		.doc = "only the checks whose name holds this" },
	{ .name = "seed",
		.value = "N",
		.type = NC_FLAG_INT,
		.max = INT64_MAX,
		.doc = "repeat a run" },
	{ .name = NULL },
};

const nc_cmd nc_cmd_plugin_test = {
	.path = "plugin test",
	.doc = "check that a plugin keeps to the contract (offline)",
	.more = "PATH is the plugin's folder: manifest.json, schema.json and its object.",
	.args = { { .name = "PATH" } },
	.flags = flags,
	.uses = NC_USES_OUTPUT,
	.run = run,
};
