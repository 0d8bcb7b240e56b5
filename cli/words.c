/* SPDX-License-Identifier: Apache-2.0 */
/* The words at the beginning of a call that may be a command's. Pure functions over argv. */
#include <string.h>

#include "cli/find.h"
#include "cli/flags.h"

void nc_words_of(int argc, char *const *argv, nc_words *ret)
{
	*ret = (nc_words){ .n = 0 };
	for (int i = 0; i < argc && ret->n < NC_WORDS_MAX; i++) {
		const char *token = argv[i], *value = NULL;
		const nc_flag *f = NULL;
		if (!strcmp(token, "--"))
			return;
		if (token[0] != '-' || !token[1]) {
			ret->list[ret->n] = token;
			ret->at[ret->n++] = i;
			continue;
		}
		/* Only of shared flags is it known here whether the next token is their value; a
		 * command's own stand behind its words. */
		if (nc_flag_read(NULL, token, &f, &value, NULL) != NC_OK)
			return;
		if (f->value && !value)
			i++;
	}
}
