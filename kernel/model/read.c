/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"
#include "model/member.h"

/*
 * JSON values into members of structs: conversion alone, by the type in the table. What has the
 * wrong type is a fault with its path; a list with a faulty element is set all the same, so that
 * what is wrong with the others is found too. Whether a value is in its range is check.c's question. The nesting followed is that of the tables, never the input's.
 * Strings are copied into the arena. Pure but for the arena and the faults.
 */

static const char *json_word(const json_t *j)
{
	static const char *const words[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "a whole number",
		[JSON_REAL] = "a fraction",
		[JSON_TRUE] = "true",
		[JSON_FALSE] = "false",
		[JSON_NULL] = "null",
	};
	return words[json_typeof(j)];
}

static int wrong_type(nc_reader *r, const nc_jpath *at, const char *want, const json_t *j)
{
	nc_fault_at(r->faults, at, "type", "must be %s, not %s", want, json_word(j));
	return 0;
}

static int no_memory(nc_reader *r)
{
	r->faults->is_nomem = 1;
	return 0;
}

/* A copy of a JSON string; "" counts as absent. 0 = fault. */
static int read_text(nc_reader *r, const nc_jpath *at, const json_t *j, const char **ret)
{
	if (!json_is_string(j))
		return wrong_type(r, at, "a string", j);
	size_t n = json_string_length(j);
	const char *s = n ? nc_arena_strndup(r->arena, json_string_value(j), n) : NULL;
	if (n && !s)
		return no_memory(r);
	*ret = s;
	return 1;
}

static int read_i64(nc_reader *r, const nc_jpath *at, const json_t *j, int64_t *ret)
{
	if (!json_is_integer(j))
		return wrong_type(r, at, "a whole number", j);
	*ret = json_integer_value(j);
	return 1;
}

static int read_u64(nc_reader *r, const nc_jpath *at, const json_t *j, uint64_t *ret)
{
	int64_t v;
	if (!read_i64(r, at, j, &v))
		return 0;
	if (v < 0) {
		nc_fault_at(r->faults, at, "range", "must not be negative");
		return 0;
	}
	*ret = (uint64_t)v;
	return 1;
}

static int read_f64(nc_reader *r, const nc_jpath *at, const json_t *j, double *ret)
{
	if (!json_is_number(j))
		return wrong_type(r, at, "a number", j);
	double v = json_number_value(j);
	*ret = v == 0 ? 0 : v; /* no -0: it would not read back the same */
	return 1;
}

static int read_bool(nc_reader *r, const nc_jpath *at, const json_t *j, int *ret)
{
	if (!json_is_boolean(j))
		return wrong_type(r, at, "true or false", j);
	*ret = json_is_true(j);
	return 1;
}

static int read_enum(
	nc_reader *r, const nc_field_def *d, const nc_jpath *at, const json_t *j, int *ret)
{
	if (!json_is_string(j))
		return wrong_type(r, at, "a word", j);
	const char *word = json_string_value(j);
	size_t n = 0;
	for (; d->choices[n]; n++)
		if (strcmp(d->choices[n], word) == 0) {
			*ret = (int)n;
			return 1;
		}
	nc_fault_at(r->faults, at, "choice", "is not one of the words it can be");
	char list[200];
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		size_t room = sizeof(list) - len;
		int put = d->choices[i][0] ? snprintf(list + len, room, "%s%s", len ? ", " : "",
						     d->choices[i])
					   : 0;
		if (put < 0 || (size_t)put >= room)
			break;
		len += (size_t)put;
	}
	const char *close = nc_did_you_mean(word, d->choices, n);
	if (close && close[0])
		nc_fault_hint(r->faults, "did you mean \"%s\"? it can be: %s", close, list);
	else
		nc_fault_hint(r->faults, "it can be: %s", list);
	return 0;
}

static int read_time(nc_reader *r, const nc_jpath *at, const json_t *j, int64_t *ret)
{
	if (!json_is_string(j))
		return wrong_type(r, at, "a time", j);
	int64_t ms;
	if (nc_time_parse(json_string_value(j), &ms) == 0 && ms > 0) {
		*ret = ms;
		return 1;
	}
	nc_fault_at(r->faults, at, "format", "is not a time after 1970");
	nc_fault_hint(r->faults, "write it as 2027-03-01T12:00:00Z");
	return 0;
}

static int label_order(const void *a, const void *b)
{
	return strcmp(((const nc_label *)a)->key, ((const nc_label *)b)->key);
}

static int read_labels(nc_reader *r, const nc_jpath *at, json_t *j, nc_labels *ret)
{
	if (!json_is_object(j))
		return wrong_type(r, at, "an object of strings", j);
	size_t n = json_object_size(j), i = 0;
	nc_label *v = n ? nc_arena_new_array(r->arena, nc_label, n) : NULL;
	if (n && !v)
		return no_memory(r);
	int is_sorted = 1, is_good = 1;
	for (void *it = json_object_iter(j); it && i < n; it = json_object_iter_next(j, it), i++) {
		nc_jpath here = { at, json_object_iter_key(it), 0 };
		v[i].key = nc_arena_strdup(r->arena, here.key);
		if (!v[i].key)
			return no_memory(r);
		v[i].value = "";
		is_good &= read_text(r, &here, json_object_iter_value(it), &v[i].value);
		if (!v[i].value)
			v[i].value = "";
		is_sorted &= i == 0 || label_order(&v[i - 1], &v[i]) < 0;
	}
	if (!is_sorted)
		qsort(v, n, sizeof(*v), label_order);
	*ret = (nc_labels){ v, n };
	return is_good;
}

/* The array's length, or -1 with a fault. */
static int64_t begin_list(
	nc_reader *r, const nc_field_def *d, const nc_jpath *at, const json_t *j, const char *want)
{
	if (!json_is_array(j)) {
		wrong_type(r, at, want, j);
		return -1;
	}
	size_t n = json_array_size(j), limit = nc_field_limit(d);
	if (n > limit) {
		nc_fault_at(r->faults, at, "length", "has %zu elements, at most %zu are taken", n,
			limit);
		return -1;
	}
	return (int64_t)n;
}

static int read_strs(
	nc_reader *r, const nc_field_def *d, const nc_jpath *at, const json_t *j, void *base)
{
	int64_t n = begin_list(r, d, at, j, "an array of strings");
	if (n < 0)
		return 0;
	const char **v = n ? nc_arena_new_array(r->arena, const char *, (size_t)n) : NULL;
	if (n && !v)
		return no_memory(r);
	int is_good = 1;
	for (size_t i = 0; i < (size_t)n; i++) {
		nc_jpath here = { at, NULL, i };
		is_good &= read_text(r, &here, json_array_get(j, i), &v[i]);
		if (!v[i])
			v[i] = "";
	}
	nc_seq_set(d, base, (nc_seq){ (void *)v, (size_t)n });
	return is_good;
}

/* The defaults of a sub-object that a request makes, and its id. */
static int begin_sub(nc_reader *r, const nc_sub_def *sub, void *elem)
{
	if (r->mode == NC_READ_SAME)
		return 1;
	for (size_t i = 0; i < sub->n_fields; i++)
		nc_member_reset(&sub->fields[i], elem);
	if (!sub->id_prefix)
		return 1;
	char id[NC_ID_MAX];
	nc_id_make(sub->id_prefix, id);
	const char *kept = nc_arena_strdup(r->arena, id);
	NC_AT(const char *, &sub->fields[0], elem) = kept;
	return kept ? 1 : no_memory(r);
}

int nc_sub_read(nc_reader *r, const nc_field_def *d, const nc_jpath *at, json_t *j, void *elem)
{
	if (!json_is_object(j))
		return wrong_type(r, at, "an object", j);
	if (!begin_sub(r, d->sub, elem))
		return 0;
	uint32_t before = r->faults->n + r->faults->dropped;
	nc_struct_read(r, d->sub->fields, d->sub->n_fields, at, j, elem);
	return r->faults->n + r->faults->dropped == before && !r->faults->is_nomem;
}

static int read_obj(nc_reader *r, const nc_field_def *d, const nc_jpath *at, json_t *j, void *base)
{
	void *elem = nc_arena_alloc(r->arena, d->sub->size);
	if (!elem)
		return no_memory(r);
	nc_ptr_set(d, base, elem);
	return nc_sub_read(r, d, at, j, elem);
}

static int read_struct(
	nc_reader *r, const nc_field_def *d, const nc_jpath *at, json_t *j, void *base)
{
	void *elem = nc_arena_alloc(r->arena, d->sub->size);
	if (!elem)
		return no_memory(r);
	int is_good = nc_sub_read(r, d, at, j, elem);
	memcpy((char *)base + d->offset, elem, d->sub->size);
	return is_good;
}

static int read_objs(nc_reader *r, const nc_field_def *d, const nc_jpath *at, json_t *j, void *base)
{
	int64_t n = begin_list(r, d, at, j, "an array of objects");
	if (n < 0)
		return 0;
	char *v = n ? nc_arena_alloc(r->arena, d->sub->size * (size_t)n) : NULL;
	if (n && !v)
		return no_memory(r);
	int is_good = 1;
	for (size_t i = 0; i < (size_t)n; i++) {
		nc_jpath here = { at, NULL, i };
		is_good &= nc_sub_read(r, d, &here, json_array_get(j, i), v + i * d->sub->size);
	}
	nc_seq_set(d, base, (nc_seq){ v, (size_t)n });
	return is_good;
}

static int read_json(
	nc_reader *r, const nc_field_def *d, const nc_jpath *at, json_t *j, nc_bytes *ret)
{
	if (d->mut != NC_SERVER && !json_is_object(j))
		return wrong_type(r, at, "an object", j);
	nc_code rc = nc_json_text(j, r->arena, nc_field_limit(d), ret);
	if (rc == NC_E_NOMEM)
		return no_memory(r);
	if (rc)
		nc_fault_at(r->faults, at, "length", "is longer than %zu bytes", nc_field_limit(d));
	return rc == NC_OK;
}

static int read_shown_secret(
	nc_reader *r, const nc_jpath *at, const json_t *j, nc_secret_field *ret)
{
	nc_secret_field s = { .is_set = json_is_true(json_object_get(j, "set")) };
	const json_t *version = json_object_get(j, "version");
	const json_t *digest = json_object_get(j, "digest");
	if (version && !read_u64(r, at, version, &s.version))
		return 0;
	if (digest && !json_is_null(digest) && !read_text(r, at, digest, &s.digest))
		return 0;
	*ret = s;
	return 1;
}

static int read_secret(nc_reader *r, const nc_jpath *at, const json_t *j, nc_secret_field *ret)
{
	if (json_is_object(j) && r->mode == NC_READ_SAME)
		return read_shown_secret(r, at, j, ret);
	const char *text = NULL;
	if (!read_text(r, at, j, &text))
		return 0;
	ret->is_cleared = !text;
	ret->is_set = text != NULL;
	ret->fresh = (nc_bytes){ text, text ? json_string_length(j) : 0 };
	if (!text) {
		ret->version = 0;
		ret->digest = NULL;
	}
	return 1;
}

static int clear(const nc_field_def *d, void *base)
{
	if (d->type == NC_T_SECRET) {
		NC_AT(nc_secret_field, d, base) = (nc_secret_field){ .is_cleared = 1 };
		return 1;
	}
	memset((char *)base + d->offset, 0, nc_field_size(d));
	return 1;
}

int nc_member_read(nc_reader *r, const nc_field_def *d, const nc_jpath *at, json_t *j, void *base)
{
	if (json_is_null(j))
		return clear(d, base);
	switch ((nc_field_type)d->type) {
	case NC_T_STR:
	case NC_T_NAME:
	case NC_T_REF:
		return read_text(r, at, j, &NC_AT(const char *, d, base));
	case NC_T_I64:
		return read_i64(r, at, j, &NC_AT(int64_t, d, base));
	case NC_T_U64:
		return read_u64(r, at, j, &NC_AT(uint64_t, d, base));
	case NC_T_F64:
		return read_f64(r, at, j, &NC_AT(double, d, base));
	case NC_T_BOOL:
		return read_bool(r, at, j, &NC_AT(int, d, base));
	case NC_T_ENUM:
		return read_enum(r, d, at, j, &NC_AT(int, d, base));
	case NC_T_TIME:
		return read_time(r, at, j, &NC_AT(int64_t, d, base));
	case NC_T_LABELS:
		return read_labels(r, at, j, &NC_AT(nc_labels, d, base));
	case NC_T_STRS:
	case NC_T_REFS:
		return read_strs(r, d, at, j, base);
	case NC_T_OBJ:
		return read_obj(r, d, at, j, base);
	case NC_T_STRUCT:
		return read_struct(r, d, at, j, base);
	case NC_T_OBJS:
		return read_objs(r, d, at, j, base);
	case NC_T_JSON:
		return read_json(r, d, at, j, &NC_AT(nc_bytes, d, base));
	case NC_T_SECRET:
		return read_secret(r, at, j, &NC_AT(nc_secret_field, d, base));
	}
	return 0;
}

void nc_struct_read(nc_reader *r, const nc_field_def *fields, size_t n, const nc_jpath *at,
	json_t *j, void *base)
{
	size_t hint = 0;
	for (void *it = json_object_iter(j); it; it = json_object_iter_next(j, it)) {
		nc_jpath here = { at, json_object_iter_key(it), 0 };
		const nc_field_def *d = nc_field_find(fields, n, nc_str(here.key), &hint);
		if (!d) {
			nc_fault_unknown(r->faults, &here, &(nc_span){ fields, n }, 1);
			continue;
		}
		if (r->mode != NC_READ_SAME && d->mut == NC_SERVER) {
			nc_fault_at(r->faults, &here, "read_only", "is set by the server");
			continue;
		}
		nc_member_read(r, d, &here, json_object_iter_value(it), base);
	}
}
