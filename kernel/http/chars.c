/* SPDX-License-Identifier: Apache-2.0 */
#include "http/chars.h"

#include <string.h>

/*
 * The character classes of RFC 9110, 9112 and 3986 as one table, and percent-decoding. Pure
 * functions over bytes that came from outside; none of them allocates or looks at the locale.
 */

#define T   NC_CH_TOKEN
#define V   NC_CH_VALUE
#define P   NC_CH_PATH
#define Q   NC_CH_QUERY
#define H   NC_CH_HOST
#define ALL (T | V | P | Q | H)

const uint8_t nc_http_class[256] = {
	['\t'] = V,
	[' '] = V,
	['!'] = ALL,
	['"'] = V,
	['#'] = T | V,
	['$' ... '\''] = ALL, /* $ % & ' */
	['(' ... ')'] = V | P | Q | H,
	['*' ... '+'] = ALL,
	[','] = V | P | Q,
	['-' ... '.'] = ALL,
	['/'] = V | P | Q,
	['0' ... '9'] = ALL,
	[':' ... ';'] = V | P | Q | H,
	['<'] = V,
	['='] = V | P | Q | H,
	['>'] = V,
	['?'] = V | Q,
	['@'] = V | P | Q,
	['A' ... 'Z'] = ALL,
	['['] = V | Q | H,
	['\\'] = V | Q,
	[']'] = V | Q | H,
	['^'] = T | V | Q,
	['_'] = ALL,
	['`'] = T | V | Q,
	['a' ... 'z'] = ALL,
	['{'] = V | Q,
	['|'] = T | V | Q,
	['}'] = V | Q,
	['~'] = ALL,
	[0x80 ... 0xff] = V,
};

size_t nc_http_span(const char *p, size_t n, unsigned classes)
{
	size_t i = 0;
	while (i < n && nc_http_is(p[i], classes))
		i++;
	return i;
}

int nc_http_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	char lower = (char)(c | 0x20);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static char to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

int nc_http_equals(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (a_len != b_len)
		return 0;
	for (size_t i = 0; i < a_len; i++) {
		if (to_lower(a[i]) != to_lower(b[i]))
			return 0;
	}
	return 1;
}

int nc_http_is_percent_clean(const char *p, size_t n)
{
	const char *end = p + n;
	while ((p = memchr(p, '%', (size_t)(end - p)))) {
		if (end - p < 3)
			return 0;
		int high = nc_http_hex_digit(p[1]), low = nc_http_hex_digit(p[2]);
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return 0;
		p += 3;
	}
	return 1;
}

size_t nc_http_percent_decode(char *out, const char *p, size_t n, nc_http_plus plus)
{
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		char c = p[i];
		if (c == '%' && n - i > 2) {
			c = (char)(nc_http_hex_digit(p[i + 1]) << 4 | nc_http_hex_digit(p[i + 2]));
			i += 2;
		} else if (c == '+' && plus == NC_HTTP_PLUS_IS_SPACE) {
			c = ' ';
		}
		out[len++] = c;
	}
	out[len] = '\0';
	return len;
}
