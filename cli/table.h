/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_TABLE_H
#define NC_CLI_TABLE_H

#include "base/buf.h"
#include "cli/term.h"

/*
 * Rows of text under headers, aligned. Cells are copied; headers are borrowed. Out of memory is
 * sticky and told by nc_table_render.
 */
#define NC_TABLE_COLUMNS_MAX 24

typedef struct nc_cell {
	char *text;
	nc_colour colour;
} nc_cell;

typedef struct nc_table {
	const char *headers[NC_TABLE_COLUMNS_MAX];
	unsigned right; /* bit per column: numbers stand to the right */
	size_t n_columns;
	nc_cell *cells; /* row after row */
	size_t n_cells, cap;
	int is_nomem;
} nc_table;

void nc_table_init(nc_table *t);
void nc_table_done(nc_table *t);
typedef enum { NC_LEFT, NC_RIGHT } nc_align;
void nc_table_column(nc_table *t, const char *header, nc_align align);
/* The next cell, from left to right, row after row. NULL shows as "-". */
void nc_table_cell(nc_table *t, const char *text, nc_colour colour);
/* The same, "" showing as "-" too. */
void nc_table_value(nc_table *t, const char *text, nc_colour colour);
/*
 * `width` 0: nothing is cut. Else the widest columns give way until a row fits, and what still does
 * not fit is left out on the right. NC_E_NOMEM, or the buffer's error.
 */
typedef enum { NC_HEADERS, NC_NO_HEADERS } nc_table_head;
nc_code nc_table_render(
	const nc_table *t, size_t width, int has_colour, nc_table_head head, nc_buf *out);

#endif
