/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"

/*
 * What stands between bytes from outside and our structs. Size and depth are checked before the
 * parser runs, since it recurses. Errors name where in the document, and never quote the document
 * itself: it may hold a password. Pure functions; any thread.
 */

enum { PATH_TEXT_MAX = 160, WORD_MAX = 63 };

typedef struct place {
	size_t line, column;
} place;

static place place_of(const char *text, size_t at)
{
	place p = { 1, 1 };
	for (size_t i = 0; i < at; i++) {
		p.column++;
		if (text[i] == '\n')
			p = (place){ p.line + 1, 1 };
	}
	return p;
}

/* Offset of the bracket that opens one level too many, or len. */
static size_t find_too_deep(const char *text, size_t len)
{
	int in_string = 0, depth = 0;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = 0;
		} else if (c == '"') {
			in_string = 1;
		} else if (c == '{' || c == '[') {
			if (++depth > NC_JSON_DEPTH_MAX)
				return i;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return len;
}

static nc_code parse_failed(const json_error_t *why, uint64_t failures_before, nc_error *err)
{
	if (nc_alloc_failures() != failures_before ||
		json_error_code(why) == json_error_out_of_memory)
		return nc_err_nomem(err);
	/* jansson ends its message in " near '<what stands there>'" */
	const char *near = strstr(why->text, " near ");
	int len = near ? (int)(near - why->text) : (int)strlen(why->text);
	return nc_err(err, NC_E_INVAL, "invalid JSON at line %d, column %d: %.*s", why->line,
		why->column, len, why->text);
}

nc_code nc_json_parse(nc_bytes text, size_t limit_bytes, json_t **ret, nc_error *err)
{
	if (text.len > limit_bytes)
		return nc_err(err, NC_E_INVAL, "JSON of %zu bytes is larger than %zu", text.len,
			limit_bytes);
	if (text.len == 0)
		return nc_err(err, NC_E_INVAL, "invalid JSON: the document is empty");
	size_t deep = find_too_deep(text.ptr, text.len);
	if (deep < text.len) {
		place p = place_of(text.ptr, deep);
		return nc_err(err, NC_E_INVAL,
			"invalid JSON at line %zu, column %zu: nested more than %d deep", p.line,
			p.column, NC_JSON_DEPTH_MAX);
	}
	uint64_t failures = nc_alloc_failures();
	json_error_t why;
	json_t *doc =
		json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (!doc)
		return parse_failed(&why, failures, err);
	if (nc_alloc_failures() != failures) {
		/* jansson's lexer drops the characters it has no memory for and carries on. */
		json_decref(doc);
		return nc_err_nomem(err);
	}
	*ret = doc;
	return NC_OK;
}

char *nc_json_dump(const json_t *doc, size_t flags)
{
	uint64_t failures = nc_alloc_failures();
	char *text = json_dumps(doc, flags);
	if (nc_alloc_failures() == failures)
		return text;
	nc_free(text);
	return NULL;
}

static void path_append(char *buf, size_t cap, size_t *len, const nc_jpath *p)
{
	int n;
	if (p->key)
		n = snprintf(buf + *len, cap - *len, "%s%s", *len ? "." : "", p->key);
	else
		n = snprintf(buf + *len, cap - *len, "[%zu]", p->index);
	if (n > 0)
		*len = NC_MIN(*len + (size_t)n, cap - 1);
}

void nc_jpath_format(const nc_jpath *p, char *buf, size_t cap)
{
	const nc_jpath *steps[NC_JSON_DEPTH_MAX + 1];
	size_t n = 0, len = 0;
	if (cap == 0)
		return;
	buf[0] = '\0';
	for (; p && n < NC_LEN(steps); p = p->up)
		steps[n++] = p;
	while (n)
		path_append(buf, cap, &len, steps[--n]);
}

static const char *type_name(json_type type)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "an integer",
		[JSON_REAL] = "a number",
		[JSON_TRUE] = "a boolean",
		[JSON_FALSE] = "a boolean",
		[JSON_NULL] = "null",
	};
	return (size_t)type < NC_LEN(names) ? names[type] : "something else";
}

/* A member being read: what every reader starts from. */
typedef struct member {
	const json_t *val; /* NULL: absent and optional */
	char path[PATH_TEXT_MAX];
} member;

static void member_path(member *m, const nc_jpath *at, const char *key)
{
	nc_jpath here = { .up = at, .key = key };
	nc_jpath_format(&here, m->path, sizeof(m->path));
}

static nc_code wrong_type(
	member *m, const nc_jpath *at, const char *key, const char *want, nc_error *err)
{
	member_path(m, at, key);
	return nc_err(err, NC_E_INVAL, "%s must be %s, not %s", m->path, want,
		type_name(json_typeof(m->val)));
}

static nc_code get_member(const json_t *o, const nc_jpath *at, const char *key, nc_presence need,
	member *m, nc_error *err)
{
	if (!json_is_object(o)) {
		nc_jpath_format(at, m->path, sizeof(m->path));
		return nc_err(err, NC_E_INVAL, "%s must be an object",
			m->path[0] ? m->path : "the document");
	}
	m->val = json_object_get(o, key);
	if (m->val || need == NC_OPTIONAL)
		return NC_OK;
	member_path(m, at, key);
	return nc_err(err, NC_E_INVAL, "%s is missing", m->path);
}

nc_code nc_json_get_str(const json_t *o, const nc_jpath *at, const char *key, nc_presence need,
	size_t max_len, const char **ret, nc_error *err)
{
	member m;
	nc_code rc = get_member(o, at, key, need, &m, err);
	if (rc != NC_OK || !m.val)
		return rc;
	if (!json_is_string(m.val))
		return wrong_type(&m, at, key, "a string", err);
	if (json_string_length(m.val) > max_len) {
		member_path(&m, at, key);
		return nc_err(err, NC_E_INVAL, "%s has %zu bytes, at most %zu are allowed", m.path,
			json_string_length(m.val), max_len);
	}
	*ret = json_string_value(m.val);
	return NC_OK;
}

nc_code nc_json_get_i64(const json_t *o, const nc_jpath *at, const char *key, nc_presence need,
	int64_t min, int64_t max, int64_t *ret, nc_error *err)
{
	member m;
	nc_code rc = get_member(o, at, key, need, &m, err);
	if (rc != NC_OK || !m.val)
		return rc;
	if (!json_is_integer(m.val))
		return wrong_type(&m, at, key, "an integer", err);
	int64_t v = json_integer_value(m.val);
	if (v < min || v > max) {
		member_path(&m, at, key);
		return nc_err(err, NC_E_INVAL, "%s must be from %lld to %lld, not %lld", m.path,
			(long long)min, (long long)max, (long long)v);
	}
	*ret = v;
	return NC_OK;
}

nc_code nc_json_get_f64(const json_t *o, const nc_jpath *at, const char *key, nc_presence need,
	double min, double max, double *ret, nc_error *err)
{
	member m;
	nc_code rc = get_member(o, at, key, need, &m, err);
	if (rc != NC_OK || !m.val)
		return rc;
	if (!json_is_number(m.val))
		return wrong_type(&m, at, key, "a number", err);
	double v = json_number_value(m.val);
	if (!(v >= min && v <= max)) {
		member_path(&m, at, key);
		return nc_err(
			err, NC_E_INVAL, "%s must be from %g to %g, not %g", m.path, min, max, v);
	}
	*ret = v;
	return NC_OK;
}

nc_code nc_json_get_bool(const json_t *o, const nc_jpath *at, const char *key, nc_presence need,
	int *ret, nc_error *err)
{
	member m;
	nc_code rc = get_member(o, at, key, need, &m, err);
	if (rc != NC_OK || !m.val)
		return rc;
	if (!json_is_boolean(m.val))
		return wrong_type(&m, at, key, "true or false", err);
	*ret = json_is_true(m.val);
	return NC_OK;
}

nc_code nc_json_get_obj(const json_t *o, const nc_jpath *at, const char *key, nc_presence need,
	const json_t **ret, nc_error *err)
{
	member m;
	nc_code rc = get_member(o, at, key, need, &m, err);
	if (rc != NC_OK || !m.val)
		return rc;
	if (!json_is_object(m.val))
		return wrong_type(&m, at, key, "an object", err);
	*ret = m.val;
	return NC_OK;
}

nc_code nc_json_get_arr(const json_t *o, const nc_jpath *at, const char *key, nc_presence need,
	size_t max_items, const json_t **ret, nc_error *err)
{
	member m;
	nc_code rc = get_member(o, at, key, need, &m, err);
	if (rc != NC_OK || !m.val)
		return rc;
	if (!json_is_array(m.val))
		return wrong_type(&m, at, key, "an array", err);
	if (json_array_size(m.val) > max_items) {
		member_path(&m, at, key);
		return nc_err(err, NC_E_INVAL, "%s has %zu items, at most %zu are allowed", m.path,
			json_array_size(m.val), max_items);
	}
	*ret = m.val;
	return NC_OK;
}

static size_t count_keys(const char *const *keys)
{
	size_t n = 0;
	while (keys[n])
		n++;
	return n;
}

static int is_listed(const char *key, const char *const *keys)
{
	for (; *keys; keys++) {
		if (strcmp(key, *keys) == 0)
			return 1;
	}
	return 0;
}

nc_code nc_json_only_keys(
	const json_t *o, const nc_jpath *at, const char *const *keys, nc_error *err)
{
	member m;
	nc_code rc = get_member(o, at, "", NC_OPTIONAL, &m, err);
	if (rc != NC_OK)
		return rc;
	/* jansson iterates through a non-const pointer and changes nothing */
	json_t *obj = (json_t *)(uintptr_t)o;
	for (void *it = json_object_iter(obj); it; it = json_object_iter_next(obj, it)) {
		const char *key = json_object_iter_key(it);
		if (is_listed(key, keys))
			continue;
		member_path(&m, at, key);
		rc = nc_err(err, NC_E_INVAL, "%s is not a known field", m.path);
		const char *close = nc_did_you_mean(key, keys, count_keys(keys));
		return close ? nc_err_hint(err, rc, "did you mean \"%s\"?", close) : rc;
	}
	return NC_OK;
}

/* Insertions, deletions, changed letters and swapped neighbours between two words. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *prev = rows[1], *cur = rows[2];
	for (size_t j = 0; j <= b_len; j++)
		prev[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		cur[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t d = prev[j - 1] + (a[i - 1] != b[j - 1]);
			d = NC_MIN(d, prev[j] + 1);
			d = NC_MIN(d, cur[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d = NC_MIN(d, before[j - 2] + 1);
			cur[j] = d;
		}
		size_t *oldest = before;
		before = prev;
		prev = cur;
		cur = oldest;
	}
	return prev[b_len];
}

const char *nc_did_you_mean(const char *word, const char *const *names, size_t n)
{
	size_t word_len = strlen(word);
	const char *best = NULL;
	size_t best_distance = 3; /* two at most */
	if (word_len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i]);
		if (len > WORD_MAX)
			continue;
		size_t d = edit_distance(word, word_len, names[i], len);
		if (d < best_distance && d <= NC_MAX(word_len, len) / 3) {
			best = names[i];
			best_distance = d;
		}
	}
	return best;
}
