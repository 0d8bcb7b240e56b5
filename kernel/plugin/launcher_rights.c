/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "plugin/launcher_internal.h"
#include "plugin/verify.h"

/* The launcher's list of rights, read anew for each start. Runs as root, in a process of one thread. */

#define RIGHTS_MAX (256u << 10)

static nc_code read_all(int fd, nc_buf *out, nc_error *err)
{
	char chunk[4096];
	ssize_t n;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		nc_buf_put(out, chunk, (size_t)n);
	if (n < 0)
		return nc_err_errno(err, errno, "could not read the list of rights");
	if (out->error == NC_E_NOMEM)
		return nc_err_nomem(err);
	return nc_buf_failed(out) ? nc_err(err, out->error, "the list of rights is too long")
				  : NC_OK;
}

static nc_code read_user(const json_t *o, const nc_jpath *at, nc_launcher_rights *r, nc_error *err)
{
	const char *user = NULL;
	nc_code rc = nc_json_get_str(o, at, "user", NC_REQUIRED, 63, &user, err);
	if (rc != NC_OK)
		return rc;
	const struct passwd *pw = getpwnam(user);
	if (!pw)
		return nc_err(err, NC_E_NOTFOUND, "there is no user %s", user);
	r->uid = pw->pw_uid;
	r->gid = pw->pw_gid;
	return NC_OK;
}

static nc_code read_groups(
	const json_t *o, const nc_jpath *at, nc_launcher_rights *r, nc_error *err)
{
	const json_t *list = NULL;
	size_t i;
	json_t *v;
	nc_code rc =
		nc_json_get_arr(o, at, "groups", NC_OPTIONAL, NC_LAUNCHER_GROUPS_MAX, &list, err);
	if (rc != NC_OK)
		return rc;
	json_array_foreach(list, i, v)
	{
		const struct group *gr = json_is_string(v) ? getgrnam(json_string_value(v)) : NULL;
		if (!gr)
			return nc_err(err, NC_E_NOTFOUND, "there is no group %s",
				json_is_string(v) ? json_string_value(v) : "of that kind");
		r->groups[r->n_groups++] = gr->gr_gid;
	}
	return NC_OK;
}

static nc_code find_rights(const json_t *doc, const char *id, nc_launcher_rights *r, nc_error *err)
{
	static const char *const keys[] = { "folder", "user", "groups", NULL };
	const json_t *plugins = NULL, *o = NULL;
	const char *folder = NULL;
	nc_jpath at_plugins = { .key = "plugins" }, at = { .up = &at_plugins, .key = id };
	nc_code rc = nc_json_get_obj(doc, NULL, "plugins", NC_REQUIRED, &plugins, err);
	if (rc == NC_OK)
		rc = nc_json_get_obj(plugins, &at_plugins, id, NC_OPTIONAL, &o, err);
	if (rc != NC_OK)
		return rc;
	if (!o) {
		nc_err(err, NC_E_UNSUPPORTED, "the launcher has no rights for plugin %s", id);
		return nc_err_hint(
			err, NC_E_UNSUPPORTED, "name it in the launcher's list of rights");
	}
	if ((rc = nc_json_only_keys(o, &at, keys, err)) != NC_OK ||
		(rc = nc_json_get_str(o, &at, "folder", NC_REQUIRED, sizeof(r->folder) - 1, &folder,
			 err)) != NC_OK)
		return rc;
	snprintf(r->folder, sizeof(r->folder), "%s", folder);
	rc = read_user(o, &at, r, err);
	return rc == NC_OK ? read_groups(o, &at, r, err) : rc;
}

nc_code nc_launcher_read_rights(
	const char *path, const char *id, nc_launcher_rights *r, nc_error *err)
{
	_cleanup_(nc_closep) int fd = -1;
	_cleanup_(nc_json_decrefp) json_t *doc = NULL;
	_cleanup_(nc_buf_done) nc_buf text;
	nc_buf_init(&text, RIGHTS_MAX);
	nc_code rc = nc_verify_path(path, 0, &fd, err);
	if (rc == NC_OK)
		rc = read_all(fd, &text, err);
	if (rc == NC_OK)
		rc = nc_json_parse(nc_buf_bytes(&text), RIGHTS_MAX, &doc, err);
	return rc == NC_OK ? find_rights(doc, id, r, err) : rc;
}
