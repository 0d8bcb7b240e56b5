/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "http/chars.h"
#include "http/h1_head.h"
#include "testing.h"

/*
 * The head parser. Every case is parsed whole and cut at each place in turn, each time in a buffer
 * of exactly that size so that a sanitizer sees a look past its end; all must agree.
 */

enum { FIELDS = 8, LIMIT = 512 };

typedef struct parsed {
	nc_h1_verdict verdict;
	nc_h1_head head;
	nc_h1_field fields[FIELDS];
} parsed;

/* Feed text[0, n) in pieces that end at `cut` and n; each call sees a fresh, exact copy. */
static parsed parse_cut(const char *text, size_t n, size_t cut)
{
	parsed p = { .verdict = NC_H1_MORE };
	nc_h1_head_init(&p.head, LIMIT, p.fields, FIELDS);
	const size_t ends[] = { cut, n };
	for (size_t i = 0; i < NC_LEN(ends) && p.verdict == NC_H1_MORE; i++) {
		char *copy = nc_memdup(text, ends[i] ? ends[i] : 1);
		if (!CHECK(copy != NULL))
			break;
		p.verdict = nc_h1_head_parse(&p.head, copy, ends[i]);
		nc_free(copy);
	}
	return p;
}

static parsed parse_bytewise(const char *text, size_t n)
{
	parsed p = { .verdict = NC_H1_MORE };
	nc_h1_head_init(&p.head, LIMIT, p.fields, FIELDS);
	for (size_t i = 1; i <= n && p.verdict == NC_H1_MORE; i++)
		p.verdict = nc_h1_head_parse(&p.head, text, i);
	return p;
}

static int agree(const parsed *a, const parsed *b)
{
	if (a->verdict != b->verdict)
		return 0;
	if (a->verdict == NC_H1_BAD)
		return a->head.fault == b->head.fault;
	return a->verdict != NC_H1_DONE ||
	       (a->head.len == b->head.len && a->head.flags == b->head.flags &&
		       a->head.content_length == b->head.content_length &&
		       a->head.minor == b->head.minor &&
		       a->head.field_count == b->head.field_count &&
		       !memcmp(&a->head.method, &b->head.method, sizeof(nc_h1_span)) &&
		       !memcmp(&a->head.path, &b->head.path, sizeof(nc_h1_span)) &&
		       !memcmp(&a->head.query, &b->head.query, sizeof(nc_h1_span)) &&
		       !memcmp(a->fields, b->fields, a->head.field_count * sizeof(a->fields[0])));
}

static parsed parse_n(const char *text, size_t n)
{
	parsed whole = parse_cut(text, n, n);
	for (size_t cut = 0; cut < n; cut++) {
		parsed other = parse_cut(text, n, cut);
		if (!CHECK(agree(&whole, &other)))
			break;
	}
	parsed slow = parse_bytewise(text, n);
	CHECK(agree(&whole, &slow));
	return whole;
}

static parsed parse(const char *text)
{
	return parse_n(text, strlen(text));
}

static void check_span(const char *text, nc_h1_span s, const char *want)
{
	CHECK_UINT(s.len, strlen(want));
	CHECK_MEM(text + s.at, want, strlen(want));
}

static void a_request_is_taken_apart(void)
{
	const char *text = "POST /a%20b?c=d&e HTTP/1.1\r\nHost: x:80\r\nContent-Length: 12\r\n"
			   "X:  padded \t\r\nEmpty:\r\n\r\nbody";
	parsed p = parse(text);
	CHECK_INT(p.verdict, NC_H1_DONE);
	check_span(text, p.head.method, "POST");
	check_span(text, p.head.path, "/a%20b");
	check_span(text, p.head.query, "c=d&e");
	CHECK_UINT(p.head.content_length, 12);
	CHECK_UINT(p.head.minor, 1);
	CHECK_UINT(p.head.flags, NC_H1_HAS_LENGTH | NC_H1_HAS_HOST | NC_H1_HAS_QUERY);
	CHECK_UINT(p.head.len, strlen(text) - 4);
	CHECK_UINT(p.head.field_count, 4);
	check_span(text, p.fields[2].name, "X");
	check_span(text, p.fields[2].value, "padded");
	check_span(text, p.fields[3].value, "");
}

static const struct {
	const char *text;
	uint32_t flags;
} taken[] = {
	{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", NC_H1_HAS_HOST },
	{ "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", NC_H1_HAS_HOST },
	{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", NC_H1_HAS_HOST },
	{ "GET / HTTP/1.1\r\nhOsT:[::1]:80\r\n\r\n", NC_H1_HAS_HOST },
	{ "GET / HTTP/1.0\r\n\r\n", 0 },
	{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", NC_H1_KEEP_ALIVE },
	{ "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", NC_H1_HAS_HOST },
	{ "GET http://a.example/b?c HTTP/1.1\r\nHost: a\r\n\r\n",
		NC_H1_HAS_HOST | NC_H1_HAS_QUERY },
	{ "GET HTTPS://a.example HTTP/1.1\r\nHost: a\r\n\r\n", NC_H1_HAS_HOST },
	{ "GET /?a={b|c} HTTP/1.1\r\nHost: a\r\n\r\n", NC_H1_HAS_HOST | NC_H1_HAS_QUERY },
	{ "GET /? HTTP/1.1\r\nHost: a\r\n\r\n", NC_H1_HAS_HOST | NC_H1_HAS_QUERY },
	{ "M-SEARCH /a HTTP/1.1\r\nHost: a\r\n\r\n", NC_H1_HAS_HOST },
	{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close ,upgrade\r\n\r\n",
		NC_H1_HAS_HOST | NC_H1_CLOSE | NC_H1_UPGRADE },
	{ "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\nExpect: 100-Continue\r\n\r\n",
		NC_H1_HAS_HOST | NC_H1_CHUNKED | NC_H1_EXPECT_100 },
	{ "GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa9\t\xff\r\n\r\n", NC_H1_HAS_HOST },
};

static void what_is_well_formed_is_taken(void)
{
	for (size_t i = 0; i < NC_LEN(taken); i++) {
		parsed p = parse(taken[i].text);
		if (!CHECK_INT(p.verdict, NC_H1_DONE))
			fprintf(stderr, "%s", taken[i].text);
		CHECK_UINT(p.head.flags, taken[i].flags);
	}
}

#define LINE "GET / HTTP/1.1\r\n"
#define HOST LINE "Host: a\r\n"
static const struct {
	const char *text;
	nc_http_fault_id fault;
} refused[] = {
	{ "\x16\x03\x01", NC_FAULT_METHOD }, /* TLS */
	{ "\n", NC_FAULT_METHOD },
	{ "\r\n\r\n\r\n", NC_FAULT_METHOD },
	{ " GET / HTTP/1.1\r\n", NC_FAULT_METHOD },
	{ "G@T / HTTP/1.1\r\n", NC_FAULT_LINE },
	{ "GET\r\n", NC_FAULT_LINE },
	{ "GET /\r\n", NC_FAULT_LINE },
	{ "GET  / HTTP/1.1\r\n", NC_FAULT_LINE },
	{ "GET /  HTTP/1.1\r\n", NC_FAULT_LINE },
	{ "GET / HTTP/1.1 \r\n", NC_FAULT_LINE },
	{ "GET /\tHTTP/1.1\r\n", NC_FAULT_LINE },
	{ "GET / http/1.1\r\n", NC_FAULT_LINE },
	{ "GET / HTTP/11\r\n", NC_FAULT_LINE },
	{ "GET / HTTP/1.10\r\n", NC_FAULT_LINE },
	{ "GET / HTTP/1.1\n", NC_FAULT_LINE_END },
	{ "GET / HTTP/1.1\r\r\n", NC_FAULT_LINE },
	{ "GET / HTTP/1.2\r\n", NC_FAULT_VERSION },
	{ "GET / HTTP/0.9\r\n", NC_FAULT_VERSION },
	{ "PRI * HTTP/2.0\r\n", NC_FAULT_VERSION },
	{ "GET a HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "GET * HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "GET ?a HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "GET /a#b HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "GET /a?b#c HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "GET /\"a HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "GET /a\\b HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "GET /\xc3\xa9 HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "GET /% HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "GET /%4 HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "GET /%4g HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "GET /?a=%00 HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "GET http:// HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "GET http:///a HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "GET http://u@h/a HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "GET ftp://h/a HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ "CONNECT h:80 HTTP/1.1\r\n", NC_FAULT_TARGET },
	{ HOST "\n", NC_FAULT_LINE_END },
	{ HOST "A: b\n", NC_FAULT_LINE_END },
	{ HOST "A b\r\n", NC_FAULT_FIELD_SPACE },
	{ HOST "A : b\r\n", NC_FAULT_FIELD_SPACE },
	{ HOST "A\r\n", NC_FAULT_FIELD_NAME },
	{ HOST ": b\r\n", NC_FAULT_FIELD_NAME },
	{ HOST "A(b): c\r\n", NC_FAULT_FIELD_NAME },
	{ HOST "A\x01: c\r\n", NC_FAULT_FIELD_NAME },
	{ HOST "\r\r\n", NC_FAULT_FIELD_NAME },
	{ HOST " folded\r\n", NC_FAULT_FOLD },
	{ HOST "\tfolded\r\n", NC_FAULT_FOLD },
	{ LINE " Host: a\r\n", NC_FAULT_FOLD },
	{ HOST "A: b\rc\r\n", NC_FAULT_FIELD_VALUE },
	{ HOST "A: b\x7f\r\n", NC_FAULT_FIELD_VALUE },
	{ HOST "A: b\x0b\r\n", NC_FAULT_FIELD_VALUE },
	{ HOST "Content-Length: +5\r\n", NC_FAULT_LENGTH },
	{ HOST "Content-Length: -5\r\n", NC_FAULT_LENGTH },
	{ HOST "Content-Length: 0x5\r\n", NC_FAULT_LENGTH },
	{ HOST "Content-Length: 5 5\r\n", NC_FAULT_LENGTH },
	{ HOST "Content-Length: 5, 5\r\n", NC_FAULT_LENGTH },
	{ HOST "Content-Length:\r\n", NC_FAULT_LENGTH },
	{ HOST "Content-Length: 9223372036854775808\r\n", NC_FAULT_LENGTH },
	{ HOST "Content-Length: 5\r\nContent-Length: 5\r\n", NC_FAULT_LENGTH_TWICE },
	{ HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		NC_FAULT_LENGTH_AND_CODING },
	{ HOST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
		NC_FAULT_LENGTH_AND_CODING },
	{ HOST "Transfer-Encoding: gzip, chunked\r\n", NC_FAULT_CODING },
	{ HOST "Transfer-Encoding: chunked, chunked\r\n", NC_FAULT_CODING },
	{ HOST "Transfer-Encoding: identity\r\n", NC_FAULT_CODING },
	{ HOST "Transfer-Encoding:\r\n", NC_FAULT_CODING },
	{ HOST "Transfer-Encoding: xchunked\r\n", NC_FAULT_CODING },
	{ HOST "Transfer-Encoding: chunked;q=1\r\n", NC_FAULT_CODING },
	{ HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
		NC_FAULT_CODING_TWICE },
	{ "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", NC_FAULT_CODING_10 },
	{ LINE "\r\n", NC_FAULT_HOST },
	{ HOST "Host: a\r\n", NC_FAULT_HOST },
	{ LINE "Host: a, b\r\n", NC_FAULT_HOST },
	{ LINE "Host: a/b\r\n", NC_FAULT_HOST },
	{ LINE "Host: u@a\r\n", NC_FAULT_HOST },
	{ LINE "Host: a b\r\n", NC_FAULT_HOST },
	{ HOST "Expect: a miracle\r\n", NC_FAULT_EXPECT },
	{ HOST "1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n6:\r\n7:\r\n8:\r\n", NC_FAULT_TOO_MANY_FIELDS },
};

static void what_could_be_read_in_two_ways_is_refused(void)
{
	for (size_t i = 0; i < NC_LEN(refused); i++) {
		parsed p = parse(refused[i].text);
		int ok =
			CHECK_INT(p.verdict, NC_H1_BAD) & CHECK_INT(p.head.fault, refused[i].fault);
		if (!ok)
			fprintf(stderr, "%s", refused[i].text);
	}
}

static void a_nul_is_refused_wherever_it_stands(void)
{
	const char text[] = "GET /a?b HTTP/1.1\r\nHost: a\r\nX: yz\r\n\r\n";
	for (size_t at = 0; at < sizeof(text) - 1; at++) {
		char copy[sizeof(text)];
		memcpy(copy, text, sizeof(text));
		copy[at] = '\0';
		CHECK_INT(parse_n(copy, sizeof(text) - 1).verdict == NC_H1_DONE, 0);
	}
}

static void an_endless_line_is_refused_at_the_limit_and_not_before(void)
{
	char text[LIMIT + 64];
	memset(text, 'a', sizeof(text));
	memcpy(text, "GET /", 5);
	CHECK_INT(parse_cut(text, LIMIT - 1, 7).verdict, NC_H1_MORE);
	parsed p = parse_n(text, sizeof(text));
	CHECK_INT(p.verdict, NC_H1_BAD);
	CHECK_INT(p.head.fault, NC_FAULT_URI_TOO_LONG);

	memcpy(text, HOST "A: ", strlen(HOST "A: "));
	p = parse_n(text, sizeof(text));
	CHECK_INT(p.verdict, NC_H1_BAD);
	CHECK_INT(p.head.fault, NC_FAULT_HEAD_TOO_LARGE);
	/* ending just in time, and one byte too late */
	memcpy(text + LIMIT - 4, "\r\n\r\n", 4);
	CHECK_INT(parse_n(text, sizeof(text)).verdict, NC_H1_DONE);
	memcpy(text + LIMIT - 4, "a\r\n\r\n", 5);
	CHECK_INT(parse_n(text, sizeof(text)).head.fault, NC_FAULT_HEAD_TOO_LARGE);
}

static void every_fault_has_a_row_with_a_status_and_words(void)
{
	for (int i = NC_FAULT_NONE; i < NC_FAULT_COUNT; i++) {
		const nc_http_fault_row *row = nc_http_fault_get((nc_http_fault_id)i);
		CHECK(row->status >= 400 && row->status < 600);
		CHECK(row->code && row->code[0] && row->detail && row->detail[0]);
		CHECK(nc_http_reason(row->status)[0] != '\0');
	}
}

static void percent_decoding_ends_where_the_text_does(void)
{
	char out[16];
	CHECK_UINT(nc_http_percent_decode(out, "a%2Fb+c%c3", 10, NC_HTTP_PLUS_IS_PLUS), 6);
	CHECK_STR(out, "a/b+c\xc3");
	nc_http_percent_decode(out, "a+%2b", 5, NC_HTTP_PLUS_IS_SPACE);
	CHECK_STR(out, "a +");
	CHECK(!nc_http_is_percent_clean("a%4", 3));
	CHECK(!nc_http_is_percent_clean("%00", 3));
	CHECK(nc_http_is_percent_clean("%0a", 3));
}

NC_TESTS(http_head){
	T(a_request_is_taken_apart),
	T(what_is_well_formed_is_taken),
	T(what_could_be_read_in_two_ways_is_refused),
	T(a_nul_is_refused_wherever_it_stands),
	T(an_endless_line_is_refused_at_the_limit_and_not_before),
	T(every_fault_has_a_row_with_a_status_and_words),
	T(percent_decoding_ends_where_the_text_does),
};
