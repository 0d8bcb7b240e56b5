/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Indented lines from a JSON value: an explicit stack walks it, no recursion. In YAML every string
 * that could be read as something else is quoted.
 */
#include "cli/tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/jsonw.h"

enum { STEP = 2, KEY_COLUMNS_MAX = 24, LINE_BYTES_MAX = 64 << 10 };

typedef struct level {
	const json_t *node;
	void *iter;          /* of an object */
	size_t index;        /* of an array */
	size_t indent;       /* columns before its keys */
	size_t key_columns;  /* TEXT: what its keys are padded to */
	int is_first_inline; /* the first key stands behind a "- " that is there already */
} level;

typedef struct walk {
	const nc_tree *t;
	nc_buf *out;
	level at[NC_JSON_DEPTH_MAX + 1];
	size_t depth;
} walk;

static int is_empty(const json_t *v)
{
	return json_is_null(v) || (json_is_string(v) && !json_string_length(v)) ||
	       (json_is_object(v) && !json_object_size(v)) ||
	       (json_is_array(v) && !json_array_size(v));
}

static int is_nested(const json_t *v)
{
	return (json_is_object(v) && json_object_size(v)) ||
	       (json_is_array(v) && json_array_size(v));
}

static int is_skipped(const walk *w, const json_t *v)
{
	return w->t->style == NC_TREE_TEXT && is_empty(v);
}

/* ---- scalars ---- */

static void indent(nc_buf *out, size_t n)
{
	while (n--)
		nc_buf_putc(out, ' ');
}

/* Whether YAML would take the plain text for this very string. */
static int is_plain_safe(const char *s, size_t n)
{
	static const char *const words[] = { "null", "true", "false", "yes", "no", "on", "off", "y",
		"n", "~" };

	if (!n || strlen(s) != n || strchr(" -?:,[]{}#&*!|>'\"%@`.+0123456789=<", *s))
		return 0;
	for (size_t i = 0; i < NC_LEN(words); i++)
		if (!strcasecmp(s, words[i]))
			return 0;
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f ||
			(*p == ':' && (p[1] == ' ' || !p[1])) || (*p == '#' && p[-1] == ' ') ||
			(*p == ' ' && !p[1]))
			return 0;
	return 1;
}

/* What a JSON string has as it is, and YAML takes for a break of the line or not at all (C1 controls,
 * U+2028 and U+2029, U+FEFF, U+FFFE and U+FFFF): how many bytes, 0 = it is none of them. */
static size_t length_of_special(const char *s, unsigned *ret_code)
{
	const unsigned char *u = (const unsigned char *)s;

	if (u[0] == 0xc2 && u[1] < 0xa0) {
		*ret_code = u[1];
		return 2;
	}
	if ((u[0] != 0xe2 && u[0] != 0xef) || !u[1] || !u[2])
		return 0;
	*ret_code = (u[0] & 0x0fu) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu);
	unsigned c = *ret_code;
	return c == 0x2028 || c == 0x2029 || c == 0xfeff || c >= 0xfffe ? 3 : 0;
}

/* A JSON string is a YAML string in double quotes, but for those. */
static void put_quoted(const char *s, size_t n, nc_buf *out)
{
	_cleanup_(nc_buf_done) nc_buf json;
	nc_jw w;

	nc_buf_init(&json, 6 * n + 3);
	nc_jw_init(&w, &json);
	nc_jw_strn(&w, s, n);
	if (nc_buf_failed(&json)) {
		out->error = json.error;
		return;
	}
	for (size_t i = 0, len; i < json.len; i += len ? len : 1) {
		unsigned code;
		len = length_of_special(json.ptr + i, &code);
		if (len)
			nc_buf_printf(out, "\\u%04x", code);
		else
			nc_buf_putc(out, json.ptr[i]);
	}
}

static void put_number(const json_t *v, nc_buf *out)
{
	nc_jw w;

	if (json_is_integer(v)) {
		nc_buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		return;
	}
	size_t start = out->len;
	nc_jw_init(&w, out);
	nc_jw_f64(&w, json_real_value(v));
	if (!strpbrk(out->ptr + start, ".eE")) /* or it would come back as a whole number */
		nc_buf_puts(out, ".0");
}

/* TEXT: lines of their own, set in. */
static void put_block(const char *s, size_t columns, nc_buf *out)
{
	_cleanup_(nc_buf_done) nc_buf line;

	nc_buf_init(&line, LINE_BYTES_MAX);
	while (*s) {
		size_t n = strcspn(s, "\n");
		nc_buf_reset(&line);
		nc_buf_put(&line, s, n);
		nc_buf_putc(out, '\n');
		indent(out, columns);
		nc_text_put(out, nc_buf_failed(&line) ? "…" : line.ptr, 0);
		s += n + (s[n] == '\n');
	}
}

static void put_string(const walk *w, const char *key, const json_t *v)
{
	const char *s = json_string_value(v);
	size_t n = json_string_length(v);

	if (w->t->style == NC_TREE_YAML) {
		if (is_plain_safe(s, n))
			nc_buf_put(w->out, s, n);
		else
			put_quoted(s, n, w->out);
		return;
	}
	if (strchr(s, '\n')) {
		/* one that is the whole document is on no level */
		put_block(s, w->depth ? w->at[w->depth - 1].indent + STEP : 0, w->out);
		return;
	}
	int is_status = key && (!strcmp(key, "status") || !strcmp(key, "state"));
	nc_colour colour = w->t->has_colour && is_status ? nc_status_colour(s) : NC_PLAIN;
	nc_buf_puts(w->out, nc_colour_on(colour));
	nc_text_put(w->out, s, 0);
	if (colour != NC_PLAIN)
		nc_buf_puts(w->out, NC_COLOUR_OFF);
	const char *remark = w->t->remark ? w->t->remark(w->t->ctx, key ? key : "", s) : NULL;
	if (remark) {
		nc_buf_puts(w->out, " (");
		nc_text_put(w->out, remark, 0);
		nc_buf_putc(w->out, ')');
	}
}

static void put_scalar(const walk *w, const char *key, const json_t *v)
{
	if (json_is_string(v))
		put_string(w, key, v);
	else if (json_is_number(v))
		put_number(v, w->out);
	else if (json_is_boolean(v))
		nc_buf_puts(w->out, json_is_true(v) ? "true" : "false");
	else if (json_is_null(v))
		nc_buf_puts(w->out, "null");
	else
		nc_buf_puts(w->out, json_is_array(v) ? "[]" : "{}");
}

/* ---- lines ---- */

static size_t widest_key(const walk *w, const json_t *object)
{
	const char *key;
	json_t *v;
	size_t widest = 0;

	/* jansson wants it mutable to iterate */
	json_object_foreach((json_t *)(uintptr_t)object, key, v) if (!is_skipped(w, v)) widest =
		NC_MAX(widest, nc_text_columns(key));
	return NC_MIN(widest, (size_t)KEY_COLUMNS_MAX);
}

static void push(walk *w, const json_t *node, size_t at, int is_first_inline)
{
	if (w->depth == NC_LEN(w->at)) {
		nc_buf_puts(w->out, "…\n");
		return;
	}
	level *l = &w->at[w->depth++];
	*l = (level){ .node = node, .indent = at, .is_first_inline = is_first_inline };
	if (json_is_object(node)) {
		l->iter = json_object_iter((json_t *)(uintptr_t)node);
		l->key_columns = w->t->style == NC_TREE_TEXT ? widest_key(w, node) : 0;
	}
}

/* One key of the object at the top. */
static void put_member(walk *w, level *l)
{
	const char *key = json_object_iter_key(l->iter);
	const json_t *v = json_object_iter_value(l->iter);

	l->iter = json_object_iter_next((json_t *)(uintptr_t)l->node, l->iter);
	if (is_skipped(w, v))
		return;
	if (!l->is_first_inline)
		indent(w->out, l->indent);
	l->is_first_inline = 0;
	if (w->t->style == NC_TREE_TEXT) {
		size_t n = nc_text_put(w->out, key, 0);
		if (!is_nested(v))
			indent(w->out, (n < l->key_columns ? l->key_columns - n : 0) + 2);
	} else {
		size_t n = strlen(key);
		if (is_plain_safe(key, n))
			nc_buf_put(w->out, key, n);
		else
			put_quoted(key, n, w->out);
		nc_buf_putc(w->out, ':');
		if (!is_nested(v))
			nc_buf_putc(w->out, ' ');
	}
	if (!is_nested(v))
		put_scalar(w, key, v);
	nc_buf_putc(w->out, '\n');
	if (is_nested(v))
		push(w, v, l->indent + STEP, 0);
}

/* One element of the array at the top. */
static void put_element(walk *w, level *l)
{
	const json_t *v = json_array_get(l->node, l->index++);

	if (!l->is_first_inline)
		indent(w->out, l->indent);
	l->is_first_inline = 0;
	nc_buf_puts(w->out, "- ");
	if (is_nested(v)) {
		push(w, v, l->indent + STEP, 1);
		return;
	}
	put_scalar(w, NULL, v);
	nc_buf_putc(w->out, '\n');
}

void nc_tree_render(const nc_tree *t, const json_t *value, nc_buf *out)
{
	walk w = { .t = t, .out = out };

	if (!is_nested(value)) {
		put_scalar(&w, NULL, value);
		nc_buf_putc(out, '\n');
		return;
	}
	push(&w, value, 0, 0);
	while (w.depth) {
		level *l = &w.at[w.depth - 1];
		if (json_is_object(l->node) && l->iter)
			put_member(&w, l);
		else if (json_is_array(l->node) && l->index < json_array_size(l->node))
			put_element(&w, l);
		else
			w.depth--;
	}
}
