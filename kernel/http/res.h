/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_RES_H
#define NC_HTTP_RES_H

#include "base/buf.h"
#include "http/http.h"

/* NC_OK, or NC_E_INVAL and *ret_what says what cannot be sent. */
nc_code nc_http_res_check(const nc_http_res *res, const char **ret_what);
/* Let go of the blob and the fd that came with a response nobody sends. */
void nc_http_res_drop(const nc_http_res *res);
uint64_t nc_http_res_length(const nc_http_res *res);
static inline int nc_http_status_has_body(int status)
{
	return status != 204 && status != 304;
}

/* How an HTTP/1.1 answer's end is marked. */
typedef enum { NC_HTTP_LENGTH, NC_HTTP_CHUNKED, NC_HTTP_UNTIL_CLOSE } nc_http_framing;
typedef struct nc_http_head_info {
	nc_http_framing framing;
	uint64_t length;
	const char *date, *request_id, *server, *connection; /* request_id "", the last two NULL */
} nc_http_head_info;
/* Write the head, from status line to empty line, of a checked response. Failure is out's. */
void nc_http_res_write_head(nc_buf *out, const nc_http_res *res, const nc_http_head_info *info);

#endif
