/* SPDX-License-Identifier: Apache-2.0 */
/* operation cancel: ask for it; it is canceled when the driver has confirmed. */
#include <string.h>

#include "cli/cmd/all.h"
#include "cli/output.h"
#include "cli/wait.h"

/* Done already: NC_OK. A cancel that came too late is told as what became of it. */
static nc_code wait_for_it(nc_cli *c, const char *id, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *op = NULL;
	nc_code rc = nc_wait_operation(c, id, &op, err);

	if (rc != NC_OK)
		return rc;
	if (nc_out_is_for_programs(c))
		rc = nc_print_object(c, &nc_kind_operation, op, err);
	else
		rc = nc_print_line(c, err, "operation %s %s", id, nc_json_text(op, "state"));
	if (rc != NC_OK || !strcmp(nc_json_text(op, "state"), "canceled"))
		return rc;
	return nc_operation_outcome(op, err);
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	const char *id = c->args.words[0];

	nc_call_init(&call, "DELETE", &nc_kind_operation, id, NULL);
	nc_code rc = nc_call_send(c, &call, err);
	if (rc != NC_OK)
		return rc;
	if (nc_args_has(&c->args, "wait"))
		return wait_for_it(c, id, err);
	if (nc_out_is_for_programs(c))
		return nc_print_object(c, &nc_kind_operation, call.json, err);
	return nc_print_line(c, err, "operation %s is %s", id, nc_json_text(call.json, "state"));
}

const nc_cmd nc_cmd_operation_cancel = {
	.path = "operation cancel",
	.doc = "ask for it to be cancelled",
	.args = { { .name = "OPERATION", .kind = "operation" } },
	.uses = NC_USES_WAIT | NC_USES_OUTPUT,
	.run = run,
};
