/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/alloc.h"
#include "http/chars.h"
#include "http/h1_head.h"

/*
 * A request head whole, byte by byte, and cut at places that the input itself chooses (its first
 * bytes), each time in a buffer of exactly the bytes seen. All must come to the same verdict, the
 * same fault and the same result; and what is accepted must keep the promises others rely on.
 */

enum { FIELDS = 16, LIMIT = 1024, CUTS = 4 };

typedef struct parsed {
	nc_h1_verdict verdict;
	nc_h1_head head;
	nc_h1_field fields[FIELDS];
} parsed;

static nc_h1_verdict feed(parsed *p, const uint8_t *text, size_t n)
{
	char *copy = nc_memdup(text, n);
	if (!copy)
		return NC_H1_MORE;
	nc_h1_verdict v = nc_h1_head_parse(&p->head, copy, n);
	nc_free(copy);
	return v;
}

static void begin(parsed *p)
{
	memset(p, 0, sizeof(*p));
	nc_h1_head_init(&p->head, LIMIT, p->fields, FIELDS);
	p->verdict = NC_H1_MORE;
}

static void parse_stepping(parsed *p, const uint8_t *text, size_t n, const uint8_t *steps)
{
	begin(p);
	size_t seen = 0;
	for (size_t i = 0; seen < n && p->verdict == NC_H1_MORE; i++) {
		size_t step = steps ? (size_t)steps[i % CUTS] + 1 : 1;
		seen = NC_MIN(seen + step, n);
		p->verdict = feed(p, text, seen);
	}
}

static void assert_same(const parsed *a, const parsed *b)
{
	nc_assert(a->verdict == b->verdict);
	if (a->verdict == NC_H1_BAD)
		nc_assert(a->head.fault == b->head.fault);
	if (a->verdict != NC_H1_DONE)
		return;
	nc_assert(a->head.len == b->head.len && a->head.flags == b->head.flags);
	nc_assert(a->head.minor == b->head.minor);
	nc_assert(a->head.content_length == b->head.content_length);
	nc_assert(a->head.field_count == b->head.field_count);
	nc_assert(!memcmp(&a->head.method, &b->head.method, sizeof(nc_h1_span)));
	nc_assert(!memcmp(&a->head.path, &b->head.path, sizeof(nc_h1_span)));
	nc_assert(!memcmp(&a->head.query, &b->head.query, sizeof(nc_h1_span)));
	nc_assert(!memcmp(a->fields, b->fields, a->head.field_count * sizeof(a->fields[0])));
}

static void assert_span(const nc_h1_head *h, const char *text, nc_h1_span s, unsigned class)
{
	nc_assert(s.at <= h->len && s.len <= h->len - s.at);
	nc_assert(nc_http_span(text + s.at, s.len, class) == s.len);
}

static void assert_promises(const parsed *p, const char *text)
{
	const nc_h1_head *h = &p->head;
	nc_assert(h->len <= LIMIT && h->len >= 4 && !memcmp(text + h->len - 4, "\r\n\r\n", 4));
	nc_assert(h->method.len > 0);
	assert_span(h, text, h->method, NC_CH_TOKEN);
	assert_span(h, text, h->path, NC_CH_PATH);
	assert_span(h, text, h->query, NC_CH_QUERY);
	nc_assert(!(h->flags & NC_H1_CHUNKED) || !(h->flags & NC_H1_HAS_LENGTH));
	nc_assert(h->minor == 1 ? (h->flags & NC_H1_HAS_HOST) : !(h->flags & NC_H1_CHUNKED));
	for (uint32_t i = 0; i < h->field_count; i++) {
		nc_assert(p->fields[i].name.len > 0);
		assert_span(h, text, p->fields[i].name, NC_CH_TOKEN);
		assert_span(h, text, p->fields[i].value, NC_CH_VALUE);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size <= CUTS)
		return 0;
	const uint8_t *text = data + CUTS;
	size_t n = size - CUTS;
	static parsed whole, cut, slow;
	begin(&whole);
	whole.verdict = feed(&whole, text, n);
	parse_stepping(&cut, text, n, data);
	assert_same(&whole, &cut);
	if (n <= LIMIT + 64) {
		parse_stepping(&slow, text, n, NULL);
		assert_same(&whole, &slow);
	}
	if (whole.verdict == NC_H1_DONE)
		assert_promises(&whole, (const char *)text);
	return 0;
}
