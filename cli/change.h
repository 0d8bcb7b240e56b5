/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_CHANGE_H
#define NC_CLI_CHANGE_H

#include "cli/call.h"

/*
 * What every change has in common once it is sent: waiting for its operation if --wait says so, and
 * telling what came of it. `done` is the word for it: "created", "stopped".
 */
nc_code nc_change_send(
	nc_cli *c, const nc_kind *kind, nc_call *call, const char *done, nc_error *err);

#endif
