/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state migrate and state reset, while the daemon is down. A store brings itself up to date when it is
 * opened, with the former files beside; so opening it is all of a migration. A reset moves the store
 * away and deletes nothing. Opening takes the folder, so neither happens under a running daemon.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "cli/cmd/all.h"
#include "cli/confirm.h"
#include "cli/offline.h"
#include "cli/output.h"
#include "cli/state_config.h"

#define NAME_LEN 4200

static nc_code open_store(const nc_config *config, nc_offline **ret, nc_error *err)
{
	nc_code rc = nc_state_need(config, err);

	return rc == NC_OK ? nc_state_serve(config, ret, err) : rc;
}

static nc_code migrate(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_config_unrefp) const nc_config *config = NULL;
	_cleanup_(nc_offline_freep) nc_offline *plugin = NULL;
	nc_code rc = nc_state_config(c, &config, err);

	if (rc == NC_OK)
		rc = open_store(config, &plugin, err);
	if (rc == NC_E_BUSY) {
		nc_err_clear(err);
		return nc_print_line(c, err,
			"a daemon serves the state in %s: it brought it up to date when it started",
			config->database.connection_string);
	}
	return rc == NC_OK ? nc_print_line(c, err, "the state in %s is up to date",
				     config->database.connection_string)
			   : rc;
}

static nc_code ask(nc_cli *c, const char *folder, nc_error *err)
{
	char what[300];

	snprintf(what, sizeof(what), "begin anew without the state in %.200s", folder);
	return nc_confirm(c,
		&(nc_confirmation){ .what = what,
			.lost = "every object and the whole history, which are moved aside; VMs "
				"stay where they are, and belong to nobody from then on" },
		err);
}

/* The store, and the key file, which is of its installation alone: both or neither. */
static nc_code move_aside(const nc_config *config, char aside[NAME_LEN], nc_error *err)
{
	const char *folder = config->database.connection_string, *key = config->security.key_file;
	char key_aside[NAME_LEN];
	long long now = (long long)nc_clock_wall_ms();

	snprintf(aside, NAME_LEN, "%.4096s.reset-%lld", folder, now);
	snprintf(key_aside, NAME_LEN, "%.4096s.reset-%lld", key, now);
	if (rename(folder, aside) < 0)
		return nc_err_errno(err, errno, "could not move %s away", folder);
	if (rename(key, key_aside) == 0 || errno == ENOENT)
		return NC_OK;
	int e = errno;
	if (rename(aside, folder) < 0)
		return nc_err_errno(err, errno, "could not move %s back to %s", aside, folder);
	return nc_err_errno(err, e, "could not move %s away", key);
}

static nc_code reset(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_config_unrefp) const nc_config *config = NULL;
	_cleanup_(nc_offline_freep) nc_offline *plugin = NULL;
	char aside[NAME_LEN];
	nc_code rc = nc_state_config(c, &config, err);

	if (rc != NC_OK)
		return rc;
	const char *folder = config->database.connection_string;
	if ((rc = ask(c, folder, err)) != NC_OK)
		return rc;
	rc = open_store(config, &plugin, err); /* nobody else has it now */
	if (rc == NC_E_BUSY)
		return nc_err_hint(err, rc, "stop the daemon first: systemctl stop novacron");
	if (rc != NC_OK)
		return rc;
	if ((rc = move_aside(config, aside, err)) != NC_OK)
		return rc;
	return nc_print_line(
		c, err, "the next start begins anew; what was there is kept in %s", aside);
}

static const nc_flag flags[] = { NC_STATE_FLAGS, { .name = NULL } };

const nc_cmd nc_cmd_state_migrate = {
	.path = "state migrate",
	.doc = "bring the stored form up to date, as a start does (offline)",
	.more = "The former files are kept beside; to go back, put a backup back: state restore.",
	.flags = flags,
	.uses = 0,
	.run = migrate,
};

const nc_cmd nc_cmd_state_reset = {
	.path = "state reset",
	.doc = "begin anew without what is stored; the daemon must be down (offline)",
	.more = "Nothing is deleted, neither here nor at any provider: the store and its key file "
		"are moved aside.",
	.flags = flags,
	.uses = NC_USES_YES,
	.run = reset,
};
