/* SPDX-License-Identifier: Apache-2.0 */
/* vm resize: other vcpus, other memory. */
#include "base/err.h"
#include "cli/body.h"
#include "cli/change.h"
#include "cli/cmd/all.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init(&call, "POST", &nc_kind_vm, c->args.words[0], "resize");
	nc_code rc = nc_body_make(c, &nc_kind_vm, &call.body, err);
	if (rc == NC_OK && !json_object_size(call.body)) {
		nc_err(err, NC_E_INVAL, "no new size is given");
		return nc_err_hint(err, NC_E_INVAL, "--vcpus N, --memory SIZE or both");
	}
	return rc == NC_OK ? nc_change_send(c, &nc_kind_vm, &call, "resized", err) : rc;
}

static const nc_flag flags[] = {
	{ .name = "vcpus",
		.value = "N",
		.type = NC_FLAG_INT,
		.min = 1,
		.max = 4096,
		.field = "vcpus",
		.doc = "virtual processors" },
	{ .name = "memory",
		.value = "SIZE",
		.type = NC_FLAG_SIZE,
		.field = "memory_mib",
		.doc = "memory: 512M, 2G" },
	{ .name = NULL },
};

const nc_cmd nc_cmd_vm_resize = {
	.path = "vm resize",
	.doc = "change its processors and memory",
	.args = { { .name = "VM", .kind = "vm" } },
	.flags = flags,
	.uses = NC_USES_WAIT | NC_USES_CHANGE | NC_USES_PROJECT | NC_USES_OUTPUT,
	.run = run,
};
