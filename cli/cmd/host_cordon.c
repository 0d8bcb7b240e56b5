/* SPDX-License-Identifier: Apache-2.0 */
/* host cordon, maintenance, uncordon: whether anything new is placed there. */
#include <string.h>

#include "cli/change.h"
#include "cli/cmd/all.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	const char *action = c->cmd->verb_arg;
	const char *done = !strcmp(action, "cordon")     ? "cordoned"
			   : !strcmp(action, "uncordon") ? "uncordoned"
							 : "put into maintenance";

	nc_call_init(&call, "POST", &nc_kind_host, c->args.words[0], action);
	return nc_change_send(c, &nc_kind_host, &call, done, err);
}

const nc_cmd nc_cmd_host_cordon = {
	.path = "host cordon",
	.verb_arg = "cordon",
	.doc = "place nothing new there; what runs stays",
	.args = { { .name = "HOST", .kind = "host" } },
	.uses = NC_USES_CHANGE | NC_USES_OUTPUT,
	.run = run,
};

const nc_cmd nc_cmd_host_maintenance = {
	.path = "host maintenance",
	.verb_arg = "maintenance",
	.doc = "as cordon, under the name of maintenance: no guest is moved or stopped",
	.args = { { .name = "HOST", .kind = "host" } },
	.uses = NC_USES_CHANGE | NC_USES_OUTPUT,
	.run = run,
};

const nc_cmd nc_cmd_host_uncordon = {
	.path = "host uncordon",
	.verb_arg = "uncordon",
	.doc = "let new things be placed there again",
	.args = { { .name = "HOST", .kind = "host" } },
	.uses = NC_USES_CHANGE | NC_USES_OUTPUT,
	.run = run,
};
