/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "plugin/loader_internal.h"

/*
 * Quarantine records: one file a plugin in state_dir/quarantine, which an operator may read or remove
 * with plain tools. A record that can't be read still holds its plugin back.
 */

static void path_of(const nc_plugins *p, const char *id, char *out, size_t cap)
{
	snprintf(out, cap, "%s/quarantine/%s.json", p->state_dir, id);
}

int nc_quarantine_has(nc_plugins *p, const char *id, char *ret_reason, size_t cap)
{
	char path[4096];
	_cleanup_(nc_freep) char *text = NULL;
	_cleanup_(nc_json_decrefp) json_t *doc = NULL;
	const char *reason = NULL;
	size_t n;
	path_of(p, id, path, sizeof(path));
	nc_code rc = nc_file_read(path, 64 << 10, &text, &n, NULL);
	if (rc == NC_E_NOTFOUND)
		return 0;
	if (rc == NC_OK && nc_json_parse((nc_bytes){ text, n }, 64 << 10, &doc, NULL) == NC_OK)
		(void)nc_json_get_str(doc, NULL, "reason", NC_OPTIONAL, 1000, &reason, NULL);
	snprintf(ret_reason, cap, "%s", reason ? reason : "its record can't be read");
	return 1;
}

nc_code nc_quarantine_put(nc_plugins *p, const char *id, const char *reason, nc_error *err)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/quarantine", p->state_dir);
	nc_code rc = nc_mkdir_p(path, 0700, err);
	if (rc != NC_OK)
		return rc;
	_cleanup_(nc_buf_done) nc_buf b;
	nc_jw w;
	nc_buf_init(&b, 16 << 10);
	nc_jw_init(&w, &b);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "plugin", id);
	nc_jw_kstr(&w, "reason", reason);
	nc_jw_ktime(&w, "since", nc_clock_wall_ms());
	nc_jw_obj_end(&w);
	nc_buf_putc(&b, '\n');
	if (nc_buf_failed(&b))
		return nc_err_nomem(err);
	path_of(p, id, path, sizeof(path));
	return nc_file_replace(path, 0600, nc_buf_bytes(&b), err);
}

nc_code nc_quarantine_lift(nc_plugins *p, const char *id, nc_error *err)
{
	char path[4096];
	path_of(p, id, path, sizeof(path));
	if (unlink(path) == 0)
		return NC_OK;
	if (errno == ENOENT)
		return nc_err(err, NC_E_NOTFOUND, "plugin %s is not in quarantine", id);
	return nc_err_errno(err, errno, "could not remove %s", path);
}
