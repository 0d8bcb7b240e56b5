/* SPDX-License-Identifier: Apache-2.0 */
/* docs: every command and flag as a page. */
#include "base/err.h"
#include "cli/cmd/all.h"
#include "cli/help.h"
#include "cli/output.h"

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf b;

	(void)c;
	nc_buf_init(&b, 4u << 20);
	nc_help_docs(&b);
	return nc_buf_failed(&b) ? nc_err_nomem(err) : nc_print_text(nc_buf_bytes(&b), err);
}

const nc_cmd nc_cmd_docs = {
	.path = "docs",
	.doc = "every command and flag as Markdown (offline)",
	.run = run,
};
