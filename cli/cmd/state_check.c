/* SPDX-License-Identifier: Apache-2.0 */
/* state check: every checksum, the log's order, the ledger against its items. */
#include <inttypes.h>

#include "base/err.h"
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/output.h"
#include "model/problem.h"

#define CHECK_TIMEOUT_US INT64_C(3600000000)

static nc_code tell(nc_cli *c, const json_t *answer, nc_error *err)
{
	const json_t *faults = json_object_get(answer, "faults");
	json_int_t n = json_integer_value(json_object_get(answer, "count"));

	if (!n)
		return nc_print_line(c, err, "everything stored is sound");
	for (size_t i = 0; i < json_array_size(faults); i++)
		nc_tell(&c->term, "%s", json_string_value(json_array_get(faults, i)));
	c->exit_code = NC_EXIT_FAILED;
	return nc_print_line(c, err, "%" JSON_INTEGER_FORMAT " faults", n);
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init_path(&call, "POST", "/api/v1/admin/state/check");
	call.timeout_us = CHECK_TIMEOUT_US;
	nc_code rc = nc_call_send(c, &call, err);
	if (rc != NC_OK)
		return rc;
	if (!nc_out_is_for_programs(c))
		return tell(c, call.json, err);
	if (json_integer_value(json_object_get(call.json, "count")))
		c->exit_code = NC_EXIT_FAILED;
	return nc_print_json(c, call.json, err);
}

const nc_cmd nc_cmd_state_check = {
	.path = "state check",
	.doc = "check everything stored; exit code 1 when something is wrong",
	.uses = NC_USES_OUTPUT,
	.run = run,
};
