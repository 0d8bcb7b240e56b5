/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words and flags of a call into an nc_args. Every value is checked here, against what the
 * descriptor says, so that a command finds only what it can use. Pure functions over argv.
 */
#include "cli/args.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "cli/flags.h"
#include "cli/units.h"

/* ---- values ---- */

static nc_code bad(const nc_flag *f, const char *value, nc_error *err, const char *what)
{
	return nc_err(err, NC_E_INVAL, "--%s: \"%.80s\" is not %s", f->name, value, what);
}

static nc_code read_int(const nc_flag *f, nc_given *g, nc_error *err)
{
	char *end = NULL;
	int64_t max = f->max || f->min ? f->max : INT64_MAX;
	long long v = strtoll(g->value, &end, 10);

	if (!*g->value || *end)
		return bad(f, g->value, err, "a whole number");
	if (v < f->min || v > max) {
		nc_code rc = nc_err(
			err, NC_E_INVAL, "--%s: %.20s is out of its range", f->name, g->value);
		return nc_err_hint(err, rc, "from %" PRId64 " to %" PRId64, f->min, max);
	}
	g->number = v;
	return NC_OK;
}

/* `what` is what the word stands for: "--output", "SHELL". */
static nc_code check_choice(
	const char *const *choices, const char *what, const char *word, nc_error *err)
{
	char list[200];
	size_t n = 0, count = 0;

	for (; choices[count]; count++)
		if (!strcmp(choices[count], word))
			return NC_OK;
	for (size_t i = 0; i < count && n < sizeof(list); i++)
		n += (size_t)snprintf(
			list + n, sizeof(list) - n, "%s%s", i ? ", " : "", choices[i]);
	nc_code rc = nc_err(err, NC_E_INVAL, "%s: there is no \"%.80s\"", what, word);
	const char *close = nc_did_you_mean(word, choices, count);
	return close ? nc_err_hint(err, rc, "did you mean \"%s\"? it is one of: %s", close, list)
		     : nc_err_hint(err, rc, "it is one of: %s", list);
}

static nc_code read_word(const nc_flag *f, const nc_given *g, nc_error *err)
{
	char what[64];

	snprintf(what, sizeof(what), "--%s", f->name);
	return check_choice(f->choices, what, g->value, err);
}

static nc_code check_value(const nc_flag *f, nc_given *g, nc_error *err)
{
	switch ((nc_flag_type)f->type) {
	case NC_FLAG_INT:
		return read_int(f, g, err);
	case NC_FLAG_WORD:
		return read_word(f, g, err);
	case NC_FLAG_DURATION:
		if (nc_duration_parse(g->value, &g->number) < 0)
			return bad(f, g->value, err, "a time like 30s, 5m or 24h");
		return NC_OK;
	case NC_FLAG_SIZE:
		if (nc_size_parse(g->value, NC_SIZE_MIB, &g->number) < 0)
			return bad(f, g->value, err, "a size like 512M, 2G or 1.5G");
		return NC_OK;
	case NC_FLAG_NAME:
		if (!*g->value)
			return bad(f, g->value, err, "a name");
		return NC_OK;
	case NC_FLAG_SWITCH:
	case NC_FLAG_TEXT:
		break;
	}
	return NC_OK;
}

/* ---- the walk ---- */

typedef struct parser {
	const nc_cmd *cmd;
	int argc;
	char *const *argv;
	const uint8_t *is_path;
	nc_args *out;
	nc_error *err;
} parser;

/* One flag at argv[*i]; moves *i onto its value where that is the next token. */
static nc_code take_flag(parser *p, int *i)
{
	nc_given *g = &p->out->given[p->out->n_given];
	const char *value = NULL;
	nc_code rc = nc_flag_read(p->cmd, p->argv[*i], &g->flag, &value, p->err);

	if (rc != NC_OK)
		return rc;
	if (!g->flag->value && value)
		return nc_err(p->err, NC_E_INVAL, "--%s takes no value", g->flag->name);
	if (g->flag->value && !value) {
		if (*i + 1 >= p->argc)
			return nc_err(p->err, NC_E_INVAL, "--%s needs a value: %s", g->flag->name,
				g->flag->value);
		value = p->argv[++*i];
	}
	g->value = value;
	if (value && (rc = check_value(g->flag, g, p->err)) != NC_OK)
		return rc;
	if (!g->flag->is_list && nc_args_has(p->out, g->flag->name) && g->flag->value)
		return nc_err(p->err, NC_E_INVAL, "--%s is given twice", g->flag->name);
	p->out->n_given++;
	return NC_OK;
}

static nc_code check_words(const parser *p)
{
	const nc_arg *args = p->cmd->args;
	size_t least = 0, most = 0;

	for (; args->name; args++) {
		least += args->arity == NC_ARG_ONE || args->arity == NC_ARG_SOME;
		most = args->arity >= NC_ARG_SOME ? SIZE_MAX : most + (most != SIZE_MAX);
	}
	if (p->out->n_words < least) {
		nc_code rc = nc_err(p->err, NC_E_INVAL, "%s needs %s", p->cmd->path,
			p->cmd->args[p->out->n_words].name);
		return nc_err_hint(p->err, rc, "novacron %s --help", p->cmd->path);
	}
	if (p->out->n_words > most) {
		nc_code rc = nc_err(p->err, NC_E_INVAL, "%s: what is \"%.80s\"?", p->cmd->path,
			p->out->words[most]);
		return nc_err_hint(p->err, rc, "novacron %s --help", p->cmd->path);
	}
	const nc_arg *a = p->cmd->args;
	for (size_t i = 0; i < p->out->n_words; i++) {
		if (!*p->out->words[i])
			return nc_err(p->err, NC_E_INVAL, "%s: %s is empty", p->cmd->path, a->name);
		nc_code rc = a->choices
				     ? check_choice(a->choices, a->name, p->out->words[i], p->err)
				     : NC_OK;
		if (rc != NC_OK)
			return rc;
		a += a->arity < NC_ARG_SOME;
	}
	return NC_OK;
}

nc_code nc_args_parse(const nc_cmd *cmd, int argc, char *const *argv, const uint8_t *is_path,
	nc_arena *a, nc_args *ret, nc_error *err)
{
	nc_args out = { .words = nc_arena_new_array(a, const char *, (size_t)argc + 1),
		.given = nc_arena_new_array(a, nc_given, (size_t)argc + 1) };
	parser p = { cmd, argc, argv, is_path, &out, err };
	int is_literal = 0; /* after "--" */

	if (!out.words || !out.given)
		return nc_err_nomem(err);
	for (int i = 0; i < argc; i++) {
		const char *token = argv[i];
		nc_code rc = NC_OK;
		if (is_path[i])
			continue;
		if (!is_literal && !strcmp(token, "--"))
			is_literal = 1;
		else if (!is_literal && token[0] == '-' && token[1])
			rc = take_flag(&p, &i);
		else
			out.words[out.n_words++] = token;
		if (rc != NC_OK)
			return rc;
	}
	if (!nc_args_has(&out, "help")) {
		nc_code rc = check_words(&p);
		if (rc != NC_OK)
			return rc;
	}
	*ret = out;
	return NC_OK;
}

/* ---- reading ---- */

static const nc_given *last(const nc_args *args, const char *name)
{
	for (size_t i = args->n_given; i--;)
		if (!strcmp(args->given[i].flag->name, name))
			return &args->given[i];
	return NULL;
}

int nc_args_has(const nc_args *args, const char *name)
{
	return last(args, name) != NULL;
}

const char *nc_args_str(const nc_args *args, const char *name)
{
	const nc_given *g = last(args, name);

	return g ? g->value : NULL;
}

int64_t nc_args_num(const nc_args *args, const char *name, int64_t otherwise)
{
	const nc_given *g = last(args, name);

	return g ? g->number : otherwise;
}

const char *nc_args_next(const nc_args *args, const char *name, size_t *it)
{
	while (*it < args->n_given) {
		const nc_given *g = &args->given[(*it)++];
		if (!strcmp(g->flag->name, name))
			return g->value;
	}
	return NULL;
}

const char *nc_args_word(const nc_args *args, size_t i)
{
	return i < args->n_words ? args->words[i] : NULL;
}
