/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/units.h"
#include "cli/url.h"
#include "testing.h"

static void check_size(const char *text, nc_size_unit unit, int64_t want)
{
	int64_t got = -7;
	CHECK_INT(nc_size_parse(text, unit, &got), 0);
	CHECK_INT(got, want);
}

static void sizes_are_read_in_the_unit_that_is_asked_for(void)
{
	check_size("512", NC_SIZE_MIB, 512);
	check_size("0", NC_SIZE_MIB, 0);
	check_size("2G", NC_SIZE_MIB, 2048);
	check_size("2g", NC_SIZE_MIB, 2048);
	check_size("2GB", NC_SIZE_MIB, 2048);
	check_size("2GiB", NC_SIZE_MIB, 2048);
	check_size("1.5G", NC_SIZE_MIB, 1536);
	check_size("2048K", NC_SIZE_MIB, 2);
	check_size("10", NC_SIZE_GIB, 10);
	check_size("1T", NC_SIZE_GIB, 1024);
	check_size("2048M", NC_SIZE_GIB, 2);
}

static void what_is_no_size_is_refused_and_leaves_the_result(void)
{
	static const char *const bad[] = { "", "G", "-1", "+1", "1X", "1GG", "0x10", "1.0001M",
		"1e99", "nan", "inf", " 1", "1G1", "2KB" };
	for (size_t i = 0; i < NC_LEN(bad); i++) {
		int64_t got = -7;
		if (!CHECK_INT(nc_size_parse(bad[i], NC_SIZE_MIB, &got), -1))
			CHECK_STR(bad[i], "refused");
		CHECK_INT(got, -7);
	}
}

static void check_bytes(int64_t bytes, const char *want)
{
	char text[32];
	nc_bytes_format(bytes, text, sizeof(text));
	CHECK_STR(text, want);
}

static void bytes_are_told_in_at_most_four_digits(void)
{
	check_bytes(0, "0 B");
	check_bytes(1023, "1023 B");
	check_bytes(1024, "1 KiB");
	check_bytes(1536, "1.5 KiB");
	check_bytes(INT64_C(512) << 20, "512 MiB");
	check_bytes(INT64_C(2) << 30, "2 GiB");
	check_bytes(INT64_C(1023) << 30, "1023 GiB");
	check_bytes(INT64_C(1) << 40, "1 TiB");
}

static void check_span(int64_t seconds, const char *want)
{
	char text[32];
	nc_span_format(seconds, text, sizeof(text));
	CHECK_STR(text, want);
}

static void spans_are_told_by_what_matters(void)
{
	check_span(-5, "0s");
	check_span(0, "0s");
	check_span(119, "119s");
	check_span(120, "2m");
	check_span(7199, "119m");
	check_span(7200, "2h");
	check_span(3 * 3600 + 12 * 60, "3h12m");
	check_span(48 * 3600, "2d");
	check_span(INT64_C(9) * 86400 + 3, "9d");
}

static void whatever_a_name_holds_stays_one_segment(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 200);
	nc_buf_puts(&b, "/api/v1/vms");
	nc_url_segment(&b, "a/../b c?d&e=f#é");
	nc_url_query(&b, "project", "*");
	nc_url_query(&b, "label.a b", "x=y&z");
	CHECK_STR(b.ptr, "/api/v1/vms/"
			 "a%2F..%2Fb%20c%3Fd%26e%3Df%23%C3%A9?project=%2A&label.a%20b=x%3Dy%26z");
}

NC_TESTS(cli_units){
	T(sizes_are_read_in_the_unit_that_is_asked_for),
	T(what_is_no_size_is_refused_and_leaves_the_result),
	T(bytes_are_told_in_at_most_four_digits),
	T(spans_are_told_by_what_matters),
	T(whatever_a_name_holds_stays_one_segment),
};
