/* SPDX-License-Identifier: Apache-2.0 */
#include "model/member.h"

/*
 * Whole objects from JSON: a create request, with every fault of it found in one pass, and a
 * stored body. One thread; all that is kept lies in the object's arena.
 */

/* Finds fields by name over the spans of a kind, looking first where the last one was. */
typedef struct finder {
	nc_span spans[NC_SPANS_MAX];
	size_t n, span, hint;
} finder;

static void finder_init(finder *fi, const nc_kind *k)
{
	fi->n = nc_kind_spans(k, fi->spans);
	fi->span = fi->hint = 0;
}

static const nc_field_def *finder_find(finder *fi, const char *name)
{
	for (size_t k = 0; k < fi->n; k++) {
		size_t s = fi->span + k < fi->n ? fi->span + k : fi->span + k - fi->n;
		size_t hint = k == 0 ? fi->hint : 0;
		const nc_field_def *d = nc_field_find(fi->spans[s].f, fi->spans[s].n, name, &hint);
		if (d) {
			fi->span = s;
			fi->hint = hint;
			return d;
		}
	}
	return NULL;
}

void nc_object_read_stored(nc_object *obj, json_t *j, nc_faults *f)
{
	nc_reader r = { obj->arena, f, NC_READ_STORED };
	finder fi;
	finder_init(&fi, obj->kind);
	for (void *it = json_object_iter(j); it; it = json_object_iter_next(j, it)) {
		nc_jpath at = { NULL, json_object_iter_key(it), 0 };
		const nc_field_def *d = finder_find(&fi, at.key);
		if (d && !(d->flags & NC_FF_INPUT))
			nc_member_read(&r, d, &at, json_object_iter_value(it), obj);
	}
}

static void read_member(nc_reader *r, finder *fi, const nc_jpath *at, json_t *value, nc_object *obj)
{
	const nc_field_def *d = finder_find(fi, at->key);
	if (!d) {
		nc_fault_unknown(r->faults, at, fi->spans, fi->n);
	} else if (d->mut == NC_SERVER) {
		nc_fault_at(r->faults, at, "read_only", "is set by the server");
		if (d->hint)
			nc_fault_hint(r->faults, "%s", d->hint);
	} else {
		nc_member_read(r, d, at, value, obj);
		nc_member_check(r->faults, d, at, obj);
	}
}

/* Defaults before reading; what the request then leaves out is listed as the server's choice. */
static void set_defaults(finder *fi, nc_object *obj)
{
	for (size_t s = 0; s < fi->n; s++)
		for (size_t i = 0; i < fi->spans[s].n; i++)
			if (fi->spans[s].f[i].flags & NC_FF_DEFAULT)
				nc_member_reset(&fi->spans[s].f[i], obj);
}

static void list_defaults(finder *fi, const json_t *in, nc_object *obj, nc_faults *f)
{
	for (size_t s = 0; s < fi->n; s++)
		for (size_t i = 0; i < fi->spans[s].n; i++) {
			const nc_field_def *d = &fi->spans[s].f[i];
			int is_ours = d->flags & NC_FF_DEFAULT && d->mut != NC_SERVER &&
				      !json_object_get(in, d->name);
			if (is_ours && nc_object_defaulted(obj, d->name))
				f->is_nomem = 1;
		}
}

nc_object *nc_object_parse(const nc_kind *k, const json_t *in, nc_arena *a, nc_faults *f)
{
	if (!json_is_object(in)) {
		nc_fault_add(f, "", "type", "must be an object");
		return NULL;
	}
	nc_object *obj = nc_object_new(k, a);
	if (!obj) {
		f->is_nomem = 1;
		return NULL;
	}
	finder fi;
	finder_init(&fi, k);
	set_defaults(&fi, obj);
	nc_reader r = { a, f, NC_READ_CREATE };
	json_t *j = nc_json_mut(in);
	for (void *it = json_object_iter(j); it; it = json_object_iter_next(j, it)) {
		nc_jpath at = { NULL, json_object_iter_key(it), 0 };
		read_member(&r, &fi, &at, json_object_iter_value(it), obj);
	}
	if (!(k->flags & NC_KF_PLAIN))
		list_defaults(&fi, in, obj, f);
	if (k->normalize)
		k->normalize(obj, f);
	nc_object_validate(obj, f);
	if (nc_arena_failed(a))
		f->is_nomem = 1;
	return nc_faults_any(f) ? NULL : obj;
}
