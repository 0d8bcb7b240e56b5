/* SPDX-License-Identifier: Apache-2.0 */
/* host cordon, host uncordon: whether anything new is placed there. */
#include <string.h>

#include "base/err.h"
#include "cli/body.h"
#include "cli/change.h"
#include "cli/cmd/all.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	const char *state = c->cmd->verb_arg;
	const char *done = !strcmp(state, "cordoned") ? "cordoned" : "uncordoned";

	nc_call_init(&call, "PATCH", &nc_kind_host, c->args.words[0], NULL);
	if (!(call.body = json_object()))
		return nc_err_nomem(err);
	nc_code rc = nc_body_put(call.body, "admin_state", json_string(state), err);
	return rc == NC_OK ? nc_change_send(c, &nc_kind_host, &call, done, err) : rc;
}

const nc_cmd nc_cmd_host_cordon = {
	.path = "host cordon",
	.verb_arg = "cordoned",
	.doc = "place nothing new there; what runs stays",
	.args = { { .name = "HOST", .kind = "host" } },
	.uses = NC_USES_CHANGE | NC_USES_OUTPUT,
	.run = run,
};

const nc_cmd nc_cmd_host_uncordon = {
	.path = "host uncordon",
	.verb_arg = "enabled",
	.doc = "let new things be placed there again",
	.args = { { .name = "HOST", .kind = "host" } },
	.uses = NC_USES_CHANGE | NC_USES_OUTPUT,
	.run = run,
};
