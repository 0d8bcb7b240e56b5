/* SPDX-License-Identifier: Apache-2.0 */
/* Which state an offline command works on: what the daemon would run with. */
#include "cli/state_config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/jsonw.h"
#include "config/load.h"
#include "model/kind.h"
#include "novacron/store.h"

#define DEFAULT_FILE "/etc/novacron/config.yaml"
enum { FILES_MAX = 16, ENV_MAX = 4096 };

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
nc_code nc_state_config(nc_cli *c, const nc_config **ret, nc_error *err)
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
	nc_code rc = nc_config_load(files, list_files(c, files), env, ret, NULL, err);
	if (rc == NC_OK && (*ret)->database.driver != NC_CONFIG_SQLITE)
		rc = nc_err(err, NC_E_UNSUPPORTED, "database.driver: only sqlite is there yet");
	return rc;
}

nc_code nc_state_plugin_config(
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

nc_code nc_state_need(const nc_config *config, nc_error *err)
{
	const char *folder = config->database.connection_string;

	if (access(folder, F_OK) == 0)
		return NC_OK;
	nc_err_errno(err, errno, "there is no state in %s", folder);
	return nc_err_hint(err, err->code, "a first start of the daemon makes it; see --config");
}

nc_code nc_state_serve(const nc_config *config, nc_offline **ret, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf b;
	_cleanup_(nc_offline_freep) nc_offline *plugin = NULL;

	nc_buf_init(&b, 16u << 10);
	nc_code rc = nc_offline_load(config, NC_STORE_SQLITE, &plugin, err);
	if (rc == NC_OK)
		rc = nc_state_plugin_config(config, "serve", &b, err);
	if (rc == NC_OK)
		rc = nc_offline_open(plugin, nc_buf_bytes(&b), err);
	if (rc == NC_OK)
		*ret = nc_steal(&plugin);
	return rc;
}

nc_code nc_state_open(
	const nc_config *config, nc_offline **ret, nc_db_options *ret_options, nc_error *err)
{
	_cleanup_(nc_offline_freep) nc_offline *plugin = NULL;
	const void *table = NULL;
	nc_db_options *o = ret_options;

	*o = (nc_db_options){ .node = config->system.node_id };
	nc_code rc = nc_state_serve(config, &plugin, err);
	if (rc == NC_E_BUSY)
		return nc_err_hint(err, rc, "stop the daemon first: systemctl stop novacron");
	if (rc == NC_OK)
		rc = nc_offline_extension(plugin, NC_EXT_STORE, &table, &o->inst, err);
	if (rc != NC_OK)
		return rc;
	o->table = table;
	o->kinds = nc_model_kind_defs(&o->n_kinds);
	o->hooks.upgrade = nc_model_upgrade;
	*ret = nc_steal(&plugin);
	return NC_OK;
}
