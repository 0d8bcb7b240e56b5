/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "plugin/schema_internal.h"

/*
 * Validation of a document against a checked schema. It walks the schema, never the document, so
 * its depth is bounded by NC_SCHEMA_DEPTH_MAX whatever comes in. It holds no state of its own and
 * must never show the value of a secret field.
 */

typedef struct walk {
	nc_schema_fault_fn fn;
	void *user;
	size_t count;
} walk;

static void fault(walk *w, const nc_jpath *at, const json_t *schema, const json_t *value,
	const char *problem, const char *expected)
{
	char field[256];
	w->count++;
	if (!w->fn)
		return;
	nc_jpath_format(at, field, sizeof(field));
	w->fn(w->user, &(nc_schema_fault){ .field = field,
			       .problem = problem,
			       .expected = expected,
			       .value = nc_schema_is_secret(schema) ? NULL : value });
}

static const char *type_of(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "object";
	case JSON_ARRAY:
		return "array";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
		return "integer";
	case JSON_REAL:
		return "number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "boolean";
	default:
		return "null";
	}
}

int nc_schema_type_fits(const char *type, const json_t *v)
{
	const char *is = type_of(v);
	return strcmp(type, is) == 0 || (strcmp(type, "number") == 0 && json_is_integer(v));
}

/* "integer", or "string or null" when the schema allows several. */
static void describe_types(const json_t *types, char *out, size_t cap)
{
	size_t i, used = 0;
	json_t *t;
	if (json_is_string(types)) {
		snprintf(out, cap, "%s", json_string_value(types));
		return;
	}
	out[0] = 0;
	json_array_foreach(types, i, t)
	{
		int n = snprintf(
			out + used, cap - used, "%s%s", i ? " or " : "", json_string_value(t));
		if (n < 0 || (size_t)n >= cap - used)
			return;
		used += (size_t)n;
	}
}

static int fits_any(const json_t *types, const json_t *v)
{
	size_t i;
	json_t *t;
	if (json_is_string(types))
		return nc_schema_type_fits(json_string_value(types), v);
	json_array_foreach(types, i, t)
	{
		if (nc_schema_type_fits(json_string_value(t), v))
			return 1;
	}
	return 0;
}

static int check_type(walk *w, const nc_jpath *at, const json_t *schema, const json_t *v)
{
	const json_t *types = json_object_get(schema, "type");
	char expected[96], problem[64];
	if (!types || fits_any(types, v))
		return 1;
	describe_types(types, expected, sizeof(expected));
	snprintf(problem, sizeof(problem), "has the type %s", type_of(v));
	fault(w, at, schema, v, problem, expected);
	return 0;
}

static void check_enum(walk *w, const nc_jpath *at, const json_t *schema, const json_t *v)
{
	const json_t *allowed = json_object_get(schema, "enum");
	char storage[256];
	size_t i, used = 0;
	json_t *a;
	if (!allowed)
		return;
	json_array_foreach(allowed, i, a)
	{
		if (json_equal(a, v))
			return;
	}
	memcpy(storage, "one of", 7);
	used = 6;
	json_array_foreach(allowed, i, a)
	{
		char one[64];
		size_t n = json_dumpb(a, one, sizeof(one), JSON_ENCODE_ANY);
		if (n == 0 || n > sizeof(one) || used + n + 2 >= sizeof(storage))
			break;
		storage[used++] = i ? ',' : ' ';
		if (i)
			storage[used++] = ' ';
		memcpy(storage + used, one, n);
		used += n;
		storage[used] = 0;
	}
	fault(w, at, schema, v, "is not among the values allowed", storage);
}

static double number_of(const json_t *v)
{
	return json_is_integer(v) ? (double)json_integer_value(v) : json_real_value(v);
}

/* Integers are compared as such: 2^53 + 1 must not pass a maximum of 2^53. */
static int is_below(const json_t *v, const json_t *bound)
{
	if (json_is_integer(v) && json_is_integer(bound))
		return json_integer_value(v) < json_integer_value(bound);
	return number_of(v) < number_of(bound);
}

static void check_number(walk *w, const nc_jpath *at, const json_t *schema, const json_t *v)
{
	const json_t *min = json_object_get(schema, "minimum");
	const json_t *max = json_object_get(schema, "maximum");
	char expected[96];
	if (!json_is_number(v))
		return;
	int is_low = min && is_below(v, min), is_high = max && is_below(max, v);
	if (!is_low && !is_high)
		return;
	if (min && max)
		snprintf(expected, sizeof(expected), "%.17g to %.17g", number_of(min),
			number_of(max));
	else
		snprintf(expected, sizeof(expected), "at %s %.17g", min ? "least" : "most",
			number_of(min ? min : max));
	fault(w, at, schema, v, is_low ? "is too small" : "is too large", expected);
}

/* minLength/maxLength in characters, minItems/maxItems in elements. */
static void check_size(walk *w, const nc_jpath *at, const json_t *schema, const json_t *v,
	size_t size, const char *min_key, const char *max_key, const char *unit)
{
	const json_t *min = json_object_get(schema, min_key);
	const json_t *max = json_object_get(schema, max_key);
	char expected[96];
	if (min && size < (size_t)json_integer_value(min)) {
		snprintf(expected, sizeof(expected), "at least %" PRId64 " %s",
			(int64_t)json_integer_value(min), unit);
		fault(w, at, schema, v, size ? "is too short" : "is empty", expected);
	} else if (max && size > (size_t)json_integer_value(max)) {
		snprintf(expected, sizeof(expected), "at most %" PRId64 " %s",
			(int64_t)json_integer_value(max), unit);
		fault(w, at, schema, v, "is too long", expected);
	}
}

static size_t utf8_length(const json_t *v)
{
	const char *s = json_string_value(v);
	size_t n = 0;
	for (size_t i = 0, len = json_string_length(v); i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

static void check_required(walk *w, const nc_jpath *at, const json_t *schema, const json_t *doc)
{
	const json_t *props = json_object_get(schema, "properties");
	size_t i;
	json_t *name;
	json_array_foreach(json_object_get(schema, "required"), i, name)
	{
		const char *key = json_string_value(name);
		const json_t *sub = json_object_get(props, key);
		char expected[96] = "a value";
		if (json_object_get(doc, key))
			continue;
		if (json_object_get(sub, "type"))
			describe_types(json_object_get(sub, "type"), expected, sizeof(expected));
		nc_jpath here = { .up = at, .key = key };
		fault(w, &here, sub, NULL, "is missing", expected);
	}
}

static void check_unknown(walk *w, const nc_jpath *at, const json_t *schema, json_t *doc)
{
	const json_t *props = json_object_get(schema, "properties");
	const char *names[64], *key;
	size_t n_names = 0;
	json_t *v;
	if (!json_is_false(json_object_get(schema, "additionalProperties")))
		return;
	for (void *it = json_object_iter((json_t *)(uintptr_t)props); it && n_names < NC_LEN(names);
		it = json_object_iter_next((json_t *)(uintptr_t)props, it))
		names[n_names++] = json_object_iter_key(it);
	json_object_foreach(doc, key, v)
	{
		char expected[160] = "no such field";
		if (json_object_get(props, key))
			continue;
		const char *near = nc_did_you_mean(key, names, n_names);
		if (near)
			snprintf(expected, sizeof(expected), "did you mean %s", near);
		nc_jpath here = { .up = at, .key = key };
		/* Its value may be a secret under a mistyped name: not shown. */
		fault(w, &here, NULL, NULL, "is not known", expected);
	}
}

static void check_value(
	walk *w, const nc_jpath *at, const json_t *schema, const json_t *v, unsigned depth);

static void check_object(
	walk *w, const nc_jpath *at, const json_t *schema, const json_t *doc, unsigned depth)
{
	const char *key;
	json_t *v;
	check_required(w, at, schema, doc);
	check_unknown(w, at, schema, (json_t *)(uintptr_t)doc);
	json_object_foreach((json_t *)(uintptr_t)doc, key, v)
	{
		const json_t *member = nc_schema_member(schema, key);
		nc_jpath here = { .up = at, .key = key };
		if (member)
			check_value(w, &here, member, v, depth + 1);
	}
}

static void check_array(
	walk *w, const nc_jpath *at, const json_t *schema, const json_t *doc, unsigned depth)
{
	const json_t *items = json_object_get(schema, "items");
	size_t i;
	json_t *v;
	check_size(w, at, schema, doc, json_array_size(doc), "minItems", "maxItems", "elements");
	if (!items)
		return;
	json_array_foreach(doc, i, v)
	{
		nc_jpath here = { .up = at, .index = i };
		check_value(w, &here, items, v, depth + 1);
	}
}

static void check_value(
	walk *w, const nc_jpath *at, const json_t *schema, const json_t *v, unsigned depth)
{
	if (depth > NC_SCHEMA_DEPTH_MAX || !check_type(w, at, schema, v))
		return;
	check_enum(w, at, schema, v);
	check_number(w, at, schema, v);
	if (json_is_string(v))
		check_size(
			w, at, schema, v, utf8_length(v), "minLength", "maxLength", "characters");
	else if (json_is_object(v))
		check_object(w, at, schema, v, depth);
	else if (json_is_array(v))
		check_array(w, at, schema, v, depth);
}

size_t nc_schema_validate(
	const json_t *schema, const json_t *doc, nc_schema_fault_fn fn, void *user)
{
	walk w = { .fn = fn, .user = user };
	check_value(&w, NULL, schema, doc, 0);
	return w.count;
}

/* ---- the two ways to show faults ---- */

typedef struct summary {
	char text[240];
	size_t used, shown;
} summary;

static void add_to_summary(void *user, const nc_schema_fault *f)
{
	summary *s = user;
	char line[200], value[48] = "";
	if (f->value && !json_is_object(f->value) && !json_is_array(f->value)) {
		size_t n = json_dumpb(f->value, value, sizeof(value) - 1, JSON_ENCODE_ANY);
		value[n < sizeof(value) ? n : 0] = 0;
	}
	snprintf(line, sizeof(line), "%s%s%s %s (%s)", *f->field ? f->field : "the document",
		*value ? " = " : "", value, f->problem, f->expected);
	size_t n = strlen(line);
	if (s->used + n + 2 >= sizeof(s->text))
		return;
	s->used += (size_t)snprintf(
		s->text + s->used, sizeof(s->text) - s->used, "%s%s", s->shown ? "; " : "", line);
	s->shown++;
}

nc_code nc_schema_require(const json_t *schema, const json_t *doc, const char *what, nc_error *err)
{
	summary s = { .used = 0 };
	size_t n = nc_schema_validate(schema, doc, add_to_summary, &s);
	if (n == 0)
		return NC_OK;
	nc_code rc;
	if (n > s.shown)
		rc = nc_err(err, NC_E_INVAL, "%s: %s; and %zu more", what, s.text, n - s.shown);
	else
		rc = nc_err(err, NC_E_INVAL, "%s: %s", what, s.text);
	if (err)
		err->flags |= NC_ERR_USER_FAULT;
	return nc_err_hint(err, rc, "compare with the plugin's configuration schema");
}

static void add_to_array(void *user, const nc_schema_fault *f)
{
	nc_jw *w = user;
	nc_jw_obj(w);
	nc_jw_kstr(w, "field", f->field);
	nc_jw_kstr(w, "problem", f->problem);
	nc_jw_kstr(w, "expected", f->expected);
	if (f->value) {
		char *text = nc_json_dump(f->value, JSON_ENCODE_ANY | JSON_COMPACT);
		if (text)
			nc_jw_kraw(w, "value", text, strlen(text));
		nc_free(text);
	}
	nc_jw_obj_end(w);
}

size_t nc_schema_render_faults(const json_t *schema, const json_t *doc, nc_jw *w)
{
	nc_jw_arr(w);
	size_t n = nc_schema_validate(schema, doc, add_to_array, w);
	nc_jw_arr_end(w);
	return n;
}
