/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <ctype.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"

/*
 * Times and durations as text. Written by hand because the C library's are slow, know locales and
 * time zones, and accept too much. Pure functions; the proleptic Gregorian calendar, years 0000
 * to 9999.
 */

enum { DAY_MS = 86400000 };
static const int64_t year_0000_ms = -62167219200000;
static const int64_t year_9999_ms = 253402300799999;

/* Days since 1970-01-01; eras of 400 years that start in March, so the leap day comes last. */
int64_t nc_days_of(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

void nc_date_of(int64_t days, int *ret_y, int *ret_m, int *ret_d)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	*ret_d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*ret_m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*ret_y = (int)(yoe + era * 400 + (*ret_m <= 2));
}

static char *put_digits(char *p, int v, int width)
{
	for (int i = width - 1; i >= 0; i--) {
		p[i] = (char)('0' + v % 10);
		v /= 10;
	}
	return p + width;
}

void nc_time_format(int64_t unix_ms, char out[25])
{
	unix_ms = NC_MAX(unix_ms, year_0000_ms);
	unix_ms = NC_MIN(unix_ms, year_9999_ms);
	int64_t days = unix_ms / DAY_MS;
	int ms = (int)(unix_ms % DAY_MS);
	if (ms < 0) {
		ms += DAY_MS;
		days--;
	}
	int y, m, d;
	nc_date_of(days, &y, &m, &d);
	const struct {
		int v, width;
		char after;
	} parts[] = {
		{ y, 4, '-' },
		{ m, 2, '-' },
		{ d, 2, 'T' },
		{ ms / 3600000, 2, ':' },
		{ ms / 60000 % 60, 2, ':' },
		{ ms / 1000 % 60, 2, '.' },
		{ ms % 1000, 3, 'Z' },
	};
	char *p = out;
	for (size_t i = 0; i < NC_LEN(parts); i++) {
		p = put_digits(p, parts[i].v, parts[i].width);
		*p++ = parts[i].after;
	}
	*p = '\0';
}

/* Exactly `width` digits at *s, in [min, max]; moves *s past them. */
static int get_digits(const char **s, int width, int min, int max, int *ret)
{
	int v = 0;
	for (int i = 0; i < width; i++) {
		if (!isdigit((unsigned char)(*s)[i]))
			return -1;
		v = v * 10 + ((*s)[i] - '0');
	}
	*s += width;
	*ret = v;
	return v >= min && v <= max ? 0 : -1;
}

static int days_in(int y, int m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int is_leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
	return days[m - 1] + (m == 2 && is_leap);
}

/* "YYYY-MM-DDTHH:MM:SS" to milliseconds, as if UTC. */
static int parse_civil(const char **s, int64_t *ret_ms)
{
	struct {
		int width, min, max;
		const char *after; /* any of these; NULL: nothing */
		int v;
	} f[] = {
		{ 4, 0, 9999, "-", 0 }, { 2, 1, 12, "-", 0 }, { 2, 1, 31, "Tt ", 0 },
		{ 2, 0, 23, ":", 0 }, { 2, 0, 59, ":", 0 },
		{ 2, 0, 60, NULL, 0 }, /* :60 is a leap second: the next minute's first */
	};
	for (size_t i = 0; i < NC_LEN(f); i++) {
		if (get_digits(s, f[i].width, f[i].min, f[i].max, &f[i].v) != 0)
			return -1;
		if (f[i].after && (**s == '\0' || !strchr(f[i].after, *(*s)++)))
			return -1;
	}
	if (f[2].v > days_in(f[0].v, f[1].v))
		return -1;
	int64_t s_of_day = f[3].v * 3600 + f[4].v * 60 + f[5].v;
	*ret_ms = nc_days_of(f[0].v, f[1].v, f[2].v) * DAY_MS + s_of_day * 1000;
	return 0;
}

/* ".123456" → 123; any number of digits, at least one. */
static int parse_fraction(const char **s, int64_t *ret_ms)
{
	int64_t ms = 0;
	int n = 0;
	if (**s == '.') {
		for ((*s)++; isdigit((unsigned char)**s); (*s)++, n++) {
			static const int weight[] = { 100, 10, 1 };
			if (n < 3)
				ms += (**s - '0') * weight[n];
		}
		if (n == 0)
			return -1;
	}
	*ret_ms = ms;
	return 0;
}

static int parse_offset(const char **s, int64_t *ret_ms)
{
	char sign = *(*s);
	if (sign == '\0')
		return -1;
	(*s)++;
	if (sign == 'Z' || sign == 'z') {
		*ret_ms = 0;
		return 0;
	}
	int h, m;
	if ((sign != '+' && sign != '-') || get_digits(s, 2, 0, 23, &h) != 0 || *(*s)++ != ':' ||
		get_digits(s, 2, 0, 59, &m) != 0)
		return -1;
	int64_t ms = (int64_t)(h * 60 + m) * 60000;
	*ret_ms = sign == '-' ? -ms : ms;
	return 0;
}

int nc_time_parse(const char *s, int64_t *ret_unix_ms)
{
	int64_t civil, fraction, offset;
	if (parse_civil(&s, &civil) != 0 || parse_fraction(&s, &fraction) != 0 ||
		parse_offset(&s, &offset) != 0 || *s != '\0')
		return -1;
	int64_t ms = civil + fraction - offset;
	if (ms < year_0000_ms || ms > year_9999_ms)
		return -1;
	*ret_unix_ms = ms;
	return 0;
}

int nc_duration_parse(const char *s, int64_t *ret_us)
{
	static const struct {
		const char *unit;
		int64_t us;
	} units[] = {
		{ "", 1000000 },
		{ "us", 1 },
		{ "ms", 1000 },
		{ "s", 1000000 },
		{ "m", 60000000 },
		{ "h", 3600000000 },
		{ "d", 86400000000 },
	};
	int64_t n = 0;
	if (!isdigit((unsigned char)*s))
		return -1;
	for (; isdigit((unsigned char)*s); s++) {
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *s - '0', &n))
			return -1;
	}
	for (size_t i = 0; i < NC_LEN(units); i++) {
		if (strcmp(s, units[i].unit) != 0)
			continue;
		if (__builtin_mul_overflow(n, units[i].us, &n))
			return -1;
		*ret_us = n;
		return 0;
	}
	return -1;
}
