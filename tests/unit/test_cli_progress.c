/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"
#include "cli/wait.h"
#include "model/problem.h"
#include "testing.h"

static void check_line(const char *json, size_t width, const char *want)
{
	_cleanup_(nc_json_decrefp) json_t *op = NULL;
	_cleanup_(nc_buf_done) nc_buf b;
	REQUIRE(nc_json_parse(nc_str(json), 10000, &op, NULL) == NC_OK);
	nc_buf_init(&b, 1000);
	nc_progress_line(op, width, &b);
	CHECK_STR(b.ptr, want);
}

#define OP(rest)                                                                                   \
	"{\"kind\":\"vm.create\",\"target\":{\"name\":\"web-1\"},\"step\":\"spawn\"," rest "}"

static void the_line_says_what_it_is_at(void)
{
	check_line(OP("\"state\":\"running\""), 80, "vm.create web-1  spawn");
	check_line(OP("\"state\":\"pending\""), 80, "vm.create web-1  pending");
	check_line(OP("\"state\":\"canceling\""), 80, "vm.create web-1  canceling");
	check_line(OP("\"state\":\"running\",\"progress\":{\"phase\":\"copying\"}"), 80,
		"vm.create web-1  copying");
}

static void a_bar_rate_and_time_are_shown_where_they_are_known(void)
{
	check_line(OP("\"state\":\"running\",\"progress\":{\"permille\":500,\"rate\":1572864,"
		      "\"eta\":130}"),
		80,
		"vm.create web-1  spawn  [#############--------------] 50 %  1.5 MiB/s  2m "
		"left");
	check_line(OP("\"state\":\"running\",\"progress\":{\"permille\":1000}"), 46,
		"vm.create web-1  spawn  [#############] 100 %");
}

static void a_narrow_terminal_has_no_bar(void)
{
	check_line(OP("\"state\":\"running\",\"progress\":{\"permille\":500,\"eta\":5}"), 40,
		"vm.create web-1  spawn  5s left");
}

static void nonsense_from_a_driver_makes_no_nonsense_here(void)
{
	check_line(OP("\"state\":\"running\",\"progress\":{\"permille\":6000,\"rate\":-5}"), 80,
		"vm.create web-1  spawn");
}

static void check_outcome(const char *json, nc_code code, int exit_code, const char *message)
{
	_cleanup_(nc_json_decrefp) json_t *op = NULL;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(nc_json_parse(nc_str(json), 10000, &op, NULL) == NC_OK);
	CHECK(nc_operation_is_final(op));
	CHECK_CODE(nc_operation_outcome(op, &err), code);
	if (code != NC_OK) {
		CHECK_HAS(err.message, message);
		CHECK_INT(nc_problem_of(&err)->exit_code, exit_code);
	}
}

static void how_it_ended_becomes_the_exit_code(void)
{
	check_outcome("{\"id\":\"op_1\",\"state\":\"succeeded\"}", NC_OK, 0, "");
	check_outcome("{\"id\":\"op_1\",\"state\":\"canceled\"}", NC_E_CANCELLED, 16, "op_1");
	check_outcome(
		"{\"id\":\"op_1\",\"state\":\"abandoned\"}", NC_E_UNAVAILABLE, 1, "abandoned");
	check_outcome("{\"id\":\"op_1\",\"state\":\"failed\",\"error\":{\"code\":\"no_capacity\","
		      "\"message\":\"no host fits\",\"hint\":\"ask for less\"}}",
		NC_E_UNAVAILABLE, 14, "no host fits");
	check_outcome("{\"id\":\"op_1\",\"state\":\"failed\"}", NC_E_INTERNAL, 1, "it failed");
	check_outcome("{\"id\":\"op_1\",\"state\":\"failed\",\"error\":{\"code\":\"new_in_v9\"}}",
		NC_E_INTERNAL, 1, "it failed");
}

NC_TESTS(cli_progress){
	T(the_line_says_what_it_is_at),
	T(a_bar_rate_and_time_are_shown_where_they_are_known),
	T(a_narrow_terminal_has_no_bar),
	T(nonsense_from_a_driver_makes_no_nonsense_here),
	T(how_it_ended_becomes_the_exit_code),
};
