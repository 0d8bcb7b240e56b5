/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML to JSON values, from libyaml's events and an explicit stack. Only what has a JSON form is
 * taken: no anchors, aliases, tags or keys that are not text. Pure functions.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/err.h"
#include "cli/document.h"

enum { EVENTS_MAX = 1000000 };

typedef struct reader {
	yaml_parser_t yaml;
	const char *name;
	json_t *root;                     /* owned, once there is one */
	json_t *stack[NC_JSON_DEPTH_MAX]; /* borrowed from root */
	char *key[NC_JSON_DEPTH_MAX];     /* owned: of the object there, waiting for its value */
	size_t depth;
	nc_error *err;
} reader;

static nc_code fault(const reader *r, const yaml_event_t *e, const char *what)
{
	return nc_err(r->err, NC_E_INVAL, "%s:%zu:%zu: %s", r->name, e->start_mark.line + 1,
		e->start_mark.column + 1, what);
}

/* ---- scalars ---- */

static int is_word(const char *s, const char *lower, const char *title, const char *upper)
{
	return !strcmp(s, lower) || !strcmp(s, title) || !strcmp(s, upper);
}

static int is_decimal(const char *s)
{
	s += *s == '-' || *s == '+';
	return *s && strspn(s, "0123456789") == strlen(s);
}

/* A number of the core schema that is no whole one: digits, a point or an exponent. */
static int is_real(const char *s)
{
	const char *p = s + (*s == '-' || *s == '+');

	return strspn(p, "0123456789.eE+-") == strlen(p) && strpbrk(p, "0123456789") &&
	       strpbrk(p, ".eE") && (*p == '.' || (*p >= '0' && *p <= '9'));
}

static json_t *number_of(const char *s)
{
	char *end = NULL;

	errno = 0;
	if (is_decimal(s)) {
		long long v = strtoll(s, &end, 10);
		return errno ? NULL : json_integer(v);
	}
	double d = strtod(s, &end);
	return *end || !isfinite(d) ? NULL : json_real(d);
}

static json_t *scalar_value(const yaml_event_t *e)
{
	const char *s = (const char *)e->data.scalar.value;
	size_t n = e->data.scalar.length;

	if (e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return json_stringn(s, n);
	if (!n || !strcmp(s, "~") || is_word(s, "null", "Null", "NULL"))
		return json_null();
	if (is_word(s, "true", "True", "TRUE"))
		return json_true();
	if (is_word(s, "false", "False", "FALSE"))
		return json_false();
	json_t *number = is_decimal(s) || is_real(s) ? number_of(s) : NULL;
	return number ? number : json_stringn(s, n);
}

/* ---- building ---- */

/* Put a value where it belongs; it is taken in any case. */
static nc_code put(reader *r, json_t *value)
{
	if (!value)
		return nc_err_nomem(r->err);
	if (!r->depth) {
		r->root = value;
		return NC_OK;
	}
	json_t *at = r->stack[r->depth - 1];
	char **key = &r->key[r->depth - 1];
	if (json_is_array(at))
		return json_array_append_new(at, value) ? nc_err_nomem(r->err) : NC_OK;
	int failed = json_object_set_new(at, *key, value);
	nc_free(*key);
	*key = NULL;
	return failed ? nc_err_nomem(r->err) : NC_OK;
}

static int wants_key(const reader *r)
{
	return r->depth && json_is_object(r->stack[r->depth - 1]) && !r->key[r->depth - 1];
}

static nc_code take_key(reader *r, const yaml_event_t *e)
{
	const char *s = (const char *)e->data.scalar.value;

	if (strlen(s) != e->data.scalar.length)
		return fault(r, e, "a key must be text");
	if (json_object_get(r->stack[r->depth - 1], s))
		return fault(r, e, "the key stands here twice");
	r->key[r->depth - 1] = nc_strdup(s);
	return r->key[r->depth - 1] ? NC_OK : nc_err_nomem(r->err);
}

static nc_code take_scalar(reader *r, const yaml_event_t *e)
{
	if (e->data.scalar.anchor || e->data.scalar.tag)
		return fault(r, e, "anchors and tags are not taken");
	if (wants_key(r))
		return take_key(r, e);
	return put(r, scalar_value(e));
}

static nc_code begin(reader *r, const yaml_event_t *e, json_t *container)
{
	int is_refused = wants_key(r);

	if (!container)
		return nc_err_nomem(r->err);
	if (is_refused || r->depth == NC_LEN(r->stack)) {
		json_decref(container);
		return fault(r, e, is_refused ? "a key must be text" : "nested too deep");
	}
	nc_code rc = put(r, container);
	if (rc != NC_OK)
		return rc;
	r->stack[r->depth++] = container;
	return NC_OK;
}

static nc_code take(reader *r, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return take_scalar(r, e);
	case YAML_SEQUENCE_START_EVENT:
		if (e->data.sequence_start.anchor || e->data.sequence_start.tag)
			return fault(r, e, "anchors and tags are not taken");
		return begin(r, e, json_array());
	case YAML_MAPPING_START_EVENT:
		if (e->data.mapping_start.anchor || e->data.mapping_start.tag)
			return fault(r, e, "anchors and tags are not taken");
		return begin(r, e, json_object());
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		r->depth--;
		return NC_OK;
	case YAML_ALIAS_EVENT:
		return fault(r, e, "aliases are not taken");
	case YAML_DOCUMENT_START_EVENT:
		return r->root ? fault(r, e, "only one document is taken") : NC_OK;
	default:
		return NC_OK;
	}
}

/* ---- the walk ---- */

static nc_code syntax(const reader *r)
{
	const yaml_parser_t *y = &r->yaml;

	if (y->error == YAML_MEMORY_ERROR)
		return nc_err_nomem(r->err);
	return nc_err(r->err, NC_E_INVAL, "%s:%zu:%zu: %s", r->name, y->problem_mark.line + 1,
		y->problem_mark.column + 1, y->problem ? y->problem : "is not YAML");
}

static nc_code walk(reader *r)
{
	for (size_t n = 0; n < EVENTS_MAX; n++) {
		yaml_event_t e;
		if (!yaml_parser_parse(&r->yaml, &e))
			return syntax(r);
		int is_end = e.type == YAML_STREAM_END_EVENT;
		nc_code rc = take(r, &e);
		yaml_event_delete(&e);
		if (rc != NC_OK || is_end)
			return rc;
	}
	return nc_err(r->err, NC_E_INVAL, "%s holds more than %d values", r->name, EVENTS_MAX);
}

nc_code nc_yaml_to_json(nc_bytes text, const char *name, json_t **ret, nc_error *err)
{
	reader r = { .name = name, .err = err };

	if (!yaml_parser_initialize(&r.yaml))
		return nc_err_nomem(err);
	yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.yaml, text.ptr, text.len);
	nc_code rc = walk(&r);
	yaml_parser_delete(&r.yaml);
	for (size_t i = 0; i < NC_LEN(r.key); i++)
		nc_free(r.key[i]);
	if (rc == NC_OK && !r.root)
		rc = nc_err(err, NC_E_INVAL, "%s is empty", name);
	if (rc != NC_OK) {
		json_decref(r.root);
		return rc;
	}
	*ret = r.root;
	return NC_OK;
}
