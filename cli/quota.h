/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_QUOTA_H
#define NC_CLI_QUOTA_H

#include "cli/cli.h"

/* A project's limits: one object of kind quota in it, always called so. */
#define NC_QUOTA_NAME "default"

/* NC_E_NOTFOUND: nc_quota_is_missing tells whether the project is there and has none. */
nc_code nc_quota_get(
	nc_cli *c, const char *project, json_t **ret, char ret_etag[32], nc_error *err);
int nc_quota_is_missing(const nc_cli *c);
nc_code nc_quota_print(nc_cli *c, const json_t *quota, nc_error *err);

#endif
