/* SPDX-License-Identifier: Apache-2.0 */
#include "http/fault.h"

#include "base/cleanup.h"

/*
 * The table of what the server says on its own account. Statuses are for machines, `code` is
 * stable, `detail` says what was wrong and `hint` what to send instead. Constant; any thread.
 */

static const nc_http_fault_row rows[NC_FAULT_COUNT] = {
	[NC_FAULT_NONE] = { 500, "internal", "no fault was recorded", NULL },
	[NC_FAULT_METHOD] = { 400, "bad_request", "the request does not begin with a method",
		"is this client speaking TLS or another protocol to a plain HTTP port?" },
	[NC_FAULT_TARGET] = { 400, "bad_request", "the request target is malformed",
		"it must begin with '/' and percent-encode what a URI may not contain" },
	[NC_FAULT_LINE] = { 400, "bad_request",
		"the request line is not method, target and version with one space between", NULL },
	[NC_FAULT_VERSION] = { 505, "version_not_supported",
		"only HTTP/1.1 and HTTP/1.0 are spoken", NULL },
	[NC_FAULT_URI_TOO_LONG] = { 414, "uri_too_long", "the request line is too long",
		"send filters in the body, or fewer of them" },
	[NC_FAULT_HEAD_TOO_LARGE] = { 431, "head_too_large", "the headers are too large", NULL },
	[NC_FAULT_TOO_MANY_FIELDS] = { 431, "head_too_large", "there are too many headers", NULL },
	[NC_FAULT_FIELD_NAME] = { 400, "bad_request", "a header name is malformed", NULL },
	[NC_FAULT_FIELD_SPACE] = { 400, "bad_request",
		"there is a space between a header name and its colon", NULL },
	[NC_FAULT_FIELD_VALUE] = { 400, "bad_request",
		"a header value contains a control character", NULL },
	[NC_FAULT_FOLD] = { 400, "bad_request", "a header line begins with a space",
		"folded headers are obsolete; send the value on one line" },
	[NC_FAULT_LINE_END] = { 400, "bad_request", "a line does not end in CR LF", NULL },
	[NC_FAULT_HOST] = { 400, "bad_request", "there must be exactly one valid Host header",
		NULL },
	[NC_FAULT_LENGTH] = { 400, "bad_request", "Content-Length is not a plain number", NULL },
	[NC_FAULT_LENGTH_TWICE] = { 400, "bad_request", "there are two Content-Length headers",
		NULL },
	[NC_FAULT_LENGTH_AND_CODING] = { 400, "bad_request",
		"Content-Length and Transfer-Encoding exclude each other", NULL },
	[NC_FAULT_CODING] = { 501, "not_implemented",
		"the only transfer coding taken is \"chunked\", alone", NULL },
	[NC_FAULT_CODING_TWICE] = { 400, "bad_request", "there are two Transfer-Encoding headers",
		NULL },
	[NC_FAULT_CODING_10] = { 400, "bad_request", "HTTP/1.0 knows no Transfer-Encoding", NULL },
	[NC_FAULT_EXPECT] = { 417, "expectation_failed", "only \"100-continue\" can be expected",
		NULL },
	[NC_FAULT_CHUNK] = { 400, "bad_request", "the chunked body is malformed", NULL },
	[NC_FAULT_TRAILER] = { 400, "bad_request", "the trailer of the body is malformed", NULL },
	[NC_FAULT_BODY_TOO_LARGE] = { 413, "body_too_large",
		"the body is larger than this path takes", NULL },
	[NC_FAULT_BODY_REFUSED] = { 413, "body_refused", "this path takes no body",
		"leave the body away" },
	[NC_FAULT_SHORT_BODY] = { 400, "bad_request",
		"the body ended before its length was reached", NULL },
	[NC_FAULT_PATH] = { 400, "bad_request", "the path contains a \".\" or \"..\" segment",
		NULL },
	[NC_FAULT_NOT_FOUND] = { 404, "not_found", "there is nothing at this path", NULL },
	[NC_FAULT_NOT_ALLOWED] = { 405, "method_not_allowed", "this path does not take this method",
		"the Allow header lists those it takes" },
	[NC_FAULT_TIMEOUT] = { 408, "request_timeout", "the request did not arrive in time", NULL },
	[NC_FAULT_BUSY] = { 503, "unavailable", "too many connections",
		"reuse connections, or try again later" },
	[NC_FAULT_MEMORY] = { 503, "unavailable", "out of memory for this request",
		"try again later" },
	[NC_FAULT_HANDLER] = { 500, "internal", "the request was not answered", NULL },
};

const nc_http_fault_row *nc_http_fault_get(nc_http_fault_id id)
{
	return &rows[id < NC_FAULT_COUNT ? id : NC_FAULT_NONE];
}

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 423, "Locked" },
	{ 425, "Too Early" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
	{ 507, "Insufficient Storage" },
};

const char *nc_http_reason(int status)
{
	for (size_t i = 0; i < NC_LEN(reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "";
}
