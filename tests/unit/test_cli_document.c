/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "cli/document.h"
#include "testing.h"

static void check_same(const char *text, const char *want_json)
{
	_cleanup_(nc_json_decrefp) json_t *got = NULL;
	_cleanup_(nc_json_decrefp) json_t *want = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_document_parse(nc_str(text), "doc", &got, &err), &err);
	REQUIRE(nc_json_parse(nc_str(want_json), 10000, &want, NULL) == NC_OK);
	if (!CHECK(json_equal(got, want))) {
		_cleanup_(nc_freep) char *shown = json_dumps(got, JSON_ENCODE_ANY);
		CHECK_STR(shown, want_json);
	}
}

static void yaml_is_read_by_its_core_schema(void)
{
	check_same("name: web-1\nvcpus: 2\nratio: 1.5\non: true\nnone: ~\nempty:\n",
		"{\"name\":\"web-1\",\"vcpus\":2,\"ratio\":1.5,\"on\":true,\"none\":null,"
		"\"empty\":null}");
	check_same("a: '12'\nb: \"true\"\nc: 0x10\nd: yes\ne: 1e3\nf: -7\ng: .5\nh: 1.2.3\n",
		"{\"a\":\"12\",\"b\":\"true\",\"c\":\"0x10\",\"d\":\"yes\",\"e\":1000.0,\"f\":-7,"
		"\"g\":0.5,\"h\":\"1.2.3\"}");
	check_same("disks:\n  - size_gib: 10\n  - {size_gib: 20, pool: x}\nlabels: {}\nl: []\n",
		"{\"disks\":[{\"size_gib\":10},{\"size_gib\":20,\"pool\":\"x\"}],\"labels\":{},"
		"\"l\":[]}");
	check_same("- - 1\n  - 2\n- - []\n", "[[1,2],[[]]]");
	check_same("text: |\n  one\n  two\n", "{\"text\":\"one\\ntwo\\n\"}");
	check_same("id: 2026-11-21\nbig: 99999999999999999999\n",
		"{\"id\":\"2026-11-21\",\"big\":\"99999999999999999999\"}");
	check_same("{a: 1, b: [x, y]}", "{\"a\":1,\"b\":[\"x\",\"y\"]}");
}

static void json_is_read_as_json(void)
{
	check_same(" {\"a\": [1, 2.5, null, \"\\u00e9\"]}\n", "{\"a\":[1,2.5,null,\"é\"]}");
}

static void check_refused(const char *text, const char *message)
{
	json_t *got = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_document_parse(nc_str(text), "doc", &got, &err), NC_E_INVAL);
	CHECK_HAS(err.message, message);
	CHECK(!got);
}

static void what_has_no_json_form_is_refused_with_its_place(void)
{
	check_refused("", "doc is empty");
	check_refused("# nothing\n", "doc is empty");
	check_refused("a: 1\na: 2\n", "doc:2:1: the key stands here twice");
	check_refused("a: &x 1\n", "anchors and tags are not taken");
	check_refused("a: *x\n", "");
	check_refused("a: !!str 1\n", "anchors and tags");
	check_refused("? [a]\n: 1\n", "a key must be text");
	check_refused("a: 1\n---\nb: 2\n", "doc:2:1: only one document is taken");
	check_refused("a: [1\n", "doc:2:1:");
	check_refused("a:\n\t- 1\n", "doc:2:");
	check_refused("{\"a\": 1,, }", "doc:");
	check_refused("\xff\xfe", "doc:1:");
}

static void depth_is_bounded(void)
{
	char text[200];
	for (size_t n = 30; n <= 40; n++) {
		json_t *got = NULL;
		memset(text, '[', n);
		memset(text + n, ']', n);
		nc_code rc = nc_yaml_to_json((nc_bytes){ text, 2 * n }, "doc", &got, NULL);
		CHECK_CODE(rc, n <= NC_JSON_DEPTH_MAX ? NC_OK : NC_E_INVAL);
		json_decref(got);
	}
}

static void files_are_read_whole_and_named_in_errors(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("doc.yaml");
	_cleanup_(nc_freep) char *missing = nc_test_path("none.yaml");
	json_t *got = NULL;
	nc_error err = NC_ERROR_INIT;
	nc_test_write(path, "a: 1\n");
	CHECK_OK(nc_document_read(path, &got, &err), &err);
	json_decref(got);
	got = NULL;
	CHECK_CODE(nc_document_read(missing, &got, &err), NC_E_NOTFOUND);
	CHECK_HAS(err.message, "none.yaml");
	CHECK(!got);
}

static void a_document_without_memory_is_refused(void)
{
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		json_t *got = NULL;
		rc = nc_document_parse(
			nc_str("a: {b: [1, two, {c: 3.5}]}\nd: |\n  x\n"), "doc", &got, NULL);
		CHECK((rc == NC_OK) == (got != NULL));
		json_decref(got);
	}
}

NC_TESTS(cli_document){
	T(yaml_is_read_by_its_core_schema),
	T(json_is_read_as_json),
	T(what_has_no_json_form_is_refused_with_its_place),
	T(depth_is_bounded),
	T(files_are_read_whole_and_named_in_errors),
	T(a_document_without_memory_is_refused),
};
