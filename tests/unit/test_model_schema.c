/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "model/schema.h"
#include "model_util.h"

/* Schemas and explanations, both from the tables. */

static json_t *schema(const nc_kind *k, nc_schema_form form)
{
	nc_buf b;
	nc_buf_init(&b, 1 << 20);
	nc_jw w;
	nc_jw_init(&w, &b);
	nc_schema_render(k, form, &w);
	nc_jw_done(&w);
	json_t *j = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_json_parse(nc_buf_bytes(&b), 1 << 20, &j, &err), &err);
	nc_buf_done(&b);
	return j;
}

static const json_t *at(const json_t *j, const char *path)
{
	char word[64];
	while (*path && j) {
		size_t n = strcspn(path, ".");
		memcpy(word, path, n);
		word[n] = '\0';
		j = json_object_get(j, word);
		path += n + (path[n] == '.');
	}
	return j;
}

static void every_kind_has_three_schemas(void)
{
	for (size_t i = 0; i < nc_n_kinds; i++)
		for (int form = NC_SCHEMA_OBJECT; form <= NC_SCHEMA_PATCH; form++) {
			_cleanup_(nc_json_decrefp) json_t *j =
				schema(nc_kinds[i], (nc_schema_form)form);
			CHECK_STR(json_string_value(at(j, "type")), "object");
			CHECK_STR(json_string_value(at(j, "title")), nc_kinds[i]->name);
		}
}

static void a_create_takes_what_a_request_may_set(void)
{
	_cleanup_(nc_json_decrefp) json_t *j = schema(&nc_kind_vm, NC_SCHEMA_CREATE);
	CHECK(at(j, "properties.id") == NULL);
	CHECK(at(j, "properties.status") == NULL);
	CHECK(at(j, "properties.resources.properties.memory_gb") != NULL);
	CHECK(json_is_false(at(j, "additionalProperties")));
	CHECK_STR(json_string_value(at(j, "properties.memory_mib.x-unit")), "MiB");
	CHECK_STR(json_string_value(at(j, "properties.memory_mib.x-mutability")), "next-start");
	CHECK_INT(json_integer_value(at(j, "properties.vcpus.minimum")), 1);
	CHECK_INT(json_integer_value(at(j, "properties.shutdown_timeout_s.default")), 120);
	CHECK(json_is_true(at(j, "properties.user_data.x-secret")));
	CHECK(json_is_true(at(j, "properties.user_data.writeOnly")));
	CHECK_STR(json_string_value(at(j, "properties.user_data.type")), "string");
	CHECK_STR(json_string_value(at(j, "properties.zone.x-ref")), "zone");
	CHECK(at(j, "properties.disks.items.properties.size_gib") != NULL);
	CHECK(at(j, "properties.disks.items.properties.id") == NULL);
}

static void an_object_shows_what_is_read_only(void)
{
	_cleanup_(nc_json_decrefp) json_t *j = schema(&nc_kind_vm, NC_SCHEMA_OBJECT);
	CHECK(json_is_true(at(j, "properties.status.readOnly")));
	CHECK(at(j, "properties.vcpus.readOnly") == NULL);
	CHECK(at(j, "properties.resources") == NULL);
	CHECK_STR(json_string_value(at(j, "properties.user_data.type")), "object");
	CHECK(at(j, "properties.user_data.properties.digest") != NULL);
	CHECK(at(j, "additionalProperties") == NULL); /* v1 only grows */
}

static void a_patch_leaves_out_what_it_can_not_change(void)
{
	_cleanup_(nc_json_decrefp) json_t *j = schema(&nc_kind_vm, NC_SCHEMA_PATCH);
	CHECK(at(j, "properties.disks") == NULL);
	CHECK(at(j, "properties.image") == NULL);
	CHECK(at(j, "required") == NULL);
	CHECK_STR(json_string_value(json_array_get(at(j, "properties.vcpus.type"), 1)), "null");
}

static nc_code explain(const char *path, nc_buf *b, nc_error *err)
{
	nc_buf_reset(b);
	return nc_explain(path, b, err);
}

static void explain_tells_of_kinds_and_fields(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_error err = NC_ERROR_INIT;
	nc_buf_init(&b, 1 << 16);
	CHECK_OK(explain("vm", &b, &err), &err);
	CHECK_HAS(b.ptr, "vm: A virtual machine");
	CHECK_HAS(b.ptr, "  memory_mib");
	CHECK_OK(explain("vms.disks.size_gib", &b, &err), &err);
	CHECK_HAS(b.ptr, "unit: GiB");
	CHECK_OK(explain("vm.run_policy", &b, &err), &err);
	CHECK_HAS(b.ptr, "one of: manual, on-failure, always");
	CHECK_HAS(b.ptr, "to come");
	CHECK_OK(explain("vm.shutdown_timeout_s", &b, &err), &err);
	CHECK_HAS(b.ptr, "default: 120");
	CHECK_OK(explain("instance-type.vcpus", &b, &err), &err);
	CHECK_HAS(b.ptr, "required");
}

static void explain_guesses_what_was_meant(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_error err = NC_ERROR_INIT;
	nc_buf_init(&b, 1 << 16);
	CHECK_CODE(explain("netwrok", &b, &err), NC_E_NOTFOUND);
	CHECK_STR(err.hint, "did you mean \"network\"?");
	CHECK_CODE(explain("vm.disks.sise_gib", &b, &err), NC_E_NOTFOUND);
	CHECK_STR(err.hint, "did you mean \"size_gib\"?");
	CHECK_CODE(explain("vm.vcpus.more", &b, &err), NC_E_NOTFOUND);
	CHECK_CODE(explain("", &b, &err), NC_E_NOTFOUND);
	CHECK_CODE(explain("kv", &b, &err), NC_E_NOTFOUND); /* the kernel's own */
	CHECK_CODE(
		explain("vm."
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			&b, &err),
		NC_E_NOTFOUND);
}

static void every_field_of_every_kind_can_be_explained(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1 << 16);
	for (size_t i = 0; i < nc_n_kinds; i++) {
		nc_span spans[NC_SPANS_MAX];
		size_t n = nc_kind_spans(nc_kinds[i], spans);
		if (nc_kinds[i]->flags & NC_KF_INTERNAL)
			continue;
		for (size_t s = 0; s < n; s++)
			for (size_t f = 0; f < spans[s].n; f++) {
				char path[128];
				nc_error err = NC_ERROR_INIT;
				snprintf(path, sizeof(path), "%s.%s", nc_kinds[i]->name,
					spans[s].f[f].name);
				CHECK_OK(explain(path, &b, &err), &err);
				CHECK_HAS(b.ptr, spans[s].f[f].doc);
			}
	}
}

NC_TESTS(model_schema){
	T(every_kind_has_three_schemas),
	T(a_create_takes_what_a_request_may_set),
	T(an_object_shows_what_is_read_only),
	T(a_patch_leaves_out_what_it_can_not_change),
	T(explain_tells_of_kinds_and_fields),
	T(explain_guesses_what_was_meant),
	T(every_field_of_every_kind_can_be_explained),
};
