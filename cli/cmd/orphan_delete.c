/* SPDX-License-Identifier: Apache-2.0 */
/* orphan delete: destroy at its provider what has no owner here; there is no way back. */
#include <stdio.h>

#include "cli/change.h"
#include "cli/cmd/all.h"
#include "cli/confirm.h"

static nc_code ask(nc_cli *c, const char *ref, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *o = NULL;
	char what[160], lost[400] = "";

	if (c->term.is_in_tty && !nc_args_has(&c->args, "yes")) {
		nc_code rc = nc_get_object(c, &nc_kind_orphan, ref, &o, err);
		if (rc != NC_OK)
			return rc;
		snprintf(lost, sizeof(lost), "%s %s and everything on it; there is no way back",
			nc_json_text(o, "native_kind"), nc_json_text(o, "native_name"));
	}
	snprintf(what, sizeof(what), "destroy orphan %.60s at its provider", ref);
	return nc_confirm(c, &(nc_confirmation){ .what = what, .lost = lost }, err);
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	const char *ref = c->args.words[0];

	nc_call_init(&call, "POST", &nc_kind_orphan, ref, "delete");
	nc_code rc = ask(c, ref, err);
	return rc == NC_OK ? nc_change_send(c, &nc_kind_orphan, &call, "destroyed", err) : rc;
}

const nc_cmd nc_cmd_orphan_delete = {
	.path = "orphan delete",
	.doc = "destroy it at its provider",
	.args = { { .name = "ORPHAN", .kind = "orphan" } },
	.uses = NC_USES_YES | NC_USES_WAIT | NC_USES_CHANGE | NC_USES_OUTPUT,
	.run = run,
};
