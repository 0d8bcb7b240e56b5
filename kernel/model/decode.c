/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/body.h"
#include "model/member.h"

/*
 * A stored body back into its struct, without a tree between: it is what render.c wrote, so it is
 * walked member by member, and strings go straight into the arena. This runs for every change of
 * every object, hence not the library that requests go through. Damage is an error that names the
 * member, never a crash; members that the table does not know (a newer kernel's) are passed over.
 */

typedef struct decoder {
	nc_arena *arena;
	const char *bad; /* member that could not be read; NULL = none */
	int is_nomem;
} decoder;

static int decode_member(decoder *x, const nc_field_def *d, nc_bytes v, void *base);

static int fail(decoder *x, const nc_field_def *d)
{
	x->bad = d->name;
	return 0;
}

static int no_memory(decoder *x)
{
	x->is_nomem = 1;
	return 0;
}

static int is_word(nc_bytes v, const char *word)
{
	return v.len == strlen(word) && memcmp(v.ptr, word, v.len) == 0;
}

/* ---- strings ---- */

static int is_string(nc_bytes v)
{
	const char *p = v.ptr;
	return v.len >= 2 && p[0] == '"' && p[v.len - 1] == '"';
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

/* \uXXXX at p; our writer writes control characters so, nothing beyond the first plane. */
static int read_hex4(const char *p, const char *end, uint32_t *ret)
{
	uint32_t c = 0;
	if (end - p < 4)
		return 0;
	for (int i = 0; i < 4; i++) {
		char h = p[i];
		uint32_t v = h >= '0' && h <= '9'   ? (uint32_t)(h - '0')
			     : h >= 'a' && h <= 'f' ? (uint32_t)(h - 'a' + 10)
			     : h >= 'A' && h <= 'F' ? (uint32_t)(h - 'A' + 10)
						    : 16;
		if (v == 16)
			return 0;
		c = c << 4 | v;
	}
	*ret = c;
	return c != 0 && (c < 0xd800 || c > 0xdfff);
}

/* Never longer than what it is made of. NULL = not a valid escape. */
static char *unescape(char *to, const char *p, const char *end)
{
	static const char from[] = "\"\\/bfnrt", is[] = "\"\\/\b\f\n\r\t";
	while (p < end) {
		if (*p != '\\') {
			*to++ = *p++;
			continue;
		}
		uint32_t c;
		const char *at = p + 1 < end && p[1] ? strchr(from, p[1]) : NULL;
		if (at) {
			*to++ = is[at - from];
			p += 2;
		} else if (p + 1 < end && p[1] == 'u' && read_hex4(p + 2, end, &c)) {
			to = put_utf8(to, c);
			p += 6;
		} else {
			return NULL;
		}
	}
	return to;
}

static int decode_text(decoder *x, const nc_field_def *d, nc_bytes v, const char **ret)
{
	if (!is_string(v))
		return fail(x, d);
	const char *p = (const char *)v.ptr + 1;
	size_t n = v.len - 2;
	if (memchr(p, '\0', n))
		return fail(x, d);
	char *text = nc_arena_strndup(x->arena, p, n);
	if (!text)
		return no_memory(x);
	if (memchr(p, '\\', n)) {
		char *end = unescape(text, p, p + n);
		if (!end)
			return fail(x, d);
		*end = '\0';
	}
	*ret = text;
	return 1;
}

/* ---- numbers and words ---- */

static int decode_i64(decoder *x, const nc_field_def *d, nc_bytes v, int64_t *ret)
{
	const char *p = v.ptr, *end = p + v.len;
	int is_negative = *p == '-';
	uint64_t n = 0;
	p += is_negative;
	if (p == end || end - p > 19)
		return fail(x, d);
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return fail(x, d);
		n = n * 10 + (uint64_t)(*p - '0');
	}
	if (n > (uint64_t)INT64_MAX + (uint64_t)is_negative)
		return fail(x, d);
	*ret = is_negative ? (int64_t)(0 - n) : (int64_t)n;
	return 1;
}

static int decode_f64(decoder *x, const nc_field_def *d, nc_bytes v, double *ret)
{
	char text[40], *end;
	if (v.len >= sizeof(text))
		return fail(x, d);
	memcpy(text, v.ptr, v.len);
	text[v.len] = '\0';
	if (strspn(text, "0123456789+-.eE") != v.len)
		return fail(x, d);
	*ret = strtod(text, &end);
	return !*end && v.len ? 1 : fail(x, d);
}

static int decode_bool(decoder *x, const nc_field_def *d, nc_bytes v, int *ret)
{
	*ret = is_word(v, "true");
	return *ret || is_word(v, "false") ? 1 : fail(x, d);
}

static int decode_enum(decoder *x, const nc_field_def *d, nc_bytes v, int *ret)
{
	nc_bytes word = { (const char *)v.ptr + 1, v.len - 2 };
	if (!is_string(v))
		return fail(x, d);
	for (int i = 0; d->choices[i]; i++)
		if (is_word(word, d->choices[i])) {
			*ret = i;
			return 1;
		}
	return fail(x, d);
}

static int decode_time(decoder *x, const nc_field_def *d, nc_bytes v, int64_t *ret)
{
	char text[40];
	if (!is_string(v) || v.len - 2 >= sizeof(text))
		return fail(x, d);
	memcpy(text, (const char *)v.ptr + 1, v.len - 2);
	text[v.len - 2] = '\0';
	return nc_time_parse(text, ret) == 0 ? 1 : fail(x, d);
}

static int decode_json(decoder *x, const nc_field_def *d, nc_bytes v, nc_bytes *ret)
{
	void *text = nc_arena_memdup(x->arena, v.ptr, v.len);
	(void)d;
	*ret = (nc_bytes){ text, v.len };
	return text ? 1 : no_memory(x);
}

/* ---- what has parts ---- */

static int decode_struct(decoder *x, const nc_field_def *d, nc_bytes v, void *base)
{
	nc_body_walk w;
	nc_bytes key, value;
	size_t hint = 0;
	nc_body_walk_init(&w, v);
	while (nc_body_walk_next(&w, &key, &value, NULL)) {
		const nc_field_def *m = nc_field_find(d->sub->fields, d->sub->n_fields, key, &hint);
		if (m && !decode_member(x, m, value, base))
			return 0;
	}
	return nc_body_walk_is_whole(&w) && *(const char *)v.ptr == '{' ? 1 : fail(x, d);
}

static int decode_obj(decoder *x, const nc_field_def *d, nc_bytes v, void *base)
{
	void *elem = nc_arena_alloc(x->arena, d->sub->size);
	if (!elem)
		return no_memory(x);
	nc_ptr_set(d, base, elem);
	return decode_struct(x, d, v, elem);
}

/* How many elements; -1 = not a whole array. */
static int64_t count_elems(nc_bytes v)
{
	nc_body_walk w;
	nc_bytes value;
	int64_t n = 0;
	nc_body_walk_init(&w, v);
	while (nc_body_walk_elem(&w, &value))
		n++;
	return nc_body_walk_is_whole(&w) && *(const char *)v.ptr == '[' ? n : -1;
}

static int decode_list(decoder *x, const nc_field_def *d, nc_bytes v, void *base)
{
	int64_t n = count_elems(v);
	size_t size = d->type == NC_T_OBJS ? d->sub->size : sizeof(char *);
	if (n < 0)
		return fail(x, d);
	char *list = n ? nc_arena_alloc(x->arena, size * (size_t)n) : NULL;
	if (n && !list)
		return no_memory(x);
	nc_body_walk w;
	nc_bytes value;
	nc_body_walk_init(&w, v);
	for (int64_t i = 0; i < n && nc_body_walk_elem(&w, &value); i++) {
		char *at = list + (size_t)i * size;
		int is_good = d->type == NC_T_OBJS
				      ? decode_struct(x, d, value, at)
				      : decode_text(x, d, value, (const char **)(void *)at);
		if (!is_good)
			return 0;
	}
	nc_seq_set(d, base, (nc_seq){ list, (size_t)n });
	return 1;
}

static size_t count_members(nc_bytes v)
{
	nc_body_walk w;
	nc_bytes key, value;
	size_t n = 0;
	nc_body_walk_init(&w, v);
	while (nc_body_walk_next(&w, &key, &value, NULL))
		n++;
	return n;
}

static int decode_labels(decoder *x, const nc_field_def *d, nc_bytes v, nc_labels *ret)
{
	size_t n = count_members(v), i = 0;
	nc_label *list = n ? nc_arena_new_array(x->arena, nc_label, n) : NULL;
	if (n && !list)
		return no_memory(x);
	nc_body_walk w;
	nc_bytes key, value;
	nc_body_walk_init(&w, v);
	for (; i < n && nc_body_walk_next(&w, &key, &value, NULL); i++) {
		list[i].key = nc_arena_strndup(x->arena, key.ptr, key.len);
		if (!list[i].key)
			return no_memory(x);
		if (!decode_text(x, d, value, &list[i].value))
			return 0;
		if (i && strcmp(list[i - 1].key, list[i].key) >= 0)
			return fail(x, d); /* we write them sorted */
	}
	*ret = (nc_labels){ list, n };
	return nc_body_walk_is_whole(&w) && *(const char *)v.ptr == '{' ? 1 : fail(x, d);
}

static int decode_secret(decoder *x, const nc_field_def *d, nc_bytes v, nc_secret_field *s)
{
	nc_bytes set = nc_body_member(v, "set"), version = nc_body_member(v, "version");
	nc_bytes digest = nc_body_member(v, "digest");
	int64_t n;
	if (!set.ptr || !version.ptr || !decode_bool(x, d, set, &s->is_set) ||
		!decode_i64(x, d, version, &n) || n < 0)
		return fail(x, d);
	s->version = (uint64_t)n;
	return !digest.ptr || decode_text(x, d, digest, &s->digest);
}

static int decode_member(decoder *x, const nc_field_def *d, nc_bytes v, void *base)
{
	if (is_word(v, "null"))
		return 1;
	switch ((nc_field_type)d->type) {
	case NC_T_STR:
	case NC_T_NAME:
	case NC_T_REF:
		return decode_text(x, d, v, &NC_AT(const char *, d, base));
	case NC_T_I64:
		return decode_i64(x, d, v, &NC_AT(int64_t, d, base));
	case NC_T_U64:
		return *(const char *)v.ptr == '-' ? fail(x, d)
						   : decode_i64(x, d, v, &NC_AT(int64_t, d, base));
	case NC_T_F64:
		return decode_f64(x, d, v, &NC_AT(double, d, base));
	case NC_T_BOOL:
		return decode_bool(x, d, v, &NC_AT(int, d, base));
	case NC_T_ENUM:
		return decode_enum(x, d, v, &NC_AT(int, d, base));
	case NC_T_TIME:
		return decode_time(x, d, v, &NC_AT(int64_t, d, base));
	case NC_T_LABELS:
		return decode_labels(x, d, v, &NC_AT(nc_labels, d, base));
	case NC_T_STRS:
	case NC_T_REFS:
	case NC_T_OBJS:
		return decode_list(x, d, v, base);
	case NC_T_OBJ:
		return decode_obj(x, d, v, base);
	case NC_T_STRUCT:
		return decode_struct(x, d, v, (char *)base + d->offset);
	case NC_T_JSON:
		return decode_json(x, d, v, &NC_AT(nc_bytes, d, base));
	case NC_T_SECRET:
		return decode_secret(x, d, v, &NC_AT(nc_secret_field, d, base));
	}
	return 0;
}

static int decode_top(decoder *x, nc_object *obj, nc_bytes body)
{
	nc_body_walk w;
	nc_bytes key, value;
	nc_finder f;
	nc_finder_init(&f, obj->kind);
	nc_body_walk_init(&w, body);
	while (nc_body_walk_next(&w, &key, &value, NULL)) {
		const nc_field_def *d = nc_finder_find(&f, key);
		if (d && !(d->flags & NC_FF_INPUT) && !decode_member(x, d, value, obj))
			return 0;
	}
	if (body.len && *(const char *)body.ptr == '{' && nc_body_walk_is_whole(&w))
		return 1;
	x->bad = "body";
	return 0;
}

nc_code nc_object_decode(
	const nc_kind *k, nc_bytes body, nc_arena *a, nc_object **ret, nc_error *err)
{
	decoder x = { .arena = a };
	nc_object *obj = nc_arena_alloc(a, k->size);
	if (!obj)
		return nc_err_nomem(err);
	obj->kind = k;
	obj->arena = a;
	if (!decode_top(&x, obj, body)) {
		if (x.is_nomem)
			return nc_err_nomem(err);
		return nc_err(err, NC_E_PROTO, "stored %s %s: %s can't be read", k->name,
			obj->id ? obj->id : "?", x.bad);
	}
	*ret = obj;
	return NC_OK;
}
