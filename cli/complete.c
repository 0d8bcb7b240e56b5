/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What could stand where the cursor is: a word of a command, a flag, the value of a flag, a name
 * that the server knows. A server that does not answer at once gives no names; nothing is ever
 * told on standard error, which would end up in the middle of a command line.
 */
#include "cli/complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "cli/call.h"
#include "cli/find.h"
#include "cli/flags.h"

enum { OUT_MAX = 4 << 20, WORD_MAX_LEN = 128 };

struct nc_completion {
	const char *prefix; /* what has been typed of the word */
	const char *before; /* what stands before it in the same word: "--output=" */
	nc_complete_names_fn names;
	void *ctx;
	nc_buf *out;
};

void nc_complete_add(nc_completion *to, const char *word, const char *doc)
{
	char line[WORD_MAX_LEN + 2];

	if (strncmp(word, to->prefix, strlen(to->prefix)) != 0)
		return;
	/* Two commands may offer the same word. */
	snprintf(line, sizeof(line), "\n%s%s\t", to->before, word);
	if (to->out->len &&
		(strstr(to->out->ptr, line) || !strncmp(to->out->ptr, line + 1, strlen(line + 1))))
		return;
	nc_buf_printf(to->out, "%s%s\t%s\n", to->before, word, doc ? doc : "");
}

static void add_choices(nc_completion *to, const char *const *choices)
{
	for (; choices && *choices; choices++)
		nc_complete_add(to, *choices, NULL);
}

static void add_names(nc_completion *to, const nc_kind *kind)
{
	if (kind)
		to->names(to->ctx, kind, to);
}

/* ---- words of commands ---- */

static void word_at(const char *path, size_t at, char out[WORD_MAX_LEN])
{
	for (; at && *path; at--) {
		path += strcspn(path, " ");
		path += *path == ' ';
	}
	snprintf(out, WORD_MAX_LEN, "%.*s", (int)strcspn(path, " "), path);
}

static void add_kinds(nc_completion *to)
{
	char word[WORD_MAX_LEN];

	for (size_t i = 0; i < nc_n_kinds; i++) {
		if (!nc_kind_is_offered(nc_kinds[i]))
			continue;
		nc_kind_word(nc_kinds[i], word, sizeof(word));
		nc_complete_add(to, word, nc_kinds[i]->doc);
	}
}

static void add_command_words(nc_completion *to, const nc_words *w)
{
	const nc_kind *kind = w->n ? nc_kind_find(w->list[0]) : NULL;
	char word[WORD_MAX_LEN], following[WORD_MAX_LEN];

	for (const nc_group *g = nc_groups; !w->n && g->name; g++)
		nc_complete_add(to, g->name, g->doc);
	for (const nc_cmd *const *c = nc_commands; *c; c++) {
		if (!nc_path_begins((*c)->path, kind, w->list, w->n) ||
			(w->n && !nc_cmd_is_offered(*c, kind)))
			continue;
		word_at((*c)->path, w->n, word);
		word_at((*c)->path, w->n + 1, following);
		if (*word && strcmp(word, NC_ANY_KIND) != 0)
			nc_complete_add(to, word, *following ? "" : (*c)->doc);
	}
	if (!w->n)
		add_kinds(to);
}

/* ---- what stands behind a command ---- */

static void add_flags(nc_completion *to, const nc_cmd *cmd)
{
	nc_flag_walk walk = { .cmd = cmd };
	char word[WORD_MAX_LEN];

	for (const nc_flag *f; (f = nc_flag_next(&walk));) {
		snprintf(word, sizeof(word), "--%s", f->name);
		nc_complete_add(to, word, f->doc);
	}
}

static void add_values(nc_completion *to, const nc_flag *f)
{
	add_choices(to, f->choices);
	if (f->kind)
		add_names(to, nc_kind_find(f->kind));
}

/* The flag whose value the last word is, where that is so; counts the command's own words. */
static const nc_flag *walk_before(
	const nc_cmd *cmd, int n, char *const *argv, const nc_words *w, size_t *ret_position)
{
	size_t position = 0;

	for (int i = 0; i < n; i++) {
		const nc_flag *f = NULL;
		const char *value = NULL;
		int is_path = 0;
		for (size_t k = 0; k < w->n; k++)
			is_path |= w->at[k] == i;
		if (is_path)
			continue;
		if (argv[i][0] != '-' || !argv[i][1]) {
			position++;
			continue;
		}
		if (nc_flag_read(cmd, argv[i], &f, &value, NULL) != NC_OK || !f->value || value)
			continue;
		if (i + 1 >= n)
			return f;
		i++;
	}
	*ret_position = position;
	return NULL;
}

static void add_argument(nc_completion *to, const nc_cmd *cmd, const nc_kind *kind, size_t position)
{
	const nc_arg *a = cmd->args;

	for (; a->name && position && a->arity < NC_ARG_SOME; position--)
		a++;
	if (!a->name)
		return;
	add_choices(to, a->choices);
	if (a->kind)
		add_names(to, *a->kind ? nc_kind_find(a->kind) : kind);
}

static void complete_command(
	nc_completion *to, const nc_found *found, nc_words *w, int n, char *const *argv)
{
	size_t position = 0;
	const nc_flag *f = NULL;
	const char *equals = strchr(to->prefix, '=');

	w->n = found->n_words;
	if (to->prefix[0] == '-' && equals) { /* --output=js */
		char before[WORD_MAX_LEN];
		const char *value = NULL;
		snprintf(
			before, sizeof(before), "%.*s", (int)(equals - to->prefix + 1), to->prefix);
		if (nc_flag_read(found->cmd, to->prefix, &f, &value, NULL) != NC_OK)
			return;
		to->before = before;
		to->prefix = equals + 1;
		add_values(to, f);
		to->before = "";
		return;
	}
	f = walk_before(found->cmd, n, argv, w, &position);
	if (f)
		add_values(to, f);
	else if (to->prefix[0] == '-')
		add_flags(to, found->cmd);
	else
		add_argument(to, found->cmd, found->kind, position);
}

void nc_complete(int argc, char *const *argv, nc_complete_names_fn names, void *ctx, nc_buf *out)
{
	int n = argc ? argc - 1 : 0; /* before the last */
	nc_completion to = {
		.prefix = argc ? argv[n] : "", .before = "", .names = names, .ctx = ctx, .out = out
	};
	nc_words w;
	nc_found found;

	nc_words_of(n, argv, &w);
	nc_find_command(w.list, w.n, &found);
	if (found.cmd)
		complete_command(&to, &found, &w, n, argv);
	else if (to.prefix[0] == '-')
		add_flags(&to, NULL);
	else
		add_command_words(&to, &w);
}

/* ---- names from the server ---- */

#define NAMES_TIMEOUT_US INT64_C(2000000)

static void ask_server(void *ctx, const nc_kind *kind, nc_completion *to)
{
	_cleanup_(nc_call_done) nc_call call;
	nc_cli *c = ctx;
	nc_error err = NC_ERROR_INIT;

	nc_call_init(&call, "GET", kind, NULL, NULL);
	nc_call_query(&call, "limit", "500");
	nc_call_query(&call, "project", nc_cli_project(c));
	call.timeout_us = NAMES_TIMEOUT_US;
	if (nc_call_send(c, &call, &err) != NC_OK)
		return;
	const json_t *items = json_object_get(call.json, "items");
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *o = json_array_get(items, i);
		const char *name = nc_json_text(o, "name");
		nc_complete_add(
			to, *name ? name : nc_json_text(o, "id"), nc_json_text(o, "status"));
	}
}

/* The flags that say where and in which project to ask. */
static void take_flags(int argc, char *const *argv)
{
	static const struct {
		const char *flag, *env;
	} table[] = { { "--socket", "NOVACRON_SOCKET" }, { "--project", "NOVACRON_PROJECT" } };

	for (int i = 0; i + 1 < argc; i++)
		for (size_t k = 0; k < NC_LEN(table); k++) {
			size_t n = strlen(table[k].flag);
			if (!strcmp(argv[i], table[k].flag))
				setenv(table[k].env, argv[i + 1], 1);
			else if (!strncmp(argv[i], table[k].flag, n) && argv[i][n] == '=')
				setenv(table[k].env, argv[i] + n + 1, 1);
		}
}

int nc_complete_main(int argc, char **argv)
{
	_cleanup_(nc_buf_done) nc_buf out;
	static const nc_cmd asking = { .path = NC_COMPLETE_WORD };
	nc_cli c = { .cmd = &asking };

	nc_buf_init(&out, OUT_MAX);
	take_flags(argc, argv);
	nc_complete(argc, argv, ask_server, &c, &out);
	nc_client_free(c.client);
	json_decref(c.problem);
	if (nc_buf_failed(&out))
		return 1;
	return nc_write_full(STDOUT_FILENO, out.ptr, out.len, NULL) == NC_OK ? 0 : 1;
}
