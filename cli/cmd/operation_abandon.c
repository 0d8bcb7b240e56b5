/* SPDX-License-Identifier: Apache-2.0 */
/* operation abandon: where a host burned down, end it as outcome unknown. */
#include <stdio.h>

#include "base/err.h"
#include "cli/body.h"
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/confirm.h"
#include "cli/output.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	const char *id = c->args.words[0], *reason = nc_args_str(&c->args, "reason");
	char what[128];

	nc_call_init(&call, "POST", &nc_kind_operation, id, "abandon");
	if (!reason)
		return nc_err(err, NC_E_INVAL, "operation abandon needs --reason");
	if (!(call.body = json_object()))
		return nc_err_nomem(err);
	snprintf(what, sizeof(what), "give operation %.48s up, its outcome unknown", id);
	nc_code rc = nc_body_put(call.body, "reason", json_string(reason), err);
	if (rc == NC_OK)
		rc = nc_confirm(c,
			&(nc_confirmation){ .what = what,
				.lost = "its target stays locked until someone has looked" },
			err);
	if (rc == NC_OK)
		rc = nc_call_send(c, &call, err);
	if (rc != NC_OK)
		return rc;
	if (nc_out_is_for_programs(c))
		return nc_print_object(c, &nc_kind_operation, call.json, err);
	return nc_print_line(c, err, "operation %s is %s", id, nc_json_text(call.json, "state"));
}

static const nc_flag flags[] = {
	{ .name = "reason", .value = "TEXT", .type = NC_FLAG_TEXT, .doc = "why; it is kept" },
	{ .name = NULL },
};

const nc_cmd nc_cmd_operation_abandon = {
	.path = "operation abandon",
	.doc = "end it as outcome unknown (administrators)",
	.args = { { .name = "OPERATION", .kind = "operation" } },
	.flags = flags,
	.uses = NC_USES_YES | NC_USES_OUTPUT,
	.run = run,
};
