/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and spans of time as people write and read them. Pure functions. */
#include "cli/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char letters[] = "KMGTP"; /* 2^10, 2^20, … */

/* The power of two of a suffix: "G", "GB", "GiB"; -1 = not one. */
static int suffix_shift(const char *s)
{
	const char *at = strchr(letters, *s >= 'a' ? *s - 'a' + 'A' : *s);

	if (!*s || !at)
		return -1;
	if (s[1] && strcasecmp(s + 1, "b") != 0 && strcasecmp(s + 1, "ib") != 0)
		return -1;
	return 10 * (int)(at - letters + 1);
}

int nc_size_parse(const char *text, nc_size_unit unit, int64_t *ret)
{
	int base = unit == NC_SIZE_MIB ? 20 : 30;
	char *end = NULL;

	if (*text < '0' || *text > '9' || strpbrk(text, "xX"))
		return -1;
	double v = strtod(text, &end);
	while (*end == ' ')
		end++;
	int shift = *end ? suffix_shift(end) : base;
	if (shift < 0)
		return -1;
	v = ldexp(v, shift - base);
	if (!(v >= 0) || v > 9e15 || v != floor(v))
		return -1;
	*ret = (int64_t)v;
	return 0;
}

void nc_bytes_format(int64_t bytes, char *out, size_t cap)
{
	double v = (double)bytes;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(out, cap, "%" PRId64 " B", bytes);
		return;
	}
	for (v /= 1024; v >= 1023.95 && letters[i + 1]; i++)
		v /= 1024;
	if (v < 9.95 && fabs(v - round(v)) > 0.04)
		snprintf(out, cap, "%.1f %ciB", v, letters[i]);
	else
		snprintf(out, cap, "%.0f %ciB", v, letters[i]);
}

void nc_span_format(int64_t seconds, char *out, size_t cap)
{
	int64_t s = seconds < 0 ? 0 : seconds;

	if (s < 120)
		snprintf(out, cap, "%" PRId64 "s", s);
	else if (s < 7200)
		snprintf(out, cap, "%" PRId64 "m", s / 60);
	else if (s < 48 * 3600 && s % 3600 < 60)
		snprintf(out, cap, "%" PRId64 "h", s / 3600);
	else if (s < 48 * 3600)
		snprintf(out, cap, "%" PRId64 "h%" PRId64 "m", s / 3600, s % 3600 / 60);
	else
		snprintf(out, cap, "%" PRId64 "d", s / 86400);
}
