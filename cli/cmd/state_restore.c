/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state restore FILE: a backup in the place of the state, while the daemon is down. The store plugin
 * verifies the whole backup before it replaces anything, keeps what was there beside, and lifts the
 * epoch; then the log gets a new id, so that cursors of the former life get a gap.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "cli/cmd/all.h"
#include "cli/confirm.h"
#include "cli/offline.h"
#include "cli/output.h"
#include "config/load.h"
#include "novacron/store.h"
#include "store/care.h"

#define STORE_SQLITE "novacron.store-sqlite"
#define DEFAULT_FILE "/etc/novacron/config.yaml"
enum { FILES_MAX = 16, ENV_MAX = 4096, CONFIG_MAX = 16 << 10, PATH_LEN_MAX = 4096 };

/* ---- which state ---- */

static size_t list_files(nc_cli *c, const char **files)
{
	size_t n = 0;
	const char *file;

	for (size_t it = 0; n < FILES_MAX && (file = nc_args_next(&c->args, "config", &it));)
		files[n++] = file;
	if (!n && access(DEFAULT_FILE, R_OK) == 0)
		files[n++] = DEFAULT_FILE;
	return n;
}

/* What the daemon would run with, --data-dir over it. */
static nc_code load_config(nc_cli *c, const nc_config **ret, nc_error *err)
{
	const char *files[FILES_MAX], *dir = nc_args_str(&c->args, "data-dir");
	const char **env = nc_arena_new_array(c->arena, const char *, ENV_MAX + 2);
	size_t n = 0;

	if (!env)
		return nc_err_nomem(err);
	for (char **e = environ; *e && n < ENV_MAX; e++)
		if (!dir || strncmp(*e, "NOVACRON_SYSTEM_DATA_DIR=", 25) != 0)
			env[n++] = *e;
	if (dir && !(env[n++] = nc_arena_printf(c->arena, "NOVACRON_SYSTEM_DATA_DIR=%s", dir)))
		return nc_err_nomem(err);
	return nc_config_load(files, list_files(c, files), env, ret, NULL, err);
}

static nc_code make_store_config(
	const nc_config *config, const char *purpose, nc_buf *b, nc_error *err)
{
	nc_jw w;

	nc_buf_reset(b);
	nc_jw_init(&w, b);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "path", config->database.connection_string);
	nc_jw_kstr(&w, "purpose", purpose);
	nc_jw_obj_end(&w);
	return nc_buf_failed(b) ? nc_err_nomem(err) : NC_OK;
}

/* ---- the two steps ---- */

static nc_code replace(nc_offline *plugin, const nc_config *config, const char *file, nc_error *err)
{
	_cleanup_(nc_closep) int fd = open(file, O_RDONLY | O_CLOEXEC);
	_cleanup_(nc_buf_done) nc_buf b;
	const void *table = NULL;
	struct nc_inst *self = NULL;

	nc_buf_init(&b, CONFIG_MAX);
	if (fd < 0)
		return nc_err_errno(err, errno, "could not open the backup %s", file);
	nc_code rc = make_store_config(config, "restore", &b, err);
	if (rc == NC_OK)
		rc = nc_offline_open(plugin, nc_buf_bytes(&b), err);
	if (rc == NC_OK)
		rc = nc_offline_extension(plugin, NC_EXT_STORE_RESTORE, &table, &self, err);
	if (rc != NC_OK)
		return rc;
	const nc_store_restore *r = table;
	if (!NC_HAS(r, restore))
		return nc_err(err, NC_E_UNSUPPORTED, "plugin %s can't restore", STORE_SQLITE);
	return r->restore(self, fd, config->database.connection_string, err);
}

static nc_code mark(
	nc_offline *plugin, const nc_config *config, char log_id[NC_ULID_LEN + 1], nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf b;
	const void *table = NULL;
	struct nc_inst *self = NULL;

	nc_buf_init(&b, CONFIG_MAX);
	nc_code rc = make_store_config(config, "serve", &b, err);
	if (rc == NC_OK)
		rc = nc_offline_open(plugin, nc_buf_bytes(&b), err);
	if (rc == NC_OK)
		rc = nc_offline_extension(plugin, NC_EXT_STORE, &table, &self, err);
	return rc == NC_OK ? nc_db_mark_restored(table, self, config->system.node_id, log_id, err)
			   : rc;
}

static nc_code ask(nc_cli *c, const nc_config *config, nc_error *err)
{
	char what[400];

	snprintf(what, sizeof(what), "replace the state in %.200s with %.100s",
		config->database.connection_string, c->args.words[0]);
	return nc_confirm(c,
		&(nc_confirmation){ .what = what,
			.lost = "what was changed since that backup; VMs made since stay where "
				"they "
				"are and will be listed as orphans" },
		err);
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_config_unrefp) const nc_config *config = NULL;
	_cleanup_(nc_offline_freep) nc_offline *plugin = NULL;
	char log_id[NC_ULID_LEN + 1] = "";
	nc_code rc = load_config(c, &config, err);

	if (rc == NC_OK && config->database.driver != NC_CONFIG_SQLITE)
		rc = nc_err(err, NC_E_UNSUPPORTED, "database.driver: only sqlite is there yet");
	if (rc == NC_OK && access(c->args.words[0], R_OK) < 0)
		rc = nc_err_errno(err, errno, "could not open the backup %s", c->args.words[0]);
	if (rc == NC_OK)
		rc = ask(c, config, err);
	if (rc == NC_OK)
		rc = nc_offline_load(config, STORE_SQLITE, &plugin, err);
	if (rc == NC_OK)
		rc = replace(plugin, config, c->args.words[0], err);
	if (rc == NC_E_BUSY)
		return nc_err_hint(err, rc, "stop the daemon first: systemctl stop novacron");
	if (rc == NC_OK)
		rc = mark(plugin, config, log_id, err);
	if (rc != NC_OK)
		return rc;
	return nc_print_line(c, err,
		"restored into %s (log %s)\nwhat was there is kept in its folder replaced-*; start "
		"the "
		"daemon, then look at novacron orphan list",
		config->database.connection_string, log_id);
}

static const nc_flag flags[] = {
	{ .name = "data-dir",
		.value = "DIR",
		.type = NC_FLAG_TEXT,
		.doc = "system.data_dir, in place of the configuration's" },
	{ .name = "config",
		.value = "FILE",
		.type = NC_FLAG_TEXT,
		.is_list = 1,
		.doc = "the daemon's configuration (default " DEFAULT_FILE ")" },
	{ .name = NULL },
};

const nc_cmd nc_cmd_state_restore = {
	.path = "state restore",
	.doc = "put a backup in the place of the state; the daemon must be down (offline)",
	.more = "Nothing is deleted at any provider: what the backup does not know is listed as an "
		"orphan.",
	.args = { { .name = "FILE" } },
	.flags = flags,
	.uses = NC_USES_YES,
	.run = run,
};
