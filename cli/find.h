/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_FIND_H
#define NC_CLI_FIND_H

#include <stddef.h>
#include <stdint.h>

#include "cli/command.h"
#include "model/kind.h"

/* All commands, and finding one by the words of a call. Const data and pure functions. */
extern const nc_cmd *const nc_commands[]; /* NULL-ended, in the order of help */

/* A first word that stands for several commands; kinds are groups of their own. */
typedef struct nc_group {
	const char *name, *doc;
} nc_group;
extern const nc_group nc_groups[]; /* ended by a NULL name */

/* What comes later: known words with the way that does it today. */
typedef struct nc_later {
	const char *path, *hint;
} nc_later;
extern const nc_later nc_laters[]; /* ended by a NULL path */

/* The words at the beginning of a call, shared flags among them passed over, and where they stand. */
#define NC_WORDS_MAX 16
typedef struct nc_words {
	const char *list[NC_WORDS_MAX];
	int at[NC_WORDS_MAX];
	size_t n;
} nc_words;
void nc_words_of(int argc, char *const *argv, nc_words *ret);

typedef struct nc_found {
	const nc_cmd *cmd;   /* NULL: words name a group, or nothing */
	const nc_kind *kind; /* of the first word, or NULL */
	size_t n_words;      /* how many of them the command's path took */
} nc_found;
void nc_find_command(const char *const *words, size_t n, nc_found *ret);

/* Whether the words of `path` begin with `words` (kinds by any of their names). */
int nc_path_begins(const char *path, const nc_kind *kind, const char *const *words, size_t n);
/* Whether commands of every kind are offered for this one; and whether this one is. */
int nc_kind_is_offered(const nc_kind *k);
int nc_cmd_is_offered(const nc_cmd *cmd, const nc_kind *k);
/* The name of a kind as a word of the command line: dashes for underscores. */
void nc_kind_word(const nc_kind *k, char *out, size_t cap);

/* NC_E_INVAL naming the words and what may have been meant; NC_E_UNSUPPORTED for what comes later. */
nc_code nc_unknown_command(const char *const *words, size_t n, nc_error *err);

#endif
