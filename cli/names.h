/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_NAMES_H
#define NC_CLI_NAMES_H

#include "cli/cli.h"

/*
 * Names for ids: people asked for "host-1" and want to read that, not hst_01J…. Looked up at the
 * server once each, at most NC_NAMES_MAX of them; what can't be found stays an id. Never fails.
 */
#define NC_NAMES_MAX 256
typedef struct nc_names nc_names;

nc_names *nc_names_new(nc_cli *c); /* in the arena of the call; NULL = no memory */
/* NULL when it is no id, or has no name. */
const char *nc_names_get(nc_names *n, const char *id);

#endif
