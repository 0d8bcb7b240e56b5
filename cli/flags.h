/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_FLAGS_H
#define NC_CLI_FLAGS_H

#include <stddef.h>

#include "cli/command.h"

/* The flags that commands share, and finding one by its name. Const data. */
typedef struct nc_flag_group {
	unsigned uses; /* NC_USES_* */
	const nc_flag *flags;
} nc_flag_group;
extern const nc_flag_group nc_flag_groups[]; /* ended by flags NULL */

extern const char *const nc_output_words[]; /* table, json, yaml, name, wide */

/* Every flag of a command, its own first: start with *it = 0; NULL at the end. */
typedef struct nc_flag_walk {
	const nc_cmd *cmd; /* NULL: all that are shared */
	size_t group, i;
} nc_flag_walk;
const nc_flag *nc_flag_next(nc_flag_walk *w);

/* `name` has `len` bytes and no dashes; one byte may also be the letter of a flag. */
const nc_flag *nc_flag_find(const nc_cmd *cmd, const char *name, size_t len);

/*
 * A token that begins with '-' as a flag: finds it, and its value where it stands behind '='. NC_E_INVAL
 * when there is none of that name.
 */
nc_code nc_flag_read(const nc_cmd *cmd, const char *token, const nc_flag **ret,
	const char **ret_value, nc_error *err);

#endif
