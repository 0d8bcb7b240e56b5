/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_TERM_H
#define NC_CLI_TERM_H

#include <stddef.h>

#include "base/buf.h"

/* What standard output and error are: a terminal or not, how wide, with colours or not. */
typedef struct nc_term {
	int is_out_tty, is_err_tty, is_in_tty;
	int has_colour_out, has_colour_err;
	size_t width; /* of standard output; 0 = not a terminal, nothing is cut */
	size_t err_width;
} nc_term;

typedef enum nc_colour {
	NC_PLAIN,
	NC_BOLD,
	NC_DIM,
	NC_RED,
	NC_GREEN,
	NC_YELLOW,
	NC_CYAN,
	NC_COLOUR_COUNT
} nc_colour;

void nc_term_init(nc_term *t, int wants_no_colour);
const char *nc_colour_on(nc_colour c); /* "" for NC_PLAIN */
#define NC_COLOUR_OFF "\033[0m"
/* The colour of a status word: running, healthy are green, error, down red, … */
nc_colour nc_status_colour(const char *word);

/* Text may come from anywhere: control characters and broken UTF-8 become '?' on their way to a
 * terminal. `max_columns` 0 = all; what is cut ends in "…". Returns the columns it takes. */
size_t nc_text_put(nc_buf *out, const char *text, size_t max_columns);
size_t nc_text_columns(const char *text);

/* "error: …", "hint: …" to standard error. */
void nc_tell_error(const nc_term *t, const char *message);
void nc_tell_hint(const nc_term *t, const char *hint);
/* A line to standard error: what is happening, or a warning. */
void nc_tell(const nc_term *t, const char *fmt, ...) nc_printf(2, 3);

#endif
