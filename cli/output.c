/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard output. Everything a command prints is made whole first and written at once, so that a
 * failure half-way prints nothing.
 */
#include "cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/io.h"
#include "cli/call.h"
#include "cli/columns.h"
#include "cli/flags.h"
#include "cli/names.h"
#include "cli/tree.h"

#define OUT_MAX ((size_t)512 << 20)

nc_out_form nc_out_form_of(const nc_cli *c)
{
	const char *word = nc_args_str(&c->args, "output");

	for (int i = 0; word && nc_output_words[i]; i++)
		if (!strcmp(word, nc_output_words[i]))
			return (nc_out_form)i;
	return NC_OUT_TABLE;
}

int nc_out_is_for_programs(const nc_cli *c)
{
	nc_out_form form = nc_out_form_of(c);

	return form == NC_OUT_JSON || form == NC_OUT_YAML || form == NC_OUT_NAME;
}

nc_code nc_print_text(nc_bytes text, nc_error *err)
{
	return nc_write_full(STDOUT_FILENO, text.ptr, text.len, err);
}

static nc_code print_buf(const nc_buf *b, nc_error *err)
{
	if (nc_buf_failed(b))
		return b->error == NC_E_NOMEM
			       ? nc_err_nomem(err)
			       : nc_err(err, NC_E_PROTO, "the answer is too large to print");
	return nc_print_text(nc_buf_bytes(b), err);
}

nc_code nc_print_json(nc_cli *c, const json_t *document, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf b;

	nc_buf_init(&b, OUT_MAX);
	if (nc_out_form_of(c) == NC_OUT_YAML) {
		const nc_tree t = { .style = NC_TREE_YAML };
		nc_tree_render(&t, document, &b);
		return print_buf(&b, err);
	}
	char *text = json_dumps(document, JSON_INDENT(2) | JSON_ENCODE_ANY);
	if (!text)
		return nc_err_nomem(err);
	nc_buf_puts(&b, text);
	nc_buf_putc(&b, '\n');
	nc_free(text);
	return print_buf(&b, err);
}

nc_code nc_print_either(nc_cli *c, const json_t *document, nc_bytes text, nc_error *err)
{
	nc_out_form form = nc_out_form_of(c);

	if (form == NC_OUT_JSON || form == NC_OUT_YAML)
		return nc_print_json(c, document, err);
	return nc_print_text(text, err);
}

nc_code nc_print_table(nc_cli *c, const nc_table *t, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf b;

	nc_buf_init(&b, OUT_MAX);
	nc_code rc = nc_table_render(t, c->term.width, c->term.has_colour_out, NC_HEADERS, &b);
	return rc == NC_E_NOMEM ? nc_err_nomem(err) : print_buf(&b, err);
}

nc_code nc_print_line(nc_cli *c, nc_error *err, const char *fmt, ...)
{
	_cleanup_(nc_buf_done) nc_buf b;
	va_list ap;

	nc_buf_init(&b, 64u << 10);
	if (nc_out_is_for_programs(c))
		return NC_OK;
	va_start(ap, fmt);
	nc_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	nc_buf_putc(&b, '\n');
	return print_buf(&b, err);
}

/* ---- objects ---- */

static const char *name_of(const json_t *o)
{
	static const char *const keys[] = { "name", "id", "type" };

	for (size_t i = 0; i < NC_LEN(keys); i++)
		if (*nc_json_text(o, keys[i]))
			return nc_json_text(o, keys[i]);
	return "";
}

static nc_code print_names(const json_t *items, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf b;

	nc_buf_init(&b, OUT_MAX);
	for (size_t i = 0; i < json_array_size(items); i++)
		nc_buf_printf(&b, "%s\n", name_of(json_array_get(items, i)));
	return print_buf(&b, err);
}

static void table_donep(nc_table *t)
{
	nc_table_done(t);
}

static nc_code print_rows(nc_cli *c, const nc_kind *kind, const json_t *items, nc_error *err)
{
	_cleanup_(table_donep) nc_table t;
	nc_names *names = nc_names_new(c);
	int is_wide = nc_out_form_of(c) == NC_OUT_WIDE;

	nc_table_init(&t);
	if (!names)
		return nc_err_nomem(err);
	nc_columns_head(kind, is_wide, &t);
	for (size_t i = 0; i < json_array_size(items); i++)
		nc_columns_row(kind, is_wide, json_array_get(items, i), names, &t);
	return nc_print_table(c, &t, err);
}

nc_code nc_print_list(nc_cli *c, const nc_kind *kind, const json_t *page, nc_error *err)
{
	const json_t *items = json_object_get(page, "items");

	switch (nc_out_form_of(c)) {
	case NC_OUT_JSON:
	case NC_OUT_YAML:
		return nc_print_json(c, page, err);
	case NC_OUT_NAME:
		return print_names(items, err);
	case NC_OUT_TABLE:
	case NC_OUT_WIDE:
		break;
	}
	if (json_array_size(items))
		return print_rows(c, kind, items, err);
	nc_tell(&c->term, "no %s", kind->plural);
	return NC_OK;
}

static const char *remark(void *ctx, const char *key, const char *value)
{
	return strcmp(key, "id") != 0 ? nc_names_get(ctx, value) : NULL;
}

nc_code nc_print_object(nc_cli *c, const nc_kind *kind, const json_t *object, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_out_form form = nc_out_form_of(c);

	(void)kind;
	nc_buf_init(&b, OUT_MAX);
	if (form == NC_OUT_JSON || form == NC_OUT_YAML)
		return nc_print_json(c, object, err);
	if (form == NC_OUT_NAME) {
		nc_buf_printf(&b, "%s\n", name_of(object));
		return print_buf(&b, err);
	}
	nc_names *names = nc_names_new(c);
	if (!names)
		return nc_err_nomem(err);
	const nc_tree t = { .style = NC_TREE_TEXT,
		.has_colour = c->term.has_colour_out,
		.remark = remark,
		.ctx = names };
	nc_tree_render(&t, object, &b);
	return print_buf(&b, err);
}
