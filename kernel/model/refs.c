/* SPDX-License-Identifier: Apache-2.0 */
#include "model/keys.h"

/*
 * Every place in an object that names another one. Lists are copied into the arena before they
 * are given out, so that a caller may put ids in place of names without writing through memory
 * that another copy of the object shares. Follows the tables, as deep as they nest.
 */

typedef struct walk {
	nc_arena *arena;
	nc_ref_fn fn;
	void *ctx;
} walk;

typedef struct around { /* what the containers of a member say of it */
	const nc_jpath *at;
	int is_settable;
} around;

static nc_code walk_fields(walk *w, const nc_field_def *f, size_t n, const around *up, void *base);

static int has_refs(const nc_sub_def *sub)
{
	for (size_t i = 0; i < sub->n_fields; i++) {
		uint8_t t = sub->fields[i].type;
		if (t == NC_T_REF || t == NC_T_REFS ||
			(sub->fields[i].sub && has_refs(sub->fields[i].sub)))
			return 1;
	}
	return 0;
}

static nc_code give(walk *w, const nc_field_def *d, const around *me, const char **id)
{
	nc_ref ref = { d, me->at, id, me->is_settable };
	return w->fn(w->ctx, &ref);
}

static nc_code walk_refs(walk *w, const nc_field_def *d, const around *me, void *base)
{
	nc_seq s = nc_seq_get(d, base);
	if (!s.n)
		return NC_OK;
	const char **v = nc_arena_memdup(w->arena, s.v, s.n * sizeof(*v));
	if (!v)
		return NC_E_NOMEM;
	nc_seq_set(d, base, (nc_seq){ (void *)v, s.n });
	for (size_t i = 0; i < s.n; i++) {
		nc_jpath at = { me->at, NULL, i };
		nc_code rc = give(w, d, &(around){ &at, me->is_settable }, &v[i]);
		if (rc)
			return rc;
	}
	return NC_OK;
}

static nc_code walk_objs(walk *w, const nc_field_def *d, const around *me, void *base)
{
	nc_seq s = nc_seq_get(d, base);
	if (!s.n)
		return NC_OK;
	char *v = nc_arena_memdup(w->arena, s.v, s.n * d->sub->size);
	if (!v)
		return NC_E_NOMEM;
	nc_seq_set(d, base, (nc_seq){ v, s.n });
	for (size_t i = 0; i < s.n; i++) {
		nc_jpath at = { me->at, NULL, i };
		around elem = { &at, me->is_settable };
		nc_code rc = walk_fields(
			w, d->sub->fields, d->sub->n_fields, &elem, v + i * d->sub->size);
		if (rc)
			return rc;
	}
	return NC_OK;
}

static nc_code walk_obj(walk *w, const nc_field_def *d, const around *me, void *base)
{
	const void *old = nc_ptr_get(d, base);
	if (!old)
		return NC_OK;
	void *p = nc_arena_memdup(w->arena, old, d->sub->size);
	if (!p)
		return NC_E_NOMEM;
	nc_ptr_set(d, base, p);
	return walk_fields(w, d->sub->fields, d->sub->n_fields, me, p);
}

static nc_code walk_sub(walk *w, const nc_field_def *d, const around *me, void *base)
{
	if (!has_refs(d->sub))
		return NC_OK;
	if (d->type == NC_T_OBJS)
		return walk_objs(w, d, me, base);
	if (d->type == NC_T_OBJ)
		return walk_obj(w, d, me, base);
	return walk_fields(w, d->sub->fields, d->sub->n_fields, me, (char *)base + d->offset);
}

static nc_code walk_fields(walk *w, const nc_field_def *f, size_t n, const around *up, void *base)
{
	for (size_t i = 0; i < n; i++) {
		const nc_field_def *d = &f[i];
		nc_jpath at = { up->at, d->name, 0 };
		around me = { &at, up->is_settable && d->mut != NC_SERVER };
		nc_code rc = NC_OK;
		if (d->type == NC_T_REF && !nc_member_is_absent(d, base))
			rc = give(w, d, &me, &NC_AT(const char *, d, base));
		else if (d->type == NC_T_REFS)
			rc = walk_refs(w, d, &me, base);
		else if (d->sub)
			rc = walk_sub(w, d, &me, base);
		if (rc)
			return rc;
	}
	return NC_OK;
}

nc_code nc_object_each_ref(nc_object *obj, nc_ref_fn fn, void *ctx)
{
	walk w = { obj->arena, fn, ctx };
	around all = { NULL, 1 };
	nc_span spans[NC_SPANS_MAX];
	size_t n = nc_kind_spans(obj->kind, spans);
	for (size_t s = 0; s < n; s++) {
		nc_code rc = walk_fields(&w, spans[s].f, spans[s].n, &all, obj);
		if (rc)
			return rc;
	}
	return NC_OK;
}
