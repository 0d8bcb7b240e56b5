/* SPDX-License-Identifier: Apache-2.0 */
/* vm reset-state: an administrator who has looked says what a VM is. */
#include "base/err.h"
#include "cli/body.h"
#include "cli/change.h"
#include "cli/cmd/all.h"

static const char *const lifecycles[] = { "active", "stopped", "paused", "suspended", "error",
	"shelved", "rescued", "resized", NULL };

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	const char *word = nc_args_word(&c->args, 1);

	nc_call_init(&call, "POST", &nc_kind_vm, c->args.words[0], "reset-state");
	if (!(call.body = json_object()))
		return nc_err_nomem(err);
	const char *host = nc_args_str(&c->args, "host");
	nc_code rc = nc_body_put(call.body, "lifecycle", json_string(word), err);
	if (rc == NC_OK && host)
		rc = nc_body_put(call.body, "host", json_string(host), err);
	return rc == NC_OK ? nc_change_send(c, &nc_kind_vm, &call, "set", err) : rc;
}

static const nc_flag flags[] = {
	{ .name = "host",
		.value = "HOST",
		.type = NC_FLAG_NAME,
		.kind = "host",
		.doc = "where it is, if a migration left that open" },
	{ .name = NULL },
};

const nc_cmd nc_cmd_vm_reset_state = {
	.path = "vm reset-state",
	.doc = "say what it is, after having looked (administrators)",
	.args = { { .name = "VM", .kind = "vm" }, { .name = "LIFECYCLE", .choices = lifecycles } },
	.flags = flags,
	.uses = NC_USES_CHANGE | NC_USES_PROJECT | NC_USES_OUTPUT,
	.run = run,
};
