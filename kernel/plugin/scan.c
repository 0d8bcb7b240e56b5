/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ltdl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "plugin/loader_internal.h"
#include "plugin/schema.h"
#include "plugin/verify.h"

/*
 * Looking for plugins, on the supervisor alone: libltdl holds the search path, and it knows no
 * threads. Every folder with a manifest becomes a record with a state and, if it can't be loaded, the
 * reason; no code is touched. A record that was ever loaded is left as it is.
 */

/* ---- one folder ---- */

static nc_code read_schema(nc_found *f, int dir_fd, nc_error *err)
{
	nc_manifest_file file;
	char hex[65];
	size_t n;
	if (!nc_manifest_find_file(f->manifest, "schema.json", &file))
		return nc_err(err, NC_E_INVAL, "schema.json is not among the manifest's files");
	nc_code rc = nc_verify_read(
		dir_fd, "schema.json", f->p->uid, NC_MANIFEST_MAX, &f->schema_text, &n, err);
	if (rc != NC_OK)
		return rc;
	nc_sha256_hex((nc_bytes){ f->schema_text, n }, hex);
	if (strcmp(hex, file.sha256) != 0)
		return nc_err(err, NC_E_DENIED, "schema.json is not the one its manifest names");
	_cleanup_(nc_json_decrefp) json_t *schema = NULL;
	rc = nc_json_parse((nc_bytes){ f->schema_text, n }, NC_MANIFEST_MAX, &schema, err);
	if (rc == NC_OK)
		rc = nc_schema_check(schema, err);
	if (rc == NC_OK)
		f->schema = nc_steal(&schema);
	return rc;
}

static nc_code read_folder(nc_found *f, nc_error *err)
{
	_cleanup_(nc_closep) int dir_fd = -1;
	_cleanup_(nc_freep) char *text = NULL;
	size_t n;
	nc_code rc = nc_verify_folder(f->folder, f->p->uid, &dir_fd, err);
	if (rc != NC_OK)
		return rc;
	rc = nc_verify_read(dir_fd, "manifest.json", f->p->uid, NC_MANIFEST_MAX, &text, &n, err);
	if (rc == NC_OK)
		rc = nc_manifest_parse((nc_bytes){ text, n }, &f->manifest, err);
	if (rc != NC_OK)
		return rc;
	nc_sha256_hex((nc_bytes){ text, n }, f->manifest_sha);
	snprintf(f->id, sizeof(f->id), "%s", f->manifest->id);
	return read_schema(f, dir_fd, err);
}

/* ---- whether it may be loaded ---- */

static const nc_plugin_allow *allowed(const nc_found *f)
{
	for (size_t i = 0; i < f->p->n_allow; i++)
		if (strcmp(f->p->allow[i].id, f->id) == 0)
			return &f->p->allow[i];
	return NULL;
}

static nc_code resolve_isolation(nc_found *f, nc_isolation wanted, nc_error *err)
{
	const nc_manifest *m = f->manifest;
	int is_store = nc_manifest_provides(m, "nc.store/1");
	nc_isolation isolation = wanted != NC_ISO_MANIFEST ? wanted
				 : m->is_in_process        ? NC_ISO_IN_PROCESS
							   : NC_ISO_PROCESS;
	if (f->isolation != isolation) /* else somebody may be loading it by that */
		f->isolation = isolation;
	if (is_store && f->isolation == NC_ISO_PROCESS)
		return nc_err(err, NC_E_UNSUPPORTED,
			"plugin %s keeps the state, which is done in process only", f->id);
	if (f->isolation == NC_ISO_IN_PROCESS && json_array_size(m->process_globals) > 0) {
		nc_err(err, NC_E_UNSUPPORTED,
			"plugin %s keeps state of the whole process (%s) and can't run in the "
			"daemon",
			f->id, json_string_value(json_array_get(m->process_globals, 0)));
		return nc_err_hint(err, NC_E_UNSUPPORTED, "allow it with isolation process");
	}
	return NC_OK;
}

/* A newer major may still carry our entry; only then is its code looked at, unmapped. */
static int exports_v1(const nc_found *f)
{
	_cleanup_(nc_closep) int dir_fd = -1;
	_cleanup_(nc_closep) int memfd = -1;
	int has_v1 = 0;
	if (f->manifest->abi_major <= NC_ABI_MAJOR)
		return 0;
	if (nc_verify_folder(f->folder, f->p->uid, &dir_fd, NULL) != NC_OK ||
		nc_verify_files(dir_fd, f->manifest, f->p->uid, &memfd, NULL) != NC_OK ||
		nc_verify_exports(memfd, &has_v1, NULL) != NC_OK)
		return 0;
	return has_v1;
}

/* The state of a record that is not loaded, and the reason. */
/* Guests that are a plugin's own processes must outlive its host process, and be nobody's to reap but
 * the launcher's: that takes cgroups and a subreaper, which come with the sandbox. */
static nc_code check_guests(const nc_found *f, nc_error *err)
{
	if (!f->manifest->owns_guests)
		return NC_OK;
	nc_err(err, NC_E_UNSUPPORTED,
		"plugin %s says owns_guests: guests as processes of its own are not in this "
		"version",
		f->id);
	return nc_err_hint(err, NC_E_UNSUPPORTED,
		"use a build of it whose guests belong to a service of theirs");
}

static nc_plugin_state assess(nc_found *f, nc_error *err)
{
	char reason[300];
	nc_platform here = nc_platform_here();
	const nc_plugin_allow *a = allowed(f);
	if (nc_manifest_check_platform(f->manifest, &here, exports_v1(f), err) != NC_OK ||
		check_guests(f, err) != NC_OK)
		return NC_PLUGIN_INCOMPATIBLE;
	if (!a) {
		nc_err(err, NC_E_DENIED, "plugin %s is not allowed by the configuration", f->id);
		nc_err_hint(err, NC_E_DENIED, "name it under plugins.allow in the configuration");
		return NC_PLUGIN_NOT_ALLOWED;
	}
	if (resolve_isolation(f, a->isolation, err) != NC_OK)
		return NC_PLUGIN_INCOMPATIBLE;
	/* Under a launcher a process has the rights of the user whom that gives it. */
	if ((!f->p->launcher || f->isolation == NC_ISO_IN_PROCESS) &&
		nc_manifest_check_rights(f->manifest, err) != NC_OK)
		return NC_PLUGIN_INCOMPATIBLE;
	if (nc_quarantine_has(f->p, f->id, reason, sizeof(reason))) {
		nc_err(err, NC_E_UNAVAILABLE, "plugin %s is in quarantine: %s", f->id, reason);
		nc_err_hint(err, NC_E_UNAVAILABLE, "look into it, then: novacron plugin release %s",
			f->id);
		return NC_PLUGIN_QUARANTINED;
	}
	return NC_PLUGIN_AVAILABLE;
}

/* Under the loader's lock. Who loads it has found it available, and says himself what came of that. */
static int is_decided(const nc_found *f)
{
	return f->is_loading || f->state == NC_PLUGIN_LOADED || f->state == NC_PLUGIN_LOST;
}

nc_code nc_found_assess(nc_found *f, nc_error *err)
{
	pthread_mutex_lock(&f->p->lock);
	int is_settled = is_decided(f) || (f->state == NC_PLUGIN_INVALID && !f->is_changed);
	pthread_mutex_unlock(&f->p->lock);
	if (!is_settled) {
		nc_error why = NC_ERROR_INIT;
		nc_plugin_state state = assess(f, &why);
		pthread_mutex_lock(&f->p->lock);
		if (!is_decided(f)) {
			f->state = state;
			f->why = why;
			f->is_changed = 0;
		}
		pthread_mutex_unlock(&f->p->lock);
	}
	pthread_mutex_lock(&f->p->lock);
	nc_code rc = f->state == NC_PLUGIN_AVAILABLE || f->state == NC_PLUGIN_LOADED ||
				     f->state == NC_PLUGIN_LOST
			     ? NC_OK
			     : f->why.code;
	if (rc != NC_OK)
		nc_err_copy(err, &f->why);
	pthread_mutex_unlock(&f->p->lock);
	return rc;
}

/* ---- the walk ---- */

static void drop_contents(nc_found *f)
{
	nc_manifest_free(f->manifest);
	json_decref(f->schema);
	nc_free(f->schema_text);
	nc_free(f->folder);
	f->manifest = NULL;
	f->schema = NULL;
	f->schema_text = f->folder = NULL;
}

void nc_found_free(nc_found *f)
{
	drop_contents(f);
	nc_image_free(f->image);
	nc_closep(&f->code_memfd);
	nc_map_free(f->left_behind);
	nc_free(f);
}

static nc_found *find_id(nc_plugins *p, const char *id)
{
	NC_LIST_EACH (l, &p->found) {
		nc_found *f = NC_LIST_ENTRY(l, nc_found, link);
		if (strcmp(f->id, id) == 0)
			return f;
	}
	return NULL;
}

nc_found *nc_found_get(nc_plugins *p, const char *id)
{
	pthread_mutex_lock(&p->lock);
	nc_found *f = id ? find_id(p, id) : NULL;
	pthread_mutex_unlock(&p->lock);
	return f;
}

/* Puts what was read in `fresh` into the record of that id, or makes it one. Frees or keeps it. */
static void enter(nc_plugins *p, nc_found *fresh)
{
	pthread_mutex_lock(&p->lock);
	nc_found *known = find_id(p, fresh->id);
	if (!known) {
		nc_sentinel_recall(fresh);
		nc_list_add_tail(&p->found, &fresh->link);
		pthread_mutex_unlock(&p->lock);
		return;
	}
	/* First folder on the path wins; one that was loaded or is being loaded stays. */
	int may_replace = known->scan != p->scan && !known->is_loading && !known->image &&
			  !known->process && known->code_memfd < 0;
	known->scan = p->scan;
	if (may_replace) {
		drop_contents(known);
		known->manifest = fresh->manifest;
		known->schema = fresh->schema;
		known->schema_text = fresh->schema_text;
		known->folder = fresh->folder;
		known->state = fresh->state;
		known->why = fresh->why;
		known->is_changed = 0;
		known->files_stamp[0] = 0;
		memcpy(known->manifest_sha, fresh->manifest_sha, sizeof(known->manifest_sha));
		fresh->manifest = NULL;
		fresh->schema = NULL;
		fresh->schema_text = fresh->folder = NULL;
	}
	pthread_mutex_unlock(&p->lock);
	nc_found_free(fresh);
}

static nc_code look_at(nc_plugins *p, const char *dir, const char *name, nc_error *err)
{
	nc_error why = NC_ERROR_INIT;
	nc_found *f = nc_calloc(1, sizeof(*f));
	if (!f)
		return nc_err_nomem(err);
	f->p = p;
	f->code_memfd = -1;
	f->scan = p->scan;
	nc_list_init(&f->link);
	nc_list_init(&f->insts);
	snprintf(f->id, sizeof(f->id), "%s", name); /* until the manifest says */
	f->folder = nc_asprintf("%s/%s", dir, name);
	nc_code rc = f->folder ? read_folder(f, &why) : nc_err_nomem(&why);
	if (nc_is_want_of_means(&why)) {
		nc_found_free(f);
		nc_err_copy(err, &why);
		return nc_err_wrap(err, rc, "plugin folder %s/%s", dir, name);
	}
	f->state = rc == NC_OK ? NC_PLUGIN_AVAILABLE : NC_PLUGIN_INVALID;
	f->why = why;
	if (rc != NC_OK)
		nc_log(L_WARN, "plugin.invalid", F_STR("folder", f->folder), F_ERR(&why));
	enter(p, f);
	return NC_OK;
}

static int has_manifest(int dir_fd, const char *name)
{
	char path[512];
	int n = snprintf(path, sizeof(path), "%s/manifest.json", name);
	if (n <= 0 || (size_t)n >= sizeof(path))
		return 0;
	/* What can't be looked at is read, which tells why. */
	return faccessat(dir_fd, path, F_OK, 0) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

static nc_code scan_dir(nc_plugins *p, const char *path, nc_error *err)
{
	DIR *dir = opendir(path);
	if (!dir && (errno == ENOENT || errno == ENOTDIR)) {
		nc_log(L_DEBUG, "plugin.search.absent", F_STR("folder", path));
		return NC_OK;
	}
	if (!dir)
		return nc_err_errno(err, errno, "could not read the plugin folder %s", path);
	nc_code rc = NC_OK;
	for (struct dirent *e; rc == NC_OK && (e = readdir(dir));)
		if (e->d_name[0] != '.' && strlen(e->d_name) <= NC_PLUGIN_ID_MAX &&
			has_manifest(dirfd(dir), e->d_name))
			rc = look_at(p, path, e->d_name, err);
	closedir(dir);
	return rc;
}

/* libltdl splits and keeps the path; LTDL_LIBRARY_PATH and the like have no say in it. */
static nc_code scan_all(nc_plugins *p, nc_error *err)
{
	nc_code rc = NC_OK;
	for (size_t i = 0; i < p->n_search; i++)
		if (lt_dladdsearchdir(p->search_path[i]) != 0)
			return nc_err(err, NC_E_INVAL, "plugin folder %s: %s", p->search_path[i],
				lt_dlerror());
	const char *joined = lt_dlgetsearchpath();
	_cleanup_(nc_freep) char *copy = nc_strdup(joined ? joined : "");
	if (!copy)
		return nc_err_nomem(err);
	char *rest = NULL;
	for (char *dir = strtok_r(copy, ":", &rest); dir && rc == NC_OK;
		dir = strtok_r(NULL, ":", &rest))
		rc = scan_dir(p, dir, err);
	return rc;
}

nc_code nc_scan(nc_plugins *p, nc_error *err)
{
	if (lt_dlinit() != 0)
		return nc_err(err, NC_E_INTERNAL, "libltdl: %s", lt_dlerror());
	p->scan++;
	(void)lt_dlsetsearchpath("");
	nc_code rc = scan_all(p, err);
	(void)lt_dlexit();
	if (rc != NC_OK)
		return rc;
	NC_LIST_EACH (l, &p->found) /* only we add to it */
		(void)nc_found_assess(NC_LIST_ENTRY(l, nc_found, link), NULL);
	return NC_OK;
}
