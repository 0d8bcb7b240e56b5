/* SPDX-License-Identifier: Apache-2.0 */
/* vm disk and vm nic: attach, detach, resize. One element of one VM. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cli/body.h"
#include "cli/change.h"
#include "cli/cmd/all.h"
#include "cli/confirm.h"

static nc_code put_num(nc_cli *c, json_t *body, const char *flag, const char *field, nc_error *err)
{
	int64_t n = nc_args_num(&c->args, flag, 0);

	return n ? nc_body_put(body, field, json_integer(n), err) : NC_OK;
}

static nc_code put_text(nc_cli *c, json_t *body, const char *flag, const char *field, nc_error *err)
{
	const char *text = nc_args_str(&c->args, flag);

	return text ? nc_body_put(body, field, json_string(text), err) : NC_OK;
}

static nc_code need(nc_cli *c, const char *a, const char *b, nc_error *err)
{
	if (nc_args_has(&c->args, a) || (b && nc_args_has(&c->args, b)))
		return NC_OK;
	if (b)
		return nc_err(err, NC_E_INVAL, "--%s or --%s must be given", a, b);
	return nc_err(err, NC_E_INVAL, "--%s must be given", a);
}

static nc_code disk_attach(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	nc_code rc = need(c, "size", "volume", err);

	nc_call_init(&call, "POST", &nc_kind_vm, c->args.words[0], "disks");
	if (rc == NC_OK && !(call.body = json_object()))
		rc = nc_err_nomem(err);
	if (rc == NC_OK)
		rc = put_num(c, call.body, "size", "size_gib", err);
	if (rc == NC_OK)
		rc = put_text(c, call.body, "volume", "volume", err);
	if (rc == NC_OK)
		rc = put_text(c, call.body, "pool", "pool", err);
	if (rc == NC_OK)
		rc = put_text(c, call.body, "image", "image", err);
	return rc == NC_OK ? nc_change_send(c, &nc_kind_vm, &call, "has its disk", err) : rc;
}

static nc_code disk_resize(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	nc_code rc = need(c, "size", NULL, err);

	nc_call_init(&call, "PATCH", &nc_kind_vm, c->args.words[0], "disks");
	nc_call_segment(&call, c->args.words[1]);
	if (rc == NC_OK && !(call.body = json_object()))
		rc = nc_err_nomem(err);
	if (rc == NC_OK)
		rc = put_num(c, call.body, "size", "size_gib", err);
	return rc == NC_OK ? nc_change_send(c, &nc_kind_vm, &call, "has a larger disk", err) : rc;
}

static nc_code nic_attach(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	nc_code rc = NC_OK;

	nc_call_init(&call, "POST", &nc_kind_vm, c->args.words[0], "nics");
	if (!(call.body = json_object()))
		rc = nc_err_nomem(err);
	if (rc == NC_OK)
		rc = put_text(c, call.body, "network", "network", err);
	if (rc == NC_OK)
		rc = put_text(c, call.body, "address", "address", err);
	if (rc == NC_OK)
		rc = put_text(c, call.body, "mac", "mac", err);
	return rc == NC_OK ? nc_change_send(c, &nc_kind_vm, &call, "plugged in", err) : rc;
}

/* What is lost is asked for first. */
static nc_code detach(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	const char *list = c->cmd->verb_arg;
	int is_disk = !strcmp(list, "disks");
	char what[160];

	snprintf(what, sizeof(what), "detach %s %.60s of vm %.60s", is_disk ? "disk" : "nic",
		c->args.words[1], c->args.words[0]);
	nc_call_init(&call, "DELETE", &nc_kind_vm, c->args.words[0], list);
	nc_call_segment(&call, c->args.words[1]);
	nc_code rc = nc_confirm(c, &(nc_confirmation){ .what = what }, err);
	return rc == NC_OK ? nc_change_send(c, &nc_kind_vm, &call,
				     is_disk ? "has lost its disk" : "unplugged", err)
			   : rc;
}

#define NAMED(flag_name, of, what)                                                                 \
	{                                                                                          \
		.name = (flag_name), .value = "NAME", .type = NC_FLAG_NAME, .kind = (of),          \
		.doc = (what)                                                                      \
	}
#define SIZE_GIB(what)                                                                             \
	{                                                                                          \
		.name = "size", .value = "GIB", .type = NC_FLAG_INT, .min = 1, .max = 65536,       \
		.doc = (what)                                                                      \
	}
static const nc_flag disk_flags[] = {
	SIZE_GIB("a new one of so many GiB"),
	NAMED("volume", "volume", "or this volume"),
	NAMED("pool", "pool", "where the new one lies"),
	NAMED("image", "image", "what the new one holds"),
	{ .name = NULL },
};
static const nc_flag size_flags[] = { SIZE_GIB("GiB it has from now on"), { .name = NULL } };
static const nc_flag nic_flags[] = {
	NAMED("network", "network", "where it is plugged in (default: the project's)"),
	{ .name = "address", .value = "IP", .type = NC_FLAG_TEXT, .doc = "its address" },
	{ .name = "mac", .value = "MAC", .type = NC_FLAG_TEXT, .doc = "its hardware address" },
	{ .name = NULL },
};

#define USES (NC_USES_WAIT | NC_USES_CHANGE | NC_USES_PROJECT | NC_USES_OUTPUT)
#define IDS  "novacron vm show VM -o json shows the ids."

const nc_cmd nc_cmd_vm_disk_attach = {
	.path = "vm disk attach",
	.doc = "give it a disk, also while it runs",
	.args = { { .name = "VM", .kind = "vm" } },
	.flags = disk_flags,
	.uses = USES,
	.run = disk_attach,
};
const nc_cmd nc_cmd_vm_disk_resize = {
	.path = "vm disk resize",
	.doc = "make a disk larger, also while it runs",
	.more = IDS,
	.args = { { .name = "VM", .kind = "vm" }, { .name = "DISK" } },
	.flags = size_flags,
	.uses = USES,
	.run = disk_resize,
};
const nc_cmd nc_cmd_vm_disk_detach = {
	.path = "vm disk detach",
	.verb_arg = "disks",
	.doc = "take a disk away: a volume stays, another is lost unless it is to be kept",
	.more = IDS,
	.args = { { .name = "VM", .kind = "vm" }, { .name = "DISK" } },
	.uses = USES | NC_USES_YES,
	.run = detach,
};
const nc_cmd nc_cmd_vm_nic_attach = {
	.path = "vm nic attach",
	.doc = "plug it into a network, also while it runs",
	.args = { { .name = "VM", .kind = "vm" } },
	.flags = nic_flags,
	.uses = USES,
	.run = nic_attach,
};
const nc_cmd nc_cmd_vm_nic_detach = {
	.path = "vm nic detach",
	.verb_arg = "nics",
	.doc = "unplug a NIC",
	.more = IDS,
	.args = { { .name = "VM", .kind = "vm" }, { .name = "NIC" } },
	.uses = USES | NC_USES_YES,
	.run = detach,
};
