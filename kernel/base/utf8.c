/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* Pure function. Runs of ASCII are passed eight bytes at a time. */

typedef struct
	lead { /* first bytes from..to are followed by so many, the first of them in low..high */
	uint8_t from, to, more, low, high;
} lead;

static const lead leads[] = {
	{ 0xc2, 0xdf, 1, 0x80, 0xbf },
	{ 0xe0, 0xe0, 2, 0xa0, 0xbf },
	{ 0xe1, 0xec, 2, 0x80, 0xbf },
	{ 0xed, 0xed, 2, 0x80, 0x9f },
	{ 0xee, 0xef, 2, 0x80, 0xbf },
	{ 0xf0, 0xf0, 3, 0x90, 0xbf },
	{ 0xf1, 0xf3, 3, 0x80, 0xbf },
	{ 0xf4, 0xf4, 3, 0x80, 0x8f },
};

static const lead *lead_of(uint8_t c)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (c >= leads[i].from && c <= leads[i].to)
			return &leads[i];
	return NULL;
}

static const uint8_t *skip_ascii(const uint8_t *p, const uint8_t *end)
{
	uint64_t word;

	for (; end - p >= 8; p += 8) {
		memcpy(&word, p, 8);
		if (word & 0x8080808080808080u)
			break;
	}
	while (p < end && *p < 0x80)
		p++;
	return p;
}

int nc_utf8_is(nc_bytes text)
{
	const uint8_t *p = text.ptr, *end = p + text.len;

	if (!text.len)
		return 1;
	while ((p = skip_ascii(p, end)) < end) {
		const lead *l = lead_of(*p);
		if (!l || end - p <= l->more || p[1] < l->low || p[1] > l->high)
			return 0;
		for (int i = 2; i <= l->more; i++)
			if ((p[i] & 0xc0) != 0x80)
				return 0;
		p += l->more + 1;
	}
	return 1;
}
