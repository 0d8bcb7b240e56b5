/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_COMPLETE_H
#define NC_CLI_COMPLETE_H

#include "base/buf.h"
#include "model/kind.h"

/* What the scripts of `novacron completion` call, with the words so far; the last is the one to be
 * completed and may be empty. */
#define NC_COMPLETE_WORD "__complete"
int nc_complete_main(int argc, char **argv);

/* Where names of objects come from: adds them with nc_complete_add. */
typedef struct nc_completion nc_completion;
typedef void (*nc_complete_names_fn)(void *ctx, const nc_kind *kind, nc_completion *to);

/* Candidates, one a line, "word<TAB>what it is". Failure is the buffer's. */
void nc_complete(int argc, char *const *argv, nc_complete_names_fn names, void *ctx, nc_buf *out);
void nc_complete_add(nc_completion *to, const char *word, const char *doc);

#endif
