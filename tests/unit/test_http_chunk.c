/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "http/h1_chunk.h"
#include "testing.h"

/* The chunk decoder: each case whole and cut at every place, in exact buffers; all must agree. */

typedef struct decoded {
	nc_h1_chunk_verdict verdict;
	nc_http_fault_id fault;
	size_t used;
	size_t len;
	char body[256];
} decoded;

static void feed(nc_h1_chunk *c, decoded *d, const char *text, size_t from, size_t to)
{
	char *copy = nc_memdup(text + from, to > from ? to - from : 1);
	REQUIRE(copy != NULL);
	for (size_t at = 0; at < to - from;) {
		size_t used = 0;
		nc_bytes data = { NULL, 0 };
		d->verdict = nc_h1_chunk_next(c, copy + at, to - from - at, &used, &data);
		if (d->verdict == NC_H1_CHUNK_BAD)
			break;
		if (data.len && CHECK(d->len + data.len <= sizeof(d->body))) {
			memcpy(d->body + d->len, data.ptr, data.len);
			d->len += data.len;
		}
		at += used;
		d->used += used;
		if (d->verdict == NC_H1_CHUNK_DONE)
			break;
	}
	nc_free(copy);
}

static decoded decode_cut(const char *text, size_t n, size_t cut)
{
	decoded d = { .verdict = NC_H1_CHUNK_MORE };
	nc_h1_chunk c;
	nc_h1_chunk_init(&c);
	feed(&c, &d, text, 0, cut);
	if (d.verdict != NC_H1_CHUNK_BAD && d.verdict != NC_H1_CHUNK_DONE)
		feed(&c, &d, text, cut, n);
	if (d.verdict == NC_H1_CHUNK_DATA)
		d.verdict = NC_H1_CHUNK_MORE;
	d.fault = c.fault;
	return d;
}

static decoded decode_n(const char *text, size_t n)
{
	decoded whole = decode_cut(text, n, n);
	for (size_t cut = 0; cut < n; cut++) {
		decoded other = decode_cut(text, n, cut);
		int same = whole.verdict == other.verdict && whole.fault == other.fault &&
			   whole.len == other.len && !memcmp(whole.body, other.body, whole.len) &&
			   (whole.verdict == NC_H1_CHUNK_BAD || whole.used == other.used);
		if (!CHECK(same))
			break;
	}
	return whole;
}

static decoded decode(const char *text)
{
	return decode_n(text, strlen(text));
}

static void chunks_are_joined_and_what_follows_is_left(void)
{
	const char *text = "5\r\nhello\r\n00B\r\n wonderful \r\n5;a;b=c;d=\"e\\\" f\"\r\nworld\r\n"
			   "000\r\nTrailer: x\r\nOther:\r\n\r\nGET /";
	decoded d = decode(text);
	CHECK_INT(d.verdict, NC_H1_CHUNK_DONE);
	CHECK_UINT(d.used, strlen(text) - 5);
	CHECK_UINT(d.len, 21);
	CHECK_MEM(d.body, "hello wonderful world", 21);
}

static const char *const refused[] = {
	"\r\n",
	"g\r\n",
	"0x3\r\n",
	"+3\r\n",
	"-3\r\n",
	" 3\r\n",
	"3 \r\n",
	"3 ;a\r\n",
	"3;\r\n",
	"3;a=\r\n",
	"3;a=\"b\r\n",
	"3;a=\"b\"c\r\n",
	"3;a b\r\n",
	"3;a=b=c\r\n",
	"3;a\x01\r\n",
	"3\n",
	"3\rabc",
	"3\r\nabcd",
	"3\r\nabc\n",
	"3\r\nabc\rX",
	"3\r\nabc\r\n\r\n",
	"0\r\n\n",
	"0\r\n\rX",
	"0\r\n a: b\r\n",
	"0\r\nA b: c\r\n",
	"0\r\nA : c\r\n",
	"0\r\nA: c\n",
	"0\r\nA: c\rX",
	"0\r\nA: c\x01",
	"1000000000000000\r\n", /* 16 digits */
	"0000000000000005\r\n",
};

static void malformed_chunks_are_refused(void)
{
	for (size_t i = 0; i < NC_LEN(refused); i++) {
		if (!CHECK_INT(decode(refused[i]).verdict, NC_H1_CHUNK_BAD))
			fprintf(stderr, "%s", refused[i]);
	}
	CHECK_INT(decode("0\r\nA: \n").fault, NC_FAULT_TRAILER);
	CHECK_INT(decode("x").fault, NC_FAULT_CHUNK);
}

static void a_nul_outside_the_data_is_refused(void)
{
	CHECK_INT(decode_n("1\0\r\n", 4).verdict, NC_H1_CHUNK_BAD);
	CHECK_INT(decode_n("1;a\0\r\n", 6).verdict, NC_H1_CHUNK_BAD);
	CHECK_INT(decode_n("0\r\nA: \0\r\n", 9).verdict, NC_H1_CHUNK_BAD);
	CHECK_INT(decode_n("1\r\n\0\r\n0\r\n\r\n", 11).verdict, NC_H1_CHUNK_DONE);
}

static void a_refused_body_stays_refused(void)
{
	nc_h1_chunk c;
	nc_h1_chunk_init(&c);
	size_t used;
	nc_bytes data;
	CHECK_INT(nc_h1_chunk_next(&c, "x", 1, &used, &data), NC_H1_CHUNK_BAD);
	CHECK_INT(nc_h1_chunk_next(&c, "1\r\na", 4, &used, &data), NC_H1_CHUNK_BAD);
}

static void extensions_have_a_budget_over_the_whole_body(void)
{
	nc_h1_chunk c;
	nc_h1_chunk_init(&c);
	char line[1100];
	memset(line, 'a', sizeof(line));
	memcpy(line, "1;", 2);
	memcpy(line + 1024, "\r\nx\r\n", 5);
	nc_h1_chunk_verdict verdict = NC_H1_CHUNK_MORE;
	int rounds = 0;
	while (verdict != NC_H1_CHUNK_BAD && rounds < 100) {
		rounds++;
		for (size_t at = 0; at < 1029 && verdict != NC_H1_CHUNK_BAD;) {
			size_t used = 0;
			nc_bytes data;
			verdict = nc_h1_chunk_next(&c, line + at, 1029 - at, &used, &data);
			at += used;
		}
	}
	CHECK_INT(rounds, 17); /* 16 KiB of them */
}

NC_TESTS(http_chunk){
	T(chunks_are_joined_and_what_follows_is_left),
	T(malformed_chunks_are_refused),
	T(a_nul_outside_the_data_is_refused),
	T(a_refused_body_stays_refused),
	T(extensions_have_a_budget_over_the_whole_body),
};
