/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic on keys, for finding the edge of a damaged part by halving. A key is read as a number
 * of digits to base 257: each byte plus one, and 0 after the end, which gives the same order as
 * comparing bytes. Pure functions, any thread.
 */
#include "midkey.h"

#include <string.h>

#define BASE   257u
#define DIGITS (SS_PLACE_MAX + 1)

nc_bytes ss_place_bytes(const ss_place *p)
{
	return (nc_bytes){ p->bytes, p->len };
}

void ss_place_set(ss_place *p, nc_bytes b)
{
	p->len = SS_MIN(b.len, sizeof(p->bytes));
	if (p->len)
		memmove(p->bytes, b.ptr, p->len);
}

void ss_place_after(ss_place *p, nc_bytes key)
{
	ss_place_set(p, key);
	if (p->len < sizeof(p->bytes))
		p->bytes[p->len++] = 0;
}

void ss_place_last(ss_place *p)
{
	memset(p->bytes, 0xff, sizeof(p->bytes));
	p->len = sizeof(p->bytes);
}

int ss_bytes_cmp(nc_bytes a, nc_bytes b)
{
	size_t n = SS_MIN(a.len, b.len);
	int order = n ? memcmp(a.ptr, b.ptr, n) : 0;
	if (order)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

static uint32_t digit(const ss_place *p, size_t i)
{
	return i < p->len ? p->bytes[i] + 1u : 0;
}

/* The sum, whose digits may reach twice the base, halved from the left with what remains. */
static void halve_sum(const ss_place *a, const ss_place *b, uint32_t ret[DIGITS])
{
	uint32_t carry = 0;
	uint32_t sum[DIGITS + 1] = { 0 };
	for (size_t i = DIGITS; i-- > 0;) {
		uint32_t v = digit(a, i) + digit(b, i) + carry;
		sum[i + 1] = v % BASE;
		carry = v / BASE;
	}
	sum[0] = carry;
	uint32_t rest = sum[0];
	for (size_t i = 0; i < DIGITS; i++) {
		uint32_t v = rest * BASE + sum[i + 1];
		ret[i] = v / 2;
		rest = v % 2;
	}
}

bool ss_place_between(const ss_place *low, const ss_place *high, ss_place *ret)
{
	uint32_t mid[DIGITS];
	ss_place p = { 0 };
	halve_sum(low, high, mid);
	/* A digit 0 ends the key, so what follows it falls away and the place moves down. */
	while (p.len < sizeof(p.bytes) && mid[p.len]) {
		p.bytes[p.len] = (uint8_t)(mid[p.len] - 1);
		p.len++;
	}
	if (ss_bytes_cmp(ss_place_bytes(&p), ss_place_bytes(low)) <= 0) {
		if (low->len == sizeof(low->bytes))
			return false;
		ss_place_after(&p, ss_place_bytes(low));
	}
	if (ss_bytes_cmp(ss_place_bytes(&p), ss_place_bytes(high)) >= 0)
		return false;
	*ret = p;
	return true;
}
