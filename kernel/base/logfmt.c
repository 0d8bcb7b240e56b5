/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "base/log_internal.h"

/*
 * The two forms of a log line: one JSON object for machines, words and key=value for people.
 * Neither lets a value start a line of its own or send a control sequence to a terminal. Pure
 * functions into the caller's buffer.
 */

static const char *const level_names[] = { "error", "warn", "info", "debug", "trace" };

static const char *level_name(nc_log_level level)
{
	return (size_t)level < NC_LEN(level_names) ? level_names[level] : "error";
}

static void json_error_value(nc_jw *w, const nc_error *e)
{
	if (!e) {
		nc_jw_null(w);
		return;
	}
	nc_jw_obj(w);
	nc_jw_kstr(w, "code", nc_code_name(e->code));
	nc_jw_kstr(w, "message", e->message);
	if (e->hint[0])
		nc_jw_kstr(w, "hint", e->hint);
	if (e->domain[0])
		nc_jw_kstr(w, "domain", e->domain);
	if (e->native)
		nc_jw_ki64(w, "native", e->native);
	nc_jw_obj_end(w);
}

static void json_value(nc_jw *w, const nc_field *f)
{
	switch (f->type) {
	case NC_F_STR:
		nc_jw_str(w, f->v.s);
		break;
	case NC_F_U64:
		nc_jw_u64(w, f->v.u);
		break;
	case NC_F_I64:
		nc_jw_i64(w, f->v.i);
		break;
	case NC_F_F64:
		nc_jw_f64(w, f->v.f);
		break;
	case NC_F_BOOL:
		nc_jw_bool(w, f->v.i != 0);
		break;
	case NC_F_ERR:
		json_error_value(w, f->v.e);
		break;
	case NC_F_RAW:
		if (f->v.s && f->v.s[0])
			nc_jw_raw(w, f->v.s, strlen(f->v.s));
		else
			nc_jw_null(w);
		break;
	case NC_F_END:
		nc_jw_null(w);
		break;
	}
}

static void json_field(nc_jw *w, const nc_field *f)
{
	nc_jw_key(w, f->key);
	json_value(w, f);
}

void nc_log_build_json(nc_buf *b, const nc_log_line *line)
{
	nc_jw w;
	nc_jw_init(&w, b);
	nc_jw_obj(&w);
	nc_jw_ktime(&w, "time", line->unix_ms);
	nc_jw_kstr(&w, "level", level_name(line->level));
	nc_jw_kstr(&w, "event", line->event);
	for (size_t i = 0; i < line->n_context; i++)
		json_field(&w, &line->context[i]);
	for (const nc_field *f = line->fields; f->type != NC_F_END; f++)
		json_field(&w, f);
	nc_jw_obj_end(&w);
	nc_buf_putc(b, '\n');
}

static int is_bare_word(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_./:+@,";
	return s[0] && s[strspn(s, plain)] == '\0';
}

/* A word as it is; anything else as a JSON string, which has no control bytes left. */
static void text_string(nc_buf *b, const char *s)
{
	if (s && is_bare_word(s)) {
		nc_buf_puts(b, s);
		return;
	}
	nc_jw w;
	nc_jw_init(&w, b);
	nc_jw_str(&w, s);
}

static void text_error(nc_buf *b, const nc_error *e)
{
	if (!e) {
		nc_buf_puts(b, "null");
		return;
	}
	text_string(b, e->message);
	nc_buf_printf(b, " code=%s", nc_code_name(e->code));
	if (e->hint[0]) {
		nc_buf_puts(b, " hint=");
		text_string(b, e->hint);
	}
}

static void text_field(nc_buf *b, const nc_field *f, int is_coloured)
{
	nc_buf_printf(b, is_coloured ? " \033[2m%s=\033[0m" : " %s=", f->key);
	if (f->type == NC_F_STR) {
		text_string(b, f->v.s);
	} else if (f->type == NC_F_ERR) {
		text_error(b, f->v.e);
	} else {
		nc_jw w;
		nc_jw_init(&w, b);
		json_value(&w, f);
	}
}

void nc_log_build_text(nc_buf *b, const nc_log_line *line, int is_coloured)
{
	static const char *const labels[] = { "ERROR", "WARN ", "INFO ", "DEBUG", "TRACE" };
	static const char *const colours[] = { "31", "33", "32", "36", "2" };
	size_t level = (size_t)line->level < NC_LEN(labels) ? (size_t)line->level : 0;
	char time[25];
	nc_time_format(line->unix_ms, time);
	if (is_coloured)
		nc_buf_printf(b, "\033[2m%.12s\033[0m \033[%sm%s\033[0m ", time + 11,
			colours[level], labels[level]);
	else
		nc_buf_printf(b, "%s %s ", time, labels[level]);
	text_string(b, line->event);
	for (size_t i = 0; i < line->n_context; i++)
		text_field(b, &line->context[i], is_coloured);
	for (const nc_field *f = line->fields; f->type != NC_F_END; f++)
		text_field(b, f, is_coloured);
	nc_buf_putc(b, '\n');
}
