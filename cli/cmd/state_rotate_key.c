/* SPDX-License-Identifier: Apache-2.0 */
/* state rotate-key: seal every secret anew under a fresh key. */
#include "base/err.h"
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/output.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init_path(&call, "POST", "/api/v1/admin/state/rotate-key");
	nc_code rc = nc_call_send(c, &call, err);
	if (rc != NC_OK)
		return rc;
	if (nc_out_is_for_programs(c))
		return nc_print_json(c, call.json, err);
	json_int_t n = json_integer_value(json_object_get(call.json, "resealed"));
	return nc_print_line(c, err,
		"secrets are sealed under a new key (%lld sealed anew); copy the key file anew, "
		"apart from "
		"the backups",
		(long long)n);
}

const nc_cmd nc_cmd_state_rotate_key = {
	.path = "state rotate-key",
	.doc = "seal every secret anew under a fresh key",
	.uses = NC_USES_OUTPUT,
	.run = run,
};
