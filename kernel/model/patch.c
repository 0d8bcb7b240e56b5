/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/err.h"
#include "model/change.h"

/*
 * PATCH, PUT and pending changes of whole objects. All or nothing: the object is overwritten when
 * the request had no fault and the result, with what is pending in force, keeps the kind's rules.
 */

static const nc_field_def *pending_field(const nc_kind *k)
{
	for (size_t i = 0; i < k->n_fields; i++)
		if (k->fields[i].flags & NC_FF_PENDING)
			return &k->fields[i];
	return NULL;
}

/* What waits now, as a tree; {} when nothing does. NULL = no memory. */
static json_t *load_pending(const nc_object *obj, const nc_field_def *d)
{
	nc_bytes text = NC_GET(nc_bytes, d, obj);
	json_t *j = NULL;
	if (!text.ptr)
		return json_object();
	return nc_json_parse(text, NC_STORE_VAL_MAX, &j, NULL) ? NULL : j;
}

static void apply_all(nc_reader *r, const nc_kind *k, json_t *pending, void *to)
{
	nc_jpath root = { NULL, "pending", 0 };
	for (void *it = json_object_iter(pending); it; it = json_object_iter_next(pending, it)) {
		nc_jpath at = { &root, json_object_iter_key(it), 0 };
		const nc_field_def *d = nc_kind_field(k, at.key);
		if (d)
			nc_member_read(r, d, &at, json_object_iter_value(it), to);
	}
}

static void store_pending(nc_changer *c, const nc_field_def *d)
{
	nc_bytes text = { NULL, 0 };
	if (json_object_size(c->pending) > 0 &&
		nc_json_text(c->pending, c->reader.arena, nc_field_limit(d), &text))
		c->reader.faults->is_nomem = 1;
	NC_AT(nc_bytes, d, c->work) = text;
}

static void check_result(nc_changer *c, nc_object *future)
{
	nc_faults *f = c->reader.faults;
	for (size_t i = 0; i < c->n_changed; i++) {
		nc_jpath at = { NULL, c->changed[i]->name, 0 };
		nc_member_check(f, c->changed[i], &at, future);
	}
	nc_object_need_name(future, f);
	if (future->kind->validate)
		future->kind->validate(future, f);
}

static void tell(nc_changer *c, nc_change *ret)
{
	const char **names = nc_arena_new_array(c->reader.arena, const char *, c->n_changed + 1);
	if (!names) {
		c->reader.faults->is_nomem = 1;
		return;
	}
	for (size_t i = 0; i < c->n_changed; i++)
		names[i] = c->changed[i]->name;
	*ret = (nc_change){ c->n_changed > 0, c->is_deferred, names, c->n_changed };
}

static nc_code code_of(const nc_faults *f)
{
	if (f->is_nomem)
		return NC_E_NOMEM;
	return f->n ? NC_E_INVAL : NC_OK;
}

static nc_code finish(nc_changer *c, nc_object *obj, const nc_field_def *pending, nc_change *ret)
{
	nc_faults *f = c->reader.faults;
	nc_object *work = c->work;
	nc_change told = { 0 };
	check_result(c, c->future);
	if (pending)
		store_pending(c, pending);
	for (size_t i = 0; i < c->n_changed; i++)
		if (nc_object_not_defaulted(work, c->changed[i]->name))
			f->is_nomem = 1;
	tell(c, &told);
	if (nc_arena_failed(c->reader.arena))
		f->is_nomem = 1;
	if (nc_faults_any(f))
		return code_of(f);
	if (told.is_changed)
		memcpy(obj, work, c->size);
	if (ret)
		*ret = told;
	return NC_OK;
}

static nc_code change(
	nc_object *obj, const json_t *in, nc_change_how how, nc_faults *f, nc_change *ret)
{
	const nc_kind *k = obj->kind;
	const nc_field_def *pending_def = pending_field(k);
	_cleanup_(nc_json_decrefp) json_t *pending = NULL;
	char route[96];
	if (!json_is_object(in)) {
		nc_fault_add(f, "", "type", "must be an object");
		return code_of(f);
	}
	if (pending_def && !(pending = load_pending(obj, pending_def))) {
		f->is_nomem = 1;
		return NC_E_NOMEM;
	}
	snprintf(route, sizeof(route), "/api/v1/%s/{id}", k->plural);
	nc_changer c = {
		.how = how,
		.reader = { obj->arena, f, NC_READ_NEW },
		.pending = pending,
		.defers = pending && k->defers && k->defers(obj),
		.route = route,
	};
	c.n_spans = nc_kind_spans(k, c.spans);
	if (!nc_changer_begin(&c, obj, k->size))
		return NC_E_NOMEM;
	if (pending)
		apply_all(&c.reader, k, pending, c.future);
	nc_changer_object(&c, NULL, in);
	return finish(&c, obj, pending_def, ret);
}

nc_code nc_object_patch(nc_object *obj, const json_t *in, nc_faults *f, nc_change *ret)
{
	return change(obj, in, NC_BY_PATCH, f, ret);
}

nc_code nc_object_replace(nc_object *obj, const json_t *in, nc_faults *f, nc_change *ret)
{
	return change(obj, in, NC_BY_PUT, f, ret);
}

nc_code nc_object_apply_pending(nc_object *obj, nc_faults *f, nc_change *ret)
{
	const nc_kind *k = obj->kind;
	const nc_field_def *pending_def = pending_field(k);
	if (ret)
		*ret = (nc_change){ 0 };
	if (!pending_def || !NC_GET(nc_bytes, pending_def, obj).ptr)
		return NC_OK;
	_cleanup_(nc_json_decrefp) json_t *pending = load_pending(obj, pending_def);
	nc_changer c = { .reader = { obj->arena, f, NC_READ_SAME } };
	if (!pending || !nc_changer_begin(&c, obj, k->size)) {
		f->is_nomem = 1;
		return NC_E_NOMEM;
	}
	apply_all(&c.reader, k, pending, c.work);
	for (void *it = json_object_iter(pending); it; it = json_object_iter_next(pending, it)) {
		const nc_field_def *d = nc_kind_field(k, json_object_iter_key(it));
		if (d)
			nc_changer_note(&c, d);
	}
	NC_AT(nc_bytes, pending_def, c.work) = (nc_bytes){ NULL, 0 };
	return finish(&c, obj, NULL, ret);
}
