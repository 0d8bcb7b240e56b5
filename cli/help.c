/* SPDX-License-Identifier: Apache-2.0 */
/* Help for people, and the guide in docs/, from the same descriptors. Pure functions. */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/find.h"
#include "cli/flags.h"

enum { LEFT_MAX = 64, INDENT = 2, GAP = 2 };

/* ---- pieces ---- */

/* A command's path with the kind's own name in it: "KIND list" → "zone list". */
static void put_path(const nc_cmd *cmd, const nc_kind *kind, nc_buf *out)
{
	const char *rest = cmd->path;
	char word[LEFT_MAX];

	if (kind && !strncmp(cmd->path, NC_ANY_KIND " ", sizeof(NC_ANY_KIND))) {
		nc_kind_word(kind, word, sizeof(word));
		nc_buf_puts(out, word);
		rest += sizeof(NC_ANY_KIND) - 1;
	}
	nc_buf_puts(out, rest);
}

static void put_args(const nc_cmd *cmd, nc_buf *out)
{
	static const char *const forms[] = { [NC_ARG_ONE] = " %s",
		[NC_ARG_MAYBE] = " [%s]",
		[NC_ARG_SOME] = " %s...",
		[NC_ARG_ANY] = " [%s...]" };

	for (const nc_arg *a = cmd->args; a->name; a++) {
		const char *form = forms[a->arity], *at = strstr(form, "%s");
		nc_buf_put(out, form, (size_t)(at - form));
		nc_buf_puts(out, a->name);
		nc_buf_puts(out, at + 2);
	}
}

static void pad(nc_buf *out, size_t used, size_t to)
{
	for (; used < to; used++)
		nc_buf_putc(out, ' ');
}

static size_t flag_columns(const nc_flag *f)
{
	return 6 + strlen(f->name) + (f->value ? 1 + strlen(f->value) : 0);
}

static void put_flag(const nc_flag *f, size_t left, nc_buf *out)
{
	if (f->letter)
		nc_buf_printf(out, "  -%c, --%s", f->letter, f->name);
	else
		nc_buf_printf(out, "      --%s", f->name);
	if (f->value)
		nc_buf_printf(out, " %s", f->value);
	pad(out, 2 + flag_columns(f), left + INDENT + GAP);
	nc_buf_printf(out, "%s%s\n", f->doc, f->is_list ? " (may be repeated)" : "");
}

static void put_flags(const nc_cmd *cmd, nc_buf *out)
{
	nc_flag_walk w = { .cmd = cmd };
	size_t left = 0;

	for (const nc_flag *f; (f = nc_flag_next(&w));)
		left = NC_MAX(left, flag_columns(f));
	w = (nc_flag_walk){ .cmd = cmd };
	for (const nc_flag *f; (f = nc_flag_next(&w));)
		put_flag(f, left, out);
}

/* Text whose lines are set in from the left. */
static void put_indented(const char *text, const char *with, nc_buf *out)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		if (n)
			nc_buf_puts(out, with);
		nc_buf_put(out, text, n);
		nc_buf_putc(out, '\n');
		text += n + (text[n] == '\n');
	}
}

/* ---- one command ---- */

void nc_help_command(const nc_cmd *cmd, const nc_kind *kind, nc_buf *out)
{
	nc_buf_puts(out, "usage: novacron ");
	put_path(cmd, kind, out);
	put_args(cmd, out);
	nc_buf_printf(out, " [flags]\n\n%s\n", cmd->doc);
	if (cmd->more) {
		nc_buf_putc(out, '\n');
		put_indented(cmd->more, "  ", out);
	}
	nc_buf_puts(out, "\nflags:\n");
	put_flags(cmd, out);
}

/* ---- groups ---- */

static size_t line_left(const nc_cmd *cmd, const nc_kind *kind)
{
	char mem[256];
	nc_buf b;

	nc_buf_init_fixed(&b, mem, sizeof(mem));
	put_path(cmd, kind, &b);
	put_args(cmd, &b);
	return b.len;
}

/* A command of every kind gives way to the same one of this kind. */
static int is_shadowed(const nc_cmd *cmd, const nc_kind *kind)
{
	char mem[128];
	nc_buf b;

	if (!kind || strncmp(cmd->path, NC_ANY_KIND " ", sizeof(NC_ANY_KIND)) != 0)
		return 0;
	nc_buf_init_fixed(&b, mem, sizeof(mem));
	put_path(cmd, kind, &b);
	for (const nc_cmd *const *c = nc_commands; *c; c++)
		if (!strcmp((*c)->path, b.ptr))
			return 1;
	return 0;
}

static int is_listed(const nc_cmd *cmd, const nc_kind *kind, const char *const *words, size_t n)
{
	return nc_path_begins(cmd->path, kind, words, n) && nc_cmd_is_offered(cmd, kind) &&
	       !is_shadowed(cmd, kind);
}

size_t nc_help_group(const nc_kind *kind, const char *const *words, size_t n, nc_buf *out)
{
	size_t left = 0, count = 0;

	for (const nc_cmd *const *c = nc_commands; *c; c++) {
		if (!is_listed(*c, kind, words, n))
			continue;
		left = NC_MAX(left, line_left(*c, kind));
		count++;
	}
	if (!count)
		return 0;
	nc_buf_puts(out, "usage: novacron");
	for (size_t i = 0; i < n; i++)
		nc_buf_printf(out, " %s", words[i]);
	nc_buf_puts(out, " ...\n\n");
	for (const nc_cmd *const *c = nc_commands; *c; c++) {
		if (!is_listed(*c, kind, words, n))
			continue;
		pad(out, 0, INDENT);
		put_path(*c, kind, out);
		put_args(*c, out);
		pad(out, line_left(*c, kind), left + GAP);
		nc_buf_printf(out, "%s\n", (*c)->doc);
	}
	nc_buf_puts(out, "\n--help after any of them says more");
	if (kind)
		nc_buf_printf(out, "; novacron explain %s lists its fields", kind->name);
	nc_buf_putc(out, '\n');
	return count;
}

/* ---- everything ---- */

static int is_group(const char *word)
{
	for (const nc_group *g = nc_groups; g->name; g++)
		if (nc_kind_find(g->name) ? nc_kind_find(g->name) == nc_kind_find(word)
					  : !strcmp(g->name, word))
			return 1;
	return 0;
}

static void put_other_kinds(nc_buf *out)
{
	char word[LEFT_MAX];
	size_t column = 0;

	nc_buf_puts(out, "\nevery kind of object has list and show, and create, update and delete "
			 "where it can:\n ");
	for (size_t i = 0; i < nc_n_kinds; i++) {
		if (!nc_kind_is_offered(nc_kinds[i]) || is_group(nc_kinds[i]->name))
			continue;
		nc_kind_word(nc_kinds[i], word, sizeof(word));
		if (column + strlen(word) > 76) {
			nc_buf_puts(out, "\n ");
			column = 0;
		}
		nc_buf_printf(out, " %s", word);
		column += strlen(word) + 1;
	}
	nc_buf_putc(out, '\n');
}

void nc_help_overview(nc_buf *out)
{
	size_t left = 0;

	nc_buf_puts(out, "usage: novacron COMMAND [words] [flags]\n\n");
	for (const nc_group *g = nc_groups; g->name; g++)
		left = NC_MAX(left, strlen(g->name));
	for (const nc_group *g = nc_groups; g->name; g++) {
		nc_buf_printf(out, "  %s", g->name);
		pad(out, strlen(g->name), left + GAP);
		nc_buf_printf(out, "%s\n", g->doc);
	}
	put_other_kinds(out);
	nc_buf_puts(out, "\nnovacron COMMAND --help says more. "
			 "novacron --config FILE without a command runs the daemon.\n");
}

/* ---- the guide ---- */

static void put_docs_of(const nc_cmd *cmd, nc_buf *out)
{
	nc_buf_printf(out, "\n### novacron %s", cmd->path);
	put_args(cmd, out);
	nc_buf_printf(out, "\n\n%c%s.\n",
		cmd->doc[0] - ('a' <= cmd->doc[0] && cmd->doc[0] <= 'z' ? 32 : 0), cmd->doc + 1);
	if (cmd->more) {
		nc_buf_putc(out, '\n');
		put_indented(cmd->more, "    ", out);
	}
	if (!cmd->flags)
		return;
	nc_buf_puts(out, "\n| flag | |\n|---|---|\n");
	for (const nc_flag *f = cmd->flags; f->name; f++)
		nc_buf_printf(out, "| `--%s%s%s` | %s%s |\n", f->name, f->value ? " " : "",
			f->value ? f->value : "", f->doc, f->is_list ? " (may be repeated)" : "");
}

static void put_docs_of_group(const nc_flag_group *g, nc_buf *out)
{
	for (const nc_flag *f = g->flags; f->name; f++) {
		if (f->letter)
			nc_buf_printf(out, "| `-%c`, `--%s", f->letter, f->name);
		else
			nc_buf_printf(out, "| `--%s", f->name);
		nc_buf_printf(out, "%s%s` | %s%s |\n", f->value ? " " : "",
			f->value ? f->value : "", f->doc, f->is_list ? " (may be repeated)" : "");
	}
}

void nc_help_docs(nc_buf *out)
{
	nc_buf_puts(out, "## Flags that many commands share\n\n| flag | |\n|---|---|\n");
	for (const nc_flag_group *g = nc_flag_groups; g->flags; g++)
		put_docs_of_group(g, out);
	nc_buf_puts(out, "\n## Commands\n");
	for (const nc_cmd *const *c = nc_commands; *c; c++)
		put_docs_of(*c, out);
}
