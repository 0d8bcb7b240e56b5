/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_CHARS_H
#define NC_HTTP_CHARS_H

#include <stddef.h>
#include <stdint.h>

#include "novacron/abi.h"

/* Which places of a message a byte may stand in. */
enum {
	NC_CH_TOKEN = 1, /* methods, header names */
	NC_CH_VALUE = 2, /* header values: no controls but HTAB; bytes above 127 are opaque */
	NC_CH_PATH = 4,  /* RFC 3986 pchar and '/' */
	NC_CH_QUERY = 8, /* visible but `"#<>`: browsers send | { } ^ \ ` unescaped here */
	NC_CH_HOST = 16  /* names, addresses, port; no comma, so that a list is no host */
};
extern const uint8_t nc_http_class[256];

static inline int nc_http_is(char c, unsigned classes)
{
	return (nc_http_class[(uint8_t)c] & classes) != 0;
}
/* How many of the n bytes at p, from the first, are of the class. */
size_t nc_http_span(const char *p, size_t n, unsigned classes);

int nc_http_hex_digit(char c); /* 0 … 15, or -1 */
/* ASCII without regard to case; b is a literal in lower case. */
int nc_http_equals(const char *a, size_t a_len, const char *b, size_t b_len);
/* Every '%' is followed by two hex digits and none of them spells NUL. */
int nc_http_is_percent_clean(const char *p, size_t n);

typedef enum { NC_HTTP_PLUS_IS_PLUS, NC_HTTP_PLUS_IS_SPACE } nc_http_plus;
/* Decode clean text into out (n + 1 places, may be p itself), NUL-terminated; the new length. */
size_t nc_http_percent_decode(char *out, const char *p, size_t n, nc_http_plus plus);

#endif
