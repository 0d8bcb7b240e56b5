/* SPDX-License-Identifier: Apache-2.0 */
#include "model/body.h"

#include <string.h>

/* Scanning our own rendering: strings and brackets alone matter. Pure functions; linear, no recursion. */

void nc_body_walk_init(nc_body_walk *w, nc_bytes body)
{
	w->p = body.ptr;
	w->end = w->p + body.len;
}

/* p stands behind the opening quote; the result behind the closing one, or NULL. */
static const char *skip_string(const char *p, const char *end)
{
	for (;;) {
		const char *q = memchr(p, '"', (size_t)(end - p));
		if (!q)
			return NULL;
		const char *b = q;
		while (b > p && b[-1] == '\\')
			b--;
		if ((q - b) % 2 == 0)
			return q + 1;
		p = q + 1;
	}
}

/* p stands at a value; the result behind it, or NULL. */
static const char *skip_value(const char *p, const char *end)
{
	unsigned depth = 0;
	while (p < end) {
		switch (*p++) {
		case '"':
			p = skip_string(p, end);
			if (!p || !depth)
				return p;
			break;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (!depth)
				return p - 1;
			if (!--depth)
				return p;
			break;
		case ',':
			if (!depth)
				return p - 1;
			break;
		default:
			break;
		}
	}
	return NULL;
}

int nc_body_walk_next(nc_body_walk *w, nc_bytes *ret_key, nc_bytes *ret_value, const char **ret_at)
{
	const char *at = w->p;
	if (w->end - at < 6 || (*at != ',' && *at != '{') || at[1] != '"')
		return 0;
	const char *key_end = skip_string(at + 2, w->end);
	if (!key_end || key_end == w->end || *key_end != ':')
		return 0;
	const char *value = key_end + 1, *value_end = skip_value(value, w->end);
	if (!value_end || value_end == value)
		return 0;
	*ret_key = (nc_bytes){ at + 2, (size_t)(key_end - 1 - (at + 2)) };
	*ret_value = (nc_bytes){ value, (size_t)(value_end - value) };
	if (ret_at)
		*ret_at = at;
	w->p = value_end;
	return 1;
}

int nc_body_walk_elem(nc_body_walk *w, nc_bytes *ret_value)
{
	const char *at = w->p;
	if (w->end - at < 2 || (*at != ',' && *at != '[') || (*at == '[' && at[1] == ']'))
		return 0;
	const char *end = skip_value(at + 1, w->end);
	if (!end || end == at + 1)
		return 0;
	*ret_value = (nc_bytes){ at + 1, (size_t)(end - at - 1) };
	w->p = end;
	return 1;
}

int nc_body_walk_is_whole(const nc_body_walk *w)
{
	ptrdiff_t left = w->end - w->p;
	if (left == 1)
		return *w->p == '}' || *w->p == ']';
	return left == 2 && (memcmp(w->p, "{}", 2) == 0 || memcmp(w->p, "[]", 2) == 0);
}

static int is_key(nc_bytes key, const char *name)
{
	return strlen(name) == key.len && memcmp(key.ptr, name, key.len) == 0;
}

void nc_body_project(nc_bytes body, const char *const *fields, size_t n, nc_buf *out)
{
	nc_body_walk w;
	nc_bytes key, value;
	char comma = '{';
	nc_body_walk_init(&w, body);
	while (nc_body_walk_next(&w, &key, &value, NULL)) {
		int is_asked = is_key(key, "id");
		for (size_t i = 0; i < n && !is_asked; i++)
			is_asked = is_key(key, fields[i]);
		if (!is_asked)
			continue;
		nc_buf_putc(out, comma);
		nc_buf_putc(out, '"');
		nc_buf_put(out, key.ptr, key.len);
		nc_buf_put(out, "\":", 2);
		nc_buf_put(out, value.ptr, value.len);
		comma = ',';
	}
	nc_buf_puts(out, comma == '{' ? "{}" : "}");
}

nc_bytes nc_body_member(nc_bytes body, const char *name)
{
	nc_body_walk w;
	nc_bytes key, value;
	nc_body_walk_init(&w, body);
	while (nc_body_walk_next(&w, &key, &value, NULL))
		if (is_key(key, name))
			return value;
	return (nc_bytes){ NULL, 0 };
}

int nc_body_is_word(nc_bytes value, const char *word)
{
	size_t n = strlen(word);
	const char *s = value.ptr;

	return value.len == n + 2 && s[0] == '"' && s[n + 1] == '"' && !memcmp(s + 1, word, n);
}

size_t nc_body_observed_at(nc_bytes body)
{
	nc_body_walk w;
	nc_bytes key, value;
	const char *at;
	nc_body_walk_init(&w, body);
	while (nc_body_walk_next(&w, &key, &value, &at))
		if (is_key(key, "observed_at"))
			return (size_t)(at - (const char *)body.ptr);
	return body.len;
}
