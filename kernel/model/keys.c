/* SPDX-License-Identifier: Apache-2.0 */
#include "model/keys.h"

#include <stdio.h>

#include "base/err.h"

/*
 * Index keys: how a list finds, sorts and filters without opening a body. Numbers and times are
 * written big-endian with the sign turned, so that bytes compare as values do. Pure functions.
 */

static void add(nc_keys *k, uint16_t index, const void *p, size_t n)
{
	const void *kept = nc_arena_memdup(k->arena, p, n ? n : 1);
	if (!kept || n > NC_DB_KEY_MAX || k->n == NC_KEYS_MAX) {
		k->is_full = 1;
		return;
	}
	k->list[k->n++] = (nc_key){ index, (uint16_t)n, kept };
}

static void add_text(nc_keys *k, uint16_t index, const char *s)
{
	add(k, index, s, strlen(s));
}

int nc_key_name(char out[NC_DB_KEY_MAX], const char *project, const char *name, nc_bytes *ret)
{
	int n = snprintf(out, NC_DB_KEY_MAX, "%s/%s", project ? project : "", name);
	*ret = (nc_bytes){ out, (size_t)n };
	return n > 0 && n < NC_DB_KEY_MAX;
}

static void add_name(nc_keys *k, uint16_t index, const char *project, const char *name)
{
	char text[NC_DB_KEY_MAX];
	nc_bytes key;
	if (nc_key_name(text, project, name, &key))
		add(k, index, key.ptr, key.len);
	else
		k->is_full = 1;
}

/* Who finds it: its project, those it is shared with, and "*" for everybody. */
static void add_reach(nc_keys *k, const nc_object *obj)
{
	int is_named = obj->name && !obj->deleted_at_ms;
	if (is_named)
		add_name(k, NC_IX_NAME, obj->project, obj->name);
	if (obj->kind->scope == NC_SCOPE_GLOBAL)
		return;
	if (obj->project)
		add_text(k, NC_IX_PROJECT, obj->project);
	int is_shared = obj->kind->scope == NC_SCOPE_SHARED && obj->visibility == NC_SHARED;
	int is_public = !obj->project ||
			(obj->kind->scope == NC_SCOPE_SHARED && obj->visibility == NC_PUBLIC);
	if (is_public) {
		add_text(k, NC_IX_PROJECT, "*");
		if (is_named)
			add_name(k, NC_IX_SHARED, "*", obj->name);
	}
	for (size_t i = 0; is_shared && i < obj->n_shared_with; i++) {
		add_text(k, NC_IX_PROJECT, obj->shared_with[i]);
		if (is_named)
			add_name(k, NC_IX_SHARED, obj->shared_with[i], obj->name);
	}
}

static void add_labels(nc_keys *k, const nc_object *obj)
{
	for (size_t i = 0; i < obj->labels.n; i++) {
		char text[NC_DB_KEY_MAX];
		const nc_label *l = &obj->labels.v[i];
		int n = snprintf(text, sizeof(text), "%s=%s", l->key, l->value);
		if (n < (int)sizeof(text))
			add(k, NC_IX_LABEL, text, (size_t)n);
		else
			k->is_full = 1;
	}
}

static nc_bytes big_endian(uint64_t v, char *buf)
{
	for (int i = 0; i < 8; i++)
		buf[i] = (char)(v >> (56 - 8 * i));
	return (nc_bytes){ buf, 8 };
}

static uint64_t ordered_f64(double v)
{
	uint64_t u;
	memcpy(&u, &v, sizeof(u));
	return u >> 63 ? ~u : u | (uint64_t)1 << 63;
}

nc_bytes nc_key_value(const nc_field_def *d, const void *base, char *buf)
{
	if (nc_member_is_absent(d, base))
		return (nc_bytes){ NULL, 0 };
	switch ((nc_field_type)d->type) {
	case NC_T_I64:
	case NC_T_U64:
	case NC_T_TIME:
		return big_endian((uint64_t)NC_GET(int64_t, d, base) ^ (uint64_t)1 << 63, buf);
	case NC_T_F64:
		return big_endian(ordered_f64(NC_GET(double, d, base)), buf);
	case NC_T_BOOL:
		return nc_str(NC_GET(int, d, base) ? "true" : "false");
	case NC_T_ENUM:
		return nc_str(d->choices[NC_GET(int, d, base)]);
	case NC_T_STR:
	case NC_T_NAME:
	case NC_T_REF:
		return nc_str(NC_GET(char *, d, base));
	default:
		return (nc_bytes){ NULL, 0 };
	}
}

int nc_key_index(const nc_field_def *d)
{
	if (!(d->flags & NC_FF_INDEXED))
		return -1;
	return d->index == (uint8_t)NC_BY_ID ? (int)NC_BY_ID : d->index;
}

/* Members of sub-objects may be indexed too (the target of an operation, the MACs of a VM). */
static void add_own(nc_keys *k, const nc_field_def *f, size_t n, const void *base)
{
	char buf[16];
	for (size_t i = 0; i < n; i++) {
		if (f[i].type == NC_T_STRUCT)
			add_own(k, f[i].sub->fields, f[i].sub->n_fields,
				(const char *)base + f[i].offset);
		nc_seq s = f[i].type == NC_T_OBJS ? nc_seq_get(&f[i], base) : (nc_seq){ NULL, 0 };
		for (size_t e = 0; e < s.n; e++)
			add_own(k, f[i].sub->fields, f[i].sub->n_fields,
				(const char *)s.v + e * f[i].sub->size);
		int index = nc_key_index(&f[i]);
		if (index < NC_IX_OWN || index == (int)NC_BY_ID)
			continue;
		nc_bytes key = nc_key_value(&f[i], base, buf);
		if (key.ptr)
			add(k, (uint16_t)index, key.ptr, key.len);
	}
}

static int has_key(const nc_keys *k, uint16_t index, const char *s)
{
	size_t n = strlen(s);
	for (uint32_t i = 0; i < k->n; i++)
		if (k->list[i].index == index && k->list[i].len == n &&
			memcmp(k->list[i].ptr, s, n) == 0)
			return 1;
	return 0;
}

static nc_code add_ref(void *ctx, const nc_ref *ref)
{
	nc_keys *k = ctx;
	if (!(ref->d->flags & NC_FF_WEAK) && !has_key(k, NC_IX_REF, *ref->id))
		add_text(k, NC_IX_REF, *ref->id);
	return NC_OK;
}

nc_code nc_keys_of(const nc_object *obj, nc_keys *k, nc_error *err)
{
	k->arena = obj->arena;
	k->n = 0;
	k->is_full = 0;
	add_reach(k, obj);
	add_labels(k, obj);
	if (obj->status && obj->kind->statuses)
		add_text(k, NC_IX_STATUS, obj->status);
	add_own(k, obj->kind->fields, obj->kind->n_fields, obj);
	nc_object *copy = nc_object_copy(obj);
	if (!copy || nc_object_each_ref(copy, add_ref, k) || nc_arena_failed(obj->arena))
		return nc_err_nomem(err);
	if (k->is_full)
		return nc_err(err, NC_E_INVAL, "%s %s has too many references and labels",
			obj->kind->name, obj->name ? obj->name : obj->id);
	return NC_OK;
}

int nc_item_has_key(const nc_root *r, const nc_item *it, uint16_t index, nc_bytes key)
{
	nc_bytes first = nc_item_key(it, index);
	if (!first.ptr)
		return 0;
	if (nc_bytes_eq(first, key))
		return 1;
	nc_bytes id = nc_str(nc_item_id(it)), found;
	nc_walk w;
	nc_walk_init(&w, r, it->kind, index, key, id, NC_ASCENDING);
	return nc_walk_next(&w, &found) == it && nc_bytes_eq(found, key);
}
