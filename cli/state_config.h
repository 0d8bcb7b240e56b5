/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_STATE_CONFIG_H
#define NC_CLI_STATE_CONFIG_H

#include "base/buf.h"
#include "cli/cli.h"
#include "cli/offline.h"
#include "config/config.h"
#include "store/db.h"

/* What commands on the state of a daemon that is down have in common: --config and --data-dir. */
#define NC_STORE_SQLITE "novacron.store-sqlite"
#define NC_STATE_FLAGS                                                                             \
	{ .name = "data-dir",                                                                      \
		.value = "DIR",                                                                    \
		.type = NC_FLAG_TEXT,                                                              \
		.doc = "system.data_dir, in place of the configuration's" },                       \
	{                                                                                          \
		.name = "config", .value = "FILE", .type = NC_FLAG_TEXT, .is_list = 1,             \
		.doc = "the daemon's configuration (default /etc/novacron/config.yaml)"            \
	}

/* What the daemon would run with. NC_E_UNSUPPORTED: its store is not one that is known here. */
nc_code nc_state_config(nc_cli *c, const nc_config **ret, nc_error *err);
/* The store plugin's configuration; `purpose` "serve" or "restore". */
nc_code nc_state_plugin_config(
	const nc_config *config, const char *purpose, nc_buf *b, nc_error *err);
nc_code nc_state_need(const nc_config *config, nc_error *err); /* fails where there is none yet */
/* The store plugin of a daemon that is down; the caller owns *ret. NC_E_BUSY: the daemon runs. */
nc_code nc_state_serve(const nc_config *config, nc_offline **ret, nc_error *err);
/* The same with all that nc_db_open needs. */
nc_code nc_state_open(
	const nc_config *config, nc_offline **ret, nc_db_options *ret_options, nc_error *err);

#endif
