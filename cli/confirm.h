/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_CONFIRM_H
#define NC_CLI_CONFIRM_H

#include "cli/cli.h"

typedef struct nc_confirmation {
	const char *what;  /* "delete vm web-1" */
	const char *lost;  /* lines about what goes with it; NULL = nothing more to say */
	const char *typed; /* must be typed instead of "yes"; NULL = yes or no */
} nc_confirmation;
/* Asks on a terminal; elsewhere --yes must have been given. NC_E_INVAL without it, NC_E_CANCELLED
 * when the answer is no. Dry runs and --yes aren't asked. */
nc_code nc_confirm(const nc_cli *c, const nc_confirmation *q, nc_error *err);

#endif
