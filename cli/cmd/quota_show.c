/* SPDX-License-Identifier: Apache-2.0 */
/* quota show PROJECT: its limits; none is no fault. */
#include "base/err.h"
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/output.h"
#include "cli/quota.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *quota = NULL;
	const char *project = nc_args_word(&c->args, 0);
	char etag[32];

	project = project ? project : nc_cli_project(c);
	nc_code rc = nc_quota_get(c, project ? project : "default", &quota, etag, err);
	if (rc == NC_E_NOTFOUND && nc_quota_is_missing(c)) {
		nc_err_clear(err);
		return nc_print_line(
			c, err, "project %s has no limits", project ? project : "default");
	}
	return rc == NC_OK ? nc_quota_print(c, quota, err) : rc;
}

const nc_cmd nc_cmd_quota_show = {
	.path = "quota show",
	.doc = "the limits of a project",
	.args = { { .name = "PROJECT", .kind = "project", .arity = NC_ARG_MAYBE } },
	.uses = NC_USES_OUTPUT,
	.run = run,
};
