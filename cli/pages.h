/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_PAGES_H
#define NC_CLI_PAGES_H

#include "cli/cli.h"

/*
 * A list page by page, as --limit, --all and --cursor ask for, joined into one document
 * {items, revision, next_cursor?}. Filters come from the flags. The caller owns *ret.
 */
nc_code nc_pages_read(nc_cli *c, const nc_kind *kind, json_t **ret, nc_error *err);
/* The same, printed; says on standard error when there is more. */
nc_code nc_pages_print(nc_cli *c, const nc_kind *kind, nc_error *err);

#endif
