/* SPDX-License-Identifier: Apache-2.0 */
/* explain KIND[.FIELD]: what the tables say. Offline. */
#include "cli/cmd/all.h"
#include "cli/output.h"
#include "model/schema.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf b;

	nc_buf_init(&b, 1u << 20);
	nc_code rc = nc_explain(c->args.words[0], &b, err);
	return rc == NC_OK ? nc_print_text(nc_buf_bytes(&b), err) : rc;
}

const nc_cmd nc_cmd_explain = {
	.path = "explain",
	.doc = "the fields of a kind, or one of them (offline)",
	.more = "novacron explain vm\nnovacron explain vm.disks.size_gib",
	.args = { { .name = "KIND[.FIELD]" } },
	.run = run,
};
