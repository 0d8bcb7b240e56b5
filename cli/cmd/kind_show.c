/* SPDX-License-Identifier: Apache-2.0 */
/* KIND show NAME: one object of any kind, all its fields. */
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/output.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *object = NULL;
	nc_code rc = nc_get_object(c, c->kind, c->args.words[0], &object, err);

	return rc == NC_OK ? nc_print_object(c, c->kind, object, err) : rc;
}

const nc_cmd nc_cmd_kind_show = {
	.path = NC_ANY_KIND " show",
	.doc = "one of them, by name or id",
	.args = { { .name = "NAME", .kind = NC_OWN_KIND } },
	.uses = NC_USES_PROJECT | NC_USES_OUTPUT,
	.run = run,
};
