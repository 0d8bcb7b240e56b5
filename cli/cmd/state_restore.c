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

#include "base/err.h"
#include "cli/cmd/all.h"
#include "cli/confirm.h"
#include "cli/offline.h"
#include "cli/output.h"
#include "cli/state_config.h"
#include "novacron/store.h"
#include "store/care.h"

#define CONFIG_MAX (16 << 10)

static nc_code replace(nc_offline *plugin, const nc_config *config, const char *file, nc_error *err)
{
	_cleanup_(nc_closep) int fd = open(file, O_RDONLY | O_CLOEXEC);
	_cleanup_(nc_buf_done) nc_buf b;
	const void *table = NULL;
	struct nc_inst *self = NULL;

	nc_buf_init(&b, CONFIG_MAX);
	if (fd < 0)
		return nc_err_errno(err, errno, "could not open the backup %s", file);
	nc_code rc = nc_state_plugin_config(config, "restore", &b, err);
	if (rc == NC_OK)
		rc = nc_offline_open(plugin, nc_buf_bytes(&b), err);
	if (rc == NC_OK)
		rc = nc_offline_extension(plugin, NC_EXT_STORE_RESTORE, &table, &self, err);
	if (rc != NC_OK)
		return rc;
	const nc_store_restore *r = table;
	if (!NC_HAS(r, restore))
		return nc_err(err, NC_E_UNSUPPORTED, "plugin %s can't restore", NC_STORE_SQLITE);
	return r->restore(self, fd, config->database.connection_string, err);
}

static nc_code mark(
	nc_offline *plugin, const nc_config *config, char log_id[NC_ULID_LEN + 1], nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf b;
	const void *table = NULL;
	struct nc_inst *self = NULL;

	nc_buf_init(&b, CONFIG_MAX);
	nc_code rc = nc_state_plugin_config(config, "serve", &b, err);
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
	nc_code rc = nc_state_config(c, &config, err);

	if (rc == NC_OK && access(c->args.words[0], R_OK) < 0)
		rc = nc_err_errno(err, errno, "could not open the backup %s", c->args.words[0]);
	if (rc == NC_OK)
		rc = ask(c, config, err);
	if (rc == NC_OK)
		rc = nc_offline_load(config, NC_STORE_SQLITE, &plugin, err);
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

static const nc_flag flags[] = { NC_STATE_FLAGS, { .name = NULL } };

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
