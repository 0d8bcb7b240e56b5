/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_FAULT_H
#define NC_HTTP_FAULT_H

/* Every answer the server gives by itself; one row each in fault.c: status, code, text. */
typedef enum {
	NC_FAULT_NONE,
	/* the request line */
	NC_FAULT_METHOD,
	NC_FAULT_TARGET,
	NC_FAULT_LINE,
	NC_FAULT_VERSION,
	NC_FAULT_URI_TOO_LONG,
	/* headers */
	NC_FAULT_HEAD_TOO_LARGE,
	NC_FAULT_TOO_MANY_FIELDS,
	NC_FAULT_FIELD_NAME,
	NC_FAULT_FIELD_SPACE,
	NC_FAULT_FIELD_VALUE,
	NC_FAULT_FOLD,
	NC_FAULT_LINE_END,
	NC_FAULT_HOST,
	NC_FAULT_LENGTH,
	NC_FAULT_LENGTH_TWICE,
	NC_FAULT_LENGTH_AND_CODING,
	NC_FAULT_CODING,
	NC_FAULT_CODING_TWICE,
	NC_FAULT_CODING_10,
	NC_FAULT_EXPECT,
	/* the body */
	NC_FAULT_CHUNK,
	NC_FAULT_TRAILER,
	NC_FAULT_BODY_TOO_LARGE,
	NC_FAULT_BODY_REFUSED,
	NC_FAULT_SHORT_BODY,
	/* routing */
	NC_FAULT_PATH,
	NC_FAULT_NOT_FOUND,
	NC_FAULT_NOT_ALLOWED,
	/* time and resources */
	NC_FAULT_TIMEOUT,
	NC_FAULT_BUSY,
	NC_FAULT_MEMORY,
	NC_FAULT_HANDLER,
	NC_FAULT_COUNT
} nc_http_fault_id;

typedef struct nc_http_fault_row {
	int status;
	const char *code, *detail, *hint;
} nc_http_fault_row;

const nc_http_fault_row *nc_http_fault_get(nc_http_fault_id id);

/* "Not Found"; "" for a status without a name. */
const char *nc_http_reason(int status);

#endif
