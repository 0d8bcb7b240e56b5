/* SPDX-License-Identifier: Apache-2.0 */
/* config generate, config docs: every key, as YAML to start from and as a page. Offline. */
#include "base/err.h"
#include "cli/cmd/all.h"
#include "cli/output.h"
#include "config/render.h"

enum { TEXT_MAX = 1 << 20 };

static nc_code print_made(void (*make)(nc_buf *), nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf b;

	nc_buf_init(&b, TEXT_MAX);
	make(&b);
	return nc_buf_failed(&b) ? nc_err_nomem(err) : nc_print_text(nc_buf_bytes(&b), err);
}

static nc_code run_generate(nc_cli *c, nc_error *err)
{
	(void)c;
	return print_made(nc_config_generate, err);
}

static nc_code run_docs(nc_cli *c, nc_error *err)
{
	(void)c;
	return print_made(nc_config_docs, err);
}

const nc_cmd nc_cmd_config_generate = {
	.path = "config generate",
	.doc = "a configuration with every key at its default, explained (offline)",
	.more = "novacron config generate > config.yaml",
	.run = run_generate,
};

const nc_cmd nc_cmd_config_docs = {
	.path = "config docs",
	.doc = "every key as a page of Markdown (offline)",
	.run = run_docs,
};
