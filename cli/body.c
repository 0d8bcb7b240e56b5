/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of requests from files and flags. What the server refuses it refuses; only what can't be
 * sent at all is refused here. Pure functions but for reading the file. */
#include "cli/body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/document.h"
#include "model/kind.h"

enum { PATH_MAX_LEN = 200 };

nc_code nc_body_put(json_t *body, const char *key, json_t *value, nc_error *err)
{
	if (!value)
		return nc_err_nomem(err);
	if (!json_object_set_new(body, key, value))
		return NC_OK;
	return nc_err_nomem(err);
}

/* ---- typing ---- */

static const nc_field_def *find_in(const nc_field_def *f, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (!strncmp(f[i].name, name, len) && !f[i].name[len])
			return &f[i];
	return NULL;
}

/* By the first word of a path. */
static const nc_field_def *find_field(const nc_kind *k, const char *path)
{
	char word[PATH_MAX_LEN];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(path, "."), path);
	return nc_kind_field(k, word);
}

static json_t *whole_number(const char *text)
{
	char *end = NULL;

	errno = 0;
	long long v = strtoll(text, &end, 10);
	return *text && !*end && !errno ? json_integer(v) : json_string(text);
}

static json_t *any_number(const char *text)
{
	char *end = NULL;
	double v = strtod(text, &end);

	return *text && !*end ? json_real(v) : json_string(text);
}

/* "a,b" as a list; a JSON array as it is. */
static json_t *list_of(const char *text)
{
	json_t *list = json_array();

	for (const char *p = text; list && *p;) {
		size_t n = strcspn(p, ",");
		if (json_array_append_new(list, json_stringn(p, n))) {
			json_decref(list);
			return NULL;
		}
		p += n + (p[n] == ',');
	}
	return list;
}

static json_t *parsed(const char *text)
{
	json_t *j = NULL;

	return nc_json_parse(nc_str(text), NC_DOCUMENT_MAX, &j, NULL) == NC_OK ? j : NULL;
}

/* A value that does not fit its type goes as text: the server's refusal names field and rule. */
static json_t *typed(const nc_field_def *f, const char *text)
{
	json_t *j = *text == '[' || *text == '{' ? parsed(text) : NULL;

	if (j)
		return j;
	switch (f ? (nc_field_type)f->type : NC_T_STR) {
	case NC_T_I64:
	case NC_T_U64:
		return whole_number(text);
	case NC_T_F64:
		return any_number(text);
	case NC_T_BOOL:
		if (!strcmp(text, "true") || !strcmp(text, "false"))
			return json_boolean(*text == 't');
		return json_string(text);
	case NC_T_STRS:
	case NC_T_REFS:
		return list_of(text);
	case NC_T_JSON:
		j = parsed(text);
		return j ? j : json_string(text);
	default:
		return json_string(text);
	}
}

/* ---- --set ---- */

static nc_code malformed(const char *assignment, nc_error *err)
{
	nc_code rc = nc_err(err, NC_E_INVAL, "--set: \"%.80s\" is not FIELD=VALUE", assignment);

	return nc_err_hint(err, rc, "like --set description=web or --set labels.env=prod");
}

/* Into a member of the object, made where it is not there. */
static nc_code enter(json_t **at, const char *word, nc_error *err)
{
	json_t *next = json_object_get(*at, word);
	nc_code rc = NC_OK;

	if (next && !json_is_object(next))
		return nc_err(err, NC_E_INVAL, "--set: %s is no object, and something is set in it",
			word);
	if (!next) {
		next = json_object();
		rc = nc_body_put(*at, word, next, err);
	}
	*at = next;
	return rc;
}

/* Into the object that the path's words but the last lead to. A label's key is the whole rest: it
 * may have dots of its own. */
static nc_code descend(json_t **at, const char **path, const nc_field_def **field, nc_error *err)
{
	char word[PATH_MAX_LEN];

	for (const char *dot; (dot = strchr(*path, '.'));) {
		const nc_field_def *f = *field;
		snprintf(word, sizeof(word), "%.*s", (int)(dot - *path), *path);
		nc_code rc = enter(at, word, err);
		if (rc != NC_OK)
			return rc;
		*path = dot + 1;
		if (f && f->type == NC_T_LABELS)
			return NC_OK;
		*field = f && f->sub ? find_in(f->sub->fields, f->sub->n_fields, *path,
					       strcspn(*path, "."))
				     : NULL;
	}
	return NC_OK;
}

nc_code nc_body_set(json_t *body, const nc_kind *kind, const char *assignment, nc_error *err)
{
	const char *equals = strchr(assignment, '=');
	char path[PATH_MAX_LEN];

	if (!equals || equals == assignment || (size_t)(equals - assignment) >= sizeof(path))
		return malformed(assignment, err);
	snprintf(path, sizeof(path), "%.*s", (int)(equals - assignment), assignment);
	const char *rest = path, *value = equals + 1;
	const nc_field_def *field = kind ? find_field(kind, path) : NULL;
	json_t *at = body;
	nc_code rc = descend(&at, &rest, &field, err);
	if (rc != NC_OK)
		return rc;
	if (!*rest)
		return malformed(assignment, err);
	if (!*value || !strcmp(value, "null"))
		return nc_body_put(at, rest, json_null(), err);
	if (field && field->type == NC_T_LABELS)
		return nc_body_put(at, rest, json_string(value), err);
	return nc_body_put(at, rest, typed(field, value), err);
}

nc_code nc_body_name(json_t *body, const char *key, const char *value, nc_error *err)
{
	const char *there = json_string_value(json_object_get(body, key));

	if (!value)
		return NC_OK;
	if (there && strcmp(there, value) != 0)
		return nc_err(err, NC_E_INVAL, "the %s is \"%.64s\" in the file and \"%.64s\" here",
			key, there, value);
	return nc_body_put(body, key, json_string(value), err);
}

/* ---- flags that name a field ---- */

static json_t *value_of(const nc_given *g)
{
	switch ((nc_flag_type)g->flag->type) {
	case NC_FLAG_SWITCH:
		return json_true();
	case NC_FLAG_INT:
	case NC_FLAG_SIZE:
		return json_integer(g->number);
	case NC_FLAG_DURATION:
		return json_integer(g->number / 1000000);
	default:
		return json_string(g->value);
	}
}

static nc_code put_given(json_t *body, const nc_given *g, nc_error *err)
{
	json_t *list = json_object_get(body, g->flag->field);

	if (!g->flag->is_list)
		return nc_body_put(body, g->flag->field, value_of(g), err);
	if (!json_is_array(list)) {
		nc_code rc = nc_body_put(body, g->flag->field, list = json_array(), err);
		if (rc != NC_OK)
			return rc;
	}
	json_t *value = value_of(g);
	return value && !json_array_append_new(list, value) ? NC_OK : nc_err_nomem(err);
}

nc_code nc_body_make(nc_cli *c, const nc_kind *kind, json_t **ret, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *body = NULL;
	const char *file = nc_args_str(&c->args, "file"), *assignment;
	nc_code rc = NC_OK;

	if (file)
		rc = nc_document_read(file, &body, err);
	else if (!(body = json_object()))
		rc = nc_err_nomem(err);
	if (rc == NC_OK && !json_is_object(body))
		rc = nc_err(err, NC_E_INVAL, "%s: must be one object", file);
	for (size_t it = 0; rc == NC_OK && (assignment = nc_args_next(&c->args, "set", &it));)
		rc = nc_body_set(body, kind, assignment, err);
	for (size_t i = 0; rc == NC_OK && i < c->args.n_given; i++)
		if (c->args.given[i].flag->field)
			rc = put_given(body, &c->args.given[i], err);
	if (rc == NC_OK)
		*ret = nc_steal(&body);
	return rc;
}
