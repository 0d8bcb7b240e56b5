/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/jsonw.h"
#include "plugin/schema.h"
#include "testing.h"

static json_t *parse(const char *text)
{
	json_t *doc = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_json_parse(nc_str(text), 1 << 20, &doc, &err), &err);
	return doc;
}

#define SCHEMA                                                                                     \
	"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"url\"],"              \
	"\"properties\":{"                                                                         \
	"\"url\":{\"type\":\"string\",\"minLength\":3,\"maxLength\":10},"                          \
	"\"token\":{\"type\":\"string\",\"x-secret\":true,\"minLength\":4},"                       \
	"\"mode\":{\"enum\":[\"fast\",\"safe\"],\"default\":\"safe\"},"                            \
	"\"size\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9007199254740993},"              \
	"\"ratio\":{\"type\":\"number\",\"minimum\":0.5},"                                         \
	"\"maybe\":{\"type\":[\"string\",\"null\"]},"                                              \
	"\"hosts\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":2,\"items\":{\"type\":"         \
	"\"object\","                                                                              \
	"\"additionalProperties\":false,\"properties\":{\"name\":{\"type\":\"string\"},"           \
	"\"key\":{\"type\":\"string\",\"x-secret\":true}}}},"                                      \
	"\"limits\":{\"type\":\"object\",\"default\":{},\"properties\":{"                          \
	"\"n\":{\"type\":\"integer\",\"default\":5,\"x-reload\":\"live\"},"                        \
	"\"m\":{\"type\":\"integer\",\"x-reload\":\"recreate\"}}}}}"

typedef struct faults {
	size_t n;
	char text[4096];
} faults;

static void collect(void *user, const nc_schema_fault *f)
{
	faults *all = user;
	size_t used = strlen(all->text);
	char *value = f->value ? json_dumps(f->value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	snprintf(all->text + used, sizeof(all->text) - used, "%s|%s|%s|%s\n", f->field, f->problem,
		f->expected, value ? value : "-");
	nc_free(value);
	all->n++;
}

static void a_schema_that_keeps_to_the_subset_is_accepted(void)
{
	nc_error err = NC_ERROR_INIT;
	json_t *schema = parse(SCHEMA);
	CHECK_OK(nc_schema_check(schema, &err), &err);
	json_decref(schema);
}

static void a_schema_that_promises_more_is_refused_with_the_place(void)
{
	static const struct {
		const char *schema, *says;
	} cases[] = {
		{ "{\"type\":\"object\",\"pattern\":\"a\"}", "pattern" },
		{ "{\"type\":\"object\",\"properties\":{\"a\":{\"oneOf\":[]}}}", "oneOf" },
		{ "{\"type\":\"widget\"}", "type" },
		{ "{\"type\":[]}", "type" },
		{ "{\"type\":\"string\"}", "object" },
		{ "{}", "object" },
		{ "[]", "object" },
		{ "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"default\":"
		  "\"x\"}}}",
			"default" },
		{ "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"x-secret\":"
		  "true,"
		  "\"default\":\"x\"}}}",
			"secret" },
		{ "{\"type\":\"object\",\"properties\":{\"a\":{\"x-reload\":\"never\"}}}",
			"x-reload" },
		{ "{\"type\":\"object\",\"properties\":{\"a\":{\"minLength\":-1}}}", "minLength" },
		{ "{\"type\":\"object\",\"additionalProperties\":3}", "additionalProperties" },
		{ "{\"type\":\"object\",\"additionalProperties\":{\"anyOf\":[]}}", "anyOf" },
		{ "{\"type\":\"object\",\"required\":[1]}", "required" },
		{ "{\"type\":\"object\",\"properties\":{\"a\":1}}", "a" },
		{ "{\"type\":\"object\",\"items\":[{}]}", "items" },
	};
	for (size_t i = 0; i < NC_LEN(cases); i++) {
		nc_error err = NC_ERROR_INIT;
		json_t *schema = parse(cases[i].schema);
		CHECK_CODE(nc_schema_check(schema, &err), NC_E_INVAL);
		CHECK_HAS(err.message, cases[i].says);
		json_decref(schema);
	}
}

static void a_schema_nested_too_deeply_is_refused(void)
{
	nc_error err = NC_ERROR_INIT;
	json_t *schema = json_pack("{s:s}", "type", "object");
	for (int i = 0; i <= NC_SCHEMA_DEPTH_MAX; i++)
		schema = json_pack("{s:s,s:{s:o}}", "type", "object", "properties", "a", schema);
	CHECK_CODE(nc_schema_check(schema, &err), NC_E_INVAL);
	CHECK_HAS(err.message, "too deeply");
	json_decref(schema);
}

static void every_fault_is_named_with_value_and_what_would_be_right(void)
{
	faults all = { 0 };
	json_t *schema = parse(SCHEMA);
	json_t *doc = parse("{\"token\":\"abc\",\"mode\":\"slow\",\"size\":0,\"ratio\":0.25,"
			    "\"maybe\":3,\"hosts\":[{\"name\":1,\"nmae\":\"x\"},{},{}],"
			    "\"limits\":{\"n\":\"many\"},\"tokn\":\"geheim\"}");
	CHECK_UINT(nc_schema_validate(schema, doc, collect, &all), 11);
	CHECK_UINT(all.n, 11);
	CHECK_HAS(all.text, "url|is missing|string|-\n");
	CHECK_HAS(
		all.text, "token|is too short|at least 4 characters|-\n"); /* its value not shown */
	CHECK_HAS(all.text,
		"mode|is not among the values allowed|one of \"fast\", \"safe\"|\"slow\"\n");
	CHECK_HAS(all.text, "size|is too small|1 to 9007199254740992|0\n");
	CHECK_HAS(all.text, "ratio|is too small|at least 0.5|0.25\n");
	CHECK_HAS(all.text, "maybe|has the type integer|string or null|3\n");
	CHECK_HAS(all.text, "hosts|is too long|at most 2 elements|");
	CHECK_HAS(all.text, "hosts[0].name|has the type integer|string|1\n");
	CHECK_HAS(all.text, "hosts[0].nmae|is not known|did you mean name|-\n");
	CHECK_HAS(all.text, "limits.n|has the type string|integer|\"many\"\n");
	CHECK_HAS(all.text, "tokn|is not known|did you mean token|-\n");
	CHECK(!strstr(all.text, "geheim"));
	json_decref(doc);
	json_decref(schema);
}

static void large_integers_are_compared_exactly(void)
{
	json_t *schema = parse(SCHEMA);
	json_t *doc = parse("{\"url\":\"abc\",\"size\":9007199254740994}");
	CHECK_UINT(nc_schema_validate(schema, doc, NULL, NULL), 1);
	json_decref(doc);
	doc = parse("{\"url\":\"abc\",\"size\":9007199254740993,\"ratio\":1}");
	CHECK_UINT(nc_schema_validate(schema, doc, NULL, NULL), 0);
	json_decref(doc);
	json_decref(schema);
}

static void lengths_count_characters(void)
{
	json_t *schema = parse(SCHEMA);
	json_t *doc = parse("{\"url\":\"\xc3\xa4\xc3\xb6\xc3\xbc\"}");
	CHECK_UINT(nc_schema_validate(schema, doc, NULL, NULL), 0);
	json_decref(doc);
	doc = parse("{\"url\":\"\xc3\xa4\xc3\xb6\"}");
	CHECK_UINT(nc_schema_validate(schema, doc, NULL, NULL), 1);
	json_decref(doc);
	json_decref(schema);
}

static void the_error_names_as_many_faults_as_fit(void)
{
	nc_error err = NC_ERROR_INIT;
	json_t *schema = parse(SCHEMA);
	json_t *doc = parse("{\"url\":\"a\",\"mode\":\"x\",\"size\":-4,\"ratio\":0,\"maybe\":1,"
			    "\"hosts\":[],\"zzzzzzzzzz\":1,\"yyyyyyyyyyyy\":2}");
	CHECK_CODE(nc_schema_require(schema, doc, "configuration of x", &err), NC_E_INVAL);
	CHECK_HAS(err.message, "configuration of x: ");
	CHECK_HAS(err.message, "url = \"a\" is too short (at least 3 characters)");
	CHECK_HAS(err.message, " more");
	CHECK(err.flags & NC_ERR_USER_FAULT);
	json_decref(doc);
	json_decref(schema);
}

static void defaults_are_filled_in_at_every_level(void)
{
	nc_error err = NC_ERROR_INIT;
	json_t *schema = parse(SCHEMA), *doc = parse("{\"url\":\"abc\"}");
	CHECK_OK(nc_schema_fill(schema, doc, &err), &err);
	char *text = json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS);
	CHECK_STR(text, "{\"limits\":{\"n\":5},\"mode\":\"safe\",\"url\":\"abc\"}");
	nc_free(text);
	json_decref(doc);
	json_decref(schema);
}

static void other_members_may_have_a_schema_of_their_own(void)
{
	faults all = { 0 };
	nc_error err = NC_ERROR_INIT;
	char names[100];
	json_t *schema = parse("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},"
			       "\"additionalProperties\":{\"type\":\"object\",\"properties\":{"
			       "\"n\":{\"type\":\"integer\",\"default\":1,\"x-reload\":\"live\"},"
			       "\"m\":{\"type\":\"integer\"}}}}");
	json_t *doc = parse("{\"a\":\"x\",\"b\":{},\"c\":3}");
	CHECK_OK(nc_schema_check(schema, &err), &err);
	CHECK_UINT(nc_schema_validate(schema, doc, collect, &all), 1);
	CHECK_HAS(all.text, "c|has the type integer|object|3");
	CHECK_OK(nc_schema_fill(schema, doc, &err), &err);
	CHECK_INT(json_integer_value(json_object_get(json_object_get(doc, "b"), "n")), 1);
	json_t *after = parse("{\"a\":\"x\",\"b\":{\"n\":2,\"m\":1},\"c\":3}");
	CHECK_UINT(nc_schema_needs_recreate(schema, doc, after, names, sizeof(names)), 1);
	CHECK_STR(names, "b.m");
	json_decref(after);
	json_decref(doc);
	json_decref(schema);
}

static nc_code swap(void *user, const char *field, const json_t *value, json_t **ret, nc_error *err)
{
	char *seen = user;
	(void)err;
	strcat(seen, field);
	strcat(seen, "=");
	strcat(seen, json_is_string(value) ? json_string_value(value) : "(no string)");
	strcat(seen, " ");
	*ret = strcmp(field, "token") == 0 ? json_string("handle") : NULL;
	return NC_OK;
}

static void secrets_are_visited_wherever_they_are(void)
{
	nc_error err = NC_ERROR_INIT;
	char seen[200] = "";
	json_t *schema = parse(SCHEMA);
	json_t *doc = parse("{\"url\":\"abc\",\"token\":\"one\",\"hosts\":[{},{\"key\":\"two\"}]}");
	CHECK_OK(nc_schema_each_secret(schema, doc, swap, seen, &err), &err);
	CHECK_STR(seen, "token=one hosts[1].key=two ");
	CHECK_STR(json_string_value(json_object_get(doc, "token")), "handle");
	json_decref(doc);
	/* Whoever seals must see the others too; null holds nothing. */
	doc = parse("{\"token\":{\"a\":1},\"hosts\":[{\"key\":null},{\"key\":7}]}");
	seen[0] = 0;
	CHECK_OK(nc_schema_each_secret(schema, doc, swap, seen, &err), &err);
	CHECK_STR(seen, "token=(no string) hosts[1].key=(no string) ");
	json_decref(doc);
	json_decref(schema);
}

static void a_change_of_a_field_that_is_not_live_is_named(void)
{
	static const struct {
		const char *before, *after, *names;
		size_t n;
	} cases[] = {
		{ "{\"limits\":{\"n\":1}}", "{\"limits\":{\"n\":2}}", "", 0 },
		{ "{\"limits\":{\"m\":1}}", "{\"limits\":{\"m\":2}}", "limits.m", 1 },
		{ "{\"url\":\"a\"}", "{}", "url", 1 },
		{ "{\"limits\":{\"x\":1}}", "{\"limits\":{\"x\":2}}", "limits.x", 1 },
		{ "{\"limits\":{\"x\":1}}", "{\"limits\":{\"y\":1}}", "limits.x, limits.y", 2 },
		{ "{\"mode\":\"a\",\"ratio\":1}", "{\"mode\":\"b\",\"ratio\":2}", "mode, ratio",
			2 },
		{ "{}", "{}", "", 0 },
	};
	json_t *schema = parse(SCHEMA);
	for (size_t i = 0; i < NC_LEN(cases); i++) {
		char names[100];
		json_t *a = parse(cases[i].before), *b = parse(cases[i].after);
		CHECK_UINT(
			nc_schema_needs_recreate(schema, a, b, names, sizeof(names)), cases[i].n);
		CHECK_STR(names, cases[i].names);
		json_decref(a);
		json_decref(b);
	}
	json_decref(schema);
}

static void filling_survives_every_failed_allocation(void)
{
	json_t *schema =
		parse("{\"type\":\"object\",\"properties\":{\"mode\":{\"default\":\"safe\"},"
		      "\"deep\":{\"default\":{\"a\":[1,{\"b\":\"c\"}],\"d\":true}}}}");
	json_t *full = parse("{\"mode\":\"safe\",\"deep\":{\"a\":[1,{\"b\":\"c\"}],\"d\":true}}");
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		json_t *doc = json_object();
		if (!doc) {
			rc = NC_E_NOMEM;
			continue;
		}
		rc = nc_schema_fill(schema, doc, NULL);
		CHECK(rc != NC_OK || json_equal(doc, full));
		json_decref(doc);
	}
	json_decref(full);
	json_decref(schema);
}

/* A shortage takes words from how a fault is told, never the fault. */
static void judging_survives_every_failed_allocation(void)
{
	json_t *schema = parse(SCHEMA);
	json_t *bad = parse("{\"mode\":\"slow\",\"size\":0,\"hosts\":[{\"key\":1}]}");
	json_t *good = parse("{\"url\":\"abc\",\"mode\":\"fast\"}");
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_error err = NC_ERROR_INIT;
		CHECK_OK(nc_schema_check(schema, &err), &err);
		CHECK_UINT(nc_schema_validate(schema, bad, NULL, NULL), 4);
		CHECK_CODE(nc_schema_require(schema, bad, "it", &err), NC_E_INVAL);
		CHECK_HAS(err.message, "mode");
		CHECK_OK(nc_schema_require(schema, good, "it", &err), &err);
	}
	NC_TORTURE(rc)
	{
		_cleanup_(nc_buf_done) nc_buf b;
		nc_jw w;
		nc_buf_init(&b, 1 << 16);
		nc_jw_init(&w, &b);
		CHECK_UINT(nc_schema_render_faults(schema, bad, &w), 4);
		rc = b.error;
	}
	json_decref(good);
	json_decref(bad);
	json_decref(schema);
}

static nc_code replace_all(
	void *user, const char *field, const json_t *value, json_t **ret, nc_error *err)
{
	(void)user;
	(void)field;
	(void)value;
	*ret = json_string("handle");
	return *ret ? NC_OK : nc_err_nomem(err);
}

static void replacing_secrets_survives_every_failed_allocation(void)
{
	json_t *schema = parse(SCHEMA);
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		_cleanup_(nc_json_decrefp) json_t *doc = NULL;
		rc = nc_json_parse(nc_str("{\"token\":\"one\",\"hosts\":[{},{\"key\":\"two\"}]}"),
			1000, &doc, NULL);
		if (rc == NC_OK)
			rc = nc_schema_each_secret(schema, doc, replace_all, NULL, NULL);
		if (rc != NC_OK)
			continue;
		CHECK_STR(json_string_value(json_object_get(doc, "token")), "handle");
		json_t *host = json_array_get(json_object_get(doc, "hosts"), 1);
		CHECK_STR(json_string_value(json_object_get(host, "key")), "handle");
	}
	json_decref(schema);
}

NC_TESTS(plugin_schema){
	T(a_schema_that_keeps_to_the_subset_is_accepted),
	T(a_schema_that_promises_more_is_refused_with_the_place),
	T(a_schema_nested_too_deeply_is_refused),
	T(every_fault_is_named_with_value_and_what_would_be_right),
	T(large_integers_are_compared_exactly),
	T(lengths_count_characters),
	T(the_error_names_as_many_faults_as_fit),
	T(defaults_are_filled_in_at_every_level),
	T(other_members_may_have_a_schema_of_their_own),
	T(secrets_are_visited_wherever_they_are),
	T(a_change_of_a_field_that_is_not_live_is_named),
	T(filling_survives_every_failed_allocation),
	T(judging_survives_every_failed_allocation),
	T(replacing_secrets_survives_every_failed_allocation),
};
