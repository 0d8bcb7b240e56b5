/* SPDX-License-Identifier: Apache-2.0 */
/* operation wait: until it has ended; the exit code says how. */
#include "cli/cmd/all.h"
#include "cli/output.h"
#include "cli/wait.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *op = NULL;
	nc_code rc = nc_wait_operation(c, c->args.words[0], &op, err);

	if (rc != NC_OK)
		return rc;
	if (nc_out_is_for_programs(c))
		rc = nc_print_object(c, &nc_kind_operation, op, err);
	else
		rc = nc_print_line(c, err, "operation %s %s", nc_json_text(op, "id"),
			nc_json_text(op, "state"));
	return rc == NC_OK ? nc_operation_outcome(op, err) : rc;
}

static const nc_flag flags[] = {
	{ .name = "timeout",
		.value = "TIME",
		.type = NC_FLAG_DURATION,
		.doc = "how long to wait; it goes on after that (default: to the end)" },
	{ .name = NULL },
};

const nc_cmd nc_cmd_operation_wait = {
	.path = "operation wait",
	.doc = "until it has ended; the exit code says how",
	.args = { { .name = "OPERATION", .kind = "operation" } },
	.flags = flags,
	.uses = NC_USES_OUTPUT,
	.run = run,
};
