/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the words of a call to its command. A path is matched word by word; the longest match wins,
 * and a command of one kind wins over the same command of every kind. Pure functions.
 */
#include "cli/find.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"

enum { WORD_MAX = 64, CANDIDATES_MAX = 256, PATH_MAX_LEN = 80 };

void nc_kind_word(const nc_kind *k, char *out, size_t cap)
{
	snprintf(out, cap, "%s", k->name);
	for (char *p = out; *p; p++)
		if (*p == '_')
			*p = '-';
}

int nc_kind_is_offered(const nc_kind *k)
{
	if (k == &nc_kind_orphan)
		return 1;
	return !(k->flags & (NC_KF_INTERNAL | NC_KF_LANE | NC_KF_SUB | NC_KF_BINARY));
}

int nc_cmd_is_offered(const nc_cmd *cmd, const nc_kind *k)
{
	if (strncmp(cmd->path, NC_ANY_KIND " ", sizeof(NC_ANY_KIND)) != 0)
		return 1;
	if (!k || !nc_kind_is_offered(k))
		return 0;
	return !cmd->verb || (cmd->verb & k->verbs) != 0;
}

/* The next word of a path into `word`; 0 = at its end. */
static int next_word(const char **path, char word[WORD_MAX])
{
	size_t n = strcspn(*path, " ");

	snprintf(word, WORD_MAX, "%.*s", (int)NC_MIN(n, (size_t)WORD_MAX - 1), *path);
	*path += n + ((*path)[n] == ' ');
	return n != 0;
}

static int is_same_word(const char *want, const nc_kind *kind, const char *word, size_t at)
{
	if (!at && !strcmp(want, NC_ANY_KIND))
		return kind && nc_kind_is_offered(kind);
	return !strcmp(want, word) || (!at && kind && nc_kind_find(want) == kind);
}

int nc_path_begins(const char *path, const nc_kind *kind, const char *const *words, size_t n)
{
	char want[WORD_MAX];

	for (size_t i = 0; i < n; i++)
		if (!next_word(&path, want) || !is_same_word(want, kind, words[i], i))
			return 0;
	return 1;
}

static size_t count_words(const char *path)
{
	size_t n = 1;

	for (; *path; path++)
		n += *path == ' ';
	return n;
}

static int is_generic(const nc_cmd *cmd)
{
	return !strncmp(cmd->path, NC_ANY_KIND " ", sizeof(NC_ANY_KIND));
}

void nc_find_command(const char *const *words, size_t n, nc_found *ret)
{
	*ret = (nc_found){ .kind = n ? nc_kind_find(words[0]) : NULL };
	for (const nc_cmd *const *c = nc_commands; *c; c++) {
		size_t len = count_words((*c)->path);
		if (len > n || !nc_path_begins((*c)->path, ret->kind, words, len))
			continue;
		int is_better = !ret->cmd || len > ret->n_words ||
				(is_generic(ret->cmd) && !is_generic(*c));
		if (len < ret->n_words || !is_better)
			continue;
		ret->cmd = *c;
		ret->n_words = len;
	}
}

/* ---- words that name nothing ---- */

typedef struct words_seen {
	char text[CANDIDATES_MAX][WORD_MAX];
	const char *list[CANDIDATES_MAX];
	size_t n;
} words_seen;

static void add_word(words_seen *s, const char *word)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->text[i], word))
			return;
	if (s->n == CANDIDATES_MAX)
		return;
	snprintf(s->text[s->n], WORD_MAX, "%s", word);
	s->list[s->n] = s->text[s->n];
	s->n++;
}

/* What could stand after the first `at` words. */
static void collect(words_seen *s, const nc_kind *kind, const char *const *words, size_t at)
{
	char word[WORD_MAX];

	for (const nc_cmd *const *c = nc_commands; *c; c++) {
		const char *path = (*c)->path;
		if (!nc_path_begins(path, kind, words, at) ||
			!(at == 0 || nc_cmd_is_offered(*c, kind)))
			continue;
		for (size_t i = 0; i <= at; i++)
			if (!next_word(&path, word))
				word[0] = '\0';
		if (*word && strcmp(word, NC_ANY_KIND) != 0)
			add_word(s, word);
	}
	for (size_t i = 0; at == 0 && i < nc_n_kinds; i++) {
		if (!nc_kind_is_offered(nc_kinds[i]))
			continue;
		nc_kind_word(nc_kinds[i], word, sizeof(word));
		add_word(s, word);
	}
}

static const nc_later *find_later(const nc_kind *kind, const char *const *words, size_t n)
{
	for (const nc_later *l = nc_laters; l->path; l++) {
		size_t len = count_words(l->path);
		if (len <= n && nc_path_begins(l->path, kind, words, len))
			return l;
	}
	return NULL;
}

/* The words up to the one that is wrong, as typed. */
static void join(const char *const *words, size_t n, char *out, size_t cap)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && len < cap; i++)
		len += (size_t)snprintf(out + len, cap - len, "%s%.40s", i ? " " : "", words[i]);
}

nc_code nc_unknown_command(const char *const *words, size_t n, nc_error *err)
{
	const nc_kind *kind = n ? nc_kind_find(words[0]) : NULL;
	const nc_later *later = find_later(kind, words, n);
	static words_seen seen; /* large, and asked once */
	char typed[PATH_MAX_LEN * 2], before[PATH_MAX_LEN * 2];
	size_t at = 0;

	if (later) {
		nc_code rc = nc_err(
			err, NC_E_UNSUPPORTED, "novacron %s is not in this version", later->path);
		return nc_err_hint(err, rc, "%s", later->hint);
	}
	for (; at < n; at++) { /* the longest beginning that means something */
		seen.n = 0;
		collect(&seen, kind, words, at + 1);
		if (!seen.n)
			break;
	}
	at = NC_MIN(at, n - 1);
	seen.n = 0;
	collect(&seen, kind, words, at);
	join(words, at + 1, typed, sizeof(typed));
	join(words, at, before, sizeof(before));
	nc_code rc = nc_err(err, NC_E_INVAL, "there is no command \"%s\"", typed);
	const char *close = nc_did_you_mean(words[at], seen.list, seen.n);
	if (close)
		return nc_err_hint(
			err, rc, "did you mean \"novacron %s%s%s\"?", before, at ? " " : "", close);
	return nc_err_hint(
		err, rc, "novacron %s%s--help lists what there is", before, at ? " " : "");
}
