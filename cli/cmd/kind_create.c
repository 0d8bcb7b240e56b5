/* SPDX-License-Identifier: Apache-2.0 */
/* KIND create: an object of any kind from a file and --set. */
#include "cli/body.h"
#include "cli/change.h"
#include "cli/cmd/all.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init(&call, "POST", c->kind, NULL, NULL);
	nc_code rc = nc_body_make(c, c->kind, &call.body, err);
	if (rc == NC_OK)
		rc = nc_body_name(call.body, "name", nc_args_word(&c->args, 0), err);
	return rc == NC_OK ? nc_change_send(c, c->kind, &call, "created", err) : rc;
}

const nc_cmd nc_cmd_kind_create = {
	.path = NC_ANY_KIND " create",
	.doc = "make one",
	.more = "novacron explain KIND lists its fields, explain KIND.FIELD says more about one.",
	.args = { { .name = "NAME", .arity = NC_ARG_MAYBE } },
	.uses = NC_USES_BODY | NC_USES_WAIT | NC_USES_CHANGE | NC_USES_PROJECT | NC_USES_OUTPUT,
	.verb = NC_CAN_CREATE,
	.run = run,
};
