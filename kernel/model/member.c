/* SPDX-License-Identifier: Apache-2.0 */
#include "model/member.h"

#include <stdarg.h>
#include <stdio.h>

/*
 * What can be done with one member of a struct by its row in the table: size, absence, defaults,
 * equality, copying; and the faults and paths that all readers share. Pure functions.
 * Sub-objects are followed as deep as the tables nest, which is three.
 */

enum {
	LIMIT_STR = 255,
	LIMIT_NAME = 63,
	LIMIT_REF = 63,
	LIMIT_LIST = 64,
	LIMIT_JSON = 16 << 10,
	LIMIT_SECRET = 64 << 10,
	PATH_MAX_TEXT = 300
};

size_t nc_field_limit(const nc_field_def *d)
{
	if (d->max_len)
		return d->max_len;
	switch ((nc_field_type)d->type) {
	case NC_T_NAME:
		return LIMIT_NAME;
	case NC_T_REF:
		return LIMIT_REF;
	case NC_T_LABELS:
	case NC_T_STRS:
	case NC_T_REFS:
	case NC_T_OBJS:
		return LIMIT_LIST;
	case NC_T_JSON:
		return LIMIT_JSON;
	case NC_T_SECRET:
		return LIMIT_SECRET;
	default:
		return LIMIT_STR;
	}
}

size_t nc_field_size(const nc_field_def *d)
{
	static const uint8_t sizes[] = {
		[NC_T_STR] = sizeof(char *),
		[NC_T_NAME] = sizeof(char *),
		[NC_T_I64] = sizeof(int64_t),
		[NC_T_U64] = sizeof(uint64_t),
		[NC_T_F64] = sizeof(double),
		[NC_T_BOOL] = sizeof(int),
		[NC_T_ENUM] = sizeof(int),
		[NC_T_TIME] = sizeof(int64_t),
		[NC_T_REF] = sizeof(char *),
		[NC_T_LABELS] = sizeof(nc_labels),
		[NC_T_STRS] = sizeof(nc_seq),
		[NC_T_REFS] = sizeof(nc_seq),
		[NC_T_OBJ] = sizeof(void *),
		[NC_T_STRUCT] = 0,
		[NC_T_OBJS] = sizeof(nc_seq),
		[NC_T_JSON] = sizeof(nc_bytes),
		[NC_T_SECRET] = sizeof(nc_secret_field),
	};
	return d->type == NC_T_STRUCT ? d->sub->size : sizes[d->type];
}

static int is_text(const nc_field_def *d)
{
	return d->type == NC_T_STR || d->type == NC_T_NAME || d->type == NC_T_REF;
}

int nc_member_is_absent(const nc_field_def *d, const void *base)
{
	switch ((nc_field_type)d->type) {
	case NC_T_STR:
	case NC_T_NAME:
	case NC_T_REF: {
		const char *s = NC_GET(char *, d, base);
		return !s || !*s;
	}
	case NC_T_I64:
	case NC_T_U64:
		return d->flags & NC_FF_ZERO_NULL && NC_GET(int64_t, d, base) == 0;
	case NC_T_F64:
		return d->flags & NC_FF_ZERO_NULL && NC_GET(double, d, base) == 0;
	case NC_T_TIME:
		return NC_GET(int64_t, d, base) == 0;
	case NC_T_ENUM:
		return d->choices[0][0] == '\0' && NC_GET(int, d, base) == 0;
	case NC_T_LABELS:
	case NC_T_STRS:
	case NC_T_REFS:
	case NC_T_OBJS:
		return nc_seq_get(d, base).n == 0;
	case NC_T_OBJ:
		return nc_ptr_get(d, base) == NULL;
	case NC_T_JSON:
		return NC_GET(nc_bytes, d, base).ptr == NULL;
	case NC_T_SECRET:
		return !NC_GET(nc_secret_field, d, base).is_set;
	case NC_T_BOOL:
	case NC_T_STRUCT:
		return 0;
	}
	return 0;
}

void nc_member_reset(const nc_field_def *d, void *base)
{
	memset((char *)base + d->offset, 0, nc_field_size(d));
	if (!(d->flags & NC_FF_DEFAULT))
		return;
	switch ((nc_field_type)d->type) {
	case NC_T_I64:
	case NC_T_U64:
	case NC_T_TIME:
		NC_AT(int64_t, d, base) = d->def;
		break;
	case NC_T_BOOL:
	case NC_T_ENUM:
		NC_AT(int, d, base) = (int)d->def;
		break;
	case NC_T_F64:
		NC_AT(double, d, base) = d->def_f;
		break;
	default:
		nc_assert(is_text(d));
		NC_AT(const char *, d, base) = d->def_s;
	}
}

void nc_member_copy(const nc_field_def *d, void *to, const void *from)
{
	memcpy((char *)to + d->offset, (const char *)from + d->offset, nc_field_size(d));
}

static int text_eq(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static int bytes_eq(nc_bytes a, nc_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static int labels_eq(const nc_labels *a, const nc_labels *b)
{
	if (a->n != b->n)
		return 0;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i].key, b->v[i].key) != 0 ||
			strcmp(a->v[i].value, b->v[i].value) != 0)
			return 0;
	return 1;
}

static int strs_eq(nc_seq a, nc_seq b)
{
	const char *const *x = a.v, *const *y = b.v;
	if (a.n != b.n)
		return 0;
	for (size_t i = 0; i < a.n; i++)
		if (strcmp(x[i], y[i]) != 0)
			return 0;
	return 1;
}

static int struct_eq(const nc_sub_def *sub, const void *a, const void *b)
{
	for (size_t i = 0; i < sub->n_fields; i++)
		if (!nc_member_eq(&sub->fields[i], a, b))
			return 0;
	return 1;
}

static int objs_eq(const nc_sub_def *sub, nc_seq a, nc_seq b)
{
	if (a.n != b.n)
		return 0;
	for (size_t i = 0; i < a.n; i++)
		if (!struct_eq(sub, (char *)a.v + i * sub->size, (char *)b.v + i * sub->size))
			return 0;
	return 1;
}

static int secret_eq(const nc_secret_field *a, const nc_secret_field *b)
{
	return a->is_set == b->is_set && a->version == b->version && !a->fresh.ptr &&
	       !b->fresh.ptr && text_eq(a->digest, b->digest);
}

int nc_member_eq(const nc_field_def *d, const void *a, const void *b)
{
	switch ((nc_field_type)d->type) {
	case NC_T_STR:
	case NC_T_NAME:
	case NC_T_REF:
		return text_eq(NC_GET(char *, d, a), NC_GET(char *, d, b));
	case NC_T_LABELS:
		return labels_eq(&NC_GET(nc_labels, d, a), &NC_GET(nc_labels, d, b));
	case NC_T_STRS:
	case NC_T_REFS:
		return strs_eq(nc_seq_get(d, a), nc_seq_get(d, b));
	case NC_T_OBJ: {
		const void *x = nc_ptr_get(d, a), *y = nc_ptr_get(d, b);
		return x && y ? struct_eq(d->sub, x, y) : x == y;
	}
	case NC_T_STRUCT:
		return struct_eq(d->sub, (const char *)a + d->offset, (const char *)b + d->offset);
	case NC_T_OBJS:
		return objs_eq(d->sub, nc_seq_get(d, a), nc_seq_get(d, b));
	case NC_T_JSON:
		return bytes_eq(NC_GET(nc_bytes, d, a), NC_GET(nc_bytes, d, b));
	case NC_T_SECRET:
		return secret_eq(&NC_GET(nc_secret_field, d, a), &NC_GET(nc_secret_field, d, b));
	default: /* plain numbers; f64 is never NaN here */
		return memcmp((const char *)a + d->offset, (const char *)b + d->offset,
			       nc_field_size(d)) == 0;
	}
}

/* ---- what readers share ---- */

const nc_field_def *nc_field_find(const nc_field_def *fields, size_t n, nc_bytes name, size_t *hint)
{
	size_t start = *hint < n ? *hint : 0;
	for (size_t k = 0; k < n; k++) {
		size_t i = start + k < n ? start + k : start + k - n;
		const char *is = fields[i].name;
		if (strncmp(is, name.ptr, name.len) == 0 && strlen(is) == name.len) {
			*hint = i + 1;
			return &fields[i];
		}
	}
	return NULL;
}

void nc_finder_init(nc_finder *f, const nc_kind *k)
{
	f->n = nc_kind_spans(k, f->spans);
	f->span = f->hint = 0;
}

const nc_field_def *nc_finder_find(nc_finder *f, nc_bytes name)
{
	for (size_t k = 0; k < f->n; k++) {
		size_t s = f->span + k < f->n ? f->span + k : f->span + k - f->n;
		size_t hint = k == 0 ? f->hint : 0;
		const nc_field_def *d = nc_field_find(f->spans[s].f, f->spans[s].n, name, &hint);
		if (d) {
			f->span = s;
			f->hint = hint;
			return d;
		}
	}
	return NULL;
}

const char *nc_path_text(nc_faults *f, const nc_jpath *at)
{
	char text[PATH_MAX_TEXT];
	nc_jpath_format(at, text, sizeof(text));
	const char *kept = nc_arena_strdup(f->arena, text);
	if (!kept)
		f->is_nomem = 1;
	return kept;
}

void nc_fault_at(nc_faults *f, const nc_jpath *at, const char *code, const char *fmt, ...)
{
	char text[PATH_MAX_TEXT];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	nc_fault_add(f, nc_path_text(f, at), code, "%s", text);
}

void nc_fault_unknown(nc_faults *f, const nc_jpath *at, const nc_span *spans, size_t n_spans)
{
	const char *names[128];
	size_t n = 0;
	for (size_t s = 0; s < n_spans; s++)
		for (size_t i = 0; i < spans[s].n && n < NC_LEN(names); i++)
			names[n++] = spans[s].f[i].name;
	nc_fault_at(f, at, "unknown_field", "there is no such field");
	const char *close = nc_did_you_mean(at->key, names, n);
	if (close)
		nc_fault_hint(f, "did you mean \"%s\"?", close);
}
