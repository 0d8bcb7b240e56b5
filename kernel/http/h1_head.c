/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_head.h"

#include <string.h>

#include "base/cleanup.h"
#include "http/chars.h"

/*
 * A head is read line by line: a line is judged once its LF has come, or its absence within the
 * limit is certain. That is what makes the verdict independent of how the input was cut. The one
 * thing judged early is the first byte, so that TLS on a plain port is refused at once. No
 * allocation, no state outside nc_h1_head.
 */

enum { REQUEST_LINE, FIELD_LINE };

static nc_h1_verdict bad(nc_h1_head *h, nc_http_fault_id fault)
{
	h->fault = fault;
	return NC_H1_BAD;
}

void nc_h1_head_init(nc_h1_head *h, uint32_t limit, nc_h1_field *fields, uint32_t field_max)
{
	*h = (nc_h1_head){ .limit = limit, .fields = fields, .field_max = field_max };
}

/* ---- the request line ---- */

/* Absolute form: step over scheme and authority; what remains is path and query. */
static int skip_authority(const char **p, const char *end)
{
	static const char *const schemes[] = { "http://", "https://" };
	for (size_t i = 0; i < NC_LEN(schemes); i++) {
		size_t n = strlen(schemes[i]);
		if ((size_t)(end - *p) <= n || !nc_http_equals(*p, n, schemes[i], n))
			continue;
		const char *host = *p + n;
		size_t len = nc_http_span(host, (size_t)(end - host), NC_CH_HOST);
		*p = host + len;
		return len > 0 && (*p == end || **p == '/' || **p == '?');
	}
	return 0;
}

static nc_h1_verdict parse_target(nc_h1_head *h, const char *buf, const char *p, const char *end)
{
	int is_asterisk = end - p == 1 && *p == '*';
	if (is_asterisk && !(h->method.len == 7 && !memcmp(buf + h->method.at, "OPTIONS", 7)))
		return bad(h, NC_FAULT_TARGET);
	if (p == end || (*p != '/' && !is_asterisk && !skip_authority(&p, end)))
		return bad(h, NC_FAULT_TARGET);
	const char *path = p;
	p += nc_http_span(p, (size_t)(end - p), NC_CH_PATH);
	h->path = (nc_h1_span){ (uint32_t)(path - buf), (uint32_t)(p - path) };
	if (p < end && *p == '?') {
		const char *query = ++p;
		p += nc_http_span(p, (size_t)(end - p), NC_CH_QUERY);
		h->query = (nc_h1_span){ (uint32_t)(query - buf), (uint32_t)(p - query) };
		h->flags |= NC_H1_HAS_QUERY;
	}
	if (p != end || !nc_http_is_percent_clean(path, (size_t)(end - path)))
		return bad(h, NC_FAULT_TARGET);
	return NC_H1_MORE;
}

static nc_h1_verdict parse_version(nc_h1_head *h, const char *p, const char *end)
{
	if (end - p != 8 || memcmp(p, "HTTP/", 5) != 0 || p[6] != '.' || p[5] < '0' || p[5] > '9' ||
		p[7] < '0' || p[7] > '9')
		return bad(h, NC_FAULT_LINE);
	if (p[5] != '1' || p[7] > '1')
		return bad(h, NC_FAULT_VERSION);
	h->minor = (uint8_t)(p[7] - '0');
	return NC_H1_MORE;
}

static nc_h1_verdict parse_request_line(
	nc_h1_head *h, const char *buf, const char *p, const char *end)
{
	size_t method = nc_http_span(p, (size_t)(end - p), NC_CH_TOKEN);
	if (method == 0)
		return bad(h, NC_FAULT_METHOD);
	h->method = (nc_h1_span){ (uint32_t)(p - buf), (uint32_t)method };
	p += method;
	if (p == end || *p != ' ')
		return bad(h, NC_FAULT_LINE);
	p++;
	const char *space = memchr(p, ' ', (size_t)(end - p));
	if (!space)
		return bad(h, NC_FAULT_LINE);
	/* The version first: to a newer client that is the more useful answer. */
	if (parse_version(h, space + 1, end) == NC_H1_BAD)
		return NC_H1_BAD;
	return parse_target(h, buf, p, space);
}

/* ---- headers that decide where the message ends ---- */

static nc_http_fault_id on_host(nc_h1_head *h, const char *v, size_t n)
{
	if ((h->flags & NC_H1_HAS_HOST) || nc_http_span(v, n, NC_CH_HOST) != n)
		return NC_FAULT_HOST;
	h->flags |= NC_H1_HAS_HOST;
	return NC_FAULT_NONE;
}

static nc_http_fault_id on_content_length(nc_h1_head *h, const char *v, size_t n)
{
	if (h->flags & NC_H1_HAS_LENGTH)
		return NC_FAULT_LENGTH_TWICE;
	if (n == 0 || n > 18) /* below 2^63, so that offsets may be signed */
		return NC_FAULT_LENGTH;
	uint64_t length = 0;
	for (size_t i = 0; i < n; i++) {
		if (v[i] < '0' || v[i] > '9')
			return NC_FAULT_LENGTH;
		length = length * 10 + (uint64_t)(v[i] - '0');
	}
	h->content_length = length;
	h->flags |= NC_H1_HAS_LENGTH;
	return NC_FAULT_NONE;
}

static nc_http_fault_id on_transfer_encoding(nc_h1_head *h, const char *v, size_t n)
{
	if (h->flags & NC_H1_CHUNKED)
		return NC_FAULT_CODING_TWICE;
	if (!nc_http_equals(v, n, "chunked", 7))
		return NC_FAULT_CODING;
	h->flags |= NC_H1_CHUNKED;
	return NC_FAULT_NONE;
}

static nc_http_fault_id on_connection(nc_h1_head *h, const char *v, size_t n)
{
	static const struct {
		const char *name;
		uint32_t flag;
	} options[] = {
		{ "close", NC_H1_CLOSE },
		{ "keep-alive", NC_H1_KEEP_ALIVE },
		{ "upgrade", NC_H1_UPGRADE },
	};
	const char *end = v + n;
	while (v < end) {
		const char *comma = memchr(v, ',', (size_t)(end - v));
		const char *next = comma ? comma : end;
		while (v < next && (*v == ' ' || *v == '\t'))
			v++;
		size_t len = nc_http_span(v, (size_t)(next - v), NC_CH_TOKEN);
		for (size_t i = 0; i < NC_LEN(options); i++) {
			if (nc_http_equals(v, len, options[i].name, strlen(options[i].name)))
				h->flags |= options[i].flag;
		}
		v = comma ? comma + 1 : end;
	}
	return NC_FAULT_NONE;
}

static nc_http_fault_id on_expect(nc_h1_head *h, const char *v, size_t n)
{
	if (!nc_http_equals(v, n, "100-continue", 12))
		return NC_FAULT_EXPECT;
	h->flags |= NC_H1_EXPECT_100;
	return NC_FAULT_NONE;
}

static const struct {
	const char *name;
	uint32_t len;
	nc_http_fault_id (*fn)(nc_h1_head *h, const char *v, size_t n);
} known[] = {
	{ "host", 4, on_host },
	{ "content-length", 14, on_content_length },
	{ "transfer-encoding", 17, on_transfer_encoding },
	{ "connection", 10, on_connection },
	{ "expect", 6, on_expect },
};

/* ---- header lines ---- */

static nc_h1_verdict parse_field(nc_h1_head *h, const char *buf, const char *p, const char *end)
{
	if (*p == ' ' || *p == '\t')
		return bad(h, NC_FAULT_FOLD);
	size_t name = nc_http_span(p, (size_t)(end - p), NC_CH_TOKEN);
	const char *v = p + name;
	if (name == 0 || v == end)
		return bad(h, NC_FAULT_FIELD_NAME);
	if (*v != ':')
		return bad(h, *v == ' ' || *v == '\t' ? NC_FAULT_FIELD_SPACE : NC_FAULT_FIELD_NAME);
	v++;
	if (nc_http_span(v, (size_t)(end - v), NC_CH_VALUE) != (size_t)(end - v))
		return bad(h, NC_FAULT_FIELD_VALUE);
	while (v < end && (*v == ' ' || *v == '\t'))
		v++;
	while (end > v && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (h->field_count == h->field_max)
		return bad(h, NC_FAULT_TOO_MANY_FIELDS);
	h->fields[h->field_count++] = (nc_h1_field){
		{ (uint32_t)(p - buf), (uint32_t)name },
		{ (uint32_t)(v - buf), (uint32_t)(end - v) },
	};
	for (size_t i = 0; i < NC_LEN(known); i++) {
		if (!nc_http_equals(p, name, known[i].name, known[i].len))
			continue;
		nc_http_fault_id fault = known[i].fn(h, v, (size_t)(end - v));
		return fault ? bad(h, fault) : NC_H1_MORE;
	}
	return NC_H1_MORE;
}

/* The empty line: what no single header can say. */
static nc_h1_verdict finish(nc_h1_head *h)
{
	if ((h->flags & NC_H1_CHUNKED) && (h->flags & NC_H1_HAS_LENGTH))
		return bad(h, NC_FAULT_LENGTH_AND_CODING);
	if ((h->flags & NC_H1_CHUNKED) && h->minor == 0)
		return bad(h, NC_FAULT_CODING_10);
	if (h->minor >= 1 && !(h->flags & NC_H1_HAS_HOST))
		return bad(h, NC_FAULT_HOST);
	h->len = h->line;
	return NC_H1_DONE;
}

/* One line without its CR LF. */
static nc_h1_verdict parse_line(nc_h1_head *h, const char *buf, const char *p, const char *end)
{
	if (h->state == REQUEST_LINE) {
		/* Two empty lines before a request are forgiven: some send them after a body. */
		if (p == end)
			return h->blank_lines++ < 2 ? NC_H1_MORE : bad(h, NC_FAULT_METHOD);
		h->state = FIELD_LINE;
		return parse_request_line(h, buf, p, end);
	}
	return p == end ? finish(h) : parse_field(h, buf, p, end);
}

nc_h1_verdict nc_h1_head_parse(nc_h1_head *h, const char *buf, size_t len)
{
	size_t seen = NC_MIN(len, (size_t)h->limit);
	for (;;) {
		const char *p = buf + h->line;
		if (h->state == REQUEST_LINE && h->line < seen && *p != '\r' &&
			!nc_http_is(*p, NC_CH_TOKEN))
			return bad(h, NC_FAULT_METHOD);
		const char *lf = memchr(buf + h->scanned, '\n', seen - h->scanned);
		if (!lf) {
			h->scanned = (uint32_t)seen;
			if (len < h->limit)
				return NC_H1_MORE;
			return bad(h, h->state == REQUEST_LINE ? NC_FAULT_URI_TOO_LONG
							       : NC_FAULT_HEAD_TOO_LARGE);
		}
		h->line = h->scanned = (uint32_t)(lf + 1 - buf);
		if (lf == p || lf[-1] != '\r')
			return bad(h, NC_FAULT_LINE_END);
		nc_h1_verdict verdict = parse_line(h, buf, p, lf - 1);
		if (verdict != NC_H1_MORE)
			return verdict;
	}
}
