/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_HELP_H
#define NC_CLI_HELP_H

#include "base/buf.h"
#include "cli/command.h"
#include "model/kind.h"

/* Help, made from the descriptors. Failure is the buffer's. */
void nc_help_overview(nc_buf *out);
/* Every command whose path begins with the words; returns how many there were. */
size_t nc_help_group(const nc_kind *kind, const char *const *words, size_t n, nc_buf *out);
void nc_help_command(const nc_cmd *cmd, const nc_kind *kind, nc_buf *out);
/* The guide to all commands, Markdown. */
void nc_help_docs(nc_buf *out);

#endif
