/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state repair: go on without the records of the log that can't be read, while the daemon is down. A
 * daemon serves such a state and writes nothing to it; what the records held is lost either way, and
 * this says so for each. Where a backup is better, state restore.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/err.h"
#include "cli/cmd/all.h"
#include "cli/confirm.h"
#include "cli/output.h"
#include "cli/state_config.h"
#include "store/care.h"

static nc_code ask(nc_cli *c, const char *folder, nc_error *err)
{
	char what[300];

	snprintf(what, sizeof(what), "go on without what can't be read of the log in %.200s",
		folder);
	return nc_confirm(c,
		&(nc_confirmation){ .what = what,
			.lost = "what those records changed, though it was acknowledged; what they "
				"changed stays as it was before (novacron state check names "
				"it)" },
		err);
}

static void tell(void *ctx, const char *what)
{
	nc_tell(ctx, "%s", what);
}

static nc_code repair(nc_cli *c, const nc_config *config, nc_error *err)
{
	_cleanup_(nc_offline_freep) nc_offline *plugin = NULL;
	const char *folder = config->database.connection_string;
	char log_id[NC_ULID_LEN + 1] = "";
	nc_db_options o = { .table = NULL };
	uint64_t n = 0;

	nc_code rc = nc_state_open(config, &plugin, &o, err);
	if (rc == NC_OK)
		rc = nc_db_accept_loss(&o, tell, &c->term, &n, log_id, err);
	if (rc != NC_OK)
		return rc;
	if (n == 0)
		return nc_print_line(c, err, "no record of the log in %s is lost", folder);
	return nc_print_line(c, err,
		"%" PRIu64 " records given up (log %s)\nstart the daemon, then look at novacron "
		"state check and novacron orphan list",
		n, log_id);
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_config_unrefp) const nc_config *config = NULL;
	nc_code rc = nc_state_config(c, &config, err);

	if (rc == NC_OK)
		rc = nc_state_need(config, err);
	if (rc == NC_OK)
		rc = ask(c, config->database.connection_string, err);
	return rc == NC_OK ? repair(c, config, err) : rc;
}

static const nc_flag flags[] = { NC_STATE_FLAGS, { .name = NULL } };

const nc_cmd nc_cmd_state_repair = {
	.path = "state repair",
	.doc = "go on without records of the log that are lost; the daemon must be down (offline)",
	.more = "Only for a state that a daemon serves and does not write because of a damaged "
		"record. Cursors of events get a gap, as after a restore.",
	.flags = flags,
	.uses = NC_USES_YES,
	.run = run,
};
