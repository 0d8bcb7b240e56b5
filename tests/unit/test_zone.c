/* SPDX-License-Identifier: Apache-2.0 */
#include "base/zone.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "testing.h"

/* Zone files: compared with the C library where the system has some, and damaged in every byte. */

static int has_zoneinfo(void)
{
	return access("/usr/share/zoneinfo/Europe/Berlin", R_OK) == 0;
}

static int32_t library_offset(int64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm;
	localtime_r(&t, &tm);
	return (int32_t)tm.tm_gmtoff;
}

static void offsets_are_those_of_the_c_library(void)
{
	static const char *const names[] = { "Europe/Berlin", "America/New_York",
		"America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe",
		"Pacific/Apia", "Pacific/Kiritimati", "Africa/Casablanca", "America/Sao_Paulo",
		"Europe/Dublin", "Asia/Tehran", "Antarctica/Troll", "Etc/GMT+7", "Europe/London" };

	if (!has_zoneinfo())
		return;
	for (size_t i = 0; i < NC_LEN(names); i++) {
		_cleanup_(nc_zone_freep) nc_zone *z = NULL;
		nc_error err = NC_ERROR_INIT;
		if (!CHECK_OK(nc_zone_open(names[i], &z, &err), &err))
			continue;
		setenv("TZ", names[i], 1); /* this program has one thread */
		tzset();
		int wrong = 0;
		for (int n = 0; n < 20000; n++) { /* 1970 to 2100 */
			int64_t t = (int64_t)(nc_test_random() % 4102444800u);
			nc_zone_span s;
			nc_zone_span_at(z, t, &s);
			wrong += s.offset_s != library_offset(t);
			wrong += s.from_s > t || s.to_s <= t;
			if (s.to_s != INT64_MAX) { /* borders are where it changes */
				nc_zone_span next;
				nc_zone_span_at(z, s.to_s, &next);
				wrong += next.from_s != s.to_s || next.before_s != s.offset_s;
				wrong += s.to_s < 4102444800 &&
					 (library_offset(s.to_s) != next.offset_s ||
						 library_offset(s.to_s - 1) != s.offset_s);
			}
		}
		if (!CHECK_INT(wrong, 0))
			printf("    %s\n", names[i]);
		unsetenv("TZ");
		tzset();
	}
}

static void utc_needs_no_file(void)
{
	_cleanup_(nc_zone_freep) nc_zone *z = NULL;
	nc_zone_span s;

	setenv("TZDIR", "/nonexistent", 1);
	CHECK_OK(nc_zone_open("UTC", &z, NULL), NULL);
	nc_zone_span_at(z, 1700000000, &s);
	CHECK_INT(s.offset_s, 0);
	CHECK(s.from_s == INT64_MIN && s.to_s == INT64_MAX);
	nc_zone *none = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_zone_open("Europe/Berlin", &none, &err), NC_E_UNAVAILABLE);
	CHECK_HAS(err.hint, "tzdata");
	CHECK(none == NULL);
	unsetenv("TZDIR");
}

static void names_that_are_none_are_refused(void)
{
	static const char *const names[] = { "", "Mars/Olympus", "../../../etc/passwd",
		"/etc/passwd", "Europe/", "europe berlin", "Europe/../../passwd", "Europe", "a\nb",
		"Etc/0123456789012345678901234567890123456789012345678901234567890123" };

	setenv("TZDIR", has_zoneinfo() ? "/usr/share/zoneinfo" : nc_test_dir(), 1);
	for (size_t i = 0; i < NC_LEN(names); i++) {
		nc_zone *z = NULL;
		nc_error err = NC_ERROR_INIT;
		CHECK_CODE(nc_zone_open(names[i], &z, &err), NC_E_INVAL);
		CHECK_HAS(err.message, "no time zone");
		CHECK(z == NULL);
	}
	unsetenv("TZDIR");
}

static void file_that_is_something_else_is_refused(void)
{
	nc_zone *z = NULL;
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_freep) char *path = nc_test_path("Junk");

	nc_test_write(path, "# tzdb data for Europe and environs, which is a text and no zone\n");
	setenv("TZDIR", nc_test_dir(), 1);
	CHECK_CODE(nc_zone_open("Junk", &z, &err), NC_E_INVAL);
	CHECK_HAS(err.message, "\"Junk\" is not a time zone");
	unsetenv("TZDIR");
	CHECK(z == NULL);
}

static void no_damage_does_harm(void)
{
	_cleanup_(nc_freep) char *text = NULL;
	size_t len = 0;

	if (!has_zoneinfo())
		return;
	REQUIRE(nc_file_read("/usr/share/zoneinfo/Europe/Berlin", 1 << 20, &text, &len, NULL) ==
		NC_OK);
	for (size_t i = 0; i <= len; i++) { /* each byte turned, and each length */
		nc_zone *z = NULL;
		nc_zone_span s;
		char *part = nc_memdup(text, NC_MAX(i, (size_t)1));
		if (nc_zone_parse("cut", (nc_bytes){ part, i }, &z, NULL) == NC_OK) {
			CHECK_UINT(i, len);
			nc_zone_free(z);
		}
		nc_free(part);
		if (i == len)
			break;
		text[i] = (char)~text[i];
		z = NULL;
		if (nc_zone_parse("turned", (nc_bytes){ text, len }, &z, NULL) == NC_OK)
			for (int64_t t = -4000000000; t < 8000000000; t += 200000000)
				nc_zone_span_at(z, t, &s);
		nc_zone_free(z);
		text[i] = (char)~text[i];
	}
}

static void opening_survives_each_failed_allocation(void)
{
	nc_code rc = NC_OK;

	NC_TORTURE(rc)
	{
		nc_zone *z = NULL;
		rc = nc_zone_open(has_zoneinfo() ? "Europe/Berlin" : "UTC", &z, NULL);
		CHECK((rc == NC_OK) == (z != NULL));
		nc_zone_free(z);
	}
}

NC_TESTS(zone){
	T(offsets_are_those_of_the_c_library),
	T(utc_needs_no_file),
	T(names_that_are_none_are_refused),
	T(file_that_is_something_else_is_refused),
	T(no_damage_does_harm),
	T(opening_survives_each_failed_allocation),
};
