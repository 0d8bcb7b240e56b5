/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/body.h"
#include "cli/cmd/all.h"
#include "testing.h"

static void check_set(const nc_kind *kind, const char *const *set, const char *want_json)
{
	_cleanup_(nc_json_decrefp) json_t *body = json_object();
	_cleanup_(nc_json_decrefp) json_t *want = NULL;
	nc_error err = NC_ERROR_INIT;
	for (; *set; set++)
		CHECK_OK(nc_body_set(body, kind, *set, &err), &err);
	REQUIRE(nc_json_parse(nc_str(want_json), 10000, &want, NULL) == NC_OK);
	if (!CHECK(json_equal(body, want))) {
		_cleanup_(nc_freep) char *shown = json_dumps(body, 0);
		CHECK_STR(shown, want_json);
	}
}
#define SET(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void values_have_the_type_of_their_field(void)
{
	check_set(&nc_kind_vm,
		SET("name=12", "vcpus=2", "protected=true", "run_policy=always", "ssh_keys=a,b",
			"description=x=y"),
		"{\"name\":\"12\",\"vcpus\":2,\"protected\":true,\"run_policy\":\"always\","
		"\"ssh_keys\":[\"a\",\"b\"],\"description\":\"x=y\"}");
	check_set(&nc_kind_host, SET("vcpu_ratio=1.5", "traits=[\"x\"]"),
		"{\"vcpu_ratio\":1.5,\"traits\":[\"x\"]}");
	check_set(&nc_kind_provider, SET("config={\"hosts\":4}", "config.seed=9"),
		"{\"config\":{\"hosts\":4,\"seed\":\"9\"}}");
}

static void what_does_not_fit_goes_as_text_for_the_server_to_refuse(void)
{
	check_set(&nc_kind_vm, SET("vcpus=two", "protected=maybe", "nonsense=1"),
		"{\"vcpus\":\"two\",\"protected\":\"maybe\",\"nonsense\":\"1\"}");
}

static void nothing_behind_the_sign_clears_the_field(void)
{
	check_set(&nc_kind_vm, SET("description=", "expires_at=null"),
		"{\"description\":null,\"expires_at\":null}");
}

static void a_label_may_have_dots_in_its_key(void)
{
	check_set(&nc_kind_vm, SET("labels.env=prod", "labels.a.b/c=1", "labels.gone="),
		"{\"labels\":{\"env\":\"prod\",\"a.b/c\":\"1\",\"gone\":null}}");
}

static void paths_lead_into_objects(void)
{
	check_set(&nc_kind_vm, SET("resources.cpu=4", "resources.memory_gb=1.5"),
		"{\"resources\":{\"cpu\":4.0,\"memory_gb\":1.5}}");
}

static void what_is_no_assignment_is_refused(void)
{
	static const char *const bad[] = { "", "name", "=x", "labels.=x" };
	for (size_t i = 0; i < NC_LEN(bad); i++) {
		_cleanup_(nc_json_decrefp) json_t *body = json_object();
		nc_error err = NC_ERROR_INIT;
		CHECK_CODE(nc_body_set(body, &nc_kind_vm, bad[i], &err), NC_E_INVAL);
		CHECK_HAS(err.message, "--set");
	}
	_cleanup_(nc_json_decrefp) json_t *body = json_pack("{s:s}", "zone", "a");
	CHECK_CODE(nc_body_set(body, &nc_kind_vm, "zone.x=1", NULL), NC_E_INVAL);
}

static void a_name_may_be_said_twice_if_it_is_the_same(void)
{
	_cleanup_(nc_json_decrefp) json_t *body = json_pack("{s:s}", "name", "a");
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_body_name(body, "name", NULL, &err), &err);
	CHECK_OK(nc_body_name(body, "name", "a", &err), &err);
	CHECK_CODE(nc_body_name(body, "name", "b", &err), NC_E_INVAL);
	CHECK_HAS(err.message, "\"a\" in the file and \"b\" here");
}

static void flags_that_name_a_field_go_over_the_file_and_set(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("vm.yaml");
	_cleanup_(nc_freep) char *file = nc_asprintf("--file=%s", path);
	nc_test_write(path, "vcpus: 1\nmemory_mib: 1\nimage: i\n");
	char set[] = "--set=memory_mib=2", memory[] = "--memory=3", key[] = "--ssh-key=k1",
	     key2[] = "--ssh-key=k2", protect[] = "--protected";
	char *const argv[] = { file, set, memory, key, key2, protect };
	const uint8_t is_path[NC_LEN(argv)] = { 0 };
	nc_cli c = { .cmd = &nc_cmd_vm_create, .arena = nc_arena_new(1u << 20) };
	_cleanup_(nc_json_decrefp) json_t *body = NULL;
	_cleanup_(nc_json_decrefp) json_t *want = json_pack("{s:i,s:i,s:s,s:[s,s],s:b}", "vcpus", 1,
		"memory_mib", 3, "image", "i", "ssh_keys", "k1", "k2", "protected", 1);
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_args_parse(c.cmd, (int)NC_LEN(argv), argv, is_path, c.arena, &c.args, &err),
		&err);
	CHECK_OK(nc_body_make(&c, &nc_kind_vm, &body, &err), &err);
	CHECK(json_equal(body, want));
	nc_arena_free(c.arena);
}

static void an_assignment_without_memory_is_refused(void)
{
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		json_t *body = json_object();
		rc = body ? nc_body_set(body, &nc_kind_vm, "labels.a.b=c", NULL) : NC_E_NOMEM;
		if (rc == NC_OK)
			rc = nc_body_set(body, &nc_kind_vm, "ssh_keys=a,b", NULL);
		json_decref(body);
	}
}

NC_TESTS(cli_body){
	T(values_have_the_type_of_their_field),
	T(what_does_not_fit_goes_as_text_for_the_server_to_refuse),
	T(nothing_behind_the_sign_clears_the_field),
	T(a_label_may_have_dots_in_its_key),
	T(paths_lead_into_objects),
	T(what_is_no_assignment_is_refused),
	T(a_name_may_be_said_twice_if_it_is_the_same),
	T(flags_that_name_a_field_go_over_the_file_and_set),
	T(an_assignment_without_memory_is_refused),
};
