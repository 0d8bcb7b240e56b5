/* SPDX-License-Identifier: Apache-2.0 */
/* state backup PATH: a copy of everything while the daemon works, written by the daemon. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "cli/body.h"
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/output.h"
#include "cli/units.h"

#define BACKUP_TIMEOUT_US INT64_C(86400000000)
enum { PATH_LEN_MAX = 4096 };

/* The daemon has another working folder: it gets an absolute path. */
static nc_code absolute(const char *path, char *out, nc_error *err)
{
	char here[PATH_LEN_MAX / 2];

	if (*path == '/')
		snprintf(out, PATH_LEN_MAX, "%s", path);
	else if (!getcwd(here, sizeof(here)))
		return nc_err_errno(err, errno, "could not tell the working folder");
	else
		snprintf(out, PATH_LEN_MAX, "%s/%s", here, path);
	return NC_OK;
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	char path[PATH_LEN_MAX], size[32];

	nc_call_init_path(&call, "POST", "/api/v1/admin/state/backup");
	call.timeout_us = BACKUP_TIMEOUT_US;
	if (!(call.body = json_object()))
		return nc_err_nomem(err);
	nc_code rc = absolute(c->args.words[0], path, err);
	if (rc == NC_OK)
		rc = nc_body_put(call.body, "path", json_string(path), err);
	if (rc == NC_OK)
		rc = nc_call_send(c, &call, err);
	if (rc != NC_OK)
		return rc;
	if (nc_out_is_for_programs(c))
		return nc_print_json(c, call.json, err);
	nc_bytes_format(
		json_integer_value(json_object_get(call.json, "bytes")), size, sizeof(size));
	return nc_print_line(c, err,
		"%s: %s, everything up to seq %" JSON_INTEGER_FORMAT
		"\nthe key that secrets are sealed under is not in it: keep security.key_file "
		"apart",
		path, size, json_integer_value(json_object_get(call.json, "seq")));
}

const nc_cmd nc_cmd_state_backup = {
	.path = "state backup",
	.doc = "copy everything to a file that is not there yet, online",
	.more = "The daemon writes the file, readable by its own user alone.",
	.args = { { .name = "FILE" } },
	.uses = NC_USES_OUTPUT,
	.run = run,
};
