/* SPDX-License-Identifier: Apache-2.0 */
#include "model/member.h"

/*
 * A create request into an object, with every fault of it found in one pass. One thread; all that
 * is kept lies in the object's arena.
 */

static void read_member(
	nc_reader *r, nc_finder *fi, const nc_jpath *at, json_t *value, nc_object *obj)
{
	const nc_field_def *d = nc_finder_find(fi, nc_str(at->key));
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
static void set_defaults(nc_finder *fi, nc_object *obj)
{
	for (size_t s = 0; s < fi->n; s++)
		for (size_t i = 0; i < fi->spans[s].n; i++)
			if (fi->spans[s].f[i].flags & NC_FF_DEFAULT)
				nc_member_reset(&fi->spans[s].f[i], obj);
}

static void list_defaults(nc_finder *fi, const json_t *in, nc_object *obj, nc_faults *f)
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
	nc_finder fi;
	nc_finder_init(&fi, k);
	set_defaults(&fi, obj);
	nc_reader r = { a, f, NC_READ_NEW };
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
