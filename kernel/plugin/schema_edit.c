/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "plugin/schema.h"
#include "plugin/schema_internal.h"

/*
 * The check of a schema itself, and the walks that fill, replace and compare documents. All of them
 * follow the schema down to NC_SCHEMA_DEPTH_MAX, never the document.
 */

int nc_schema_is_secret(const json_t *schema)
{
	return json_is_true(json_object_get(schema, "x-secret"));
}

const json_t *nc_schema_member(const json_t *schema, const char *key)
{
	const json_t *own = json_object_get(json_object_get(schema, "properties"), key);
	const json_t *rest = json_object_get(schema, "additionalProperties");
	return own ? own : json_is_object(rest) ? rest : NULL;
}

/* ---- the schema itself ---- */

typedef enum {
	K_ANY,
	K_TYPE,
	K_OBJECT,
	K_SCHEMA,
	K_NAMES,
	K_BOOL,
	K_REST,
	K_NUMBER,
	K_COUNT,
	K_ARRAY,
	K_TEXT,
	K_RELOAD
} keyword_kind;

static const struct keyword {
	const char *name;
	keyword_kind kind;
} keywords[] = {
	{ "type", K_TYPE },
	{ "properties", K_OBJECT },
	{ "required", K_NAMES },
	{ "additionalProperties", K_REST },
	{ "enum", K_ARRAY },
	{ "minimum", K_NUMBER },
	{ "maximum", K_NUMBER },
	{ "minLength", K_COUNT },
	{ "maxLength", K_COUNT },
	{ "minItems", K_COUNT },
	{ "maxItems", K_COUNT },
	{ "items", K_SCHEMA },
	{ "default", K_ANY },
	{ "examples", K_ARRAY },
	{ "x-secret", K_BOOL },
	{ "x-reload", K_RELOAD },
	{ "x-unit", K_TEXT },
	{ "title", K_TEXT },
	{ "description", K_TEXT },
	{ "$schema", K_TEXT },
	{ "$id", K_TEXT },
	{ "$comment", K_TEXT },
};

static int is_type_name(const json_t *v)
{
	static const char *const names[] = { "object", "array", "string", "integer", "number",
		"boolean", "null" };
	for (size_t i = 0; json_is_string(v) && i < NC_LEN(names); i++)
		if (strcmp(json_string_value(v), names[i]) == 0)
			return 1;
	return 0;
}

static int all_in_array(const json_t *array, int (*fits)(const json_t *))
{
	size_t i;
	json_t *v;
	if (!json_is_array(array) || json_array_size(array) == 0)
		return 0;
	json_array_foreach(array, i, v)
	{
		if (!fits(v))
			return 0;
	}
	return 1;
}

static int is_string(const json_t *v)
{
	return json_is_string(v);
}

static int keyword_fits(keyword_kind kind, const json_t *v)
{
	switch (kind) {
	case K_ANY:
		return 1;
	case K_TYPE:
		return is_type_name(v) || all_in_array(v, is_type_name);
	case K_OBJECT:
	case K_SCHEMA:
		return json_is_object(v);
	case K_NAMES:
		return (json_is_array(v) && json_array_size(v) == 0) || all_in_array(v, is_string);
	case K_BOOL:
		return json_is_boolean(v);
	case K_REST: /* whether there may be others, or what they must be */
		return json_is_boolean(v) || json_is_object(v);
	case K_NUMBER:
		return json_is_number(v);
	case K_COUNT:
		return json_is_integer(v) && json_integer_value(v) >= 0;
	case K_ARRAY:
		return json_is_array(v) && json_array_size(v) > 0;
	case K_TEXT:
		return json_is_string(v);
	case K_RELOAD:
		return is_string(v) && (strcmp(json_string_value(v), "live") == 0 ||
					       strcmp(json_string_value(v), "recreate") == 0 ||
					       strcmp(json_string_value(v), "restart") == 0);
	}
	return 0;
}

static nc_code bad_schema(const nc_jpath *at, const char *key, const char *what, nc_error *err)
{
	char place[256];
	nc_jpath here = { .up = at, .key = key };
	nc_jpath_format(key ? &here : at, place, sizeof(place));
	return nc_err(err, NC_E_INVAL, "configuration schema, at %s: %s",
		*place ? place : "the top", what);
}

static nc_code check_keywords(const json_t *schema, const nc_jpath *at, nc_error *err)
{
	const char *key;
	json_t *v;
	json_object_foreach((json_t *)(uintptr_t)schema, key, v)
	{
		size_t i = 0;
		while (i < NC_LEN(keywords) && strcmp(keywords[i].name, key) != 0)
			i++;
		if (i == NC_LEN(keywords))
			return bad_schema(at, key, "this keyword is not checked here", err);
		if (!keyword_fits(keywords[i].kind, v))
			return bad_schema(at, key, "the keyword has a wrong value", err);
	}
	const json_t *fallback = json_object_get(schema, "default");
	if (fallback && nc_schema_validate(schema, fallback, NULL, NULL) > 0)
		return bad_schema(at, "default", "the default breaks its own schema", err);
	if (fallback && nc_schema_is_secret(schema))
		return bad_schema(at, "default", "a secret has no default", err);
	return NC_OK;
}

static nc_code check_schema(const json_t *schema, const nc_jpath *at, unsigned depth, nc_error *err)
{
	const char *key;
	json_t *sub;
	if (!json_is_object(schema))
		return bad_schema(at, NULL, "a schema is an object", err);
	if (depth > NC_SCHEMA_DEPTH_MAX)
		return bad_schema(at, NULL, "nested too deeply", err);
	nc_code rc = check_keywords(schema, at, err);
	if (rc != NC_OK)
		return rc;
	const json_t *items = json_object_get(schema, "items");
	nc_jpath item_path = { .up = at, .key = "items" };
	if (items && (rc = check_schema(items, &item_path, depth + 1, err)) != NC_OK)
		return rc;
	const json_t *rest = json_object_get(schema, "additionalProperties");
	nc_jpath rest_path = { .up = at, .key = "additionalProperties" };
	if (json_is_object(rest) && (rc = check_schema(rest, &rest_path, depth + 1, err)) != NC_OK)
		return rc;
	json_object_foreach(json_object_get(schema, "properties"), key, sub)
	{
		nc_jpath here = { .up = at, .key = key };
		if ((rc = check_schema(sub, &here, depth + 1, err)) != NC_OK)
			return rc;
	}
	return NC_OK;
}

nc_code nc_schema_check(const json_t *schema, nc_error *err)
{
	nc_code rc = check_schema(schema, NULL, 0, err);
	if (rc != NC_OK)
		return rc;
	const json_t *type = json_object_get(schema, "type");
	if (!json_is_string(type) || strcmp(json_string_value(type), "object") != 0)
		return bad_schema(NULL, "type", "a configuration is an object", err);
	return NC_OK;
}

/* ---- defaults ---- */

static nc_code fill(const json_t *schema, json_t *doc, unsigned depth, nc_error *err)
{
	const char *key;
	json_t *v;
	if (!json_is_object(doc) || depth > NC_SCHEMA_DEPTH_MAX)
		return NC_OK;
	json_object_foreach(json_object_get(schema, "properties"), key, v)
	{
		const json_t *fallback = json_object_get(v, "default");
		if (fallback && !json_object_get(doc, key) &&
			json_object_set_new(doc, key, json_deep_copy(fallback)) < 0)
			return nc_err_nomem(err);
	}
	json_object_foreach(doc, key, v)
	{
		nc_code rc = fill(nc_schema_member(schema, key), v, depth + 1, err);
		if (rc != NC_OK)
			return rc;
	}
	return NC_OK;
}

nc_code nc_schema_fill(const json_t *schema, json_t *doc, nc_error *err)
{
	return fill(schema, doc, 0, err);
}

/* ---- secrets ---- */

typedef struct secret_walk {
	nc_schema_secret_fn fn;
	void *user;
	nc_error *err;
} secret_walk;

/* `owner` holds `v` under `key`, or at `index` when key is NULL. */
static nc_code swap_secret(
	secret_walk *w, const nc_jpath *at, json_t *owner, const char *key, size_t index, json_t *v)
{
	char field[256];
	json_t *put = NULL;
	nc_jpath_format(at, field, sizeof(field));
	nc_code rc = w->fn(w->user, field, v, &put, w->err);
	if (rc != NC_OK || !put)
		return rc;
	int failed =
		key ? json_object_set_new(owner, key, put) : json_array_set_new(owner, index, put);
	return failed ? nc_err_nomem(w->err) : NC_OK;
}

static nc_code each_secret(
	secret_walk *w, const nc_jpath *at, const json_t *schema, json_t *doc, unsigned depth);

static nc_code visit(secret_walk *w, const nc_jpath *at, const json_t *schema, json_t *owner,
	const char *key, size_t index, json_t *v, unsigned depth)
{
	if (nc_schema_is_secret(schema))
		return json_is_null(v) ? NC_OK : swap_secret(w, at, owner, key, index, v);
	return each_secret(w, at, schema, v, depth + 1);
}

static nc_code each_secret(
	secret_walk *w, const nc_jpath *at, const json_t *schema, json_t *doc, unsigned depth)
{
	const json_t *items = json_object_get(schema, "items");
	nc_code rc = NC_OK;
	const char *key;
	json_t *v;
	size_t i;
	if (depth > NC_SCHEMA_DEPTH_MAX)
		return NC_OK;
	if (json_is_object(doc)) {
		json_object_foreach(doc, key, v) /* a value may be replaced, no key is added */
		{
			nc_jpath here = { .up = at, .key = key };
			rc = visit(w, &here, nc_schema_member(schema, key), doc, key, 0, v, depth);
			if (rc != NC_OK)
				return rc;
		}
	} else if (json_is_array(doc) && items) {
		json_array_foreach(doc, i, v)
		{
			nc_jpath here = { .up = at, .index = i };
			rc = visit(w, &here, items, doc, NULL, i, v, depth);
			if (rc != NC_OK)
				return rc;
		}
	}
	return NC_OK;
}

nc_code nc_schema_each_secret(
	const json_t *schema, json_t *doc, nc_schema_secret_fn fn, void *user, nc_error *err)
{
	secret_walk w = { .fn = fn, .user = user, .err = err };
	return each_secret(&w, NULL, schema, doc, 0);
}

/* ---- what changed ---- */

typedef struct diff_walk {
	char *names;
	size_t cap, used, count;
} diff_walk;

static int is_live(const json_t *schema)
{
	const char *reload = json_string_value(json_object_get(schema, "x-reload"));
	return reload && strcmp(reload, "live") == 0;
}

static void note_change(diff_walk *w, const nc_jpath *at)
{
	char field[256];
	nc_jpath_format(at, field, sizeof(field));
	int n = snprintf(w->names + w->used, w->cap - w->used, "%s%s", w->count ? ", " : "", field);
	if (n > 0 && (size_t)n < w->cap - w->used)
		w->used += (size_t)n;
	w->count++;
}

static void diff(diff_walk *w, const nc_jpath *at, const json_t *schema, const json_t *before,
	const json_t *after, unsigned depth);

/* The members of `a` against those of `b`; only those that b lacks if `only_lost`. */
static void diff_members(diff_walk *w, const nc_jpath *at, const json_t *schema, const json_t *a,
	const json_t *b, unsigned depth, int only_lost)
{
	const char *key;
	json_t *v;
	json_object_foreach((json_t *)(uintptr_t)a, key, v)
	{
		const json_t *other = json_object_get(b, key);
		nc_jpath here = { .up = at, .key = key };
		if (!only_lost || !other)
			diff(w, &here, nc_schema_member(schema, key), v, other, depth + 1);
	}
}

/* A field without x-reload inherits "recreate"; an object's own mark covers all within. */
static void diff(diff_walk *w, const nc_jpath *at, const json_t *schema, const json_t *before,
	const json_t *after, unsigned depth)
{
	if (json_equal(before, after) || is_live(schema))
		return;
	if (!json_is_object(before) || !json_is_object(after) || !schema ||
		depth >= NC_SCHEMA_DEPTH_MAX) {
		note_change(w, at);
		return;
	}
	diff_members(w, at, schema, before, after, depth, 0);
	diff_members(w, at, schema, after, before, depth, 1);
}

size_t nc_schema_needs_recreate(
	const json_t *schema, const json_t *before, const json_t *after, char *names, size_t cap)
{
	diff_walk w = { .names = names, .cap = cap };
	names[0] = 0;
	diff(&w, NULL, schema, before, after, 0);
	return w.count;
}
