/* SPDX-License-Identifier: Apache-2.0 */
/* vm migrate: to another host, running or not. */
#include "base/err.h"
#include "cli/body.h"
#include "cli/change.h"
#include "cli/cmd/all.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call = { 0 };
	const char *to = nc_args_str(&c->args, "to"), *storage = nc_args_str(&c->args, "storage");
	int live = nc_args_has(&c->args, "live"), cold = nc_args_has(&c->args, "cold");
	int64_t limit = nc_args_num(&c->args, "bandwidth", 0);
	nc_code rc = NC_OK;

	if (live && cold)
		return nc_err(err, NC_E_INVAL, "--live and --cold exclude each other");
	nc_call_init(&call, "POST", &nc_kind_vm, c->args.words[0], "migrate");
	if (!(call.body = json_object()))
		rc = nc_err_nomem(err);
	if (rc == NC_OK && to)
		rc = nc_body_put(call.body, "target_host", json_string(to), err);
	if (rc == NC_OK && (live || cold))
		rc = nc_body_put(call.body, "live", json_boolean(live), err);
	if (rc == NC_OK && storage)
		rc = nc_body_put(call.body, "storage", json_string(storage), err);
	if (rc == NC_OK && limit)
		rc = nc_body_put(call.body, "bandwidth_mib_s", json_integer(limit), err);
	return rc == NC_OK ? nc_change_send(c, &nc_kind_vm, &call, "migrated", err) : rc;
}

static const char *const storages[] = { "shared", "copy", NULL };
static const nc_flag flags[] = {
	{ .name = "to",
		.value = "HOST",
		.type = NC_FLAG_NAME,
		.kind = "host",
		.doc = "where to (default: the scheduler chooses)" },
	{ .name = "live", .doc = "only while it runs: it is never stopped for it" },
	{ .name = "cold", .doc = "only while it is stopped" },
	{ .name = "storage",
		.value = "WORD",
		.type = NC_FLAG_WORD,
		.choices = storages,
		.doc = "copy its disks, or leave them where both hosts reach them" },
	{ .name = "bandwidth",
		.value = "MIB",
		.type = NC_FLAG_INT,
		.min = 1,
		.max = 1 << 20,
		.doc = "MiB a second at most" },
	{ .name = NULL },
};

const nc_cmd nc_cmd_vm_migrate = {
	.path = "vm migrate",
	.doc = "move it to another host",
	.more = "One that runs is moved live, a stopped one cold. novacron operation cancel stops "
		"it.",
	.args = { { .name = "VM", .kind = "vm" } },
	.flags = flags,
	.uses = NC_USES_WAIT | NC_USES_CHANGE | NC_USES_PROJECT | NC_USES_OUTPUT,
	.run = run,
};
