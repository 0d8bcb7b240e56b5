/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shared flags, one table a group, and how a token is taken for a flag. Const data and pure
 * functions.
 */
#include "cli/flags.h"

#include <string.h>

#include "base/err.h"
#include "base/json.h"

const char *const nc_output_words[] = { "table", "json", "yaml", "name", "wide", NULL };

/* clang-format off */
static const nc_flag all[] = {
	{ .name = "help", .letter = 'h', .doc = "what a command does and takes" },
	{ .name = "socket", .type = NC_FLAG_TEXT, .value = "PATH",
	  .doc = "the daemon's socket (default $NOVACRON_SOCKET, else /run/novacron/api.sock)" },
	{ .name = "no-color", .doc = "no colours, as with NO_COLOR in the environment" },
	{ .name = NULL },
};
static const nc_flag output[] = {
	{ .name = "output", .letter = 'o', .type = NC_FLAG_WORD, .value = "FORM",
	  .choices = nc_output_words, .doc = "how to print: table, json, yaml, name or wide" },
	{ .name = NULL },
};
static const nc_flag project[] = {
	{ .name = "project", .type = NC_FLAG_NAME, .value = "PROJECT", .kind = "project",
	  .doc = "the project to act in; \"*\" lists all (default $NOVACRON_PROJECT)" },
	{ .name = NULL },
};
static const nc_flag change[] = {
	{ .name = "dry-run", .doc = "say what would happen, change nothing" },
	{ .name = "idempotency-key", .type = NC_FLAG_TEXT, .value = "KEY",
	  .doc = "the same key and request again give the same answer" },
	{ .name = "if-match", .type = NC_FLAG_INT, .value = "REVISION", .min = 0, .max = INT64_MAX,
	  .doc = "only if it is still at this revision" },
	{ .name = NULL },
};
static const nc_flag wait[] = {
	{ .name = "wait", .letter = 'w', .doc = "until it is done, showing how far it is" },
	{ .name = "timeout", .type = NC_FLAG_DURATION, .value = "TIME",
	  .doc = "how long to wait; it goes on after that (default: to the end)" },
	{ .name = NULL },
};
static const nc_flag yes[] = {
	{ .name = "yes", .letter = 'y', .doc = "don't ask; needed where nobody can answer" },
	{ .name = NULL },
};
static const nc_flag filter[] = {
	{ .name = "status", .type = NC_FLAG_TEXT, .value = "STATUS", .field = "status",
	  .doc = "only those in this status" },
	{ .name = "label", .letter = 'l', .type = NC_FLAG_TEXT, .value = "KEY=VALUE", .is_list = 1,
	  .doc = "only those with this label" },
	{ .name = "filter", .type = NC_FLAG_TEXT, .value = "FIELD=VALUE", .is_list = 1,
	  .doc = "only those with this value in an indexed field" },
	{ .name = "deleted", .doc = "also those that were deleted and can be restored" },
	{ .name = "sort", .type = NC_FLAG_TEXT, .value = "FIELD", .field = "sort",
	  .doc = "by this field; -FIELD turns it round" },
	{ .name = NULL },
};
static const nc_flag pages[] = {
	{ .name = "limit", .type = NC_FLAG_INT, .value = "N", .min = 1, .max = 1000000,
	  .doc = "at most N (default 100)" },
	{ .name = "all", .doc = "every page" },
	{ .name = "cursor", .type = NC_FLAG_TEXT, .value = "CURSOR",
	  .doc = "go on from where a page ended" },
	{ .name = NULL },
};
static const nc_flag body[] = {
	{ .name = "file", .letter = 'f', .type = NC_FLAG_TEXT, .value = "FILE",
	  .doc = "the fields as JSON or YAML; \"-\" reads standard input" },
	{ .name = "set", .type = NC_FLAG_TEXT, .value = "FIELD=VALUE", .is_list = 1,
	  .doc = "one field (a.b=… inside an object; nothing after = clears it)" },
	{ .name = NULL },
};
/* clang-format on */

/* What concerns this command most comes first in its help. */
const nc_flag_group nc_flag_groups[] = {
	{ NC_USES_BODY, body },
	{ NC_USES_FILTER, filter },
	{ NC_USES_PAGES, pages },
	{ NC_USES_WAIT, wait },
	{ NC_USES_YES, yes },
	{ NC_USES_CHANGE, change },
	{ NC_USES_PROJECT, project },
	{ NC_USES_OUTPUT, output },
	{ NC_USES_ALL, all },
	{ 0, NULL },
};

static int uses(const nc_cmd *cmd, unsigned group)
{
	return !cmd || group == NC_USES_ALL || cmd->uses & group;
}

const nc_flag *nc_flag_next(nc_flag_walk *w)
{
	if (w->group == 0) { /* 0 is the command's own, then the groups from 1 on */
		if (w->cmd && w->cmd->flags && w->cmd->flags[w->i].name)
			return &w->cmd->flags[w->i++];
		w->group = 1;
		w->i = 0;
	}
	for (;; w->group++, w->i = 0) {
		const nc_flag_group *g = &nc_flag_groups[w->group - 1];
		if (!g->flags)
			return NULL;
		if (uses(w->cmd, g->uses) && g->flags[w->i].name)
			return &g->flags[w->i++];
	}
}

const nc_flag *nc_flag_find(const nc_cmd *cmd, const char *name, size_t len)
{
	nc_flag_walk w = { .cmd = cmd };

	for (const nc_flag *f; (f = nc_flag_next(&w));) {
		if (!strncmp(f->name, name, len) && !f->name[len])
			return f;
		if (len == 1 && f->letter == *name)
			return f;
	}
	return NULL;
}

static nc_code unknown(const nc_cmd *cmd, const char *token, size_t len, nc_error *err)
{
	const char *names[64];
	char word[64];
	size_t n = 0;
	nc_flag_walk w = { .cmd = cmd };

	while (n < NC_LEN(names)) {
		const nc_flag *f = nc_flag_next(&w);
		if (!f)
			break;
		names[n++] = f->name;
	}
	nc_bytes text = { token, len };
	nc_code rc = nc_err(err, NC_E_INVAL, "there is no flag %.*s here", (int)NC_MIN(len, 80u),
		(const char *)text.ptr);
	size_t dashes = token[1] == '-' ? 2 : 1;
	snprintf(word, sizeof(word), "%.*s", (int)NC_MIN(len - dashes, sizeof(word) - 1),
		token + dashes);
	const char *close = nc_did_you_mean(word, names, n);
	if (close)
		return nc_err_hint(err, rc, "did you mean --%s?", close);
	return cmd ? nc_err_hint(err, rc, "novacron %s --help lists them", cmd->path)
		   : nc_err_hint(err, rc, "a command's own flags stand after its words");
}

nc_code nc_flag_read(const nc_cmd *cmd, const char *token, const nc_flag **ret,
	const char **ret_value, nc_error *err)
{
	size_t len = strcspn(token, "=");
	int is_long = token[1] == '-';
	const nc_flag *f =
		is_long ? nc_flag_find(cmd, token + 2, len - 2) : nc_flag_find(cmd, token + 1, 1);

	if (!f || (is_long && len == 2))
		return unknown(cmd, token, len, err);
	*ret = f;
	*ret_value = NULL;
	if (is_long)
		*ret_value = token[len] ? token + len + 1 : NULL;
	else if (token[2]) /* -ojson, -o=json */
		*ret_value = token[2] == '=' ? token + 3 : token + 2;
	return NC_OK;
}
