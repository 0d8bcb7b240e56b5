/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/log_internal.h"
#include "base/metric.h"
#include "base/pool.h"

/* Logs: what a line holds, where it goes, and that it never harms its caller. */

/* Opens the named file of the test folder as the log, in the form given. */
static char *open_log(const char *name, nc_log_format format)
{
	char *path = nc_test_path(name);
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_log_open(path, format, &err), &err);
	return path;
}

static void close_log(void)
{
	CHECK_OK(nc_log_open(NULL, NC_LOG_AUTO, NULL), NULL);
	nc_log_set_level(L_INFO);
}

static char *text_of(const char *path)
{
	char *text = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_file_read(path, 8 << 20, &text, NULL, &err), &err);
	return text;
}

static void a_line_is_one_json_object_with_its_fields(void)
{
	_cleanup_(nc_freep) char *path = open_log("json.log", NC_LOG_JSON);
	nc_error e = NC_ERROR_INIT;
	nc_err_hint(&e, nc_err(&e, NC_E_DENIED, "refused \"x\""), "ask");
	snprintf(e.domain, sizeof(e.domain), "kvm");
	e.native = 38;
	nc_log(L_WARN, "plugin.probe.failed", F_STR("plugin", "kv\"m\n"), F_U64("u", UINT64_MAX),
		F_I64("i", -5), F_F64("f", 0.5), F_BOOL("yes", 1), F_ERR(&e), F_RAW("raw", "[1]"),
		F_STR("none", NULL), F_F64("nan", NAN), F_ERR(NULL), F_RAW("nothing", ""));
	nc_log(L_INFO, "bare");
	close_log();
	_cleanup_(nc_freep) char *text = text_of(path);
	REQUIRE(text);
	char *second = strchr(text, '\n');
	REQUIRE(second);
	CHECK_HAS(text, "\",\"level\":\"warn\",\"event\":\"plugin.probe.failed\","
			"\"plugin\":\"kv\\\"m\\n\",\"u\":18446744073709551615,\"i\":-5,\"f\":0.5,"
			"\"yes\":true,\"error\":{\"code\":\"denied\",\"message\":\"refused "
			"\\\"x\\\"\",\"hint\":\"ask\",\"domain\":\"kvm\",\"native\":38},\"raw\":[1]"
			",\"none\":null,\"nan\":null,"
			"\"error\":null,\"nothing\":null}\n");
	CHECK_HAS(second, "\"level\":\"info\",\"event\":\"bare\"}\n");
	nc_bytes first = { text, (size_t)(second - text) };
	json_t *doc = NULL;
	CHECK_CODE(nc_json_parse(first, 4096, &doc, NULL), NC_E_INVAL); /* 2^64-1 is too big */
	nc_bytes rest = { second + 1, strlen(second) - 2 };
	CHECK_OK(nc_json_parse(rest, 4096, &doc, &e), &e);
	json_decref(doc);
}

static int evaluated;

static const char *evaluate(void)
{
	evaluated++;
	return "x";
}

static void lines_below_the_level_cost_nothing(void)
{
	_cleanup_(nc_freep) char *path = open_log("level.log", NC_LOG_JSON);
	nc_log_set_level(L_WARN);
	nc_log(L_INFO, "not.there", F_STR("a", evaluate()));
	nc_log(L_ERROR, "there", F_STR("a", evaluate()));
	nc_log_set_level(L_TRACE);
	nc_log(L_TRACE, "trace.there");
	close_log();
	_cleanup_(nc_freep) char *text = text_of(path);
	CHECK(text && !strstr(text, "not.there"));
	CHECK_HAS(text, "\"event\":\"there\"");
	CHECK_HAS(text, "trace.there");
	CHECK_INT(evaluated, 1);
}

static void levels_are_read_by_name(void)
{
	nc_log_level level = L_TRACE;
	CHECK(nc_log_level_parse("warning", &level) == 0 && level == L_WARN);
	CHECK(nc_log_level_parse("error", &level) == 0 && level == L_ERROR);
	CHECK_INT(nc_log_level_parse("loud", &level), -1);
	CHECK(level == L_ERROR);
}

static void fields_pushed_stand_in_every_line(void)
{
	_cleanup_(nc_freep) char *path = open_log("context.log", NC_LOG_JSON);
	nc_log_push(F_STR("request_id", "r1"));
	nc_log_push(F_U64("op", 7));
	nc_log(L_INFO, "both", F_BOOL("own", 1));
	nc_log_pop();
	nc_log(L_INFO, "one");
	nc_log_pop();
	for (int i = 0; i < 20; i++)
		nc_log_push(F_I64("deep", i));
	nc_log(L_INFO, "deep");
	for (int i = 0; i < 20; i++)
		nc_log_pop();
	nc_log(L_INFO, "none");
	close_log();
	_cleanup_(nc_freep) char *text = text_of(path);
	CHECK_HAS(text, "\"both\",\"request_id\":\"r1\",\"op\":7,\"own\":true}");
	CHECK_HAS(text, "\"one\",\"request_id\":\"r1\"}");
	CHECK_HAS(text, "\"deep\":7}");
	CHECK_HAS(text, "\"none\"}");
}

static void pop(void *arg)
{
	(void)arg;
	nc_log_pop();
}

static void popping_nothing_is_an_assertion(void)
{
	CHECK(nc_test_aborts(pop, NULL));
}

static void the_readable_form_is_one_safe_line(void)
{
	_cleanup_(nc_freep) char *path = open_log("text.log", NC_LOG_TEXT);
	nc_error e = NC_ERROR_INIT;
	nc_err(&e, NC_E_BUSY, "in use");
	nc_err_hint(&e, e.code, "wait");
	nc_log_push(F_STR("op", "op_1"));
	nc_log(L_ERROR, "vm.start", F_STR("name", "web-1"), F_STR("odd", "a b\033[2J\n"),
		F_I64("n", 4), F_ERR(&e), F_STR("empty", ""), F_ERR(NULL), F_RAW("raw", "{}"));
	nc_log_pop();
	close_log();
	_cleanup_(nc_freep) char *text = text_of(path);
	CHECK_HAS(text, "Z ERROR vm.start op=op_1 name=web-1 odd=\"a b\\u001b[2J\\n\" n=4 "
			"error=\"in use\" code=busy hint=wait empty=\"\" error=null raw={}\n");
	CHECK(text && !strchr(text, '\033'));
}

static void colours_wrap_words_only(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 4096);
	const nc_field fields[] = { F_STR("a", "b"), { .type = NC_F_END } };
	nc_log_line line = { .unix_ms = 0, .level = L_WARN, .event = "e", .fields = fields };
	nc_log_build_text(&b, &line, 1);
	CHECK_STR(b.ptr, "\033[2m00:00:00.000\033[0m \033[33mWARN \033[0m e \033[2ma=\033[0mb\n");
}

static void reopening_follows_a_rotation(void)
{
	_cleanup_(nc_freep) char *path = open_log("rotated.log", NC_LOG_JSON);
	_cleanup_(nc_freep) char *aside = nc_test_path("rotated.log.1");
	nc_error err = NC_ERROR_INIT;
	nc_log(L_INFO, "first");
	CHECK_INT(rename(path, aside), 0);
	nc_log(L_INFO, "second");
	CHECK_OK(nc_log_reopen(&err), &err);
	nc_log(L_INFO, "third");
	close_log();
	_cleanup_(nc_freep) char *old = text_of(aside), *new = text_of(path);
	CHECK_HAS(old, "first");
	CHECK_HAS(old, "second");
	CHECK_HAS(new, "third");
	CHECK(old && !strstr(old, "third"));
	CHECK_OK(nc_log_reopen(&err), &err); /* stderr: nothing to do */
}

static void a_failed_open_keeps_the_old_file(void)
{
	_cleanup_(nc_freep) char *dir = nc_test_path("logs");
	_cleanup_(nc_freep) char *aside = nc_test_path("logs.gone");
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_mkdir_p(dir, 0700, &err), &err);
	_cleanup_(nc_freep) char *path = open_log("logs/a.log", NC_LOG_JSON);
	CHECK_CODE(nc_log_open("/nowhere/x.log", NC_LOG_JSON, &err), NC_E_NOTFOUND);
	CHECK_INT(rename(dir, aside), 0);
	CHECK_CODE(nc_log_reopen(&err), NC_E_NOTFOUND);
	nc_log(L_INFO, "still.here");
	close_log();
	CHECK_INT(rename(aside, dir), 0);
	_cleanup_(nc_freep) char *text = text_of(path);
	CHECK_HAS(text, "still.here");
}

static int64_t lines_lost(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	long long n = 0;
	nc_buf_init(&b, 1 << 20);
	nc_metric_render(&b);
	const char *at = strstr(b.ptr, "\nnovacron_log_lines_lost_total ");
	if (at)
		sscanf(at + 1, "novacron_log_lines_lost_total %lld", &n);
	return n;
}

static void long_lines_are_written_whole(void)
{
	_cleanup_(nc_freep) char *path = open_log("long.log", NC_LOG_JSON);
	static char big[100001];
	memset(big, 'L', sizeof(big) - 1);
	nc_log(L_INFO, "long", F_STR("text", big));
	close_log();
	_cleanup_(nc_freep) char *text = text_of(path);
	CHECK_HAS(text, big);
	CHECK_HAS(text, "LLL\"}\n");
}

static void without_memory_a_line_still_says_its_event(void)
{
	_cleanup_(nc_freep) char *path = open_log("nomem.log", NC_LOG_JSON);
	static char big[5001];
	memset(big, 'L', sizeof(big) - 1);
	int64_t before = lines_lost();
	errno = EXDEV;
	nc_alloc_fail_at(1, NC_FAIL_STICKY);
	nc_log(L_INFO, "short", F_STR("a", "b"));
	int used_heap = nc_alloc_has_failed();
	nc_log(L_INFO, "too.long", F_STR("text", big));
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK_INT(errno, EXDEV);
	CHECK(!used_heap);
	close_log();
	CHECK_INT(lines_lost() - before, 1);
	_cleanup_(nc_freep) char *text = text_of(path);
	CHECK_HAS(text, "\"event\":\"short\",\"a\":\"b\"}\n");
	CHECK_HAS(text, "\"event\":\"too.long\"}\n");
}

static void a_full_disk_costs_lines_and_nothing_else(void)
{
	nc_error err = NC_ERROR_INIT;
	int64_t before = lines_lost();
	CHECK_OK(nc_log_open("/dev/full", NC_LOG_JSON, &err), &err);
	errno = EXDEV;
	nc_log(L_INFO, "lost");
	CHECK_INT(errno, EXDEV);
	close_log();
	CHECK_INT(lines_lost() - before, 1);
}

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_line_cut_by_a_full_disk_does_not_spoil_the_next(void)
{
	_cleanup_(nc_freep) char *path = open_log("cut.log", NC_LOG_JSON);
	signal(SIGXFSZ, SIG_IGN);
	limit_files(30);
	nc_log(L_INFO, "cut");
	nc_log(L_INFO, "nothing.of.this");
	limit_files(RLIM_INFINITY);
	nc_log(L_INFO, "whole");
	signal(SIGXFSZ, SIG_DFL);
	close_log();
	_cleanup_(nc_freep) char *text = text_of(path);
	REQUIRE(text && strlen(text) > 31);
	CHECK(text[30] == '\n' && text[31] == '{');
	CHECK(!strstr(text, "nothing"));
	CHECK_HAS(text, "\"event\":\"whole\"}\n");
}

static void opening_without_memory_keeps_the_old_log(void)
{
	_cleanup_(nc_freep) char *path = open_log("torture.log", NC_LOG_JSON);
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	rc = nc_log_open(path, NC_LOG_JSON, NULL);
	NC_TORTURE(rc)
	rc = nc_log_reopen(NULL);
	nc_log(L_INFO, "alive");
	close_log();
	_cleanup_(nc_freep) char *text = text_of(path);
	CHECK_HAS(text, "alive");
}

enum { WRITERS = 4, LINES = 300 };

static void *write_lines(void *arg)
{
	nc_log_push(F_U64("writer", *(size_t *)arg));
	for (uint64_t i = 0; i < LINES; i++)
		nc_log(L_INFO, "line", F_U64("i", i));
	nc_log_pop();
	return NULL;
}

static void threads_write_whole_lines_while_the_file_is_reopened(void)
{
	_cleanup_(nc_freep) char *path = open_log("threads.log", NC_LOG_JSON);
	uint64_t tids[WRITERS];
	size_t numbers[WRITERS];
	for (size_t i = 0; i < WRITERS; i++) {
		numbers[i] = i;
		REQUIRE(nc_thread_start(&tids[i], "writer", write_lines, &numbers[i]) == 0);
	}
	for (int i = 0; i < 50; i++)
		CHECK_OK(nc_log_reopen(NULL), NULL);
	for (size_t i = 0; i < WRITERS; i++)
		nc_thread_join(tids[i]);
	close_log();
	_cleanup_(nc_freep) char *text = text_of(path);
	size_t n = 0;
	char *save = NULL;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save), n++) {
		json_t *doc = NULL;
		REQUIRE(nc_json_parse(nc_str(l), 4096, &doc, NULL) == NC_OK);
		json_decref(doc);
	}
	CHECK_UINT(n, WRITERS * LINES);
}

NC_TESTS(log){
	T(a_line_is_one_json_object_with_its_fields),
	T(lines_below_the_level_cost_nothing),
	T(levels_are_read_by_name),
	T(fields_pushed_stand_in_every_line),
	T(popping_nothing_is_an_assertion),
	T(the_readable_form_is_one_safe_line),
	T(colours_wrap_words_only),
	T(reopening_follows_a_rotation),
	T(a_failed_open_keeps_the_old_file),
	T(long_lines_are_written_whole),
	T(without_memory_a_line_still_says_its_event),
	T(a_full_disk_costs_lines_and_nothing_else),
	T(a_line_cut_by_a_full_disk_does_not_spoil_the_next),
	T(opening_without_memory_keeps_the_old_log),
	T(threads_write_whole_lines_while_the_file_is_reopened),
};
