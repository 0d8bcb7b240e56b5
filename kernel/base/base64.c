/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 both ways, in both alphabets; strict: no white space, padding just where it belongs, no
 * stray bits. */
#include "base/base64.h"

#include <stdint.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

typedef struct alphabet {
	char digits[65];
	char d62, d63;
	int has_padding;
} alphabet;
static const alphabet plain = { LETTERS "+/", '+', '/', 1 }, url = { LETTERS "-_", '-', '_', 0 };

static void encode(const alphabet *a, nc_bytes in, char *out)
{
	const uint8_t *p = in.ptr;
	size_t n = in.len;

	for (; n >= 3; n -= 3, p += 3) {
		*out++ = a->digits[p[0] >> 2];
		*out++ = a->digits[(p[0] & 3) << 4 | p[1] >> 4];
		*out++ = a->digits[(p[1] & 15) << 2 | p[2] >> 6];
		*out++ = a->digits[p[2] & 63];
	}
	if (n) {
		unsigned second = n == 2 ? p[1] : 0u;
		*out++ = a->digits[p[0] >> 2];
		*out++ = a->digits[(p[0] & 3u) << 4 | second >> 4];
		if (n == 2)
			*out++ = a->digits[(second & 15) << 2];
		for (size_t i = n; a->has_padding && i < 3; i++)
			*out++ = '=';
	}
	*out = '\0';
}

static int value_of(const alphabet *a, char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == a->d62 ? 62 : c == a->d63 ? 63 : -1;
}

/* n digits, two to four, as n - 1 bytes. */
static int decode_group(const alphabet *a, const char *in, size_t n, uint8_t *out)
{
	uint32_t v = 0;

	for (size_t k = 0; k < 4; k++) {
		int d = k < n ? value_of(a, in[k]) : 0;
		if (d < 0)
			return -1;
		v = v << 6 | (uint32_t)d;
	}
	if (v & ((1u << (8 * (4 - n))) - 1))
		return -1; /* bits that no byte has */
	for (size_t k = 0; k + 1 < n; k++)
		out[k] = (uint8_t)(v >> (16 - 8 * k));
	return 0;
}

static int decode(const alphabet *a, const char *in, size_t n, void *out, size_t *ret_len)
{
	uint8_t *o = out;

	for (; n >= 4; in += 4, n -= 4, o += 3)
		if (decode_group(a, in, 4, o) < 0)
			return -1;
	if (n == 1 || (n && decode_group(a, in, n, o) < 0))
		return -1;
	*ret_len = (size_t)(o - (uint8_t *)out) + (n ? n - 1 : 0);
	return 0;
}

void nc_base64_encode(nc_bytes in, char *out)
{
	encode(&plain, in, out);
}

int nc_base64_decode(const char *in, size_t n, void *out, size_t *ret_len)
{
	size_t pad = 0;

	if (n % 4)
		return -1;
	if (n && in[n - 1] == '=')
		pad = in[n - 2] == '=' ? 2 : 1;
	return decode(&plain, in, n - pad, out, ret_len);
}

void nc_base64url_encode(nc_bytes in, char *out)
{
	encode(&url, in, out);
}

int nc_base64url_decode(const char *in, size_t n, void *out, size_t *ret_len)
{
	return decode(&url, in, n, out, ret_len);
}
