/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"

/* Reading JSON: what is refused, and where the error points. */

#define LIMIT 100000

static nc_code parse(const char *text, json_t **ret, nc_error *err)
{
	return nc_json_parse(nc_str(text), LIMIT, ret, err);
}

static json_t *doc_of(const char *text)
{
	json_t *doc = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(parse(text, &doc, &err), &err);
	return doc;
}

static void check_refused(const char *text, const char *why)
{
	json_t *doc = NULL;
	nc_error err = NC_ERROR_INIT;
	if (!CHECK_CODE(parse(text, &doc, &err), NC_E_INVAL))
		CHECK_STR(text, "refused");
	CHECK(doc == NULL);
	CHECK_HAS(err.message, why);
	json_decref(doc);
}

static void documents_that_are_not_json_are_refused(void)
{
	check_refused("", "empty");
	check_refused("   ", "invalid JSON");
	check_refused("{\"a\":1} x", "end of file expected");
	check_refused("{\"a\":1}{}", "end of file expected");
	check_refused("{'a':1}", "invalid JSON");
	check_refused("{\"a\":01}", "invalid JSON");
	check_refused("{\"a\":1,}", "invalid JSON");
	check_refused("[1 2]", "invalid JSON");
	check_refused("{\"a\":NaN}", "invalid JSON");
	check_refused("\"\xff\"", "unable to decode byte");
	check_refused("{\"a\":\"\\u0000\"}", "\\u0000");
	check_refused("{\"a\":99999999999999999999}", "too big");
	check_refused("{\"a\":1e999}", "overflow");
	check_refused("// x\n{}", "invalid JSON");
}

static void duplicate_keys_are_refused(void)
{
	check_refused("{\"a\":1,\"b\":2,\"a\":3}", "duplicate object key");
	check_refused("{\"a\":1,\"\\u0061\":3}", "duplicate object key");
}

static void errors_name_line_and_column_and_quote_nothing(void)
{
	json_t *doc = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(parse("{\n \"password\": \"hunter2\" \"x\"}", &doc, &err), NC_E_INVAL);
	CHECK_HAS(err.message, "at line 2, column ");
	CHECK(!strstr(err.message, "hunter2") && !strstr(err.message, "near"));
	CHECK_CODE(parse("{\"password\": hunter2}", &doc, &err), NC_E_INVAL);
	CHECK(!strstr(err.message, "hunter2"));
	CHECK(doc == NULL);
}

static void a_nul_byte_inside_is_refused(void)
{
	json_t *doc = NULL;
	CHECK_CODE(nc_json_parse((nc_bytes){ "{}\0", 3 }, LIMIT, &doc, NULL), NC_E_INVAL);
	CHECK_CODE(nc_json_parse((nc_bytes){ "\"a\0b\"", 5 }, LIMIT, &doc, NULL), NC_E_INVAL);
	CHECK(doc == NULL);
}

static void the_size_limit_is_exact(void)
{
	json_t *doc = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_json_parse(nc_str("[1,2]"), 4, &doc, &err), NC_E_INVAL);
	CHECK_STR(err.message, "JSON of 5 bytes is larger than 4");
	CHECK_OK(nc_json_parse(nc_str("[1,2]"), 5, &doc, &err), &err);
	json_decref(doc);
}

static void put_nested(nc_buf *b, size_t depth)
{
	nc_buf_reset(b);
	for (size_t i = 0; i < depth; i++)
		nc_buf_puts(b, i % 2 ? "{\"a\":" : "[");
	nc_buf_puts(b, "\"[[[[{{{\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\\\"");
	for (size_t i = depth; i > 0; i--)
		nc_buf_puts(b, i % 2 ? "]" : "}");
}

static void the_depth_limit_is_exact_and_knows_strings(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	json_t *doc = NULL;
	nc_error err = NC_ERROR_INIT;
	nc_buf_init(&b, LIMIT);
	put_nested(&b, NC_JSON_DEPTH_MAX);
	CHECK_OK(nc_json_parse(nc_buf_bytes(&b), LIMIT, &doc, &err), &err);
	json_decref(doc);
	put_nested(&b, NC_JSON_DEPTH_MAX + 1);
	doc = NULL;
	CHECK_CODE(nc_json_parse(nc_buf_bytes(&b), LIMIT, &doc, &err), NC_E_INVAL);
	CHECK_HAS(err.message, "at line 1, column 97: nested more than 32 deep");
	CHECK(doc == NULL);
	nc_buf_reset(&b);
	nc_buf_puts(&b, "[\n[\n");
	for (int i = 0; i < 31; i++)
		nc_buf_putc(&b, '[');
	CHECK_CODE(nc_json_parse(nc_buf_bytes(&b), LIMIT, &doc, &err), NC_E_INVAL);
	CHECK_HAS(err.message, "at line 3, column 31: nested");
	/* a wide document is not a deep one */
	_cleanup_(nc_json_decrefp) json_t *wide = doc_of("[[],[],{},[],[[]],[],[],[],[],[],[],[],"
							 "[],[],[],[],[],[],[],[],[],[],[],[],[],"
							 "[],[],[],[],[],[],[],[],[],[],[],[]]");
	CHECK(json_array_size(wide) > 32);
}

static void any_value_may_stand_at_the_root(void)
{
	_cleanup_(nc_json_decrefp) json_t *s = doc_of(" \"text\" ");
	_cleanup_(nc_json_decrefp) json_t *n = doc_of("-12");
	CHECK_STR(json_string_value(s), "text");
	CHECK_INT(json_integer_value(n), -12);
	const char *v = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_json_get_str(s, NULL, "a", NC_OPTIONAL, 9, &v, &err), NC_E_INVAL);
	CHECK_STR(err.message, "the document must be an object");
	CHECK_CODE(nc_json_only_keys(s, NULL, (const char *const[]){ NULL }, &err), NC_E_INVAL);
}

static void paths_name_keys_and_indexes(void)
{
	nc_jpath disks = { NULL, "disks", 0 };
	nc_jpath second = { &disks, NULL, 2 };
	nc_jpath size = { &second, "size_gib", 0 };
	char text[40], tiny[6];
	nc_jpath_format(&size, text, sizeof(text));
	CHECK_STR(text, "disks[2].size_gib");
	nc_jpath_format(&size, tiny, sizeof(tiny));
	CHECK_STR(tiny, "disks");
	nc_jpath_format(NULL, text, sizeof(text));
	CHECK_STR(text, "");
	nc_jpath root_item = { NULL, NULL, 0 };
	nc_jpath_format(&root_item, text, sizeof(text));
	CHECK_STR(text, "[0]");
}

static void readers_take_what_fits(void)
{
	_cleanup_(nc_json_decrefp) json_t *o = doc_of("{\"s\":\"abc\",\"i\":-5,\"f\":1.5,\"n\":4,"
						      "\"t\":true,\"b\":false,\"o\":{},\"a\":[1]}");
	const char *s = NULL;
	const json_t *obj = NULL, *arr = NULL;
	int64_t i = 0;
	double f = 0, n = 0;
	int t = 7, b = 7;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_json_get_str(o, NULL, "s", NC_REQUIRED, 3, &s, &err), &err);
	CHECK_OK(nc_json_get_i64(o, NULL, "i", NC_REQUIRED, -5, -5, &i, &err), &err);
	CHECK_OK(nc_json_get_f64(o, NULL, "f", NC_REQUIRED, 0, 2, &f, &err), &err);
	CHECK_OK(nc_json_get_f64(o, NULL, "n", NC_REQUIRED, 0, 4, &n, &err), &err);
	CHECK_OK(nc_json_get_bool(o, NULL, "t", NC_REQUIRED, &t, &err), &err);
	CHECK_OK(nc_json_get_bool(o, NULL, "b", NC_REQUIRED, &b, &err), &err);
	CHECK_OK(nc_json_get_obj(o, NULL, "o", NC_REQUIRED, &obj, &err), &err);
	CHECK_OK(nc_json_get_arr(o, NULL, "a", NC_REQUIRED, 1, &arr, &err), &err);
	CHECK_STR(s, "abc");
	CHECK_INT(i, -5);
	CHECK(f == 1.5 && n == 4);
	CHECK(t == 1 && b == 0);
	CHECK(json_is_object(obj) && json_array_size(arr) == 1);
}

/* Reads member `key` as each type in turn; none may succeed or touch its output. */
static void check_no_reader_takes(const json_t *o, const char *key, nc_presence need, nc_code want)
{
	const char *s = "kept";
	const json_t *j = o;
	int64_t i = 42;
	double f = 42;
	int b = 42;
	CHECK_CODE(nc_json_get_str(o, NULL, key, need, 100, &s, NULL), want);
	CHECK_CODE(nc_json_get_i64(o, NULL, key, need, 0, 1, &i, NULL), want);
	CHECK_CODE(nc_json_get_f64(o, NULL, key, need, 0, 1, &f, NULL), want);
	CHECK_CODE(nc_json_get_bool(o, NULL, key, need, &b, NULL), want);
	CHECK_CODE(nc_json_get_obj(o, NULL, key, need, &j, NULL), want);
	CHECK_CODE(nc_json_get_arr(o, NULL, key, need, 9, &j, NULL), want);
	CHECK_STR(s, "kept");
	CHECK(j == o && i == 42 && f == 42 && b == 42);
}

static void absent_members_leave_the_output(void)
{
	_cleanup_(nc_json_decrefp) json_t *o = doc_of("{\"z\":null}");
	check_no_reader_takes(o, "x", NC_OPTIONAL, NC_OK);
	check_no_reader_takes(o, "x", NC_REQUIRED, NC_E_INVAL);
	check_no_reader_takes(o, "z", NC_OPTIONAL, NC_E_INVAL); /* null is not absent */
}

static void wrong_types_and_ranges_name_the_path(void)
{
	_cleanup_(nc_json_decrefp) json_t *o =
		doc_of("{\"s\":\"abcd\",\"i\":11,\"f\":3.5,\"a\":[1,2,3]}");
	nc_jpath disks = { NULL, "disks", 0 }, third = { &disks, NULL, 3 };
	const char *s = "kept";
	const json_t *j = NULL;
	int64_t i = 42;
	double f = 42;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_json_get_i64(o, &third, "s", NC_OPTIONAL, 0, 9, &i, &err), NC_E_INVAL);
	CHECK_STR(err.message, "disks[3].s must be an integer, not a string");
	CHECK_CODE(nc_json_get_i64(o, &third, "i", NC_OPTIONAL, 1, 10, &i, &err), NC_E_INVAL);
	CHECK_STR(err.message, "disks[3].i must be from 1 to 10, not 11");
	CHECK_CODE(nc_json_get_i64(o, NULL, "f", NC_OPTIONAL, 1, 10, &i, &err), NC_E_INVAL);
	CHECK_CODE(nc_json_get_f64(o, NULL, "f", NC_OPTIONAL, 0, 3, &f, &err), NC_E_INVAL);
	CHECK_STR(err.message, "f must be from 0 to 3, not 3.5");
	CHECK_CODE(nc_json_get_str(o, NULL, "s", NC_OPTIONAL, 3, &s, &err), NC_E_INVAL);
	CHECK_STR(err.message, "s has 4 bytes, at most 3 are allowed");
	CHECK_CODE(nc_json_get_arr(o, NULL, "a", NC_OPTIONAL, 2, &j, &err), NC_E_INVAL);
	CHECK_STR(err.message, "a has 3 items, at most 2 are allowed");
	CHECK_CODE(nc_json_get_str(o, &third, "q", NC_REQUIRED, 3, &s, &err), NC_E_INVAL);
	CHECK_STR(err.message, "disks[3].q is missing");
	CHECK_STR(s, "kept");
	CHECK(i == 42 && f == 42 && !j);
}

static void unknown_keys_come_with_a_guess(void)
{
	static const char *const known[] = { "name", "vcpus", "memory_mib", NULL };
	_cleanup_(nc_json_decrefp) json_t *good = doc_of("{\"vcpus\":1,\"name\":2}");
	_cleanup_(nc_json_decrefp) json_t *typo = doc_of("{\"vcpsu\":1}");
	_cleanup_(nc_json_decrefp) json_t *odd = doc_of("{\"colour\":1}");
	nc_jpath at = { NULL, "spec", 0 };
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_json_only_keys(good, &at, known, &err), &err);
	CHECK_CODE(nc_json_only_keys(typo, &at, known, &err), NC_E_INVAL);
	CHECK_STR(err.message, "spec.vcpsu is not a known field");
	CHECK_STR(err.hint, "did you mean \"vcpus\"?");
	CHECK_CODE(nc_json_only_keys(odd, NULL, known, &err), NC_E_INVAL);
	CHECK_STR(err.message, "colour is not a known field");
	CHECK_STR(err.hint, "");
}

static void a_guess_is_close_or_none(void)
{
	static const char *const names[] = { "cpu", "memory", "running", "stopped", "" };
	CHECK_STR(nc_did_you_mean("cup", names, 5), "cpu");
	CHECK_STR(nc_did_you_mean("memroy", names, 5), "memory");
	CHECK_STR(nc_did_you_mean("runing", names, 5), "running");
	CHECK_STR(nc_did_you_mean("stoped", names, 5), "stopped");
	CHECK_STR(nc_did_you_mean("cpu", names, 5), "cpu");
	CHECK(nc_did_you_mean("xyz", names, 5) == NULL);
	CHECK(nc_did_you_mean("c", names, 5) == NULL);
	CHECK(nc_did_you_mean("mmmory12", names, 5) == NULL);
	CHECK(nc_did_you_mean("x", names, 0) == NULL);
	char longest[300];
	memset(longest, 'r', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	CHECK(nc_did_you_mean(longest, names, 5) == NULL);
}

static void running_out_of_memory_is_not_a_bad_document(void)
{
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		_cleanup_(nc_json_decrefp) json_t *doc = NULL;
		nc_error err = NC_ERROR_INIT;
		rc = parse("{\"name\":\"web-1\",\"disks\":[{\"size\":1.5},[],\"x\"],"
			   "\"longer\":\"\\u20ac and some more text\",\"n\":123456789}",
			&doc, &err);
		CHECK((rc == NC_OK) == (doc != NULL));
		CHECK_CODE(err.code, rc);
	}
}

/* jansson 2.14 writes a member without its name when its buffer could not grow just then. */
static void dumping_gives_all_of_it_or_nothing(void)
{
	nc_code rc = NC_OK;
	nc_error err = NC_ERROR_INIT;
	json_t *doc = NULL;
	const char *text = "{\"a_name\":{\"another_name_that_is_longer\":[1,2,3],"
			   "\"and_one_more_name_of_that_kind\":\"and its value\"}}";
	REQUIRE(nc_json_parse(nc_str(text), 1000, &doc, &err) == NC_OK);
	NC_TORTURE(rc)
	{
		char *dumped = nc_json_dump(doc, JSON_COMPACT);
		rc = dumped ? NC_OK : NC_E_NOMEM;
		if (dumped)
			CHECK_STR(dumped, text);
		nc_free(dumped);
	}
	json_decref(doc);
}

NC_TESTS(json){
	T(dumping_gives_all_of_it_or_nothing),
	T(documents_that_are_not_json_are_refused),
	T(duplicate_keys_are_refused),
	T(errors_name_line_and_column_and_quote_nothing),
	T(a_nul_byte_inside_is_refused),
	T(the_size_limit_is_exact),
	T(the_depth_limit_is_exact_and_knows_strings),
	T(any_value_may_stand_at_the_root),
	T(paths_name_keys_and_indexes),
	T(readers_take_what_fits),
	T(absent_members_leave_the_output),
	T(wrong_types_and_ranges_name_the_path),
	T(unknown_keys_come_with_a_guess),
	T(a_guess_is_close_or_none),
	T(running_out_of_memory_is_not_a_bad_document),
};
