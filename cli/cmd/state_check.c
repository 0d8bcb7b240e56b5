/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state check: every checksum, the log's order, the ledger against its items. With --offline of a state
 * whose daemon is down, or can't start: what the files themselves can tell.
 */
#include <inttypes.h>

#include "base/err.h"
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/output.h"
#include "cli/state_config.h"
#include "model/problem.h"
#include "store/care.h"

#define CHECK_TIMEOUT_US INT64_C(3600000000)

static nc_code tell(nc_cli *c, const json_t *answer, nc_error *err)
{
	const json_t *faults = json_object_get(answer, "faults");
	json_int_t n = json_integer_value(json_object_get(answer, "count"));

	if (n)
		c->exit_code = NC_EXIT_FAILED;
	if (nc_out_is_for_programs(c))
		return nc_print_json(c, answer, err);
	if (!n)
		return nc_print_line(c, err, "everything stored is sound");
	for (size_t i = 0; i < json_array_size(faults); i++)
		nc_tell(&c->term, "%s", json_string_value(json_array_get(faults, i)));
	return nc_print_line(c, err, "%" JSON_INTEGER_FORMAT " faults", n);
}

static nc_code ask_daemon(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init_path(&call, "POST", "/api/v1/admin/state/check");
	call.timeout_us = CHECK_TIMEOUT_US;
	nc_code rc = nc_call_send(c, &call, err);
	return rc == NC_OK ? tell(c, call.json, err) : rc;
}

static void on_fault(void *ctx, const char *what)
{
	json_array_append_new(
		ctx, json_string(what)); /* without memory the count still tells of it */
}

static nc_code check_files(nc_cli *c, const nc_config *config, nc_error *err)
{
	_cleanup_(nc_offline_freep) nc_offline *plugin = NULL;
	_cleanup_(nc_json_decrefp) json_t *faults = json_array();
	_cleanup_(nc_json_decrefp) json_t *answer = NULL;
	nc_db_options o;
	uint64_t n = 0;
	nc_code rc = faults ? nc_state_open(config, &plugin, &o, err) : nc_err_nomem(err);

	if (rc == NC_OK)
		rc = nc_db_check_files(&o, on_fault, faults, &n, err);
	if (rc != NC_OK)
		return rc;
	answer = json_pack("{s:O, s:I}", "faults", faults, "count", (json_int_t)n);
	return answer ? tell(c, answer, err) : nc_err_nomem(err);
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_config_unrefp) const nc_config *config = NULL;

	if (!nc_args_has(&c->args, "offline"))
		return ask_daemon(c, err);
	nc_code rc = nc_state_config(c, &config, err);
	if (rc == NC_OK)
		rc = nc_state_need(config, err);
	return rc == NC_OK ? check_files(c, config, err) : rc;
}

static const nc_flag flags[] = {
	{ .name = "offline",
		.type = NC_FLAG_SWITCH,
		.doc = "the daemon is down: check what its files can tell" },
	NC_STATE_FLAGS, { .name = NULL }
};

const nc_cmd nc_cmd_state_check = {
	.path = "state check",
	.doc = "check everything stored; exit code 1 when something is wrong",
	.flags = flags,
	.uses = NC_USES_OUTPUT,
	.run = run,
};
