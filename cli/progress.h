/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_PROGRESS_H
#define NC_CLI_PROGRESS_H

#include "base/buf.h"
#include "base/json.h"
#include "cli/term.h"

/* How far an operation is, on standard error: a bar that moves on a terminal, else a line whenever
 * the step changes. */
typedef struct nc_progress {
	const nc_term *term;
	char last[160]; /* what was told; "" = nothing yet */
	int is_on_line; /* a bar stands on the terminal */
} nc_progress;

void nc_progress_init(nc_progress *p, const nc_term *term);
void nc_progress_show(nc_progress *p, const json_t *operation);
void nc_progress_end(nc_progress *p); /* takes the bar away */

/* One line without its end: "vm.create web-1  spawn  [###---] 45 %  12 MiB/s  8s left". */
void nc_progress_line(const json_t *operation, size_t width, nc_buf *out);

#endif
