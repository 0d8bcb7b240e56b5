/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call from argv to exit code: which words are the command, help where it is asked for, the
 * daemon where only --config is given, else parse and run. Owns the arena everything else lies in.
 */
#include "cli/cli.h"

#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "cli/call.h"
#include "cli/complete.h"
#include "cli/daemon.h"
#include "cli/find.h"
#include "cli/flags.h"
#include "cli/help.h"
#include "cli/report.h"
#include "model/problem.h"

enum { HELP_MAX = 1 << 20 };
#define ARENA_MAX ((size_t)256 << 20)

typedef struct line {
	int argc;
	char **argv; /* without the program's name */
	nc_words words;
	int wants_help, wants_no_colour;
} line;

static void find_switches(line *l)
{
	for (int i = 0; i < l->argc && strcmp(l->argv[i], "--") != 0; i++) {
		l->wants_help |= !strcmp(l->argv[i], "--help") || !strcmp(l->argv[i], "-h");
		l->wants_no_colour |= !strcmp(l->argv[i], "--no-color");
	}
}

/* ---- help ---- */

static int print_help(nc_buf *b, nc_code rc, const nc_cli *c, nc_error *err)
{
	if (rc == NC_OK && nc_buf_failed(b))
		rc = nc_err_nomem(err);
	if (rc == NC_OK)
		rc = nc_write_full(STDOUT_FILENO, b->ptr, b->len, err);
	return rc == NC_OK ? NC_EXIT_OK : nc_report(c, err);
}

/* No command: an overview, a group of commands, or words that mean nothing. */
static int without_command(const nc_cli *c, const line *l, const nc_found *found)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_error err = NC_ERROR_INIT;
	const char *const *words = l->words.list;
	size_t n = l->words.n;

	nc_buf_init(&b, HELP_MAX);
	if (n && !strcmp(words[0], "help")) {
		words++;
		n--;
	}
	if (!n) {
		nc_help_overview(&b);
		return print_help(&b, NC_OK, c, &err);
	}
	nc_found of = *found;
	if (words != l->words.list)
		nc_find_command(words, n, &of);
	if (of.cmd)
		nc_help_command(of.cmd, of.kind, &b);
	else if (!nc_help_group(of.kind, words, n, &b)) {
		nc_unknown_command(words, n, &err);
		return nc_report(c, &err);
	}
	return print_help(&b, NC_OK, c, &err);
}

static int help_of_command(const nc_cli *c)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_error err = NC_ERROR_INIT;

	nc_buf_init(&b, HELP_MAX);
	nc_help_command(c->cmd, c->kind, &b);
	return print_help(&b, NC_OK, c, &err);
}

/* ---- running ---- */

static nc_code parse(nc_cli *c, const line *l, const nc_found *found, nc_error *err)
{
	uint8_t *is_path = nc_arena_alloc(c->arena, (size_t)l->argc + 1);

	if (!is_path)
		return nc_err_nomem(err);
	for (size_t i = 0; i < found->n_words; i++)
		is_path[l->words.at[i]] = 1;
	return nc_args_parse(found->cmd, l->argc, l->argv, is_path, c->arena, &c->args, err);
}

static int run_command(nc_cli *c, const line *l, const nc_found *found)
{
	nc_error err = NC_ERROR_INIT;
	nc_code rc = NC_OK;

	c->cmd = found->cmd;
	c->kind = found->kind;
	c->arena = nc_arena_new(ARENA_MAX);
	rc = c->arena ? parse(c, l, found, &err) : nc_err_nomem(&err);
	if (rc == NC_OK)
		rc = c->cmd->run(c, &err);
	int code = rc == NC_OK ? c->exit_code : nc_report(c, &err);
	nc_client_free(c->client);
	json_decref(c->problem);
	nc_arena_free(c->arena);
	return code;
}

int nc_cli_main(int argc, char **argv)
{
	static char version[] = "version";
	line l = { .argc = argc - 1, .argv = argv + 1 };
	nc_cli c = { .cmd = NULL };
	nc_found found;

	if (!setlocale(LC_CTYPE, "") || !strcmp(setlocale(LC_CTYPE, NULL), "C"))
		setlocale(LC_CTYPE, "C.UTF-8"); /* for the width of text alone */
	if (argc > 1 && !strcmp(argv[1], NC_COMPLETE_WORD))
		return nc_complete_main(argc - 2, argv + 2);
	if (argc > 1 && !strcmp(argv[1], "--version")) /* as other tools have it */
		argv[1] = version;
	nc_words_of(l.argc, l.argv, &l.words);
	find_switches(&l);
	nc_term_init(&c.term, l.wants_no_colour);
	if (!l.words.n && nc_wants_daemon(l.argc, l.argv))
		return nc_exec_daemon(&c, l.argc, l.argv);
	nc_find_command(l.words.list, l.words.n, &found);
	if (!found.cmd && !l.words.n && l.argc && !l.wants_help) {
		nc_error err = NC_ERROR_INIT;
		const nc_flag *f;
		const char *value;
		if (nc_flag_read(NULL, l.argv[0], &f, &value, &err) != NC_OK)
			return nc_report(&c, &err);
	}
	if (!found.cmd)
		return without_command(&c, &l, &found);
	if (l.wants_help) {
		c.cmd = found.cmd;
		c.kind = found.kind;
		return help_of_command(&c);
	}
	return run_command(&c, &l, &found);
}
