/* SPDX-License-Identifier: Apache-2.0 */
/* KIND delete NAME: after asking; what holds much is asked for by its name. */
#include <stdio.h>

#include "cli/change.h"
#include "cli/cmd/all.h"
#include "cli/confirm.h"

static int is_typed(const nc_kind *k)
{
	return k == &nc_kind_project || k == &nc_kind_pool || k == &nc_kind_host;
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	const char *name = c->args.words[0];
	char what[160];

	snprintf(what, sizeof(what), "delete %s %.100s", c->kind->name, name);
	nc_call_init(&call, "DELETE", c->kind, name, NULL);
	nc_code rc = nc_confirm(c,
		&(nc_confirmation){ .what = what, .typed = is_typed(c->kind) ? name : NULL }, err);
	return rc == NC_OK ? nc_change_send(c, c->kind, &call, "deleted", err) : rc;
}

const nc_cmd nc_cmd_kind_delete = {
	.path = NC_ANY_KIND " delete",
	.doc = "delete one",
	.more = "What is in use or protected stays; the answer says by what.",
	.args = { { .name = "NAME", .kind = NC_OWN_KIND } },
	.uses = NC_USES_YES | NC_USES_WAIT | NC_USES_CHANGE | NC_USES_PROJECT | NC_USES_OUTPUT,
	.verb = NC_CAN_DELETE,
	.run = run,
};
