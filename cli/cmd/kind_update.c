/* SPDX-License-Identifier: Apache-2.0 */
/* KIND update NAME: a JSON merge patch from a file and --set. */
#include "base/err.h"
#include "cli/body.h"
#include "cli/change.h"
#include "cli/cmd/all.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init(&call, "PATCH", c->kind, c->args.words[0], NULL);
	nc_code rc = nc_body_make(c, c->kind, &call.body, err);
	if (rc == NC_OK && !json_object_size(call.body)) {
		nc_err(err, NC_E_INVAL, "nothing to change is given");
		return nc_err_hint(err, NC_E_INVAL, "--set FIELD=VALUE, or -f FILE");
	}
	return rc == NC_OK ? nc_change_send(c, c->kind, &call, "updated", err) : rc;
}

const nc_cmd nc_cmd_kind_update = {
	.path = NC_ANY_KIND " update",
	.doc = "change fields of one",
	.more = "Only what is given changes; --set FIELD= clears a field.",
	.args = { { .name = "NAME", .kind = NC_OWN_KIND } },
	.uses = NC_USES_BODY | NC_USES_WAIT | NC_USES_CHANGE | NC_USES_PROJECT | NC_USES_OUTPUT,
	.verb = NC_CAN_UPDATE,
	.run = run,
};
