/* SPDX-License-Identifier: Apache-2.0 */
/* vm delete: restorable for a while, or with --purge for good; asks, naming the disks that go. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/change.h"
#include "cli/cmd/all.h"
#include "cli/confirm.h"

enum { LOST_MAX = 8 << 10 };

static int goes_too(const json_t *disk)
{
	return !*nc_json_text(disk, "volume") &&
	       !json_is_false(json_object_get(disk, "delete_with_vm"));
}

/* "disks that go with it: vda (10 GiB)", one line for those that stay. */
static void put_disks(const json_t *vm, int goes, const char *head, nc_buf *b)
{
	const json_t *disks = json_object_get(vm, "disks");
	const char *gap = head;

	for (size_t i = 0; i < json_array_size(disks); i++) {
		const json_t *d = json_array_get(disks, i);
		const char *what = nc_json_text(d, goes ? "device" : "volume");
		if (goes_too(d) != goes)
			continue;
		nc_buf_printf(b, "%s%s", gap, *what ? what : nc_json_text(d, "id"));
		int64_t gib = json_integer_value(json_object_get(d, "size_gib"));
		if (gib)
			nc_buf_printf(b, " (%" PRId64 " GiB)", gib);
		gap = ", ";
	}
	if (gap != head)
		nc_buf_putc(b, '\n');
}

/* What would be lost, told before it is asked. A VM that can't be looked at is left to the server's
 * own answer. */
static nc_code ask(nc_cli *c, const char *ref, int is_purge, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *vm = NULL;
	_cleanup_(nc_buf_done) nc_buf lost;
	char what[160];

	nc_buf_init(&lost, LOST_MAX);
	if (c->term.is_in_tty && !nc_args_has(&c->args, "yes")) {
		nc_code rc = nc_get_object(c, &nc_kind_vm, ref, &vm, err);
		if (rc != NC_OK)
			return rc;
		nc_buf_printf(&lost, "it is %s%s%s\n", nc_json_text(vm, "status"),
			is_purge ? "" : " and can be restored for a while",
			is_purge ? "; there is no way back" : "");
		put_disks(vm, 1, "disks that go with it: ", &lost);
		put_disks(vm, 0, "disks that stay: ", &lost);
	}
	snprintf(what, sizeof(what), "delete vm %.100s%s", ref, is_purge ? " for good" : "");
	return nc_confirm(c, &(nc_confirmation){ .what = what, .lost = lost.ptr }, err);
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	const char *ref = c->args.words[0];
	int is_purge = nc_args_has(&c->args, "purge");

	nc_call_init(&call, "DELETE", &nc_kind_vm, ref, NULL);
	nc_call_query(&call, "purge", is_purge ? "1" : NULL);
	nc_code rc = ask(c, ref, is_purge, err);
	return rc == NC_OK
		       ? nc_change_send(c, &nc_kind_vm, &call, is_purge ? "purged" : "deleted", err)
		       : rc;
}

static const nc_flag flags[] = {
	{ .name = "purge", .doc = "for good: it can't be restored" },
	{ .name = NULL },
};

const nc_cmd nc_cmd_vm_delete = {
	.path = "vm delete",
	.doc = "delete a VM; it can be restored for a while",
	.args = { { .name = "VM", .kind = "vm" } },
	.flags = flags,
	.uses = NC_USES_YES | NC_USES_WAIT | NC_USES_CHANGE | NC_USES_PROJECT | NC_USES_OUTPUT,
	.run = run,
};
