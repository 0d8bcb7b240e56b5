/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_ARGS_H
#define NC_CLI_ARGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "cli/command.h"

/* The words and flags of one call, checked against a descriptor. Lives in the caller's arena;
 * texts are borrowed from argv. */
typedef struct nc_given {
	const nc_flag *flag;
	const char *value; /* NULL of a switch */
	int64_t number;    /* of INT, DURATION, SIZE */
} nc_given;

typedef struct nc_args {
	const char **words; /* without the command's own */
	size_t n_words;
	nc_given *given; /* in order */
	size_t n_given;
} nc_args;

/*
 * `is_path[i]` says that argv[i] is a word of the command itself. NC_E_INVAL with a hint (an
 * unknown flag gets a did-you-mean), NC_E_NOMEM. With --help among the flags too few or too many
 * words are no fault.
 */
nc_code nc_args_parse(const nc_cmd *cmd, int argc, char *const *argv, const uint8_t *is_path,
	nc_arena *a, nc_args *ret, nc_error *err);

int nc_args_has(const nc_args *args, const char *name);
const char *nc_args_str(const nc_args *args, const char *name); /* the last one; NULL = absent */
int64_t nc_args_num(const nc_args *args, const char *name, int64_t otherwise);
/* All of a list in order: start with *it = 0; NULL at the end. */
const char *nc_args_next(const nc_args *args, const char *name, size_t *it);
const char *nc_args_word(const nc_args *args, size_t i); /* NULL = not given */

#endif
