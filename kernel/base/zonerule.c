/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rule at the end of a zoneinfo file (POSIX TZ with RFC 8536's longer hours): two days a year
 * on which the clocks are put forward and back. Pure functions.
 */
#include "base/zonerule.h"

#include <ctype.h>

#include "base/clock.h"

/* ---- reading ---- */

static int read_number(const char **s, int32_t max, int32_t *ret)
{
	int32_t v = 0;

	if (!isdigit((unsigned char)**s))
		return -1;
	for (; isdigit((unsigned char)**s); (*s)++) {
		v = v * 10 + (**s - '0');
		if (v > max)
			return -1;
	}
	*ret = v;
	return 0;
}

/* [+-]h[h][:mm[:ss]] in seconds. */
static int read_time(const char **s, int32_t max_hours, int32_t *ret)
{
	int32_t part[3] = { 0 };
	int sign = **s == '-' ? -1 : 1;

	if (**s == '-' || **s == '+')
		(*s)++;
	for (int i = 0; i < 3; i++) {
		if (i && **s != ':')
			break;
		*s += i > 0;
		if (read_number(s, i ? 59 : max_hours, &part[i]) < 0)
			return -1;
	}
	*ret = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
	return 0;
}

/* "CET" or "<+03>". */
static int skip_name(const char **s)
{
	const char *p = *s;

	if (*p == '<') {
		while (*p && *p != '>')
			p++;
		if (!*p)
			return -1;
		*s = p + 1;
		return 0;
	}
	while (isalpha((unsigned char)*p))
		p++;
	int has_name = p > *s;
	*s = p;
	return has_name ? 0 : -1;
}

static int read_month_day(const char **s, nc_zone_day *d)
{
	if (read_number(s, 12, &d->month) < 0 || d->month < 1 || *(*s)++ != '.')
		return -1;
	if (read_number(s, 5, &d->week) < 0 || d->week < 1 || *(*s)++ != '.')
		return -1;
	return read_number(s, 6, &d->day);
}

/* ",M3.5.0/2" */
static int read_day(const char **s, nc_zone_day *d)
{
	int rc;

	if (*(*s)++ != ',')
		return -1;
	d->time_s = 7200;
	if (**s == 'M') {
		(*s)++;
		d->how = NC_ZONE_MONTH;
		rc = read_month_day(s, d);
	} else if (**s == 'J') {
		(*s)++;
		d->how = NC_ZONE_JULIAN;
		rc = read_number(s, 365, &d->day);
		rc = d->day < 1 ? -1 : rc;
	} else {
		d->how = NC_ZONE_ORDINAL;
		rc = read_number(s, 365, &d->day);
	}
	if (rc < 0 || **s != '/')
		return rc;
	(*s)++;
	return read_time(s, 167, &d->time_s);
}

int nc_zone_rule_parse(const char *s, nc_zone_rule *ret)
{
	nc_zone_rule r = { 0 };
	int32_t west_s;

	if (skip_name(&s) < 0 || read_time(&s, 24, &west_s) < 0)
		return -1;
	r.standard_s = -west_s; /* POSIX counts to the west */
	if (*s) {
		r.has_summer = 1;
		r.summer_s = r.standard_s + 3600;
		if (skip_name(&s) < 0)
			return -1;
		if (*s && *s != ',') {
			if (read_time(&s, 24, &west_s) < 0)
				return -1;
			r.summer_s = -west_s;
		}
		if (read_day(&s, &r.begin) < 0 || read_day(&s, &r.end) < 0 || *s)
			return -1;
	}
	*ret = r;
	return 0;
}

/* ---- a year ---- */

static int is_leap(int64_t y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

static int64_t day_of(const nc_zone_day *d, int64_t year)
{
	static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (d->how == NC_ZONE_ORDINAL)
		return nc_days_of(year, 1, 1) + d->day;
	if (d->how == NC_ZONE_JULIAN) /* the 29th of February is not counted */
		return nc_days_of(year, 1, 1) + d->day - 1 + (d->day > 59 && is_leap(year));
	int64_t first = nc_days_of(year, d->month, 1);
	int64_t last = first + length[d->month - 1] + (d->month == 2 && is_leap(year)) - 1;
	int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
	int64_t day = first + (d->day - weekday + 7) % 7 + (int64_t)7 * (d->week - 1);
	return day > last ? day - 7 : day;
}

void nc_zone_rule_year(const nc_zone_rule *r, int64_t year, nc_zone_change ret[2])
{
	nc_zone_change begin = { day_of(&r->begin, year) * 86400 + r->begin.time_s - r->standard_s,
		r->summer_s };
	nc_zone_change end = { day_of(&r->end, year) * 86400 + r->end.time_s - r->summer_s,
		r->standard_s };
	int is_north = begin.at_s <= end.at_s;

	ret[0] = is_north ? begin : end;
	ret[1] = is_north ? end : begin;
}
