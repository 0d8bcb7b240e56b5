/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_LOG_H
#define NC_BASE_LOG_H

#include <stdint.h>

#include "base/cleanup.h"
#include "novacron/abi.h"

/*
 * Structured logs: a stable dotted event name and typed fields, one JSON object a line, or a
 * readable coloured form on a terminal. Any thread; a line is one write. A failing log never
 * fails its caller. Usage: nc_log(L_WARN, "plugin.probe.failed", F_STR("plugin", id), F_ERR(err));
 */
typedef enum { L_ERROR, L_WARN, L_INFO, L_DEBUG, L_TRACE } nc_log_level;
typedef enum { NC_LOG_AUTO, NC_LOG_JSON, NC_LOG_TEXT } nc_log_format;

typedef struct nc_field {
	const char *key;
	enum {
		NC_F_END,
		NC_F_STR,
		NC_F_U64,
		NC_F_I64,
		NC_F_F64,
		NC_F_BOOL,
		NC_F_ERR,
		NC_F_RAW
	} type;
	union {
		const char *s;
		uint64_t u;
		int64_t i;
		double f;
		const nc_error *e;
	} v;
} nc_field;

#define F_STR(k, val)  ((nc_field){ .key = (k), .type = NC_F_STR, .v.s = (val) })
#define F_U64(k, val)  ((nc_field){ .key = (k), .type = NC_F_U64, .v.u = (val) })
#define F_I64(k, val)  ((nc_field){ .key = (k), .type = NC_F_I64, .v.i = (val) })
#define F_F64(k, val)  ((nc_field){ .key = (k), .type = NC_F_F64, .v.f = (val) })
#define F_BOOL(k, val) ((nc_field){ .key = (k), .type = NC_F_BOOL, .v.i = (val) })
#define F_ERR(val)     ((nc_field){ .key = "error", .type = NC_F_ERR, .v.e = (val) })
#define F_RAW(k, json) ((nc_field){ .key = (k), .type = NC_F_RAW, .v.s = (json) })

#define nc_log(level, event, ...)                                                                  \
	((level) <= nc_log_threshold() ? nc_log_write((level), (event),                            \
						 (const nc_field[]){ __VA_ARGS__ __VA_OPT__(, ){   \
							 .type = NC_F_END } })                     \
				       : (void)0)

void nc_log_write(nc_log_level level, const char *event, const nc_field *fields);
nc_log_level nc_log_threshold(void);
void nc_log_set_level(nc_log_level level);
int nc_log_level_parse(const char *name, nc_log_level *ret); /* 0 or -1 */
/* Where lines go. path NULL = stderr. The file is opened for append, mode 0640. */
nc_code nc_log_open(const char *path, nc_log_format format, nc_error *err);
nc_code nc_log_reopen(nc_error *err); /* after rotation; keeps the old file on failure */
/* Fields added to every line of this thread until popped: request_id, op. Borrowed, 8 deep. */
void nc_log_push(nc_field f);
void nc_log_pop(void);

#endif
