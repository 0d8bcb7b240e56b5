/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cron.h"

#include <string.h>

#include "base/clock.h"
#include "testing.h"

/* Expressions and the times they name. Zones are made here, so that nothing depends on what is
 * installed; test_zone.c compares with the system's own. */

static nc_zone *utc(void)
{
	nc_zone *z = NULL;
	CHECK_OK(nc_zone_open("UTC", &z, NULL), NULL);
	return z;
}

static int64_t ms(const char *text)
{
	int64_t t = 0;
	CHECK_INT(nc_time_parse(text, &t), 0);
	return t;
}

/* A zone that is only a rule, as a file would end. */
static nc_zone *by_rule(const char *rule)
{
	static const char type[] = "\0\0\0\0\0\0UTC"; /* one type, one name of four bytes */
	char file[256] = { 0 };
	size_t n = 0;
	nc_zone *z = NULL;

	for (int block = 0; block < 2; block++) {
		memcpy(file + n, "TZif2", 5);
		file[n + 39] = 1; /* types */
		file[n + 43] = 4; /* characters */
		memcpy(file + n + 44, type, sizeof(type));
		n += 44 + sizeof(type);
	}
	n += (size_t)snprintf(file + n, sizeof(file) - n, "\n%s\n", rule);
	CHECK_OK(nc_zone_parse("made", (nc_bytes){ file, n }, &z, NULL), NULL);
	return z;
}

static const char *next(const char *cron, const nc_zone *z, const char *after)
{
	static char text[25];
	nc_cron c;
	nc_error err = NC_ERROR_INIT;

	if (!CHECK_OK(nc_cron_parse(cron, &c, &err), &err))
		return "";
	int64_t t = nc_cron_next(&c, z, ms(after));
	if (t == NC_CRON_NEVER)
		return "never";
	nc_time_format(t, text);
	memcpy(text + 19, "Z", 2); /* no fractions here */
	return text;
}

typedef struct row {
	const char *cron, *after, *want;
} row;

static void check_rows(const row *rows, size_t n, const nc_zone *z)
{
	for (size_t i = 0; i < n; i++)
		if (!CHECK_STR(next(rows[i].cron, z, rows[i].after), rows[i].want))
			printf("    %s after %s\n", rows[i].cron, rows[i].after);
}

static void next_time_is_the_first_in_all_fields(void)
{
	static const row rows[] = {
		{ "* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z" },
		{ "* * * * *", "2026-01-01T00:00:59.999Z", "2026-01-01T00:01:00Z" },
		{ "* * * * *", "2025-12-31T23:59:59.999Z", "2026-01-01T00:00:00Z" },
		{ "0 3 * * *", "2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z" },
		{ "0 3 * * *", "2026-01-01T02:59:59.999Z", "2026-01-01T03:00:00Z" },
		{ "*/15 * * * *", "2026-01-01T10:07:00Z", "2026-01-01T10:15:00Z" },
		{ "*/15 * * * *", "2026-01-01T10:45:00Z", "2026-01-01T11:00:00Z" },
		{ "5/20 * * * *", "2026-01-01T10:25:00Z", "2026-01-01T10:45:00Z" },
		{ "1-30/10,59 * * * *", "2026-01-01T10:21:00Z", "2026-01-01T10:59:00Z" },
		{ "30 8-17 * * mon-fri", "2026-01-02T17:30:00Z", "2026-01-05T08:30:00Z" },
		{ "0 0 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z" },
		{ "0 0 * * SUN", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z" },
		{ "0 0 * * fri-sun", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z" },
		{ "0 0 1 jan,Jul *", "2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z" },
		{ "0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z" },
		{ "0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z" },
		{ "0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z" },
		{ "0 1 29 2 */7", "2033-01-01T00:00:00Z", "2060-02-29T01:00:00Z" },
		{ "0 1 29 2 */7", "2089-01-01T00:00:00Z", "2128-02-29T01:00:00Z" },
		{ "59 23 31 12 *", "2026-12-31T23:59:00Z", "2027-12-31T23:59:00Z" },
		/* both days restricted: either; one of them a star: both */
		{ "0 0 13 * fri", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z" },
		{ "0 0 13 * fri", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z" },
		{ "0 0 */2 * mon", "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z" },
		{ "0 0 */2 * mon", "2026-01-05T00:00:00Z", "2026-01-19T00:00:00Z" },
		{ "\t 0  0 * * *  ", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z" },
		{ "@hourly", "2026-01-01T00:30:00Z", "2026-01-01T01:00:00Z" },
		{ "@daily", "2026-01-01T00:30:00Z", "2026-01-02T00:00:00Z" },
		{ "@midnight", "2026-01-01T00:30:00Z", "2026-01-02T00:00:00Z" },
		{ "@weekly", "2026-01-01T00:30:00Z", "2026-01-04T00:00:00Z" },
		{ "@monthly", "2026-01-01T00:30:00Z", "2026-02-01T00:00:00Z" },
		{ "@yearly", "2026-01-01T00:30:00Z", "2027-01-01T00:00:00Z" },
		{ "@annually", "2026-01-01T00:30:00Z", "2027-01-01T00:00:00Z" },
	};
	_cleanup_(nc_zone_freep) nc_zone *z = utc();

	check_rows(rows, NC_LEN(rows), z);
}

static void parse_names_the_field_and_the_value(void)
{
	static const struct {
		const char *cron, *says;
	} rows[] = {
		{ "60 * * * *", "minute \"60\" is not between 0 and 59" },
		{ "0 24 * * *", "hour \"24\" is not between 0 and 23" },
		{ "0 0 0 * *", "day of month \"0\" is not between 1 and 31" },
		{ "0 0 * 13 *", "month \"13\" is not between 1 and 12" },
		{ "0 0 * * 8", "day of week \"8\" is not between 0 and 7" },
		{ "0 0 * foo *", "month \"foo\" is not a number, a name, a range or *" },
		{ "0 mon * * *", "hour \"mon\" is not a number, a range or *" },
		{ "5-1 * * * *", "minute \"5-1\" runs backwards" },
		{ "1- * * * *", "minute \"1-\" is not" },
		{ "-1 * * * *", "minute \"-1\" is not" },
		{ "*/0 * * * *", "minute \"*/0\" has a step that is out of range" },
		{ "*/61 * * * *", "has a step that is out of range" },
		{ "*/x * * * *", "has no number after the /" },
		{ "1,,2 * * * *", "minute has an empty place in its list" },
		{ "1, * * * *", "minute has an empty place in its list" },
		{ "** * * * *", "minute \"**\" is not" },
		{ "0 0 L * *", "day of month \"L\" is not" },
		{ "0 0 * * 1#2", "day of week \"1#2\" is not" },
		{ "99999999999999999999 * * * *", "is not between 0 and 59" },
		{ "0 0 * *", "has 4 of five fields" },
		{ "", "has 0 of five fields" },
		{ "0 0 * * * *", "has more than five fields" },
		{ "0 0 31 2,4 *", "names a day that never comes" },
		{ "@reboot", "\"@reboot\" is not known" },
		{ "@every 5m", "\"@every 5m\" is not known" },
	};

	for (size_t i = 0; i < NC_LEN(rows); i++) {
		nc_cron c, before;
		nc_error err = NC_ERROR_INIT;
		memset(&c, 0x5a, sizeof(c));
		before = c;
		CHECK_CODE(nc_cron_parse(rows[i].cron, &c, &err), NC_E_INVAL);
		CHECK_HAS(err.message, rows[i].says);
		CHECK(err.hint[0]);
		CHECK_MEM(&c, &before, sizeof(c));
	}
}

/* Berlin: forward on 2026-03-29 at 02:00 (01:00 UTC), back on 2026-10-25 at 03:00 (01:00 UTC). */
static void time_in_the_gap_fires_once_when_it_ends(void)
{
	static const row rows[] = {
		{ "30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z" },
		{ "30 2 * * *", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z" },
		{ "0,20,40 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z" },
		{ "0,20,40 2 * * *", "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z" },
		{ "0 3 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z" },
		{ "0 2,3 * * *", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z" },
		{ "0 2,3 * * *", "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z" },
		/* every hour: the gap has none */
		{ "30 * * * *", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z" },
		{ "*/15 * * * *", "2026-03-29T00:45:00Z", "2026-03-29T01:00:00Z" },
	};
	_cleanup_(nc_zone_freep) nc_zone *z = by_rule("CET-1CEST,M3.5.0,M10.5.0/3");

	check_rows(rows, NC_LEN(rows), z);
}

static void time_that_comes_twice_fires_the_first_time(void)
{
	static const row rows[] = {
		{ "30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z" },
		{ "30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z" },
		/* begun between the two: the second is no firing of its own */
		{ "30 2 * * *", "2026-10-25T00:45:00Z", "2026-10-26T01:30:00Z" },
		{ "0 3 * * *", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z" },
		/* every hour: both look alike and both fire */
		{ "30 * * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z" },
		{ "30 * * * *", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z" },
	};
	_cleanup_(nc_zone_freep) nc_zone *z = by_rule("CET-1CEST,M3.5.0,M10.5.0/3");

	check_rows(rows, NC_LEN(rows), z);
}

static void day_that_is_left_out_fires_where_it_would_have_begun(void)
{
	/* A change at midnight: the first of the month begins at one. */
	static const row rows[] = {
		{ "0 0 * * *", "2026-03-28T12:00:00Z", "2026-03-29T00:00:00Z" },
		{ "0 0 * * *", "2026-03-29T00:00:00Z", "2026-03-29T23:00:00Z" },
	};
	_cleanup_(nc_zone_freep) nc_zone *z = by_rule("WET0WEST,M3.5.0/0,M10.5.0/0");

	check_rows(rows, NC_LEN(rows), z);
}

static void half_hour_zones_and_the_other_half_of_the_world_work(void)
{
	static const row india[] = {
		{ "0 9 * * *", "2026-01-01T00:00:00Z", "2026-01-01T03:30:00Z" },
		{ "0 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:30:00Z" },
	};
	/* Lord Howe: half an hour of summer time, in the southern summer. */
	static const row howe[] = {
		{ "0 9 * * *", "2026-01-01T00:00:00Z", "2026-01-01T22:00:00Z" },
		{ "0 9 * * *", "2026-06-01T00:00:00Z", "2026-06-01T22:30:00Z" },
		{ "15 2 * * *", "2026-10-03T12:00:00Z", "2026-10-03T15:30:00Z" },
		{ "45 1 * * *", "2026-04-04T12:00:00Z", "2026-04-04T14:45:00Z" },
		{ "45 1 * * *", "2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z" },
	};
	_cleanup_(nc_zone_freep) nc_zone *i = by_rule("IST-5:30");
	_cleanup_(nc_zone_freep) nc_zone *h = by_rule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");

	check_rows(india, NC_LEN(india), i);
	check_rows(howe, NC_LEN(howe), h);
}

/* Against the plain way: look at every minute. */
static void search_finds_what_walking_finds(void)
{
	static const char *const crons[] = { "*/7 3-5 * * *", "0 0 1,15 * mon", "13 */6 * 2,10 *",
		"59 23 28-31 * *", "0 12 * * 1-5", "*/30 * 29 2 *" };
	_cleanup_(nc_zone_freep) nc_zone *z = utc();

	for (size_t i = 0; i < NC_LEN(crons); i++) {
		nc_cron c;
		CHECK_OK(nc_cron_parse(crons[i], &c, NULL), NULL);
		int64_t t =
			ms("2024-01-01T00:00:00Z") + (int64_t)(nc_test_random() % 60000) * 60000;
		int64_t want = NC_CRON_NEVER;
		for (int64_t m = t + 60000; want == NC_CRON_NEVER; m += 60000) {
			int year, month, day;
			int64_t days = m / 86400000;
			int minute = (int)(m / 60000 % 1440), week = (int)((days + 4) % 7);
			nc_date_of(days, &year, &month, &day);
			int in_day = c.days >> day & 1, in_week = c.weekdays >> week & 1;
			int is_day = c.is_any_day || c.is_any_weekday ? in_day && in_week
								      : in_day || in_week;
			if (c.minutes >> minute % 60 & 1 && c.hours >> minute / 60 & 1 &&
				c.months >> month & 1 && is_day)
				want = m;
		}
		CHECK_INT(nc_cron_next(&c, z, t), want);
	}
}

NC_TESTS(cron){
	T(next_time_is_the_first_in_all_fields),
	T(parse_names_the_field_and_the_value),
	T(time_in_the_gap_fires_once_when_it_ends),
	T(time_that_comes_twice_fires_the_first_time),
	T(day_that_is_left_out_fires_where_it_would_have_begun),
	T(half_hour_zones_and_the_other_half_of_the_world_work),
	T(search_finds_what_walking_finds),
};
