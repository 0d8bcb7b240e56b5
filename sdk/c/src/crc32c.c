/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32C. The polynomial is kept bit-reversed, as everywhere. Tables are const, made by the
 * compiler from a macro, so that nothing has to be set up first. Any thread.
 */
#include "novacron-sdk/plug.h"

#include <string.h>

#define POLY 0x82F63B78u

/* Four bits at a time: a table of 64 bytes, one cache line, for machines without the instruction. */
#define STEP(c) ((c) >> 1 ^ ((c)&1u ? POLY : 0u))
#define NIB(i)  STEP(STEP(STEP(STEP((uint32_t)(i)))))
static const uint32_t nibbles[16] = { NIB(0), NIB(1), NIB(2), NIB(3), NIB(4), NIB(5), NIB(6),
	NIB(7), NIB(8), NIB(9), NIB(10), NIB(11), NIB(12), NIB(13), NIB(14), NIB(15) };

static uint32_t crc_plain(uint32_t crc, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ nibbles[crc & 15];
		crc = crc >> 4 ^ nibbles[crc & 15];
	}
	return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc_sse42(
	uint32_t crc, const uint8_t *p, size_t n)
{
	uint64_t c = crc;

	for (; n >= 8; p += 8, n -= 8) {
		uint64_t v;

		memcpy(&v, p, 8);
		c = __builtin_ia32_crc32di(c, v);
	}
	for (; n; p++, n--)
		c = __builtin_ia32_crc32qi((uint32_t)c, *p);
	return (uint32_t)c;
}
#endif

uint32_t nc_plug_crc32c(uint32_t crc, const void *p, size_t n)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		return ~crc_sse42(~crc, p, n);
#endif
	return ~crc_plain(~crc, p, n);
}

/* Product of two polynomials modulo POLY; bit 31 is x^0. */
static uint32_t multiply(uint32_t a, uint32_t b)
{
	uint32_t product = 0;

	for (uint32_t bit = 1u << 31; bit; bit >>= 1) {
		if (a & bit)
			product ^= b;
		b = STEP(b);
	}
	return product;
}

uint32_t nc_plug_crc32c_join(uint32_t crc_a, uint32_t crc_b, uint64_t len_b)
{
	uint32_t shift = 1u << 31;  /* x^0 */
	uint32_t square = 1u << 23; /* x^8: one byte */

	for (; len_b; len_b >>= 1) {
		if (len_b & 1)
			shift = multiply(shift, square);
		square = multiply(square, square);
	}
	return multiply(shift, crc_a) ^ crc_b;
}
