/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>

#include "cli/table.h"
#include "testing.h"

static void two_columns(nc_table *t)
{
	nc_table_init(t);
	nc_table_column(t, "NAME", NC_LEFT);
	nc_table_column(t, "VCPUS", NC_RIGHT);
	nc_table_column(t, "HOST", NC_LEFT);
	nc_table_value(t, "web-1", NC_PLAIN);
	nc_table_value(t, "12", NC_PLAIN);
	nc_table_value(t, "", NC_PLAIN);
	nc_table_value(t, "a-much-longer-name-than-that", NC_GREEN);
	nc_table_value(t, "4", NC_PLAIN);
	nc_table_value(t, "host-00001", NC_PLAIN);
}

static void check_rendered(size_t width, int has_colour, nc_table_head head, const char *want)
{
	_cleanup_(nc_table_done) nc_table t;
	_cleanup_(nc_buf_done) nc_buf b;
	two_columns(&t);
	nc_buf_init(&b, 4096);
	CHECK_CODE(nc_table_render(&t, width, has_colour, head, &b), NC_OK);
	CHECK_STR(b.ptr, want);
}

static void columns_are_aligned_and_nothing_ends_in_spaces(void)
{
	check_rendered(0, 0, NC_HEADERS,
		"NAME                          VCPUS  HOST\n"
		"web-1                            12  -\n"
		"a-much-longer-name-than-that      4  host-00001\n");
}

static void without_headers_there_are_only_rows(void)
{
	check_rendered(0, 0, NC_NO_HEADERS,
		"web-1                            12  -\n"
		"a-much-longer-name-than-that      4  host-00001\n");
}

static void the_widest_column_gives_way_to_the_width_of_the_terminal(void)
{
	check_rendered(35, 0, NC_HEADERS,
		"NAME              VCPUS  HOST\n"
		"web-1                12  -\n"
		"a-much-longer-n…      4  host-00001\n");
}

static void what_can_not_be_narrow_enough_is_left_out_on_the_right(void)
{
	check_rendered(20, 0, NC_HEADERS,
		"NAME           VCPUS\n"
		"web-1             12\n"
		"a-much-longe…      4\n");
	check_rendered(8, 0, NC_HEADERS, "NAME\nweb-1\na-much-…\n");
}

static void colours_take_no_columns(void)
{
	check_rendered(0, 1, NC_NO_HEADERS,
		"web-1                            12  -\n"
		"\033[32ma-much-longer-name-than-that\033[0m      4  host-00001\n");
}

static void text_is_counted_in_columns_and_cleaned(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 4096);
	REQUIRE(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
	CHECK_UINT(nc_text_columns("häß"), 3);
	CHECK_UINT(nc_text_columns("日本"), 4);
	CHECK_UINT(nc_text_put(&b,
			   "a\033[31mb\r\n\xc2\x9b"
			   "c\xff\xe2\x80\xae",
			   0),
		13);
	CHECK_STR(b.ptr, "a?[31mb? ?c??");
	nc_buf_reset(&b);
	CHECK_UINT(nc_text_put(&b, "日本語", 5), 5);
	CHECK_STR(b.ptr, "日本…");
	nc_buf_reset(&b);
	CHECK_UINT(nc_text_put(&b, "abc", 3), 3);
	CHECK_STR(b.ptr, "abc");
}

static void a_row_without_memory_is_told_at_the_end(void)
{
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		_cleanup_(nc_table_done) nc_table t;
		_cleanup_(nc_buf_done) nc_buf b;
		two_columns(&t);
		nc_buf_init(&b, 4096);
		rc = nc_table_render(&t, 30, 1, NC_HEADERS, &b);
	}
}

static void status_words_have_their_colours(void)
{
	CHECK_INT(nc_status_colour("running"), NC_GREEN);
	CHECK_INT(nc_status_colour("error"), NC_RED);
	CHECK_INT(nc_status_colour("canceling"), NC_YELLOW);
	CHECK_INT(nc_status_colour("run"), NC_PLAIN);
	CHECK_INT(nc_status_colour(""), NC_PLAIN);
}

NC_TESTS(cli_table){
	T(columns_are_aligned_and_nothing_ends_in_spaces),
	T(without_headers_there_are_only_rows),
	T(the_widest_column_gives_way_to_the_width_of_the_terminal),
	T(what_can_not_be_narrow_enough_is_left_out_on_the_right),
	T(colours_take_no_columns),
	T(text_is_counted_in_columns_and_cleaned),
	T(a_row_without_memory_is_told_at_the_end),
	T(status_words_have_their_colours),
};
