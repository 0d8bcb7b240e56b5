/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terminals: what we write to, colours, and the width of text. Nothing that came from outside
 * reaches a terminal with its control characters, so no object's name can move the cursor.
 */
#include "cli/term.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/cleanup.h"
#include "base/io.h"

enum { WIDTH_OTHERWISE = 80, LINE_MAX_BYTES = 4096 };

static size_t width_of(int fd)
{
	struct winsize w;
	const char *columns = getenv("COLUMNS");
	long n = columns ? strtol(columns, NULL, 10) : 0;

	if (n >= 20 && n <= 1000)
		return (size_t)n;
	if (ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col >= 20)
		return w.ws_col;
	return WIDTH_OTHERWISE;
}

void nc_term_init(nc_term *t, int wants_no_colour)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	int may = !wants_no_colour && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;

	*t = (nc_term){ .is_in_tty = isatty(STDIN_FILENO),
		.is_out_tty = isatty(STDOUT_FILENO),
		.is_err_tty = isatty(STDERR_FILENO) };
	t->has_colour_out = may && t->is_out_tty;
	t->has_colour_err = may && t->is_err_tty;
	t->width = t->is_out_tty ? width_of(STDOUT_FILENO) : 0;
	t->err_width = t->is_err_tty ? width_of(STDERR_FILENO) : 0;
}

const char *nc_colour_on(nc_colour c)
{
	static const char *const codes[NC_COLOUR_COUNT] = {
		[NC_PLAIN] = "",
		[NC_BOLD] = "\033[1m",
		[NC_DIM] = "\033[2m",
		[NC_RED] = "\033[31m",
		[NC_GREEN] = "\033[32m",
		[NC_YELLOW] = "\033[33m",
		[NC_CYAN] = "\033[36m",
	};
	return codes[c];
}

nc_colour nc_status_colour(const char *word)
{
	static const struct {
		const char *words;
		nc_colour colour;
	} table[] = {
		{ " running up active healthy succeeded available loaded done enabled assigned ",
			NC_GREEN },
		{ " error failed down unhealthy invalid quarantined incompatible lost locked ",
			NC_RED },
		{ " creating deleting pending waiting canceling degraded silent unknown draining "
		  "maintenance cordoned migrating resizing abandoned listed adopting not_allowed ",
			NC_YELLOW },
		{ " stopped deleted suspended shelved paused canceled disabled ", NC_DIM },
	};
	char key[40];

	if (!*word || strlen(word) > sizeof(key) - 3)
		return NC_PLAIN;
	snprintf(key, sizeof(key), " %s ", word);
	for (size_t i = 0; i < NC_LEN(table); i++)
		if (strstr(table[i].words, key))
			return table[i].colour;
	return NC_PLAIN;
}

/* ---- text ---- */

/* The next character: its bytes, or 0 where it is none (then one byte is passed over). */
static size_t char_len(const unsigned char *s, uint32_t *ret_code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *s < 0x80 ? 1 : *s >= 0xf0 ? 4 : *s >= 0xe0 ? 3 : *s >= 0xc2 ? 2 : 0;
	uint32_t code = n == 1 ? *s : n ? *s & (0xffu >> (n + 1)) : 0;

	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	*ret_code = code;
	return n && code >= least[n] && code < 0x110000 ? n : 0;
}

/* How one character is shown: its bytes and columns; what may not be shown is "?". */
static size_t show_char(const char *s, size_t *ret_columns, int *ret_is_shown)
{
	uint32_t code = 0;
	size_t n = char_len((const unsigned char *)s, &code);
	int is_control = code < 0x20 || (code >= 0x7f && code < 0xa0) ||
			 (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
	int w = n && !is_control ? wcwidth((wchar_t)code) : -1;

	*ret_is_shown = n && !is_control;
	/* Without a UTF-8 locale wcwidth knows nothing beyond ASCII: one column is the best guess. */
	*ret_columns = w >= 0 ? (size_t)w : 1;
	return n ? n : 1;
}

size_t nc_text_columns(const char *text)
{
	size_t total = 0, columns;
	int is_shown;

	for (const char *p = text; *p; p += show_char(p, &columns, &is_shown)) {
		show_char(p, &columns, &is_shown);
		total += columns;
	}
	return total;
}

size_t nc_text_put(nc_buf *out, const char *text, size_t max_columns)
{
	size_t total = 0;
	int is_cut = max_columns && nc_text_columns(text) > max_columns;

	for (const char *p = text; *p;) {
		size_t columns;
		int is_shown;
		size_t n = show_char(p, &columns, &is_shown);
		if (is_cut && total + columns > max_columns - 1)
			break;
		if (is_shown)
			nc_buf_put(out, p, n);
		else
			nc_buf_putc(out, *p == '\n' || *p == '\t' ? ' ' : '?');
		total += columns;
		p += n;
	}
	if (is_cut) {
		nc_buf_puts(out, "…");
		total++;
	}
	return total;
}

/* ---- standard error ---- */

static void put_label(nc_buf *b, const nc_term *t, const char *label, nc_colour colour)
{
	if (t->has_colour_err)
		nc_buf_puts(b, nc_colour_on(colour));
	nc_buf_puts(b, label);
	if (t->has_colour_err)
		nc_buf_puts(b, NC_COLOUR_OFF);
	nc_buf_putc(b, ' ');
}

/* Line by line, so that what came from outside is cleaned without losing its lines. */
static void put_lines(nc_buf *b, const char *text)
{
	char line[LINE_MAX_BYTES];

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)NC_MIN(n, sizeof(line) - 1), p);
		nc_text_put(b, line, 0);
		nc_buf_putc(b, '\n');
		p += n + (p[n] == '\n');
		if (*p)
			nc_buf_puts(b, "  ");
	}
}

/* Without memory to speak of: what fits is said. */
static void tell_labelled(const nc_term *t, const char *label, nc_colour colour, const char *text)
{
	char mem[2 * LINE_MAX_BYTES];
	nc_buf b;

	nc_buf_init_fixed(&b, mem, sizeof(mem));
	if (label)
		put_label(&b, t, label, colour);
	put_lines(&b, text);
	nc_write_full(STDERR_FILENO, b.ptr, b.len, NULL);
}

void nc_tell_error(const nc_term *t, const char *message)
{
	tell_labelled(t, "error:", NC_RED, message);
}

void nc_tell_hint(const nc_term *t, const char *hint)
{
	tell_labelled(t, "hint:", NC_CYAN, hint);
}

void nc_tell(const nc_term *t, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tell_labelled(t, NULL, NC_PLAIN, text);
}
