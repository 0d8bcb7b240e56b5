/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/err.h"
#include "model/member.h"
#include "model/schema.h"

/* `explain vm.disks.size_gib`: what the tables say, for people. Pure functions. */

enum { NAMES_MAX = 128, WORD_MAX = 63 };

static const char *type_text(const nc_field_def *d)
{
	static const char *const words[] = {
		[NC_T_STR] = "text",
		[NC_T_NAME] = "name",
		[NC_T_I64] = "whole number",
		[NC_T_U64] = "whole number",
		[NC_T_F64] = "number",
		[NC_T_BOOL] = "true or false",
		[NC_T_ENUM] = "word",
		[NC_T_TIME] = "time (RFC 3339)",
		[NC_T_REF] = "id or name",
		[NC_T_LABELS] = "labels",
		[NC_T_STRS] = "list of text",
		[NC_T_REFS] = "list of ids or names",
		[NC_T_OBJ] = "object",
		[NC_T_STRUCT] = "object",
		[NC_T_OBJS] = "list of objects",
		[NC_T_JSON] = "object of any form",
		[NC_T_SECRET] = "secret text",
	};
	return words[d->type];
}

static const char *when_text(const nc_field_def *d)
{
	static const char *const words[] = {
		[NC_LIVE] = "may be changed at any time",
		[NC_NEXT_START] = "a change waits for the next start",
		[NC_IMMUTABLE] = "set when it is made, then fixed",
		[NC_SUBRESOURCE] = "a list when it is made, then changed element by element",
		[NC_SERVER] = "set by the server",
	};
	return words[d->mut];
}

static void put_line(const nc_field_def *d, nc_buf *out)
{
	nc_buf_printf(out, "  %-24s %-20s %s\n", d->name, type_text(d), d->doc);
}

static void put_spans(const nc_span *spans, size_t n, nc_buf *out)
{
	for (size_t s = 0; s < n; s++)
		for (size_t i = 0; i < spans[s].n; i++)
			put_line(&spans[s].f[i], out);
}

static void put_default(const nc_field_def *d, nc_buf *out)
{
	if (!(d->flags & NC_FF_DEFAULT))
		return;
	switch ((nc_field_type)d->type) {
	case NC_T_BOOL:
		nc_buf_printf(out, "default: %s\n", d->def ? "true" : "false");
		break;
	case NC_T_ENUM:
		nc_buf_printf(out, "default: %s\n", d->choices[d->def]);
		break;
	case NC_T_F64:
		nc_buf_printf(out, "default: %g\n", d->def_f);
		break;
	case NC_T_I64:
	case NC_T_U64:
		nc_buf_printf(out, "default: %" PRId64 "\n", d->def);
		break;
	default:
		nc_buf_printf(out, "default: %s\n", d->def_s);
	}
}

static void put_choices(const nc_field_def *d, nc_buf *out)
{
	const char *gap = "one of: ";
	for (size_t i = 0; d->choices[i]; i++) {
		if (!d->choices[i][0])
			continue;
		nc_buf_printf(out, "%s%s", gap, d->choices[i]);
		gap = ", ";
	}
	nc_buf_putc(out, '\n');
}

static void put_field(const char *path, const nc_field_def *d, nc_buf *out)
{
	const nc_kind *to = nc_kind_get(d->ref);
	nc_buf_printf(out, "%s: %s\n%s\n", path, type_text(d), d->doc);
	nc_buf_printf(out, "%s%s\n", when_text(d), d->flags & NC_FF_REQUIRED ? "; required" : "");
	if (d->flags & NC_FF_TO_COME)
		nc_buf_puts(out,
			"to come: nothing acts on it yet, and a request that sets it is refused\n");
	else if (d->hint)
		nc_buf_printf(out, "to change it: %s\n", d->hint);
	if (to)
		nc_buf_printf(out, "of kind: %s\n", to->name);
	if (d->unit)
		nc_buf_printf(out, "unit: %s\n", d->unit);
	if (d->min || d->max)
		nc_buf_printf(out, "from %" PRId64 " to %" PRId64 "\n", d->min, d->max);
	put_default(d, out);
	if (d->choices)
		put_choices(d, out);
	if (d->sub)
		put_spans(&(nc_span){ d->sub->fields, d->sub->n_fields }, 1, out);
}

static nc_code unknown(
	const char *word, const char *in, const nc_span *spans, size_t n, nc_error *err)
{
	const char *names[NAMES_MAX];
	size_t n_names = 0;
	for (size_t s = 0; s < n; s++)
		for (size_t i = 0; i < spans[s].n && n_names < NAMES_MAX; i++)
			names[n_names++] = spans[s].f[i].name;
	nc_code rc = nc_err(err, NC_E_NOTFOUND, "%s has no field %s", in, word);
	const char *close = nc_did_you_mean(word, names, n_names);
	return close ? nc_err_hint(err, rc, "did you mean \"%s\"?", close) : rc;
}

static nc_code unknown_kind(const char *word, nc_error *err)
{
	const char *names[NC_KIND_LIMIT];
	size_t n = 0;
	for (size_t i = 0; i < nc_n_kinds; i++)
		if (!(nc_kinds[i]->flags & NC_KF_INTERNAL))
			names[n++] = nc_kinds[i]->name;
	nc_code rc = nc_err(err, NC_E_NOTFOUND, "there is no kind %s", word);
	const char *close = nc_did_you_mean(word, names, n);
	return close ? nc_err_hint(err, rc, "did you mean \"%s\"?", close) : rc;
}

/* The next word of a dotted path; 0 = the path is at its end. */
static int next_word(const char **path, char word[WORD_MAX + 1])
{
	size_t n = strcspn(*path, ".");
	if (!n)
		return 0;
	snprintf(word, WORD_MAX + 1, "%.*s", (int)NC_MIN(n, (size_t)WORD_MAX), *path);
	*path += n + ((*path)[n] == '.');
	return 1;
}

nc_code nc_explain(const char *path, nc_buf *out, nc_error *err)
{
	char word[WORD_MAX + 1] = "", in[WORD_MAX + 1];
	nc_span spans[NC_SPANS_MAX];
	const nc_field_def *d = NULL;
	const char *rest = path;
	const nc_kind *k = next_word(&rest, word) ? nc_kind_find(word) : NULL;
	if (!k || k->flags & NC_KF_INTERNAL)
		return unknown_kind(word, err);
	size_t n = nc_kind_spans(k, spans);
	snprintf(in, sizeof(in), "%s", k->name);
	while (next_word(&rest, word)) {
		size_t hint = 0;
		d = NULL;
		for (size_t s = 0; s < n && !d; s++, hint = 0)
			d = nc_field_find(spans[s].f, spans[s].n, nc_str(word), &hint);
		if (!d)
			return unknown(word, in, spans, n, err);
		snprintf(in, sizeof(in), "%s", d->name);
		n = d->sub ? 1 : 0;
		if (d->sub)
			spans[0] = (nc_span){ d->sub->fields, d->sub->n_fields };
	}
	if (d) {
		put_field(path, d, out);
	} else {
		nc_buf_printf(out, "%s: %s\n", k->name, k->doc);
		put_spans(spans, n, out);
	}
	return nc_buf_failed(out) ? nc_err_nomem(err) : NC_OK;
}
