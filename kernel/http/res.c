/* SPDX-License-Identifier: Apache-2.0 */
#include "http/res.h"

#include <string.h>
#include <unistd.h>

#include "http/chars.h"
#include "http/fault.h"

/*
 * Responses: what may be sent, and the head of an HTTP/1 answer as bytes. Header values often carry
 * what a client said (Location, a name), so each is checked: a CR LF in one would let a client
 * write the answer of another. Pure; any thread.
 */

static int is_value(const char *s)
{
	size_t n = strlen(s);
	return nc_http_span(s, n, NC_CH_VALUE) == n;
}

/* The server's own. Content-Type has a field of its own, but may stand among the others too. */
static int is_reserved(const char *name, size_t n)
{
	static const char *const reserved[] = { "date", "content-length", "x-request-id",
		"connection", "transfer-encoding" };
	for (size_t i = 0; i < NC_LEN(reserved); i++) {
		if (nc_http_equals(name, n, reserved[i], strlen(reserved[i])))
			return 1;
	}
	return 0;
}

nc_code nc_http_res_check(const nc_http_res *res, const char **ret_what)
{
	*ret_what = "status";
	if (res->status < 200 || res->status > 599)
		return NC_E_INVAL;
	*ret_what = "content_type";
	if (res->content_type && !is_value(res->content_type))
		return NC_E_INVAL;
	for (size_t i = 0; i < res->header_count; i++) {
		const nc_http_header *h = &res->headers[i];
		size_t n = strlen(h->name);
		*ret_what = h->name;
		if (n == 0 || nc_http_span(h->name, n, NC_CH_TOKEN) != n || !is_value(h->value) ||
			is_reserved(h->name, n))
			return NC_E_INVAL;
	}
	*ret_what = "body";
	if ((res->body.len > 0) + (res->blob != NULL) + (res->file != NULL) > 1)
		return NC_E_INVAL;
	return NC_OK;
}

void nc_http_res_drop(const nc_http_res *res)
{
	nc_blob_unref(res->blob);
	if (res->file && res->file->fd >= 0)
		close(res->file->fd);
}

uint64_t nc_http_res_length(const nc_http_res *res)
{
	if (res->blob)
		return nc_blob_bytes(res->blob).len;
	return res->file ? res->file->length : res->body.len;
}

static void put_header(nc_buf *out, const char *name, const char *value)
{
	nc_buf_puts(out, name);
	nc_buf_put(out, ": ", 2);
	nc_buf_puts(out, value);
	nc_buf_put(out, "\r\n", 2);
}

static void put_number(nc_buf *out, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	nc_buf_put(out, digits + at, sizeof(digits) - at);
}

static void put_framing(nc_buf *out, int status, const nc_http_head_info *info)
{
	if (!nc_http_status_has_body(status))
		return;
	if (info->framing == NC_HTTP_CHUNKED)
		nc_buf_puts(out, "Transfer-Encoding: chunked\r\n");
	if (info->framing != NC_HTTP_LENGTH)
		return;
	nc_buf_puts(out, "Content-Length: ");
	put_number(out, info->length);
	nc_buf_put(out, "\r\n", 2);
}

void nc_http_res_write_head(nc_buf *out, const nc_http_res *res, const nc_http_head_info *info)
{
	nc_buf_puts(out, "HTTP/1.1 ");
	put_number(out, (uint64_t)res->status);
	nc_buf_putc(out, ' ');
	nc_buf_puts(out, nc_http_reason(res->status));
	nc_buf_put(out, "\r\n", 2);
	put_header(out, "Date", info->date);
	if (res->content_type)
		put_header(out, "Content-Type", res->content_type);
	put_framing(out, res->status, info);
	if (info->request_id[0])
		put_header(out, "X-Request-Id", info->request_id);
	if (info->server)
		put_header(out, "Server", info->server);
	if (info->connection)
		put_header(out, "Connection", info->connection);
	for (size_t i = 0; i < res->header_count; i++)
		put_header(out, res->headers[i].name, res->headers[i].value);
	nc_buf_put(out, "\r\n", 2);
}
