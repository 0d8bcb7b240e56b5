/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cron expressions as bit sets, and the next time that is in all of them. The search goes from
 * stretch to stretch of one offset, in each of which local time runs like UTC, so that the two odd
 * hours of a year are the borders' business alone. Pure functions.
 */
#include "base/cron.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/err.h"

#define DAY_S 86400
#define NONE  INT64_MIN
/* A leap day is on a Sunday every 28 years; where the century has none, it may be 40 away. */
#define HORIZON_S ((int64_t)41 * 366 * DAY_S)

/* ---- reading ---- */

typedef struct field {
	const char *name;
	int min, max;
	const char *const *words; /* of min, min + 1, … */
} field;

static const char *const month_words[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug",
	"sep", "oct", "nov", "dec", NULL };
static const char *const weekday_words[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat",
	NULL };
enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };
static const field fields[FIELDS] = { { "minute", 0, 59, NULL }, { "hour", 0, 23, NULL },
	{ "day of month", 1, 31, NULL }, { "month", 1, 12, month_words },
	{ "day of week", 0, 7, weekday_words } };

static const struct {
	const char *name, *means;
} macros[] = { { "@hourly", "0 * * * *" }, { "@daily", "0 0 * * *" }, { "@midnight", "0 0 * * *" },
	{ "@weekly", "0 0 * * 0" }, { "@monthly", "0 0 1 * *" }, { "@yearly", "0 0 1 1 *" },
	{ "@annually", "0 0 1 1 *" } };

typedef struct range {
	int from, to, step;
} range;

static int word_value(const field *f, const char *s, size_t n)
{
	for (int i = 0; f->words && f->words[i]; i++)
		if (n == strlen(f->words[i]) && !strncasecmp(s, f->words[i], n))
			return f->min + i;
	return -1;
}

/* A number or a name; where it stops goes to *end. -1: neither. */
static int value(const field *f, const char *s, const char **end)
{
	int v = 0;

	*end = s;
	if (isdigit((unsigned char)*s)) {
		for (; isdigit((unsigned char)**end); (*end)++)
			v = NC_MIN(v * 10 + (**end - '0'), 9999);
		return v;
	}
	while (isalpha((unsigned char)**end))
		(*end)++;
	return word_value(f, s, (size_t)(*end - s));
}

static nc_code bad(const field *f, const char *item, size_t n, const char *why, nc_error *err)
{
	return nc_err(
		err, NC_E_INVAL, "%s \"%.*s\" %s", f->name, (int)NC_MIN(n, (size_t)40), item, why);
}

/* "*", "5", "1-5", each with or without "/2". */
static nc_code read_item(const field *f, const char *item, size_t n, range *r, nc_error *err)
{
	const char *p = item, *end = item + n;

	*r = (range){ f->min, f->max, 1 };
	if (*p == '*') {
		p++;
		r->to = f->max - (f == &fields[WEEKDAY]); /* Sunday once */
	} else {
		r->from = r->to = value(f, p, &p);
		if (p < end && *p == '-') {
			const char *to = ++p;
			r->to = value(f, p, &p);
			if (r->to == 0 && !isdigit((unsigned char)*to) && f == &fields[WEEKDAY])
				r->to = 7; /* fri-sun */
		} else if (p < end && *p == '/') {
			r->to = f->max;
		}
	}
	if (p < end && *p == '/') {
		if (!isdigit((unsigned char)*++p))
			return bad(f, item, n, "has no number after the /", err);
		r->step = value(f, p, &p);
		if (r->step < 1 || r->step > f->max)
			return bad(f, item, n, "has a step that is out of range", err);
	}
	if (p != end || r->from < 0 || r->to < 0)
		return bad(f, item, n,
			f->words ? "is not a number, a name, a range or *"
				 : "is not a number, a range or *",
			err);
	if (r->from < f->min || r->from > f->max || r->to < f->min || r->to > f->max)
		return nc_err(err, NC_E_INVAL, "%s \"%.*s\" is not between %d and %d", f->name,
			(int)NC_MIN(n, (size_t)40), item, f->min, f->max);
	if (r->from > r->to)
		return bad(f, item, n, "runs backwards", err);
	return NC_OK;
}

static nc_code read_field(const field *f, const char *s, size_t n, uint64_t *ret, nc_error *err)
{
	uint64_t set = 0;

	for (const char *end = s + n; s <= end; s++) {
		const char *comma = memchr(s, ',', (size_t)(end - s));
		size_t len = (size_t)((comma ? comma : end) - s);
		range r;
		if (!len)
			return nc_err(
				err, NC_E_INVAL, "%s has an empty place in its list", f->name);
		nc_code rc = read_item(f, s, len, &r, err);
		if (rc != NC_OK)
			return rc;
		for (int v = r.from; v <= r.to; v += r.step)
			set |= (uint64_t)1 << v;
		s += len;
	}
	*ret = set;
	return NC_OK;
}

/* Some day of some month that is asked for exists. */
static int can_be(const nc_cron *c)
{
	static const int length[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (!c->is_any_day && !c->is_any_weekday)
		return 1; /* the weekday will do */
	for (int m = 1; m <= 12; m++)
		if (c->months >> m & 1 && c->days & (((uint64_t)2 << length[m - 1]) - 2))
			return 1;
	return 0;
}

static nc_code read_fields(const char *text, nc_cron *ret, nc_error *err)
{
	uint64_t set[FIELDS] = { 0 };
	nc_cron c = { 0 };
	int i = 0;

	for (const char *s = text + strspn(text, " \t"); *s; s += strspn(s, " \t"), i++) {
		size_t n = strcspn(s, " \t");
		if (i == FIELDS)
			return nc_err(err, NC_E_INVAL, "\"%.80s\" has more than five fields", text);
		c.is_any_day |= i == DAY && *s == '*';
		c.is_any_weekday |= i == WEEKDAY && *s == '*';
		nc_code rc = read_field(&fields[i], s, n, &set[i], err);
		if (rc != NC_OK)
			return rc;
		s += n;
	}
	if (i < FIELDS)
		return nc_err(err, NC_E_INVAL, "\"%.80s\" has %d of five fields", text, i);
	c.minutes = set[MINUTE];
	c.hours = (uint32_t)set[HOUR];
	c.days = (uint32_t)set[DAY];
	c.months = (uint32_t)set[MONTH];
	c.weekdays = (uint32_t)((set[WEEKDAY] | set[WEEKDAY] >> 7) & 127);
	if (!can_be(&c))
		return nc_err(err, NC_E_INVAL, "\"%.80s\" names a day that never comes", text);
	*ret = c;
	return NC_OK;
}

nc_code nc_cron_parse(const char *text, nc_cron *ret, nc_error *err)
{
	nc_code rc = NC_E_INVAL;

	if (text[0] != '@') {
		rc = read_fields(text, ret, err);
		if (rc != NC_OK)
			return nc_err_hint(err, rc,
				"minute, hour, day of month, month, day of week: \"0 3 * * *\" is "
				"daily at three");
		return rc;
	}
	for (size_t i = 0; i < NC_LEN(macros); i++)
		if (!strcmp(text, macros[i].name))
			return read_fields(macros[i].means, ret, err);
	nc_err(err, rc, "\"%.40s\" is not known", text);
	return nc_err_hint(err, rc, "there are @hourly, @daily, @weekly, @monthly and @yearly");
}

/* ---- the next time ---- */

static int is_day(const nc_cron *c, int64_t days, int month, int day)
{
	int weekday = (int)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
	int in_days = c->days >> day & 1, in_week = c->weekdays >> weekday & 1;

	if (!(c->months >> month & 1))
		return 0;
	return c->is_any_day || c->is_any_weekday ? in_days && in_week : in_days || in_week;
}

/* The first minute of a day, from `minute` on, or -1. */
static int minute_from(const nc_cron *c, int minute)
{
	for (int h = minute / 60; h < 24; h++) {
		int from = h == minute / 60 ? minute % 60 : 0;
		uint64_t left = c->minutes >> from;
		if (c->hours >> h & 1 && left)
			return h * 60 + from + __builtin_ctzll(left);
	}
	return -1;
}

/* In local seconds, as if there were no clock changes: the first in [from, to), or NONE. */
static int64_t local_next(const nc_cron *c, int64_t from_s, int64_t to_s)
{
	int64_t days = from_s / DAY_S - (from_s % DAY_S < 0);
	int minute = (int)((from_s - days * DAY_S + 59) / 60);
	int year, month, day;

	while (days * DAY_S < to_s) {
		nc_date_of(days, &year, &month, &day);
		if (!(c->months >> month & 1)) {
			days = nc_days_of(year + month / 12, month % 12 + 1, 1);
			minute = 0;
			continue;
		}
		int at = is_day(c, days, month, day) ? minute_from(c, minute) : -1;
		if (at >= 0) {
			int64_t s = days * DAY_S + (int64_t)at * 60;
			return s < to_s ? s : NONE;
		}
		days++;
		minute = 0;
	}
	return NONE;
}

/* In one stretch, from from_s on, or NONE. */
static int64_t next_in_span(
	const nc_cron *c, const nc_zone_span *s, int64_t from_s, int64_t until_s)
{
	int is_every_hour = c->hours == (1u << 24) - 1;
	int64_t to = NC_MIN(s->to_s, until_s) + s->offset_s, from = from_s + s->offset_s;

	if (!is_every_hour && s->from_s != INT64_MIN) {
		int64_t old = s->from_s + s->before_s, now = s->from_s + s->offset_s;
		if (from_s == s->from_s && local_next(c, old, now) != NONE)
			return s->from_s; /* what the gap has swallowed */
		from = NC_MAX(from, old); /* before that it has been already */
	}
	int64_t local = from < to ? local_next(c, from, to) : NONE;
	return local == NONE ? NONE : local - s->offset_s;
}

int64_t nc_cron_next(const nc_cron *c, const nc_zone *z, int64_t after_ms)
{
	int64_t from_s = after_ms / 1000 - (after_ms % 1000 < 0) + 1, until_s = from_s + HORIZON_S;
	nc_zone_span span;

	while (from_s < until_s) {
		nc_zone_span_at(z, from_s, &span);
		int64_t s = next_in_span(c, &span, from_s, until_s);
		if (s != NONE)
			return s * 1000;
		if (span.to_s == INT64_MAX)
			break;
		from_s = span.to_s;
	}
	return NC_CRON_NEVER;
}
