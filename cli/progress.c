/* SPDX-License-Identifier: Apache-2.0 */
/* The progress of an operation for people. Never fails: what can't be shown isn't. */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "cli/call.h"
#include "cli/units.h"

enum { BAR_MAX = 30, BAR_LEAST = 8, TAIL_MAX = 64 };

void nc_progress_init(nc_progress *p, const nc_term *term)
{
	*p = (nc_progress){ .term = term };
}

/* What it is at: "canceling" goes before everything, then the driver's own phase, then the step. */
static const char *phase_of(const json_t *op)
{
	const char *state = nc_json_text(op, "state");
	const char *phase = nc_json_text(json_object_get(op, "progress"), "phase");

	if (strcmp(state, "running") != 0)
		return state;
	return *phase ? phase : nc_json_text(op, "step");
}

static void put_head(const json_t *op, nc_buf *out)
{
	nc_text_put(out, nc_json_text(op, "kind"), 0);
	nc_buf_putc(out, ' ');
	nc_text_put(out, nc_json_text(json_object_get(op, "target"), "name"), 0);
	nc_buf_puts(out, "  ");
	nc_text_put(out, phase_of(op), 0);
}

/* "  12 MiB/s  8s left", as far as it is known. */
static void put_tail(const json_t *progress, nc_buf *out)
{
	char text[32];
	int64_t rate = json_integer_value(json_object_get(progress, "rate"));
	int64_t eta = json_integer_value(json_object_get(progress, "eta"));

	if (rate > 0) {
		nc_bytes_format(rate, text, sizeof(text));
		nc_buf_printf(out, "  %s/s", text);
	}
	if (eta > 0) {
		nc_span_format(eta, text, sizeof(text));
		nc_buf_printf(out, "  %s left", text);
	}
	if (*nc_json_text(progress, "stalled_since"))
		nc_buf_puts(out, "  stalled");
}

static void put_bar(int64_t permille, size_t columns, nc_buf *out)
{
	size_t full = (size_t)permille * columns / 1000;

	nc_buf_puts(out, "  [");
	for (size_t i = 0; i < columns; i++)
		nc_buf_putc(out, i < full ? '#' : '-');
	nc_buf_printf(out, "] %" PRId64 " %%", permille / 10);
}

void nc_progress_line(const json_t *op, size_t width, nc_buf *out)
{
	const json_t *progress = json_object_get(op, "progress");
	int64_t permille = json_integer_value(json_object_get(progress, "permille"));
	char mem[TAIL_MAX];
	nc_buf tail;

	nc_buf_init_fixed(&tail, mem, sizeof(mem));
	put_tail(progress, &tail);
	size_t start = out->len;
	put_head(op, out);
	size_t used = out->len - start + tail.len + sizeof("  [] 100 %");
	size_t room = width > used ? width - used : 0;
	if (permille > 0 && permille <= 1000 && room >= BAR_LEAST)
		put_bar(permille, NC_MIN(room, (size_t)BAR_MAX), out);
	nc_buf_put(out, tail.ptr, tail.len);
}

static void show_bar(nc_progress *p, const json_t *op)
{
	char mem[2048], line[1024];
	nc_buf text, whole;

	nc_buf_init_fixed(&text, line, sizeof(line));
	nc_progress_line(op, p->term->err_width, &text);
	nc_buf_init_fixed(&whole, mem, sizeof(mem));
	nc_buf_putc(&whole, '\r');
	nc_text_put(&whole, text.ptr, p->term->err_width ? p->term->err_width - 1 : 0);
	nc_buf_puts(&whole, "\033[K");
	nc_write_full(STDERR_FILENO, whole.ptr, whole.len, NULL);
	p->is_on_line = 1;
}

void nc_progress_show(nc_progress *p, const json_t *op)
{
	char now[sizeof(p->last)];

	if (p->term->is_err_tty) {
		show_bar(p, op);
		return;
	}
	snprintf(now, sizeof(now), "%s %s  %s", nc_json_text(op, "kind"),
		nc_json_text(json_object_get(op, "target"), "name"), phase_of(op));
	if (!strcmp(now, p->last))
		return;
	memcpy(p->last, now, sizeof(now));
	nc_tell(p->term, "%s", now);
}

void nc_progress_end(nc_progress *p)
{
	if (p->is_on_line)
		nc_write_full(STDERR_FILENO, "\r\033[K", 4, NULL);
	p->is_on_line = 0;
}
