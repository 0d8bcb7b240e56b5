/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/document.h"
#include "cli/tree.h"
#include "testing.h"

static const char *name_of(void *ctx, const char *key, const char *value)
{
	(void)ctx;
	return strcmp(key, "id") != 0 && !strcmp(value, "hst_1") ? "host-1" : NULL;
}

static void check_rendered(nc_tree_style style, int has_colour, const char *json, const char *want)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	_cleanup_(nc_buf_done) nc_buf b;
	const nc_tree t = { .style = style, .has_colour = has_colour, .remark = name_of };
	REQUIRE(nc_json_parse(nc_str(json), 1u << 20, &j, NULL) == NC_OK);
	nc_buf_init(&b, 1u << 20);
	nc_tree_render(&t, j, &b);
	CHECK(!nc_buf_failed(&b));
	CHECK_STR(b.ptr, want);
}

static void text_is_aligned_without_what_is_empty(void)
{
	check_rendered(NC_TREE_TEXT, 0,
		"{\"id\":\"hst_1\",\"host\":\"hst_1\",\"status\":\"running\",\"none\":null,"
		"\"labels\":{},\"list\":[],\"blank\":\"\",\"disks\":[{\"size_gib\":1,\"pool\":"
		"\"p\"},"
		"{\"size_gib\":2}],\"on\":false,\"notes\":\"a\\nb\"}",
		"id      hst_1\n"
		"host    hst_1 (host-1)\n"
		"status  running\n"
		"disks\n"
		"  - size_gib  1\n"
		"    pool      p\n"
		"  - size_gib  2\n"
		"on      false\n"
		"notes   \n"
		"  a\n"
		"  b\n");
}

static void only_status_words_are_coloured(void)
{
	check_rendered(NC_TREE_TEXT, 1, "{\"status\":\"error\",\"name\":\"error\"}",
		"status  \033[31merror\033[0m\nname    error\n");
}

static void lines_alone_are_set_in_nowhere(void)
{
	_cleanup_(nc_json_decrefp) json_t *j = json_string("two\nlines");
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1000);
	nc_tree_render(&(nc_tree){ .style = NC_TREE_TEXT }, j, &b);
	CHECK_STR(b.ptr, "\ntwo\nlines\n");
}

static void control_characters_never_reach_the_terminal(void)
{
	check_rendered(NC_TREE_TEXT, 0, "{\"a\":\"x\\u001b[2Jy\"}", "a  x?[2Jy\n");
}

static void yaml_quotes_what_would_be_read_as_something_else(void)
{
	check_rendered(NC_TREE_YAML, 0,
		"{\"a\":\"plain text\",\"b\":\"true\",\"c\":\"12\",\"d\":\"a: b\",\"e\":\"\","
		"\"f\":\"x #y\",\"g\":\"- z\",\"h\":\"é\",\"i\":\"two\\nlines\",\"null\":null,"
		"\"j\":{},\"k\":[],\"l\":[1,[true]],\"m\":1.5,\"o\":\"ends \"}",
		"a: plain text\n"
		"b: \"true\"\n"
		"c: \"12\"\n"
		"d: \"a: b\"\n"
		"e: \"\"\n"
		"f: \"x #y\"\n"
		"g: \"- z\"\n"
		"h: \"é\"\n"
		"i: \"two\\nlines\"\n"
		"\"null\": null\n"
		"j: {}\n"
		"k: []\n"
		"l:\n"
		"  - 1\n"
		"  - - true\n"
		"m: 1.5\n"
		"o: \"ends \"\n");
	check_rendered(NC_TREE_YAML, 0, "[]", "[]\n");
}

/* Anything that JSON can hold. */
static json_t *random_value(int depth)
{
	static const char *const words[] = { "", "a", "true", "~", "1e5", "0x1", "-", "? x", "a: b",
		"x #y", " lead", "trail ", "tab\t", "nl\n", "é", "\"q\"", "'", "[", "{", "*a", "&a",
		"!t", "%d", "@", "`", "2026-11-21", ".5", "+1", "null", "No", "<<", "=",
		"z\xe2\x80\xa8z", "\xe2\x80\xa9", "\xc2\x85x", "\xc2\x9f", "\xef\xbb\xbf",
		"\xef\xbf\xbf", "\x7f", "\xc2\xa0", "\xf0\x9f\x98\x80" };
	uint64_t r = nc_test_random();
	switch (depth ? r % 8 : r % 6) {
	case 0:
		return json_integer((json_int_t)nc_test_random());
	case 1:
		return json_real((double)(int64_t)(nc_test_random() % 2000000) / 64 - 10000);
	case 2:
		return json_boolean(r & 64);
	case 3:
		return json_null();
	case 4:
	case 5:
		return json_string(words[nc_test_random() % NC_LEN(words)]);
	case 6: {
		json_t *a = json_array();
		for (uint64_t n = nc_test_random() % 4; n; n--)
			json_array_append_new(a, random_value(depth - 1));
		return a;
	}
	default: {
		json_t *o = json_object();
		for (uint64_t n = nc_test_random() % 4; n; n--)
			json_object_set_new(o, words[nc_test_random() % NC_LEN(words)],
				random_value(depth - 1));
		return o;
	}
	}
}

static void yaml_reads_back_as_what_it_was(void)
{
	const nc_tree t = { .style = NC_TREE_YAML };
	for (int i = 0; i < 2000; i++) {
		_cleanup_(nc_json_decrefp) json_t *j = json_pack("[o]", random_value(5));
		_cleanup_(nc_json_decrefp) json_t *back = NULL;
		_cleanup_(nc_buf_done) nc_buf b;
		nc_error err = NC_ERROR_INIT;
		nc_buf_init(&b, 1u << 20);
		nc_tree_render(&t, j, &b);
		CHECK_OK(nc_yaml_to_json(nc_buf_bytes(&b), "back", &back, &err), &err);
		if (!CHECK(json_equal(j, back))) {
			CHECK_STR(b.ptr, "read back as what it was");
			return;
		}
	}
}

NC_TESTS(cli_tree){
	T(text_is_aligned_without_what_is_empty),
	T(only_status_words_are_coloured),
	T(lines_alone_are_set_in_nowhere),
	T(control_characters_never_reach_the_terminal),
	T(yaml_quotes_what_would_be_read_as_something_else),
	T(yaml_reads_back_as_what_it_was),
};
