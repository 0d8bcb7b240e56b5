/* SPDX-License-Identifier: Apache-2.0 */
/* provider create: an instance of a driver, with its configuration from JSON or a file. */
#include "base/err.h"
#include "cli/body.h"
#include "cli/change.h"
#include "cli/cmd/all.h"
#include "cli/document.h"

/* --config '{"hosts":4}', or --config @sim.yaml. */
static nc_code add_config(nc_cli *c, json_t *body, nc_error *err)
{
	const char *text = nc_args_str(&c->args, "config");
	json_t *config = NULL;

	if (!text)
		return NC_OK;
	nc_code rc = *text == '@' ? nc_document_read(text + 1, &config, err)
				  : nc_document_parse(nc_str(text), "--config", &config, err);
	if (rc != NC_OK)
		return rc;
	if (!json_is_object(config)) {
		json_decref(config);
		return nc_err(err, NC_E_INVAL, "--config: must be one object");
	}
	return nc_body_put(body, "config", config, err);
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init(&call, "POST", &nc_kind_provider, NULL, NULL);
	nc_code rc = nc_body_make(c, &nc_kind_provider, &call.body, err);
	if (rc == NC_OK)
		rc = nc_body_name(call.body, "name", nc_args_word(&c->args, 0), err);
	if (rc == NC_OK)
		rc = add_config(c, call.body, err);
	return rc == NC_OK ? nc_change_send(c, &nc_kind_provider, &call, "created", err) : rc;
}

static const nc_flag flags[] = {
	{ .name = "plugin",
		.value = "PLUGIN",
		.type = NC_FLAG_NAME,
		.kind = "plugin",
		.field = "plugin",
		.doc = "the plugin that drives it: novacron plugin status" },
	{ .name = "config",
		.value = "JSON|@FILE",
		.type = NC_FLAG_TEXT,
		.doc = "as the plugin's schema says" },
	{ .name = "zone",
		.value = "NAME",
		.type = NC_FLAG_NAME,
		.kind = "zone",
		.field = "zone",
		.doc = "of hosts that name none" },
	{ .name = NULL },
};

const nc_cmd nc_cmd_provider_create = {
	.path = "provider create",
	.doc = "open a driver: hypervisors, or a cloud account",
	.more = "novacron provider create sim --plugin novacron.sim --config '{\"hosts\": 4}' "
		"--wait",
	.args = { { .name = "NAME", .arity = NC_ARG_MAYBE } },
	.flags = flags,
	.uses = NC_USES_BODY | NC_USES_WAIT | NC_USES_CHANGE | NC_USES_PROJECT | NC_USES_OUTPUT,
	.run = run,
};
