/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/err.h"
#include "model/change.h"
#include "model/problem.h"

/*
 * Elements with ids inside an object (disks, NICs, rules), which have routes of their own. The
 * array is replaced as a whole, and only when the object as it would be keeps the kind's rules.
 */

static const nc_field_def *sub_field(const nc_object *obj, const char *field)
{
	const nc_field_def *d = nc_kind_field(obj->kind, field);
	return d && d->type == NC_T_OBJS && d->sub->id_prefix ? d : NULL;
}

static size_t find_elem(const nc_field_def *d, nc_seq s, const char *id)
{
	size_t i = 0;
	for (; i < s.n; i++) {
		const char *has =
			NC_GET(char *, &d->sub->fields[0], (const char *)s.v + i * d->sub->size);
		if (has && strcmp(has, id) == 0)
			break;
	}
	return i;
}

void *nc_object_sub_find(const nc_object *obj, const char *field, const char *id)
{
	const nc_field_def *d = sub_field(obj, field);
	if (!d)
		return NULL;
	nc_seq s = nc_seq_get(d, obj);
	size_t i = find_elem(d, s, id);
	return i < s.n ? (char *)s.v + i * d->sub->size : NULL;
}

/* The array with room for one more. NULL = arena full. */
static char *copy_seq(nc_object *obj, const nc_field_def *d, nc_seq s)
{
	char *v = nc_arena_alloc(obj->arena, d->sub->size * (s.n + 1));
	if (v && s.n)
		memcpy(v, s.v, d->sub->size * s.n);
	return v;
}

/* Put the new array into a copy, check the rules, then into the object. */
static nc_code adopt(nc_object *obj, const nc_field_def *d, nc_seq s, nc_faults *f)
{
	nc_object *future = nc_object_copy(obj);
	if (!future) {
		f->is_nomem = 1;
		return NC_E_NOMEM;
	}
	nc_seq_set(d, future, s);
	if (!nc_faults_any(f)) {
		nc_jpath at = { NULL, d->name, 0 };
		nc_member_check(f, d, &at, future);
		if (future->kind->validate)
			future->kind->validate(future, f);
	}
	if (nc_arena_failed(obj->arena))
		f->is_nomem = 1;
	if (nc_faults_any(f))
		return f->is_nomem ? NC_E_NOMEM : NC_E_INVAL;
	nc_seq_set(d, obj, s);
	return NC_OK;
}

static int refuse_unknown(const nc_field_def *d, const char *field, nc_faults *f)
{
	if (d)
		return 0;
	nc_fault_add(f, "", "not_found", "\"%s\" has no elements of its own", field);
	return 1;
}

void *nc_object_sub_add(nc_object *obj, const char *field, const json_t *in, nc_faults *f)
{
	const nc_field_def *d = sub_field(obj, field);
	if (refuse_unknown(d, field, f))
		return NULL;
	nc_seq s = nc_seq_get(d, obj);
	char *v = copy_seq(obj, d, s);
	if (!v) {
		f->is_nomem = 1;
		return NULL;
	}
	char *elem = v + s.n * d->sub->size;
	nc_reader r = { obj->arena, f, NC_READ_NEW };
	nc_sub_read(&r, d, NULL, nc_json_mut(in), elem);
	nc_struct_check(f, d->sub, NULL, elem);
	return adopt(obj, d, (nc_seq){ v, s.n + 1 }, f) ? NULL : elem;
}

nc_code nc_object_sub_patch(nc_object *obj, const char *field, const char *id, const json_t *in,
	nc_faults *f, nc_change *ret)
{
	const nc_field_def *d = sub_field(obj, field);
	if (refuse_unknown(d, field, f))
		return NC_E_NOTFOUND;
	nc_seq s = nc_seq_get(d, obj);
	size_t i = find_elem(d, s, id);
	if (i == s.n) {
		nc_fault_add(f, "", "not_found", "there is no %s %s", d->sub->singular, id);
		return NC_E_NOTFOUND;
	}
	if (!json_is_object(in)) {
		nc_fault_add(f, "", "type", "must be an object");
		return NC_E_INVAL;
	}
	char *v = copy_seq(obj, d, s);
	nc_changer c = { .spans = { { d->sub->fields, d->sub->n_fields } },
		.n_spans = 1,
		.how = NC_BY_PATCH,
		.reader = { obj->arena, f, NC_READ_NEW },
		.route = "" };
	if (!v || !nc_changer_begin(&c, v + i * d->sub->size, d->sub->size)) {
		f->is_nomem = 1;
		return NC_E_NOMEM;
	}
	nc_changer_object(&c, NULL, in);
	nc_struct_check(f, d->sub, NULL, c.work);
	memcpy(v + i * d->sub->size, c.work, d->sub->size);
	nc_code rc = adopt(obj, d, (nc_seq){ v, s.n }, f);
	if (!rc && ret)
		*ret = (nc_change){ .is_changed = c.n_changed > 0 };
	return rc;
}

nc_code nc_object_sub_remove(nc_object *obj, const char *field, const char *id, nc_error *err)
{
	const nc_field_def *d = sub_field(obj, field);
	nc_seq s = d ? nc_seq_get(d, obj) : (nc_seq){ NULL, 0 };
	size_t i = d ? find_elem(d, s, id) : 0;
	if (i == s.n)
		return nc_err(err, NC_E_NOTFOUND, "%s %s has no %s %s", obj->kind->name,
			obj->name ? obj->name : obj->id, d ? d->sub->singular : field, id);
	char *v = copy_seq(obj, d, s);
	if (!v)
		return nc_err_nomem(err);
	size_t size = d->sub->size;
	memmove(v + i * size, v + (i + 1) * size, (s.n - i - 1) * size);
	nc_seq_set(d, obj, (nc_seq){ v, s.n - 1 });
	return NC_OK;
}
