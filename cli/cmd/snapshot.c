/* SPDX-License-Identifier: Apache-2.0 */
/* vm snapshot, snapshot revert, volume resize: what the commands of every kind don't do. */
#include "base/err.h"
#include "cli/body.h"
#include "cli/change.h"
#include "cli/cmd/all.h"
#include "cli/confirm.h"

#include <stdio.h>

static nc_code take(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	nc_code rc = NC_OK;

	nc_call_init(&call, "POST", &nc_kind_snapshot, NULL, NULL);
	if (!(call.body = json_object()))
		rc = nc_err_nomem(err);
	if (rc == NC_OK)
		rc = nc_body_put(call.body, "vm", json_string(c->args.words[0]), err);
	if (rc == NC_OK)
		rc = nc_body_put(call.body, "name", json_string(c->args.words[1]), err);
	if (rc == NC_OK && nc_args_has(&c->args, "memory"))
		rc = nc_body_put(call.body, "memory", json_true(), err);
	return rc == NC_OK ? nc_change_send(c, &nc_kind_snapshot, &call, "created", err) : rc;
}

static nc_code revert(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call = { 0 };
	int start = nc_args_has(&c->args, "start"), stay = nc_args_has(&c->args, "no-start");
	char what[160];

	if (start && stay)
		return nc_err(err, NC_E_INVAL, "--start and --no-start exclude each other");
	snprintf(what, sizeof(what), "go back to snapshot %.80s, and lose what came after it",
		c->args.words[0]);
	nc_call_init(&call, "POST", &nc_kind_snapshot, c->args.words[0], "revert");
	nc_code rc = nc_confirm(c, &(nc_confirmation){ .what = what }, err);
	if (rc == NC_OK && (start || stay)) {
		call.body = json_object();
		rc = call.body ? nc_body_put(call.body, "start", json_boolean(start), err)
			       : nc_err_nomem(err);
	}
	return rc == NC_OK ? nc_change_send(c, &nc_kind_snapshot, &call, "reverted to", err) : rc;
}

static nc_code resize_volume(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;

	nc_call_init(&call, "POST", &nc_kind_volume, c->args.words[0], "resize");
	if (!nc_args_has(&c->args, "size"))
		return nc_err(err, NC_E_INVAL, "--size must be given");
	if (!(call.body = json_object()))
		return nc_err_nomem(err);
	nc_code rc = nc_body_put(
		call.body, "size_gib", json_integer(nc_args_num(&c->args, "size", 0)), err);
	return rc == NC_OK ? nc_change_send(c, &nc_kind_volume, &call, "resized", err) : rc;
}

#define USES (NC_USES_WAIT | NC_USES_CHANGE | NC_USES_PROJECT | NC_USES_OUTPUT)

static const nc_flag take_flags[] = {
	{ .name = "memory", .doc = "with what is in its memory" },
	{ .name = NULL },
};
const nc_cmd nc_cmd_vm_snapshot = {
	.path = "vm snapshot",
	.doc = "keep it as it is now",
	.more = "novacron snapshot list shows them, snapshot revert goes back, snapshot delete "
		"forgets one.",
	.args = { { .name = "VM", .kind = "vm" }, { .name = "NAME" } },
	.flags = take_flags,
	.uses = USES,
	.run = take,
};

static const nc_flag revert_flags[] = {
	{ .name = "start", .doc = "running afterwards, where the snapshot has no memory" },
	{ .name = "no-start", .doc = "stopped afterwards (default: as it is now)" },
	{ .name = NULL },
};
const nc_cmd nc_cmd_snapshot_revert = {
	.path = "snapshot revert",
	.doc = "take its VM back to it",
	.args = { { .name = "NAME", .kind = "snapshot" } },
	.flags = revert_flags,
	.uses = USES | NC_USES_YES,
	.run = revert,
};

static const nc_flag size_flags[] = {
	{ .name = "size",
		.value = "GIB",
		.type = NC_FLAG_INT,
		.min = 1,
		.max = 65536,
		.doc = "GiB it has from now on" },
	{ .name = NULL },
};
const nc_cmd nc_cmd_volume_resize = {
	.path = "volume resize",
	.doc = "make it larger",
	.args = { { .name = "NAME", .kind = "volume" } },
	.flags = size_flags,
	.uses = USES,
	.run = resize_volume,
};
