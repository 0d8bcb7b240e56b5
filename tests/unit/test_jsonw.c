/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/jsonw.h"

/* The streaming writer: exact text, and whatever it writes reads back. */

typedef struct writer {
	nc_buf buf;
	nc_jw w;
} writer;

static void start(writer *x)
{
	nc_buf_init(&x->buf, 1 << 20);
	nc_jw_init(&x->w, &x->buf);
}

static void done(writer *x)
{
	nc_buf_done(&x->buf);
}

static void objects_and_arrays_get_their_commas(void)
{
	_cleanup_(done) writer x;
	start(&x);
	nc_jw_obj(&x.w);
	nc_jw_kstr(&x.w, "a", "b");
	nc_jw_karr(&x.w, "c");
	nc_jw_i64(&x.w, 1);
	nc_jw_obj(&x.w);
	nc_jw_obj_end(&x.w);
	nc_jw_arr(&x.w);
	nc_jw_arr_end(&x.w);
	nc_jw_null(&x.w);
	nc_jw_arr_end(&x.w);
	nc_jw_kobj(&x.w, "d");
	nc_jw_kbool(&x.w, "t", 1);
	nc_jw_kbool(&x.w, "f", 0);
	nc_jw_obj_end(&x.w);
	nc_jw_kraw(&x.w, "r", "[1,2]", 5);
	nc_jw_kstr(&x.w, "n", NULL);
	nc_jw_ku64(&x.w, "u", 18);
	nc_jw_ktime(&x.w, "at", 0);
	nc_jw_obj_end(&x.w);
	nc_jw_done(&x.w);
	CHECK_STR(x.buf.ptr,
		"{\"a\":\"b\",\"c\":[1,{},[],null],\"d\":{\"t\":true,\"f\":false},"
		"\"r\":[1,2],\"n\":null,\"u\":18,\"at\":\"1970-01-01T00:00:00.000Z\"}");
}

static void integers_are_exact_at_the_edges(void)
{
	_cleanup_(done) writer x;
	start(&x);
	nc_jw_arr(&x.w);
	nc_jw_i64(&x.w, INT64_MIN);
	nc_jw_i64(&x.w, INT64_MAX);
	nc_jw_u64(&x.w, UINT64_MAX);
	nc_jw_i64(&x.w, 0);
	nc_jw_i64(&x.w, -1);
	nc_jw_i64(&x.w, 9);
	nc_jw_i64(&x.w, 10);
	nc_jw_i64(&x.w, 99);
	nc_jw_i64(&x.w, 100);
	nc_jw_i64(&x.w, -101);
	nc_jw_arr_end(&x.w);
	CHECK_STR(x.buf.ptr, "[-9223372036854775808,9223372036854775807,18446744073709551615,"
			     "0,-1,9,10,99,100,-101]");
}

static void integers_agree_with_printf(void)
{
	_cleanup_(done) writer x;
	start(&x);
	for (int i = 0; i < 20000; i++) {
		uint64_t v = nc_test_random() >> (nc_test_random() % 64);
		char want[32];
		snprintf(want, sizeof(want), "%lld", (long long)v);
		nc_buf_reset(&x.buf);
		nc_jw_init(&x.w, &x.buf);
		nc_jw_i64(&x.w, (int64_t)v);
		REQUIRE(CHECK_STR(x.buf.ptr, want));
	}
}

static void check_double(double v, const char *want)
{
	_cleanup_(done) writer x;
	start(&x);
	nc_jw_f64(&x.w, v);
	CHECK_STR(x.buf.ptr, want);
}

static void doubles_are_short(void)
{
	check_double(0, "0");
	check_double(-0.0, "-0.0");
	check_double(1, "1");
	check_double(-3, "-3");
	check_double(0.1, "0.1");
	check_double(1.0 / 3, "0.3333333333333333");
	check_double(5e-324, "4.94065645841247e-324");
	check_double(1e300, "1e+300");
	check_double(9007199254740993.0, "9007199254740992");
	check_double(NAN, "null");
	check_double(-INFINITY, "null");
}

static void doubles_read_back_to_the_bit(void)
{
	_cleanup_(done) writer x;
	start(&x);
	for (int i = 0; i < 20000; i++) {
		uint64_t bits = nc_test_random();
		double v;
		memcpy(&v, &bits, sizeof(v));
		if (!isfinite(v))
			continue;
		nc_buf_reset(&x.buf);
		nc_jw_init(&x.w, &x.buf);
		nc_jw_f64(&x.w, v);
		double back = strtod(x.buf.ptr, NULL);
		REQUIRE(CHECK_MEM(&back, &v, sizeof(v)));
	}
}

static void check_string(const char *raw, size_t n, const char *want)
{
	_cleanup_(done) writer x;
	start(&x);
	nc_jw_strn(&x.w, raw, n);
	CHECK_STR(x.buf.ptr, want);
}

static void strings_are_escaped(void)
{
	check_string("", 0, "\"\"");
	check_string("plain", 5, "\"plain\"");
	check_string("a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"");
	check_string("\b\t\n\f\r", 5, "\"\\b\\t\\n\\f\\r\"");
	check_string("\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\\u007f\"");
	check_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9,
		"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

static void every_byte_at_every_place_is_seen(void)
{
	for (size_t at = 0; at < 20; at++) {
		for (unsigned c = 0; c < 256; c++) {
			char raw[21] = "abcdefghijklmnopqrst";
			_cleanup_(done) writer x;
			start(&x);
			nc_buf_reserve(&x.buf, 500); /* the quick way needs the room */
			raw[at] = (char)c;
			nc_jw_strn(&x.w, raw, 20);
			int plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
			REQUIRE(CHECK_INT(x.buf.len == 22, plain));
			REQUIRE(!plain || memcmp(x.buf.ptr + 1, raw, 20) == 0);
			REQUIRE(memcmp(x.buf.ptr + 1, raw, at) == 0);
			REQUIRE(memcmp(x.buf.ptr + x.buf.len - 20 + at, raw + at + 1, 19 - at) ==
				0);
		}
	}
}

static void controls_that_terminals_obey_are_escaped(void)
{
	check_string("a\xc2\x9b"
		     "b\xc2\xa0",
		6, "\"a\\u009bb\xc2\xa0\"");
}

#define FFFD "\xef\xbf\xbd"

static void bytes_that_are_not_utf8_are_replaced(void)
{
	check_string("a\xff"
		     "b",
		3, "\"a" FFFD "b\"");
	check_string("\xc0\xaf", 2, "\"" FFFD FFFD "\"");                   /* overlong */
	check_string("\xe0\x80\x80", 3, "\"" FFFD FFFD FFFD "\"");          /* overlong */
	check_string("\xed\xa0\x80", 3, "\"" FFFD FFFD FFFD "\"");          /* surrogate */
	check_string("\xf4\x90\x80\x80", 4, "\"" FFFD FFFD FFFD FFFD "\""); /* past the end */
	check_string("\xf5", 1, "\"" FFFD "\"");
	check_string("\xe2\x82", 2, "\"" FFFD FFFD "\""); /* cut */
	check_string("\xe2\x82x", 3, "\"" FFFD FFFD "x\"");
	check_string("\x80", 1, "\"" FFFD "\"");
}

static void random_bytes_come_out_as_json(void)
{
	_cleanup_(done) writer x;
	start(&x);
	for (int round = 0; round < 3000; round++) {
		char raw[24];
		size_t n = nc_test_random() % sizeof(raw);
		for (size_t i = 0; i < n; i++) {
			uint64_t r = nc_test_random();
			raw[i] = (char)(r & 1 ? r >> 8 : (r >> 8 & 0x3f) | 0x80);
			if (raw[i] == '\0')
				raw[i] = 'x'; /* the parser refuses \u0000, by choice */
		}
		nc_buf_reset(&x.buf);
		nc_jw_init(&x.w, &x.buf);
		nc_jw_obj(&x.w);
		nc_jw_key(&x.w, "k");
		nc_jw_strn(&x.w, raw, n);
		nc_jw_obj_end(&x.w);
		json_t *doc = NULL;
		nc_error err = NC_ERROR_INIT;
		REQUIRE(CHECK_OK(nc_json_parse(nc_buf_bytes(&x.buf), 1000, &doc, &err), &err));
		json_decref(doc);
	}
}

static void the_limit_of_the_buffer_is_kept(void)
{
	const size_t whole = strlen("{'key':'value\\n...','n':-12345,'f':0.25}");
	for (size_t limit = 0; limit < whole + 5; limit++) {
		_cleanup_(nc_buf_done) nc_buf b;
		nc_jw w;
		nc_buf_init(&b, limit);
		nc_jw_init(&w, &b);
		nc_jw_obj(&w);
		nc_jw_kstr(&w, "key", "value\n\xff");
		nc_jw_ki64(&w, "n", -12345);
		nc_jw_kf64(&w, "f", 0.25);
		nc_jw_obj_end(&w);
		nc_jw_done(&w);
		CHECK(b.len <= limit);
		CHECK_INT(nc_buf_failed(&b), limit < whole);
	}
}

static void value_without_key(void *arg)
{
	nc_jw_obj(arg);
	nc_jw_i64(arg, 1);
}

static void key_in_array(void *arg)
{
	nc_jw_arr(arg);
	nc_jw_key(arg, "a");
}

static void two_keys(void *arg)
{
	nc_jw_obj(arg);
	nc_jw_key(arg, "a");
	nc_jw_key(arg, "b");
}

static void key_without_value(void *arg)
{
	nc_jw_obj(arg);
	nc_jw_key(arg, "a");
	nc_jw_obj_end(arg);
}

static void wrong_bracket(void *arg)
{
	nc_jw_arr(arg);
	nc_jw_obj_end(arg);
}

static void end_of_nothing(void *arg)
{
	nc_jw_arr_end(arg);
}

static void two_roots(void *arg)
{
	nc_jw_null(arg);
	nc_jw_null(arg);
}

static void unclosed(void *arg)
{
	nc_jw_arr(arg);
	nc_jw_done(arg);
}

static void nothing_written(void *arg)
{
	nc_jw_done(arg);
}

static void too_deep(void *arg)
{
	for (int i = 0; i < 64; i++)
		nc_jw_arr(arg);
}

static void misuse_is_an_assertion(void)
{
	static void (*const wrong[])(void *) = { value_without_key, key_in_array, two_keys,
		key_without_value, wrong_bracket, end_of_nothing, two_roots, unclosed,
		nothing_written, too_deep };
	for (size_t i = 0; i < NC_LEN(wrong); i++) {
		_cleanup_(done) writer x;
		start(&x);
		CHECK(nc_test_aborts(wrong[i], &x.w));
	}
}

static void sixty_three_levels_are_allowed(void)
{
	_cleanup_(done) writer x;
	start(&x);
	for (int i = 0; i < 63; i++)
		nc_jw_arr(&x.w);
	for (int i = 0; i < 63; i++)
		nc_jw_arr_end(&x.w);
	nc_jw_done(&x.w);
	CHECK_UINT(x.buf.len, 126);
}

NC_TESTS(jsonw){
	T(objects_and_arrays_get_their_commas),
	T(integers_are_exact_at_the_edges),
	T(integers_agree_with_printf),
	T(doubles_are_short),
	T(doubles_read_back_to_the_bit),
	T(strings_are_escaped),
	T(every_byte_at_every_place_is_seen),
	T(controls_that_terminals_obey_are_escaped),
	T(bytes_that_are_not_utf8_are_replaced),
	T(random_bytes_come_out_as_json),
	T(the_limit_of_the_buffer_is_kept),
	T(misuse_is_an_assertion),
	T(sixty_three_levels_are_allowed),
};
