/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/pool.h"

/* The turnable clock, and times and durations as text. */

static void real_time_passes(void)
{
	int64_t before = nc_clock_mono_us();
	nc_clock_sleep_us(2000);
	int64_t after = nc_clock_mono_us();
	CHECK(after - before >= 2000);
	CHECK(nc_clock_wall_ms() > 1700000000000);
	uint64_t ns = nc_clock_mono_ns();
	CHECK(ns / 1000 >= (uint64_t)after && ns / 1000 < (uint64_t)after + 10000000);
	nc_clock_sleep_us(0);
	nc_clock_sleep_us(-1);
}

static void a_frozen_clock_moves_only_by_hand(void)
{
	nc_clock_freeze();
	int64_t mono = nc_clock_mono_us(), wall = nc_clock_wall_ms();
	nc_clock_freeze(); /* twice is once */
	CHECK_INT(nc_clock_mono_us(), mono);
	nc_clock_advance_us(5000000);
	CHECK_INT(nc_clock_mono_us() - mono, 5000000);
	CHECK_INT(nc_clock_wall_ms() - wall, 5000);
	nc_clock_release();
	CHECK(nc_clock_mono_us() < mono + 5000000);
}

static atomic_int woken;

static void *sleep_an_hour(void *arg)
{
	nc_clock_sleep_us(*(int64_t *)arg);
	atomic_store(&woken, 1);
	return NULL;
}

static void a_sleeper_waits_for_the_turned_clock(void)
{
	int64_t hour_us = 3600000000;
	uint64_t sleeper;
	atomic_store(&woken, 0);
	nc_clock_freeze();
	int64_t base = nc_clock_mono_us();
	int rc = nc_thread_start(&sleeper, "sleeper", sleep_an_hour, &hour_us);
	CHECK_INT(rc, 0);
	struct timespec pause = { .tv_nsec = 5000000 }; /* real: for a sleeper that wouldn't */
	nanosleep(&pause, NULL);
	nc_clock_advance_us(hour_us - 1);
	nanosleep(&pause, NULL);
	CHECK(!atomic_load(&woken));
	/* It may have taken its target late: move on until it must be past it. */
	while (!atomic_load(&woken) && nc_clock_mono_us() < base + hour_us * 1000000)
		nc_clock_advance_us(hour_us / 2);
	nc_thread_join(sleeper);
	CHECK(atomic_load(&woken));
	nc_clock_release();
}

static void release_wakes_the_sleepers(void)
{
	int64_t day_us = 86400000000;
	uint64_t sleeper;
	atomic_store(&woken, 0);
	nc_clock_freeze();
	CHECK_INT(nc_thread_start(&sleeper, "sleeper", sleep_an_hour, &day_us), 0);
	nc_clock_advance_us(day_us); /* whichever comes first, it ends */
	nc_clock_advance_us(day_us);
	while (!atomic_load(&woken))
		nc_clock_advance_us(day_us);
	nc_thread_join(sleeper);
	nc_clock_release();
}

static void times_are_written_in_utc(void)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ 1795222057123, "2026-11-21T00:47:37.123Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 4107542400000, "2100-03-01T00:00:00.000Z" },
		{ -62167219200000, "0000-01-01T00:00:00.000Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.999Z" },
		{ INT64_MIN, "0000-01-01T00:00:00.000Z" },
	};
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		char text[25];
		nc_time_format(rows[i].ms, text);
		CHECK_STR(text, rows[i].text);
	}
}

static void every_written_time_reads_back(void)
{
	for (int i = 0; i < 20000; i++) {
		int64_t span = 253402300799999 + 62167219200000;
		int64_t ms = (int64_t)(nc_test_random() % (uint64_t)span) - 62167219200000;
		int64_t back = 0;
		char text[25];
		nc_time_format(ms, text);
		REQUIRE(nc_time_parse(text, &back) == 0);
		REQUIRE(CHECK_INT(back, ms));
	}
}

static void offsets_fractions_and_leap_seconds_are_read(void)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01t00:00:00z", 0 },
		{ "1970-01-01 00:00:00Z", 0 },
		{ "1970-01-01T01:00:00+01:00", 0 },
		{ "1969-12-31T18:30:00-05:30", 0 },
		{ "1970-01-01T00:00:00.5Z", 500 },
		{ "1970-01-01T00:00:00.1239999999Z", 123 },
		{ "2016-12-31T23:59:60Z", 1483228800000 },
		{ "2024-02-29T12:00:00Z", 1709208000000 },
	};
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		int64_t ms = -1;
		CHECK_INT(nc_time_parse(rows[i].text, &ms), 0);
		CHECK_INT(ms, rows[i].ms);
	}
}

static void what_is_no_time_is_refused_and_leaves_the_output(void)
{
	static const char *const bad[] = {
		"",
		"now",
		"1970-01-01",
		"1970-01-01T00:00:00",
		"1970-01-01T00:00Z",
		"1970-13-01T00:00:00Z",
		"1970-00-01T00:00:00Z",
		"1970-01-00T00:00:00Z",
		"1970-01-32T00:00:00Z",
		"2023-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"1970-01-01T24:00:00Z",
		"1970-01-01T00:60:00Z",
		"1970-01-01T00:00:61Z",
		"1970-01-01T00:00:00.Z",
		"1970-01-01T00:00:00Zx",
		"1970-01-01T00:00:00+1:00",
		"1970-01-01T00:00:00+0100",
		"1970-01-01T00:00:00+24:00",
		"70-01-01T00:00:00Z",
		" 1970-01-01T00:00:00Z",
		"-970-01-01T00:00:00Z",
		"0000-01-01T00:00:00+01:00",
		"9999-12-31T23:59:59-01:00",
	};
	for (size_t i = 0; i < NC_LEN(bad); i++) {
		int64_t ms = 42;
		if (!CHECK_INT(nc_time_parse(bad[i], &ms), -1))
			CHECK_STR(bad[i], "refused");
		CHECK_INT(ms, 42);
	}
}

static void durations_have_units(void)
{
	static const struct {
		const char *text;
		int64_t us;
	} rows[] = {
		{ "90", 90000000 },
		{ "0", 0 },
		{ "7us", 7 },
		{ "150ms", 150000 },
		{ "30s", 30000000 },
		{ "5m", 300000000 },
		{ "24h", 86400000000 },
		{ "7d", 604800000000 },
		{ "9223372036854775807us", INT64_MAX },
		{ "9223372036854775ms", 9223372036854775000 },
	};
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		int64_t us = -1;
		CHECK_INT(nc_duration_parse(rows[i].text, &us), 0);
		CHECK_INT(us, rows[i].us);
	}
}

static void bad_durations_are_refused_and_leave_the_output(void)
{
	static const char *const bad[] = { "", "s", "-1s", "+1s", " 1s", "1 s", "1s ", "1.5s", "1w",
		"1S", "9223372036854775808us", "9223372036854776ms", "99999999999999999999",
		"106751992d", "1h30m", "0x10" };
	for (size_t i = 0; i < NC_LEN(bad); i++) {
		int64_t us = 42;
		if (!CHECK_INT(nc_duration_parse(bad[i], &us), -1))
			CHECK_STR(bad[i], "refused");
		CHECK_INT(us, 42);
	}
}

NC_TESTS(clock){
	T(real_time_passes),
	T(a_frozen_clock_moves_only_by_hand),
	T(a_sleeper_waits_for_the_turned_clock),
	T(release_wakes_the_sleepers),
	T(times_are_written_in_utc),
	T(every_written_time_reads_back),
	T(offsets_fractions_and_leap_seconds_are_read),
	T(what_is_no_time_is_refused_and_leaves_the_output),
	T(durations_have_units),
	T(bad_durations_are_refused_and_leave_the_output),
};
