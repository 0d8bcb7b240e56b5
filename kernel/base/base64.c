/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 both ways; strict: no white space, padding where it belongs, no stray bits. */
#include "base/base64.h"

#include <stdint.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void nc_base64_encode(nc_bytes in, char *out)
{
	const uint8_t *p = in.ptr;
	size_t n = in.len;

	for (; n >= 3; n -= 3, p += 3) {
		*out++ = digits[p[0] >> 2];
		*out++ = digits[(p[0] & 3) << 4 | p[1] >> 4];
		*out++ = digits[(p[1] & 15) << 2 | p[2] >> 6];
		*out++ = digits[p[2] & 63];
	}
	if (n) {
		unsigned second = n == 2 ? p[1] : 0u;
		*out++ = digits[p[0] >> 2];
		*out++ = digits[(p[0] & 3u) << 4 | second >> 4];
		*out++ = n == 2 ? digits[(second & 15) << 2] : '=';
		*out++ = '=';
	}
	*out = '\0';
}

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int nc_base64_decode(const char *in, size_t n, void *out, size_t *ret_len)
{
	uint8_t *o = out;
	size_t pad = 0;

	if (n % 4)
		return -1;
	if (n && in[n - 1] == '=')
		pad = in[n - 2] == '=' ? 2 : 1;
	for (size_t i = 0; i < n; i += 4) {
		size_t keep = i + 4 == n ? 3 - pad : 3;
		uint32_t v = 0;
		for (size_t k = 0; k < 4; k++) {
			int d = k > keep ? 0 : value_of(in[i + k]);
			if (d < 0)
				return -1;
			v = v << 6 | (uint32_t)d;
		}
		if (v & ((1u << (8 * (3 - keep))) - 1))
			return -1; /* bits that no byte has */
		for (size_t k = 0; k < keep; k++)
			*o++ = (uint8_t)(v >> (16 - 8 * k));
	}
	*ret_len = (size_t)(o - (uint8_t *)out);
	return 0;
}
