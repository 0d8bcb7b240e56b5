/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "testing.h"

/* Against the plain way: decode, and see whether encoding gives the same. */

static size_t encode(uint32_t c, uint8_t out[4])
{
	static const uint8_t marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (uint8_t)(0x80 | (c & 0x3f));
	out[0] = (uint8_t)(marks[n] | c);
	return n;
}

static int is_scalar(uint32_t c)
{
	return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

static int is_one_char(const uint8_t *p, size_t n)
{
	uint8_t again[4];
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return is_scalar(c) && encode(c, again) == n && !memcmp(again, p, n);
}

static void every_character_is_taken(void)
{
	uint8_t text[16] = "abcdefgh";
	for (uint32_t c = 0; c < 0x120000; c++) {
		size_t n = encode(c, text + 8);
		if (nc_utf8_is((nc_bytes){ text, 8 + n }) != is_scalar(c)) {
			CHECK_INT(c, -1);
			return;
		}
	}
}

static void every_two_and_three_bytes_are_judged_right(void)
{
	uint8_t p[3];
	for (uint32_t v = 0; v < 0x1000000; v++) {
		p[0] = (uint8_t)(v >> 16);
		p[1] = (uint8_t)(v >> 8);
		p[2] = (uint8_t)v;
		int two = is_one_char(p, 1) ? is_one_char(p + 1, 1) : is_one_char(p, 2);
		int three = is_one_char(p, 1)   ? (is_one_char(p + 1, 1) ? is_one_char(p + 2, 1)
									 : is_one_char(p + 1, 2))
			    : is_one_char(p, 2) ? is_one_char(p + 2, 1)
						: is_one_char(p, 3);
		if (nc_utf8_is((nc_bytes){ p, 3 }) != three ||
			(p[2] == 0 && nc_utf8_is((nc_bytes){ p, 2 }) != two)) {
			CHECK_INT(v, -1);
			return;
		}
	}
}

static void what_is_cut_off_is_refused(void)
{
	uint8_t text[32];
	memset(text, 'x', sizeof(text));
	size_t n = encode(0x1f600, text + 20);
	CHECK(nc_utf8_is((nc_bytes){ text, 20 + n }));
	for (size_t k = 1; k < n; k++)
		CHECK(!nc_utf8_is((nc_bytes){ text, 20 + k }));
	CHECK(nc_utf8_is((nc_bytes){ NULL, 0 }));
}

NC_TESTS(utf8){
	T(every_character_is_taken),
	T(every_two_and_three_bytes_are_judged_right),
	T(what_is_cut_off_is_refused),
};
