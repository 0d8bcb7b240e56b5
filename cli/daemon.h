/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_DAEMON_H
#define NC_CLI_DAEMON_H

#include "cli/cli.h"

/* `novacron --config FILE` without a command runs the server. */
int nc_wants_daemon(int argc, char *const *argv);
/* Becomes novacrond: the one beside this program, else the one on PATH. Returns only when that
 * failed: the exit code, told. */
int nc_exec_daemon(const nc_cli *c, int argc, char **argv);
/* A program of the installation beside this one ("novacrond"); 0, or -1 = not there. */
int nc_find_sibling(const char *name, char *out, size_t cap);

#endif
