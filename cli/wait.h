/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_WAIT_H
#define NC_CLI_WAIT_H

#include "cli/call.h"

/*
 * Until the operation has ended, showing how far it is. --timeout bounds it: NC_E_TIMEOUT, the
 * operation goes on. Ctrl-C: NC_E_CANCELLED, it goes on too. A daemon that restarts meanwhile is
 * waited for. The caller owns *ret, the operation as it ended, whichever way.
 */
nc_code nc_wait_operation(nc_cli *c, const char *id, json_t **ret, nc_error *err);
/* NC_OK if it succeeded; else why not, as an error. */
nc_code nc_operation_outcome(const json_t *operation, nc_error *err);
int nc_operation_is_final(const json_t *operation);

#endif
