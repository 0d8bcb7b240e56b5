/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime of kernel/plugin with nothing above it: one plugin, one instance, whose calls are made
 * directly. What the plugin reports goes nowhere; what it logs at warning or worse is logged.
 */
#include "cli/offline.h"

#include <dirent.h>
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "plugin/image.h"
#include "plugin/manifest.h"
#include "plugin/rt.h"
#include "plugin/schema.h"
#include "plugin/verify.h"

#define DRAIN_US INT64_C(10000000)
enum { PATH_LEN_MAX = 4096, THREADS = 4 };

struct nc_offline {
	nc_manifest *manifest;
	json_t *schema;
	nc_image *image;
	nc_rt *rt; /* NULL = no instance */
	sem_t is_created;
	nc_code created;
	nc_error why;
};

/* ---- what comes up from the plugin ---- */

static void on_returned(void *user, uint64_t call, const nc_rt_return *r)
{
	nc_offline *o = user;

	(void)call;
	o->created = r->code;
	o->why = *r->err;
	sem_post(&o->is_created);
}

static void on_completed(
	void *user, uint64_t call, int32_t outcome, const nc_error *err, nc_bytes result)
{
	(void)user;
	(void)call;
	(void)outcome;
	(void)err;
	(void)result;
}

static nc_code on_object(void *user, uint64_t call, nc_bytes json)
{
	(void)user;
	(void)call;
	(void)json;
	return NC_OK;
}

static void on_progress(void *user, uint64_t call, uint32_t permille, const char *phase)
{
	(void)user;
	(void)call;
	(void)permille;
	(void)phase;
}

static void on_checkpoint(void *user, uint64_t call, uint64_t ticket, nc_bytes token)
{
	(void)user;
	(void)call;
	(void)ticket;
	(void)token;
}

static void on_log(void *user, int32_t level, const char *event, nc_bytes json)
{
	(void)user;
	(void)json;
	if (level <= L_WARN)
		nc_log(L_WARN, event);
}

static nc_code on_report(void *user, nc_bytes target, uint64_t obs_seq, nc_bytes json)
{
	(void)user;
	(void)target;
	(void)obs_seq;
	(void)json;
	return NC_OK;
}

static nc_code no_secret(
	void *user, nc_bytes handle, void *buf, size_t cap, size_t *ret_len, nc_error *err)
{
	(void)user;
	(void)handle;
	(void)buf;
	(void)cap;
	(void)ret_len;
	return nc_err(err, NC_E_UNSUPPORTED, "there are no secrets without the daemon");
}

static nc_code no_put(void *user, nc_bytes key, nc_bytes val, nc_error *err)
{
	(void)user;
	(void)key;
	(void)val;
	return nc_err(err, NC_E_UNSUPPORTED, "nothing is kept without the daemon");
}

static nc_code no_get(void *user, nc_bytes key, struct nc_buf *out, nc_error *err)
{
	(void)user;
	(void)key;
	(void)out;
	return nc_err(err, NC_E_NOTFOUND, "nothing is kept without the daemon");
}

static nc_code no_del(void *user, nc_bytes key, nc_error *err)
{
	return no_get(user, key, NULL, err);
}

static void no_metric(void *user, int is_gauge, const char *name, const char *label, double v)
{
	(void)user;
	(void)is_gauge;
	(void)name;
	(void)label;
	(void)v;
}

static void on_strike(void *user, nc_rule rule, const char *what)
{
	(void)user;
	(void)rule;
	nc_log(L_WARN, "plugin.strike", F_STR("what", what));
}

static void on_late(void *user, const char *function)
{
	(void)user;
	nc_log(L_WARN, "plugin.late", F_STR("function", function));
}

static const nc_rt_up up = { .returned = on_returned,
	.completed = on_completed,
	.object = on_object,
	.progress = on_progress,
	.checkpoint = on_checkpoint,
	.log = on_log,
	.report = on_report,
	.secret_open = no_secret,
	.kv_put = no_put,
	.kv_get = no_get,
	.kv_del = no_del,
	.metric = no_metric,
	.strike = on_strike };

/* ---- finding ---- */

static nc_code read_json(int dir, const char *name, json_t **ret, nc_error *err)
{
	_cleanup_(nc_freep) char *text = NULL;
	size_t n = 0;
	nc_code rc = nc_verify_read(dir, name, geteuid(), NC_MANIFEST_MAX, &text, &n, err);

	return rc == NC_OK ? nc_json_parse((nc_bytes){ text, n }, NC_MANIFEST_MAX, ret, err) : rc;
}

/* The plugin in this folder, if it is the one: NC_E_NOTFOUND when it is another. */
static nc_code take_folder(nc_offline *o, const char *path, const char *id, nc_error *err)
{
	_cleanup_(nc_closep) int dir = -1;
	_cleanup_(nc_closep) int code = -1;
	_cleanup_(nc_freep) char *text = NULL;
	_cleanup_(nc_manifest_freep) nc_manifest *m = NULL;
	nc_platform here = nc_platform_here();
	size_t n = 0;
	int has_v1 = 0;
	nc_code rc = nc_verify_folder(path, geteuid(), &dir, err);

	if (rc == NC_OK)
		rc = nc_verify_read(
			dir, "manifest.json", geteuid(), NC_MANIFEST_MAX, &text, &n, err);
	if (rc == NC_OK)
		rc = nc_manifest_parse((nc_bytes){ text, n }, &m, err);
	if (rc == NC_OK && strcmp(m->id, id) != 0)
		return nc_err(err, NC_E_NOTFOUND, "%s holds another plugin", path);
	if (rc == NC_OK)
		rc = nc_verify_files(dir, m, geteuid(), &code, err);
	if (rc == NC_OK)
		rc = nc_verify_exports(code, &has_v1, err);
	if (rc == NC_OK)
		rc = nc_manifest_check_platform(m, &here, has_v1, err);
	if (rc == NC_OK)
		rc = read_json(dir, "schema.json", &o->schema, err);
	if (rc == NC_OK)
		rc = nc_image_load(nc_steal_fd(&code), m, &o->image, err);
	if (rc == NC_OK)
		o->manifest = nc_steal(&m);
	return rc;
}

static void dir_closep(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* NC_E_NOTFOUND = not below this folder. One that is the plugin but can't be used is told. */
static nc_code search_folder(nc_offline *o, const char *folder, const char *id, nc_error *err)
{
	_cleanup_(dir_closep) DIR *d = opendir(folder);
	char path[PATH_LEN_MAX];

	if (!d)
		return nc_err_errno(err, errno, "could not read the plugin folder %s", folder);
	for (const struct dirent *e; (e = readdir(d));) {
		nc_error why = NC_ERROR_INIT;
		if (*e->d_name == '.')
			continue;
		if ((size_t)snprintf(path, sizeof(path), "%s/%s/manifest.json", folder,
			    e->d_name) >= sizeof(path) ||
			access(path, F_OK) < 0)
			continue;
		*strrchr(path, '/') = '\0';
		nc_code rc = take_folder(o, path, id, &why);
		if (rc == NC_E_NOTFOUND)
			continue;
		if (rc != NC_OK)
			nc_err_copy(err, &why);
		return rc;
	}
	return nc_err(err, NC_E_NOTFOUND, "plugin %s is not in %s", id, folder);
}

nc_code nc_offline_load(const nc_config *config, const char *id, nc_offline **ret, nc_error *err)
{
	_cleanup_(nc_offline_freep) nc_offline *o = nc_calloc(1, sizeof(*o));
	nc_code rc = NC_E_NOTFOUND;

	if (!o)
		return nc_err_nomem(err);
	sem_init(&o->is_created, 0, 0);
	for (size_t i = 0; i < config->plugins.path.n && rc == NC_E_NOTFOUND; i++) {
		nc_err_clear(err);
		rc = search_folder(o, config->plugins.path.v[i], id, err);
	}
	if (rc == NC_OK)
		*ret = nc_steal(&o);
	else if (rc == NC_E_NOTFOUND)
		nc_err_hint(err, rc, "plugins.path of the configuration says where they are");
	return rc;
}

/* ---- the instance ---- */

static void end_instance(nc_offline *o)
{
	if (o->rt && nc_rt_free(o->rt, DRAIN_US) != NC_OK)
		nc_log(L_WARN, "plugin.stuck", F_STR("plugin", o->manifest->id));
	o->rt = NULL;
}

void nc_offline_free(nc_offline *o)
{
	if (!o)
		return;
	end_instance(o);
	nc_rt_forget(o);
	nc_image_free(o->image);
	nc_manifest_free(o->manifest);
	json_decref(o->schema);
	sem_destroy(&o->is_created);
	nc_free(o);
}

/* The configuration with what the schema adds to it. */
static nc_code complete(nc_offline *o, nc_bytes given, char **ret, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *doc = NULL;
	nc_code rc = nc_json_parse(given, NC_MANIFEST_MAX, &doc, err);

	if (rc == NC_OK)
		rc = nc_schema_require(o->schema, doc, "its configuration", err);
	if (rc == NC_OK)
		rc = nc_schema_fill(o->schema, doc, err);
	if (rc != NC_OK)
		return rc;
	*ret = json_dumps(doc, JSON_COMPACT);
	return *ret ? NC_OK : nc_err_nomem(err);
}

static nc_code create(nc_offline *o, const char *config, nc_error *err)
{
	nc_rt_call call = { .id = 1, .verb = &nc_life_create, .request = nc_str(config), .fd = -1 };
	nc_code rc = nc_rt_start(o->rt, &call, err);

	if (rc != NC_OK)
		return rc;
	while (sem_wait(&o->is_created) < 0 && errno == EINTR)
		;
	if (o->created != NC_OK)
		nc_err_copy(err, &o->why);
	return o->created;
}

nc_code nc_offline_open(nc_offline *o, nc_bytes config_json, nc_error *err)
{
	_cleanup_(nc_freep) char *config = NULL;
	nc_rt_options options = { .image = o->image,
		.manifest = o->manifest,
		.name = "offline",
		.max_threads = THREADS,
		.up = &up,
		.user = o,
		.late = on_late,
		.late_user = o };

	end_instance(o);
	nc_code rc = complete(o, config_json, &config, err);
	if (rc == NC_OK)
		rc = nc_rt_new(&options, &o->rt, err);
	return rc == NC_OK ? create(o, config, err) : rc;
}

nc_code nc_offline_extension(nc_offline *o, const char *ext, const void **ret_table,
	struct nc_inst **ret_self, nc_error *err)
{
	const void *table = nc_rt_extension(o->rt, ext);

	if (!table)
		return nc_err(err, NC_E_UNSUPPORTED, "plugin %s has no %s", o->manifest->id, ext);
	*ret_table = table;
	*ret_self = nc_rt_self(o->rt);
	return NC_OK;
}
