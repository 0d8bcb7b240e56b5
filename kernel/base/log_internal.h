/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_LOG_INTERNAL_H
#define NC_BASE_LOG_INTERNAL_H

#include "base/buf.h"
#include "base/log.h"

/* One line before it has a form. Everything is borrowed for the call. */
typedef struct nc_log_line {
	int64_t unix_ms;
	nc_log_level level;
	const char *event;
	const nc_field *context;
	size_t n_context;
	const nc_field *fields; /* up to NC_F_END */
} nc_log_line;

void nc_log_build_json(nc_buf *b, const nc_log_line *line);
void nc_log_build_text(nc_buf *b, const nc_log_line *line, int is_coloured);

#endif
