/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done to plugins. Quarantine and release are here; of packages and reload the words are
 * known, and the server says that they come later and what to do today.
 */
#include "base/err.h"
#include "cli/body.h"
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/output.h"

#define WHOLE_CATALOGUE "all" /* of verbs that name no plugin */

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	const char *id = nc_args_word(&c->args, 0), *reason = nc_args_str(&c->args, "reason");

	nc_call_init(&call, "POST", &nc_kind_plugin, id ? id : WHOLE_CATALOGUE, c->cmd->verb_arg);
	nc_code rc = NC_OK;
	if (reason) {
		if (!(call.body = json_object()))
			return nc_err_nomem(err);
		rc = nc_body_put(call.body, "reason", json_string(reason), err);
	}
	if (rc == NC_OK)
		rc = nc_call_send(c, &call, err);
	if (rc != NC_OK)
		return rc;
	if (nc_out_is_for_programs(c))
		return nc_print_object(c, &nc_kind_plugin, call.json, err);
	return nc_print_line(
		c, err, "plugin %s is %s", id ? id : "", nc_json_text(call.json, "state"));
}

static const nc_flag why[] = {
	{ .name = "reason", .value = "TEXT", .type = NC_FLAG_TEXT, .doc = "why; it is shown" },
	{ .name = NULL },
};

#define VERB(ident, word, need, flag_table, text)                                                  \
	const nc_cmd nc_cmd_plugin_##ident = {                                                     \
		.path = "plugin " word,                                                            \
		.verb_arg = (word),                                                                \
		.doc = (text),                                                                     \
		.args = { { .name = "PLUGIN", .kind = "plugin", .arity = (need) } },               \
		.flags = (flag_table),                                                             \
		.uses = NC_USES_OUTPUT,                                                            \
		.run = run,                                                                        \
	}
VERB(quarantine, "quarantine", NC_ARG_ONE, why, "keep it from loading");
VERB(release, "release", NC_ARG_ONE, NULL, "lift a quarantine");
VERB(load, "load", NC_ARG_ONE, NULL, "look for it again and load it");
VERB(reload, "reload", NC_ARG_ONE, NULL, "a new generation beside the old one (later)");
VERB(search, "search", NC_ARG_MAYBE, NULL, "find packages (later)");
VERB(fetch, "fetch", NC_ARG_ONE, NULL, "fetch a package (later)");
VERB(verify, "verify", NC_ARG_ONE, NULL, "check a package's signatures (later)");
VERB(install, "install", NC_ARG_ONE, NULL, "install a package (later)");
VERB(enable, "enable", NC_ARG_ONE, NULL, "let it load (later)");
VERB(disable, "disable", NC_ARG_ONE, NULL, "no longer load it (later)");
VERB(upgrade, "upgrade", NC_ARG_ONE, NULL, "to a newer version (later)");
VERB(rollback, "rollback", NC_ARG_ONE, NULL, "back to the version before (later)");
VERB(pin, "pin", NC_ARG_ONE, NULL, "stay at a version (later)");
VERB(audit, "audit", NC_ARG_MAYBE, NULL, "compare what is installed with the index (later)");
VERB(mirror, "mirror", NC_ARG_MAYBE, NULL, "an offline copy of the index (later)");
VERB(gc, "gc", NC_ARG_MAYBE, NULL, "drop versions nobody uses (later)");
