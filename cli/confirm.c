/* SPDX-License-Identifier: Apache-2.0 */
/* Asking before something is destroyed. What is asked names what would be lost. */
#include "cli/confirm.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "model/problem.h"

enum { ANSWER_MAX = 128 };

static int read_answer(char answer[ANSWER_MAX])
{
	if (!fgets(answer, ANSWER_MAX, stdin))
		return 0;
	answer[strcspn(answer, "\r\n")] = '\0';
	return 1;
}

static nc_code ask(const nc_cli *c, const nc_confirmation *q, nc_error *err)
{
	char answer[ANSWER_MAX] = "";

	nc_tell(&c->term, "This will %s.", q->what);
	if (q->lost && *q->lost)
		nc_tell(&c->term, "  %s", q->lost);
	if (q->typed)
		fprintf(stderr, "Type \"%s\" to go on: ", q->typed);
	else
		fputs("Go on? [y/N] ", stderr);
	fflush(stderr);
	int is_answered = read_answer(answer);
	if (!is_answered)
		fputc('\n', stderr);
	int is_yes = q->typed ? !strcmp(answer, q->typed)
			      : !strcmp(answer, "y") || !strcmp(answer, "yes");
	if (is_answered && is_yes)
		return NC_OK;
	return nc_problem_err(err, "cancelled", "nothing was done");
}

nc_code nc_confirm(const nc_cli *c, const nc_confirmation *q, nc_error *err)
{
	if (nc_args_has(&c->args, "yes") || nc_args_has(&c->args, "dry-run"))
		return NC_OK;
	if (c->term.is_in_tty && c->term.is_err_tty)
		return ask(c, q, err);
	nc_code rc = nc_err(err, NC_E_INVAL, "this would %s, and nobody can be asked", q->what);
	return nc_err_hint(err, rc, "add --yes if that is meant");
}
