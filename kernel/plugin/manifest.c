/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/manifest.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/json.h"

/*
 * Reading a manifest straight into a struct: every key known, every value bounded, so that what
 * follows (hashing, loading, limits) needs no check of its own. It comes from a folder that
 * passed verify.h today and from a package tomorrow, and is treated as hostile.
 */

#define LIST_MAX  256
#define FILES_MAX 1024

static const char *const top_keys[] = { "schema", "id", "version", "license", "publisher", "abi",
	"platform", "entry", "provides", "requires", "wants", "features", "isolation",
	"max_concurrency", "max_per_target", "state_version", "process_globals", "exclusive",
	"owns_guests", "permissions", "files", "description", NULL };
static const char *const abi_keys[] = { "major", "min_minor", NULL };
static const char *const platform_keys[] = { "os", "arch", "libc", NULL };
static const char *const permission_keys[] = { "exec", "net", "unix", "fs_ro", "fs_rw", "secrets",
	NULL };
static const char *const file_keys[] = { "sha256", "size", "mode", NULL };

int nc_plugin_id_is_valid(const char *id)
{
	size_t n = strlen(id);
	if (n == 0 || n > NC_PLUGIN_ID_MAX || !isalnum((unsigned char)id[0]))
		return 0;
	for (size_t i = 0; i < n; i++) {
		int c = (unsigned char)id[i];
		if (!islower(c) && !isdigit(c) && c != '.' && c != '-' && c != '_')
			return 0;
	}
	return strstr(id, "..") == NULL;
}

static int is_plain(const char *s) /* printable ASCII without spaces: goes into logs and names */
{
	for (; *s; s++)
		if (!isgraph((unsigned char)*s))
			return 0;
	return 1;
}

/* Relative, no empty, "." or ".." part, nothing that a terminal or a log would trip over. */
static int is_clean_path(const char *path)
{
	size_t part = 0;
	if (!*path || !is_plain(path) || strchr(path, '\\'))
		return 0;
	for (const char *p = path;; p++) {
		if (*p && *p != '/') {
			part++;
			continue;
		}
		const char *start = p - part;
		if (part == 0 || (part == 1 && start[0] == '.') ||
			(part == 2 && start[0] == '.' && start[1] == '.'))
			return 0;
		if (!*p)
			return 1;
		part = 0;
	}
}

static nc_code bad(nc_error *err, const char *field, const char *what)
{
	return nc_err(err, NC_E_INVAL, "manifest: %s %s", field, what);
}

static nc_code get_u32(const json_t *o, const nc_jpath *at, const char *key, nc_presence need,
	uint32_t min, uint32_t max, uint32_t *ret, nc_error *err)
{
	int64_t v = *ret;
	nc_code rc = nc_json_get_i64(o, at, key, need, min, max, &v, err);
	if (rc == NC_OK)
		*ret = (uint32_t)v;
	return rc;
}

/* An array of short plain strings without doubles. */
static nc_code get_names(const json_t *o, const nc_jpath *at, const char *key, nc_presence need,
	const json_t **ret, nc_error *err)
{
	const json_t *list = NULL;
	size_t i, k;
	json_t *v;
	nc_code rc = nc_json_get_arr(o, at, key, need, LIST_MAX, &list, err);
	if (rc != NC_OK || !list)
		return rc;
	json_array_foreach(list, i, v)
	{
		if (!json_is_string(v) || json_string_length(v) == 0 ||
			json_string_length(v) > 255 || !is_plain(json_string_value(v)))
			return bad(err, key, "must be a list of short names without spaces");
		for (k = 0; k < i; k++)
			if (json_equal(json_array_get(list, k), v))
				return nc_err(err, NC_E_INVAL, "manifest: %s names \"%s\" twice",
					key, json_string_value(v));
	}
	*ret = list;
	return NC_OK;
}

static nc_code read_identity(nc_manifest *m, nc_error *err)
{
	int64_t schema = 0;
	nc_code rc = nc_json_get_i64(m->doc, NULL, "schema", NC_REQUIRED, 1, 1, &schema, err);
	if (rc != NC_OK)
		return nc_err_hint(err, rc, "this version of NovaCron reads manifests of schema 1");
	if ((rc = nc_json_get_str(
		     m->doc, NULL, "id", NC_REQUIRED, NC_PLUGIN_ID_MAX, &m->id, err)) != NC_OK ||
		(rc = nc_json_get_str(
			 m->doc, NULL, "version", NC_REQUIRED, 63, &m->version, err)) != NC_OK ||
		(rc = nc_json_get_str(
			 m->doc, NULL, "license", NC_OPTIONAL, 127, &m->license, err)) != NC_OK ||
		(rc = nc_json_get_str(m->doc, NULL, "publisher", NC_OPTIONAL, 127, &m->publisher,
			 err)) != NC_OK ||
		(rc = nc_json_get_str(m->doc, NULL, "entry", NC_REQUIRED, 255, &m->entry, err)) !=
			NC_OK)
		return rc;
	if (!nc_plugin_id_is_valid(m->id))
		return bad(err, "id", "must be lower case letters, digits, '.', '-' and '_'");
	if (!*m->version || !is_plain(m->version))
		return bad(err, "version", "must not be empty nor have spaces");
	if (!is_clean_path(m->entry))
		return bad(err, "entry", "must be a relative path inside the plugin's folder");
	return NC_OK;
}

static nc_code read_platform(nc_manifest *m, nc_error *err)
{
	const json_t *abi = NULL, *platform = NULL;
	nc_jpath at_abi = { .key = "abi" }, at_platform = { .key = "platform" };
	nc_code rc;
	if ((rc = nc_json_get_obj(m->doc, NULL, "abi", NC_REQUIRED, &abi, err)) != NC_OK ||
		(rc = nc_json_only_keys(abi, &at_abi, abi_keys, err)) != NC_OK ||
		(rc = get_u32(abi, &at_abi, "major", NC_REQUIRED, 1, 0xffff, &m->abi_major, err)) !=
			NC_OK ||
		(rc = get_u32(abi, &at_abi, "min_minor", NC_REQUIRED, 0, 0xffff, &m->abi_min_minor,
			 err)) != NC_OK ||
		(rc = nc_json_get_obj(m->doc, NULL, "platform", NC_REQUIRED, &platform, err)) !=
			NC_OK ||
		(rc = nc_json_only_keys(platform, &at_platform, platform_keys, err)) != NC_OK ||
		(rc = nc_json_get_str(
			 platform, &at_platform, "os", NC_REQUIRED, 31, &m->os, err)) != NC_OK ||
		(rc = nc_json_get_str(
			 platform, &at_platform, "arch", NC_REQUIRED, 31, &m->arch, err)) != NC_OK)
		return rc;
	return nc_json_get_str(platform, &at_platform, "libc", NC_OPTIONAL, 63, &m->libc, err);
}

static nc_code read_limits(nc_manifest *m, nc_error *err)
{
	const char *isolation = "process";
	nc_code rc;
	m->max_concurrency = 8;
	m->max_per_target = 2;
	if ((rc = nc_json_get_str(m->doc, NULL, "isolation", NC_OPTIONAL, 31, &isolation, err)) !=
			NC_OK ||
		(rc = get_u32(m->doc, NULL, "max_concurrency", NC_OPTIONAL, 1, 1024,
			 &m->max_concurrency, err)) != NC_OK ||
		(rc = get_u32(m->doc, NULL, "max_per_target", NC_OPTIONAL, 1, 1024,
			 &m->max_per_target, err)) != NC_OK ||
		(rc = get_u32(m->doc, NULL, "state_version", NC_OPTIONAL, 0, UINT32_MAX,
			 &m->state_version, err)) != NC_OK ||
		(rc = nc_json_get_bool(
			 m->doc, NULL, "exclusive", NC_OPTIONAL, &m->is_exclusive, err)) != NC_OK ||
		(rc = nc_json_get_bool(
			 m->doc, NULL, "owns_guests", NC_OPTIONAL, &m->owns_guests, err)) != NC_OK)
		return rc;
	m->is_in_process = strcmp(isolation, "in_process") == 0;
	if (!m->is_in_process && strcmp(isolation, "process") != 0)
		return bad(err, "isolation", "must be process or in_process");
	return NC_OK;
}

static nc_code read_lists(nc_manifest *m, nc_error *err)
{
	const struct {
		const char *key;
		const json_t **ret;
		nc_presence need;
	} lists[] = {
		{ "provides", &m->provides, NC_REQUIRED },
		{ "requires", &m->requires, NC_OPTIONAL },
		{ "wants", &m->wants, NC_OPTIONAL },
		{ "features", &m->features, NC_OPTIONAL },
		{ "process_globals", &m->process_globals, NC_OPTIONAL },
	};
	for (size_t i = 0; i < NC_LEN(lists); i++) {
		nc_code rc =
			get_names(m->doc, NULL, lists[i].key, lists[i].need, lists[i].ret, err);
		if (rc != NC_OK)
			return rc;
	}
	return NC_OK;
}

static nc_code read_permissions(nc_manifest *m, nc_error *err)
{
	nc_jpath at = { .key = "permissions" };
	nc_code rc =
		nc_json_get_obj(m->doc, NULL, "permissions", NC_OPTIONAL, &m->permissions, err);
	if (rc != NC_OK || !m->permissions)
		return rc;
	if ((rc = nc_json_only_keys(m->permissions, &at, permission_keys, err)) != NC_OK)
		return rc;
	for (const char *const *key = permission_keys; *key; key++) {
		const json_t *list = NULL;
		if ((rc = get_names(m->permissions, &at, *key, NC_OPTIONAL, &list, err)) != NC_OK)
			return rc;
	}
	return NC_OK;
}

static int is_sha256(const char *s)
{
	return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

static nc_code read_file(const char *path, const json_t *o, nc_manifest_file *f, nc_error *err)
{
	nc_jpath files = { .key = "files" }, at = { .up = &files, .key = path };
	const char *mode = "0755"; /* all that a safe file may have */
	int64_t size = 0;
	char *end;
	nc_code rc;
	*f = (nc_manifest_file){ .path = path };
	if (!is_clean_path(path))
		return bad(err, "files", "names a path that leaves the plugin's folder");
	if (!json_is_object(o))
		return nc_err(err, NC_E_INVAL, "manifest: files.%s must be an object", path);
	if ((rc = nc_json_only_keys(o, &at, file_keys, err)) != NC_OK ||
		(rc = nc_json_get_str(o, &at, "sha256", NC_REQUIRED, 64, &f->sha256, err)) !=
			NC_OK ||
		(rc = nc_json_get_i64(
			 o, &at, "size", NC_REQUIRED, 0, INT64_C(1) << 32, &size, err)) != NC_OK ||
		(rc = nc_json_get_str(o, &at, "mode", NC_OPTIONAL, 5, &mode, err)) != NC_OK)
		return rc;
	f->size = (uint64_t)size;
	f->mode = (uint32_t)strtoul(mode, &end, 8);
	if (!is_sha256(f->sha256))
		return nc_err(err, NC_E_INVAL, "manifest: files.%s.sha256 is not a SHA-256", path);
	if (!*mode || *end || f->mode > 0777 || (f->mode & 022))
		return nc_err(err, NC_E_INVAL,
			"manifest: files.%s.mode %s must be octal, not set-id, not writable by "
			"others",
			path, mode);
	return NC_OK;
}

static nc_code read_files(nc_manifest *m, nc_error *err)
{
	nc_manifest_file f;
	const char *path;
	json_t *o;
	nc_code rc = nc_json_get_obj(m->doc, NULL, "files", NC_REQUIRED, &m->files, err);
	if (rc != NC_OK)
		return rc;
	if (json_object_size(m->files) > FILES_MAX)
		return bad(err, "files", "names too many files");
	json_object_foreach((json_t *)(uintptr_t)m->files, path, o)
	{
		if ((rc = read_file(path, o, &f, err)) != NC_OK)
			return rc;
	}
	if (!json_object_get(m->files, m->entry))
		return nc_err(err, NC_E_INVAL, "manifest: entry %s is not among files", m->entry);
	return NC_OK;
}

nc_code nc_manifest_parse(nc_bytes text, nc_manifest **ret, nc_error *err)
{
	static nc_code (*const readers[])(nc_manifest *, nc_error *) = { read_identity,
		read_platform, read_limits, read_lists, read_permissions, read_files };
	_cleanup_(nc_manifest_freep) nc_manifest *m = nc_calloc(1, sizeof(*m));
	if (!m)
		return nc_err_nomem(err);
	nc_code rc = nc_json_parse(text, NC_MANIFEST_MAX, &m->doc, err);
	if (rc != NC_OK)
		return nc_err_wrap(err, rc, "manifest");
	if (!json_is_object(m->doc))
		return nc_err(err, NC_E_INVAL, "manifest: must be an object");
	if ((rc = nc_json_only_keys(m->doc, NULL, top_keys, err)) != NC_OK)
		return nc_err_wrap(err, rc, "manifest");
	for (size_t i = 0; i < NC_LEN(readers); i++)
		if ((rc = readers[i](m, err)) != NC_OK)
			return rc;
	*ret = nc_steal(&m);
	return NC_OK;
}

void nc_manifest_free(nc_manifest *m)
{
	if (!m)
		return;
	json_decref(m->doc);
	nc_free(m);
}

/* ---- questions ---- */

static int has_name(const json_t *list, const char *name)
{
	size_t i;
	json_t *v;
	json_array_foreach(list, i, v)
	{
		if (strcmp(json_string_value(v), name) == 0)
			return 1;
	}
	return 0;
}

int nc_manifest_provides(const nc_manifest *m, const char *ext)
{
	return has_name(m->provides, ext);
}

int nc_manifest_asks_for(const nc_manifest *m, const char *ext)
{
	return has_name(m->requires, ext) || has_name(m->wants, ext);
}

int nc_manifest_has_feature(const nc_manifest *m, const char *feature)
{
	return has_name(m->features, feature);
}

int nc_manifest_may_open_secret(const nc_manifest *m, nc_bytes handle)
{
	size_t i;
	json_t *v;
	json_array_foreach(json_object_get(m->permissions, "secrets"), i, v)
	{
		const char *rule = json_string_value(v);
		size_t n = json_string_length(v);
		int is_prefix = rule[n - 1] == '*';
		n -= (size_t)is_prefix;
		if (handle.len >= n && (is_prefix || handle.len == n) &&
			memcmp(handle.ptr, rule, n) == 0)
			return 1;
	}
	return 0;
}

int nc_manifest_may_exec(const nc_manifest *m)
{
	return json_array_size(json_object_get(m->permissions, "exec")) > 0;
}

static int is_out_of_reach(const char *path, int mode)
{
	return path[0] == '/' && faccessat(AT_FDCWD, path, mode, AT_EACCESS) < 0 &&
	       (errno == EACCES || errno == EPERM || errno == EROFS);
}

nc_code nc_manifest_check_rights(const nc_manifest *m, nc_error *err)
{
	static const struct {
		const char *key;
		int mode;
	} rights[] = { { "exec", X_OK }, { "unix", R_OK | W_OK }, { "fs_ro", R_OK },
		{ "fs_rw", R_OK | W_OK } };
	for (size_t r = 0; r < NC_LEN(rights); r++) {
		size_t i;
		json_t *v;
		json_array_foreach(json_object_get(m->permissions, rights[r].key), i, v)
		{
			if (!is_out_of_reach(json_string_value(v), rights[r].mode))
				continue;
			nc_err(err, NC_E_UNSUPPORTED, "plugin %s needs %s (permissions.%s): %s",
				m->id, json_string_value(v), rights[r].key, strerror(errno));
			return nc_err_hint(err, NC_E_UNSUPPORTED,
				"give it a user who may, by the launcher, or the daemon's user the "
				"right");
		}
	}
	return NC_OK;
}

static int fill_file(const char *path, const json_t *o, nc_manifest_file *ret)
{
	return read_file(path, o, ret, NULL) == NC_OK; /* always: parse has seen it */
}

int nc_manifest_next_file(const nc_manifest *m, void **it, nc_manifest_file *ret)
{
	json_t *files = (json_t *)(uintptr_t)m->files;
	*it = *it ? json_object_iter_next(files, *it) : json_object_iter(files);
	return *it && fill_file(json_object_iter_key(*it), json_object_iter_value(*it), ret);
}

int nc_manifest_find_file(const nc_manifest *m, const char *path, nc_manifest_file *ret)
{
	const json_t *o = json_object_get(m->files, path);
	return o && fill_file(path, o, ret);
}
