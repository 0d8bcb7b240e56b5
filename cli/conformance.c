/* SPDX-License-Identifier: Apache-2.0 */
/* `novacron plugin test` over the kit of sdk/c, which runs every check in a process of its own. */
#include "cli/conformance.h"

#include <stdio.h>

#include "base/err.h"
#include "cli/output.h"
#include "novacron-sdk/conformance.h"

nc_code nc_conformance_test(nc_cli *c, const char *path, nc_error *err)
{
	int is_json = nc_out_form_of(c) == NC_OUT_JSON;
	nc_conformance_options o = { .path = path,
		.settings = nc_args_str(&c->args, "settings"),
		.only = nc_args_str(&c->args, "only"),
		.check_timeout_s = (unsigned)(nc_args_num(&c->args, "timeout", 0) / 1000000),
		.table = is_json ? stderr : stdout,
		.json = is_json ? stdout : NULL };

	const char *isolation = nc_args_str(&c->args, "isolation");

	if (isolation && (o.isolation = nc_conformance_isolation(isolation)) < 0)
		return nc_err(err, NC_E_INVAL, "--isolation is both, process or in_process");
	/* What is wrong with the plugin has been told by the kit. */
	c->exit_code = nc_conformance_run(&o);
	fflush(stdout);
	return NC_OK;
}
