/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_COLUMNS_H
#define NC_CLI_COLUMNS_H

#include "base/json.h"
#include "cli/names.h"
#include "cli/table.h"
#include "model/kind.h"

/* What a list of a kind shows: a table of columns per kind, and one for all others. */
void nc_columns_head(const nc_kind *kind, int is_wide, nc_table *t);
void nc_columns_row(
	const nc_kind *kind, int is_wide, const json_t *object, nc_names *names, nc_table *t);

#endif
