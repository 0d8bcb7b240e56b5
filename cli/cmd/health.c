/* SPDX-License-Identifier: Apache-2.0 */
/* health: every component; the exit code is 0 only when all are healthy. */
#include <string.h>

#include "base/err.h"
#include "cli/call.h"
#include "cli/client.h"
#include "cli/cmd/all.h"
#include "cli/output.h"
#include "model/problem.h"

static nc_code print_components(nc_cli *c, const json_t *health, nc_error *err)
{
	const json_t *list = json_object_get(health, "components");
	nc_table t;

	nc_table_init(&t);
	nc_table_column(&t, "COMPONENT", NC_LEFT);
	nc_table_column(&t, "STATUS", NC_LEFT);
	nc_table_column(&t, "WHY", NC_LEFT);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *status = nc_json_text(one, "status");
		nc_table_value(&t, nc_json_text(one, "component"), NC_PLAIN);
		nc_table_value(&t, status, nc_status_colour(status));
		nc_table_value(&t, nc_json_text(one, "why"), NC_PLAIN);
	}
	nc_code rc = nc_print_table(c, &t, err);
	nc_table_done(&t);
	return rc;
}

/* Unhealthy is answered with 503 and the same document: that is no failure to ask. */
static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init_path(&call, "GET", "/api/v1/health");
	call.takes_any_status = 1;
	nc_code rc = nc_call_send(c, &call, err);
	if (rc != NC_OK)
		return rc;
	const char *status = nc_json_text(call.json, "status");
	if (!*status)
		return nc_err(err, NC_E_PROTO, "HTTP %d without a status", call.status);
	if (strcmp(status, "healthy") != 0)
		c->exit_code = call.status == 200 ? NC_EXIT_FAILED : NC_EXIT_UNAVAILABLE;
	if (nc_out_is_for_programs(c))
		return nc_print_json(c, call.json, err);
	rc = print_components(c, call.json, err);
	return rc == NC_OK ? nc_print_line(c, err, "\n%s", status) : rc;
}

const nc_cmd nc_cmd_health = {
	.path = "health",
	.doc = "how its components are; 0 healthy, 1 degraded, 17 unhealthy or not there",
	.uses = NC_USES_OUTPUT,
	.run = run,
};
