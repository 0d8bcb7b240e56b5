/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables for people. Widths are counted in columns of the terminal, not bytes; the last column is
 * never padded, so nothing ends in spaces.
 */
#include "cli/table.h"

#include <string.h>

#include "base/alloc.h"

enum { GAP = 2, LEAST = 12 };

void nc_table_init(nc_table *t)
{
	*t = (nc_table){ .n_columns = 0 };
}

void nc_table_done(nc_table *t)
{
	for (size_t i = 0; i < t->n_cells; i++)
		nc_free(t->cells[i].text);
	nc_free(t->cells);
	*t = (nc_table){ .n_columns = 0 };
}

void nc_table_column(nc_table *t, const char *header, nc_align align)
{
	nc_assert(t->n_columns < NC_TABLE_COLUMNS_MAX);
	if (align == NC_RIGHT)
		t->right |= 1u << t->n_columns;
	t->headers[t->n_columns++] = header;
}

static int grow(nc_table *t)
{
	size_t cap = t->cap ? 2 * t->cap : 64;
	nc_cell *cells = nc_realloc(t->cells, cap * sizeof(*cells));

	if (!cells)
		return 0;
	t->cells = cells;
	t->cap = cap;
	return 1;
}

void nc_table_cell(nc_table *t, const char *text, nc_colour colour)
{
	if (t->is_nomem || (t->n_cells == t->cap && !grow(t))) {
		t->is_nomem = 1;
		return;
	}
	char *copy = nc_strdup(text ? text : "-");
	if (!copy) {
		t->is_nomem = 1;
		return;
	}
	t->cells[t->n_cells++] = (nc_cell){ copy, colour };
}

void nc_table_value(nc_table *t, const char *text, nc_colour colour)
{
	nc_table_cell(t, text && *text ? text : NULL, colour);
}

/* ---- widths ---- */

static void natural_widths(const nc_table *t, size_t *w)
{
	for (size_t c = 0; c < t->n_columns; c++)
		w[c] = nc_text_columns(t->headers[c]);
	for (size_t i = 0; i < t->n_cells; i++) {
		size_t n = nc_text_columns(t->cells[i].text), c = i % t->n_columns;
		w[c] = NC_MAX(w[c], n);
	}
}

static size_t sum(const size_t *w, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += w[i] + (i ? GAP : 0);
	return total;
}

/* What a column keeps at least: its header, and enough to know a name by. */
static size_t least_width(const nc_table *t, const size_t *natural, size_t c)
{
	return NC_MAX(nc_text_columns(t->headers[c]), NC_MIN(natural[c], (size_t)LEAST));
}

/* The widest of the first n columns give way until a row fits. 0 = they can't. */
static int shrink(const nc_table *t, const size_t *natural, size_t n, size_t width, size_t *w)
{
	memcpy(w, natural, n * sizeof(*w));
	while (sum(w, n) > width) {
		size_t widest = 0, columns = 0;
		for (size_t c = 0; c < n; c++)
			if (w[c] > least_width(t, natural, c) && w[c] > columns) {
				widest = c;
				columns = w[c];
			}
		if (!columns)
			return 0;
		w[widest]--;
	}
	return 1;
}

/* Widths of the columns that are shown; returns how many those are, the first at least. */
static size_t lay_out(const nc_table *t, size_t width, size_t *w)
{
	size_t natural[NC_TABLE_COLUMNS_MAX], n = t->n_columns;

	natural_widths(t, natural);
	memcpy(w, natural, n * sizeof(*w));
	while (width && n > 1 && !shrink(t, natural, n, width, w))
		n--;
	if (width && n == 1)
		w[0] = NC_MIN(natural[0], width);
	return n;
}

/* ---- rows ---- */

static void spaces(nc_buf *out, size_t n)
{
	while (n--)
		nc_buf_putc(out, ' ');
}

typedef struct layout {
	const nc_table *t;
	const size_t *w;
	size_t n_shown;
	int has_colour, is_cut;
} layout;

static void put_cell(const layout *l, size_t c, const char *text, nc_colour colour, nc_buf *out)
{
	size_t used = NC_MIN(nc_text_columns(text), l->w[c]);
	int is_right = l->t->right >> c & 1;

	if (!used && c + 1 == l->n_shown)
		return; /* a bar without a header */

	spaces(out, (c ? GAP : 0) + (is_right ? l->w[c] - used : 0));
	if (l->has_colour && colour != NC_PLAIN)
		nc_buf_puts(out, nc_colour_on(colour));
	nc_text_put(out, text, l->is_cut ? l->w[c] : 0);
	if (l->has_colour && colour != NC_PLAIN)
		nc_buf_puts(out, NC_COLOUR_OFF);
	if (!is_right && c + 1 < l->n_shown)
		spaces(out, l->w[c] - used);
}

nc_code nc_table_render(
	const nc_table *t, size_t width, int has_colour, nc_table_head head, nc_buf *out)
{
	size_t w[NC_TABLE_COLUMNS_MAX];

	if (t->is_nomem)
		return NC_E_NOMEM;
	nc_assert(t->n_columns && t->n_cells % t->n_columns == 0);
	layout l = { .t = t, .w = w, .has_colour = has_colour, .is_cut = width != 0 };
	l.n_shown = lay_out(t, width, w);
	for (size_t c = 0; head == NC_HEADERS && c < l.n_shown; c++)
		put_cell(&l, c, t->headers[c], NC_BOLD, out);
	if (head == NC_HEADERS)
		nc_buf_putc(out, '\n');
	for (size_t i = 0; i < t->n_cells; i++) {
		size_t c = i % t->n_columns;
		if (c < l.n_shown)
			put_cell(&l, c, t->cells[i].text, t->cells[i].colour, out);
		if (c + 1 == t->n_columns)
			nc_buf_putc(out, '\n');
	}
	return out->error;
}
