/* SPDX-License-Identifier: Apache-2.0 */
/* The typed messages: every golden example goes in and comes out the same, and what a schema
 * refuses is refused with the member's path. */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "novacron-sdk/messages.h"
#include "testing.h"
#include "wrap_alloc.h"

static json_t *load_example(const char *file)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/examples/%s", NC_SCHEMAS, file);
	return json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
}

/* Read, pack, free what was read, write the copy. */
static nc_code round_trip(const nc_msg *msg, const char *text, nc_plug_buf *out, nc_error *err)
{
	nc_msg_mem mem = { 0 };
	char in[1024];
	void *copy = NULL;
	nc_code rc;

	if (!CHECK(msg->size <= sizeof(in)))
		return NC_E_INTERNAL;
	rc = nc_msg_read(msg, nc_plug_str(text), &mem, in, err);
	if (rc == NC_OK) {
		copy = nc_msg_pack(msg, in);
		memset(in, 0xA5, sizeof(in));
		rc = copy ? NC_OK : NC_E_NOMEM;
	}
	nc_msg_done(&mem);
	if (rc == NC_OK)
		rc = nc_msg_write(msg, copy, out, err);
	free(copy);
	return rc;
}

static int each_example(void (*visit)(const nc_msg *, json_t *))
{
	_cleanup_(nc_freep) char *folder = nc_asprintf("%s/examples", NC_SCHEMAS);
	DIR *dir = opendir(folder);
	struct dirent *e;
	int n = 0;

	if (!CHECK(dir != NULL))
		return 0;
	while ((e = readdir(dir))) {
		char name[256];
		const nc_msg *msg;
		json_t *doc;

		if (!strstr(e->d_name, ".json"))
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", (int)strlen(e->d_name) - 5, e->d_name);
		msg = nc_msg_find(name);
		doc = load_example(e->d_name);
		if (!CHECK(msg != NULL) || !CHECK(doc != NULL))
			(void)fprintf(stderr, "%s\n", name);
		else
			visit(msg, doc);
		json_decref(doc);
		n++;
	}
	closedir(dir);
	return n;
}

static void check_round_trip(const nc_msg *msg, json_t *doc)
{
	nc_plug_buf out = NC_PLUG_BUF(1 << 20);
	nc_error err = { .struct_size = sizeof(err) };
	char *text = json_dumps(doc, JSON_COMPACT);
	json_t *back;

	CHECK_OK(round_trip(msg, text, &out, &err), &err);
	back = json_loadb(out.ptr ? out.ptr : "", out.len, JSON_REJECT_DUPLICATES, NULL);
	if (!CHECK(back && json_equal(back, doc)))
		(void)fprintf(stderr, "%s\n%s\n", text, out.ptr);
	json_decref(back);
	free(text);
	nc_plug_buf_done(&out);
}

static void every_golden_example_comes_out_as_it_went_in(void)
{
	CHECK(each_example(check_round_trip) > 70);
}

/* Takes away each required member in turn, and adds one that is not known. */
static void check_refusals(const nc_msg *msg, json_t *doc)
{
	for (size_t i = 0; i < msg->n_fields; i++) {
		nc_plug_buf out = NC_PLUG_BUF(1 << 20);
		nc_error err = { .struct_size = sizeof(err) };
		json_t *less = json_copy(doc);
		char *text;

		json_object_del(less, msg->fields[i].name);
		text = json_dumps(less, JSON_COMPACT);
		if (msg->fields[i].flags & NC_MSG_REQUIRED) {
			CHECK_CODE(round_trip(msg, text, &out, &err), NC_E_INVAL);
			CHECK_HAS(err.message, msg->fields[i].name);
			CHECK_HAS(err.message, "is missing");
		} else {
			CHECK_OK(round_trip(msg, text, &out, &err), &err);
		}
		free(text);
		json_decref(less);
		nc_plug_buf_done(&out);
	}
}

static void a_missing_member_is_named_in_every_message(void)
{
	CHECK(each_example(check_refusals) > 70);
}

static void check_unknown(const nc_msg *msg, json_t *doc)
{
	nc_plug_buf out = NC_PLUG_BUF(1 << 20);
	nc_error err = { .struct_size = sizeof(err) };
	json_t *more = json_copy(doc);
	char *text;

	json_object_set_new(more, "tpm", json_pack("{s:[i,{s:n}]}", "x", 1, "y"));
	text = json_dumps(more, JSON_COMPACT);
	if (msg->is_open) {
		CHECK_OK(round_trip(msg, text, &out, &err), &err);
	} else {
		CHECK_CODE(round_trip(msg, text, &out, &err), NC_E_UNSUPPORTED);
		CHECK_HAS(err.message, "tpm");
	}
	free(text);
	json_decref(more);
	nc_plug_buf_done(&out);
}

static void requests_refuse_an_unknown_member_and_results_let_it_pass(void)
{
	CHECK(each_example(check_unknown) > 70);
}

static void each_allocation_may_fail(void)
{
	json_t *doc = load_example("compute.create.request.json");
	char *text = json_dumps(doc, JSON_COMPACT);

	WRAP_TORTURE(n)
	{
		nc_plug_buf out = NC_PLUG_BUF(1 << 20);
		nc_code rc = round_trip(&nc_compute_create_request_msg, text, &out, NULL);

		CHECK(rc == (wrap_alloc_has_failed() ? NC_E_NOMEM : NC_OK));
		nc_plug_buf_done(&out);
	}
	free(text);
	json_decref(doc);
}

/* What is wrong with a power request that has `members` more; "" when nothing is. */
static const char *power_fault(const char *members)
{
	static nc_error err;
	nc_compute_power_request req;
	nc_msg_mem mem = { 0 };
	char text[2048];
	nc_code rc;

	(void)snprintf(text, sizeof(text),
		"{\"id\":\"a\",\"uuid\":\"0a1b2c3d-4e5f-5071-8293-a4b5c6d7e8f9\",\"native_id\":"
		"\"n\","
		"\"tag\":{\"installation\":\"i\",\"object\":\"a\",\"operation\":\"o\",\"epoch\":1}%"
		"s}",
		members);
	memset(&err, 0, sizeof(err));
	rc = nc_msg_read(&nc_compute_power_request_msg, nc_plug_str(text), &mem, &req, &err);
	nc_msg_done(&mem);
	return rc == NC_OK ? "" : err.message;
}

static void faults_name_the_path_and_what_is_wrong(void)
{
	CHECK_STR(power_fault(",\"action\":\"stop\",\"timeout_s\":5"), "");
	CHECK_HAS(power_fault(",\"action\":\"halt\""), "action: \"halt\" is not one of");
	CHECK_HAS(power_fault(",\"action\":\"stop\",\"timeout_s\":-1"), "timeout_s: -1 is outside");
	CHECK_HAS(power_fault(",\"action\":\"stop\",\"timeout_s\":1.5"), "found a fraction");
	CHECK_HAS(
		power_fault(",\"action\":\"stop\",\"timeout_s\":99999999999999999999"), "64 bits");
	CHECK_HAS(power_fault(",\"action\":\"stop\",\"timeout_s\":01"), "leading zero");
	CHECK_HAS(power_fault(",\"action\":\"stop\",\"action\":\"stop\""), "action: given twice");
	CHECK_HAS(power_fault(",\"action\":7"), "action: expected a string");
	CHECK_HAS(power_fault(",\"action\":\"stop\",}"), "expected a string");
	CHECK_HAS(power_fault(",\"action\":\"stop\"} x"), "bytes after the end");
	CHECK_HAS(power_fault(",\"action\":\"st\\u0000op\""), "an escape");
	CHECK_HAS(power_fault(",\"action\":\"st\xffop\""), "not UTF-8");
	CHECK_HAS(power_fault(",\"action\":\"st"), "ends within a string");
	CHECK_HAS(power_fault(",\"action\":\"st\nop\""), "control character");
}

static void lists_name_the_element_that_is_wrong(void)
{
	nc_backup_extents_result res;
	nc_msg_mem mem = { 0 };
	nc_error err = { .struct_size = sizeof(err) };
	const char *text = "{\"disk\":\"d\",\"extents\":[{\"offset\":0,\"length\":1,\"zero\":true},"
			   "{\"offset\":1,\"length\":0,\"zero\":true}]}";

	CHECK_CODE(nc_msg_read(&nc_backup_extents_result_msg, nc_plug_str(text), &mem, &res, &err),
		NC_E_INVAL);
	CHECK_HAS(err.message, "extents[1].length: 0 is outside");
	nc_msg_done(&mem);
}

static void strings_are_unescaped_and_counted_in_characters(void)
{
	nc_plugin_health_result res;
	nc_msg_mem mem = { 0 };
	nc_error err = { .struct_size = sizeof(err) };
	const char *text = " { \"status\" : \"healthy\" , \"message\" : "
			   "\"\\ud83d\\ude00 \\u00e9\xc3\xa9 \\\"\\/\\n\" , \"details\":{ } } ";

	CHECK_OK(nc_msg_read(&nc_plugin_health_result_msg, nc_plug_str(text), &mem, &res, &err),
		&err);
	CHECK_STR(res.message, "\xf0\x9f\x98\x80 \xc3\xa9\xc3\xa9 \"/\n");
	CHECK_INT(res.status, NC_HEALTH_STATUS_HEALTHY);
	CHECK_UINT(res.details.len, 3);
	nc_msg_done(&mem);
}

static void unknown_members_nested_too_deeply_are_refused(void)
{
	char text[512] = "{\"status\":\"healthy\",\"message\":\"\",\"x\":";
	nc_plugin_health_result res;
	nc_msg_mem mem = { 0 };
	size_t n = strlen(text);

	memset(text + n, '[', 100);
	memset(text + n + 100, ']', 100);
	text[n + 200] = '}';
	CHECK_CODE(nc_msg_read(&nc_plugin_health_result_msg, nc_plug_str(text), &mem, &res, NULL),
		NC_E_INVAL);
	nc_msg_done(&mem);
}

static void every_prefix_of_a_text_is_refused_without_reading_past_it(void)
{
	json_t *doc = load_example("compute.create.request.json");
	char *text = json_dumps(doc, JSON_COMPACT);
	size_t len = strlen(text);

	for (size_t n = 0; n < len; n++) {
		char *cut = malloc(n ? n : 1); /* exact, so that ASan sees a byte too many */
		nc_compute_create_request req;
		nc_msg_mem mem = { 0 };

		memcpy(cut, text, n);
		CHECK_CODE(nc_msg_read(&nc_compute_create_request_msg, (nc_bytes){ cut, n }, &mem,
				   &req, NULL),
			NC_E_INVAL);
		nc_msg_done(&mem);
		free(cut);
	}
	free(text);
	json_decref(doc);
}

static void a_result_that_breaks_its_schema_is_not_written(void)
{
	nc_plug_buf out = NC_PLUG_BUF(4096);
	nc_error err = { .struct_size = sizeof(err) };
	nc_compute_power_result res = { .native_id = "n", .power = NC_POWER_RUNNING, .obs_seq = 1 };

	CHECK_OK(nc_msg_write(&nc_compute_power_result_msg, &res, &out, &err), &err);
	CHECK_STR(out.ptr,
		"{\"native_id\":\"n\",\"changed\":false,\"power\":\"running\",\"obs_seq\":1}");
	res.power = 0;
	CHECK_CODE(nc_msg_write(&nc_compute_power_result_msg, &res, &out, &err), NC_E_INTERNAL);
	CHECK_HAS(err.message, "power");
	res.power = NC_POWER_STOPPED;
	res.native_id = NULL;
	CHECK_CODE(nc_msg_write(&nc_compute_power_result_msg, &res, &out, &err), NC_E_INTERNAL);
	nc_plug_buf_done(&out);
}

static void a_text_that_outgrows_its_buffer_is_an_error(void)
{
	nc_plug_buf out = NC_PLUG_BUF(20);
	nc_compute_power_result res = { .native_id = "n", .power = NC_POWER_RUNNING, .obs_seq = 1 };

	CHECK_CODE(nc_msg_write(&nc_compute_power_result_msg, &res, &out, NULL), NC_E_INTERNAL);
	CHECK(out.len <= 20);
	nc_plug_buf_done(&out);
}

NC_TESTS(sdk_msg){
	T(every_golden_example_comes_out_as_it_went_in),
	T(a_missing_member_is_named_in_every_message),
	T(requests_refuse_an_unknown_member_and_results_let_it_pass),
	T(each_allocation_may_fail),
	T(faults_name_the_path_and_what_is_wrong),
	T(lists_name_the_element_that_is_wrong),
	T(strings_are_unescaped_and_counted_in_characters),
	T(unknown_members_nested_too_deeply_are_refused),
	T(every_prefix_of_a_text_is_refused_without_reading_past_it),
	T(a_result_that_breaks_its_schema_is_not_written),
	T(a_text_that_outgrows_its_buffer_is_an_error),
};
