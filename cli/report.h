/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_REPORT_H
#define NC_CLI_REPORT_H

#include "cli/cli.h"

/* Say on standard error what went wrong, with all that the server told, and give the exit code. */
int nc_report(const nc_cli *c, const nc_error *err);

#endif
