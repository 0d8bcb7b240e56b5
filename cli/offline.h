/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_OFFLINE_H
#define NC_CLI_OFFLINE_H

#include "base/cleanup.h"
#include "config/config.h"
#include "novacron/abi.h"

/*
 * One plugin's code in this process, without a daemon: for what is done while the daemon is down.
 * Found on plugins.path, verified against its manifest, never probed. One thread.
 */
typedef struct nc_offline nc_offline;
struct nc_inst;

nc_code nc_offline_load(const nc_config *config, const char *id, nc_offline **ret, nc_error *err);
void nc_offline_free(nc_offline *o); /* ends its instance; the code stays mapped */
NC_DEFINE_CLEANUP(nc_offline *, nc_offline_free);

/* Make the one instance, after the schema; an earlier one ends first. */
nc_code nc_offline_open(nc_offline *o, nc_bytes config_json, nc_error *err);
/* A table of the open instance. NC_E_UNSUPPORTED when it has none of that name. */
nc_code nc_offline_extension(nc_offline *o, const char *ext, const void **ret_table,
	struct nc_inst **ret_self, nc_error *err);

#endif
