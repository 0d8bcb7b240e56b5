/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_CONFORMANCE_H
#define NC_CLI_CONFORMANCE_H

#include "cli/cli.h"

/* The conformance kit of sdk/c on the plugin in a folder, its table printed. Where the kit was not
 * built in: NC_E_UNSUPPORTED. */
nc_code nc_conformance_test(nc_cli *c, const char *path, nc_error *err);

#endif
