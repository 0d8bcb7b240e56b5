/* SPDX-License-Identifier: Apache-2.0 */
#include "model/change.h"

#include <stdio.h>

/*
 * What a PATCH or PUT may do to one member, by its mutability. Everything happens on copies, so
 * that a request with any fault changes nothing. A member with the value it has is always
 * accepted, whatever its mutability: GET then PUT is a no-op.
 */

int nc_changer_begin(nc_changer *c, const void *was, size_t size)
{
	nc_arena *a = c->reader.arena;
	c->was = was;
	c->size = size;
	c->work = nc_arena_memdup(a, was, size);
	c->future = c->pending ? nc_arena_memdup(a, was, size) : c->work;
	c->scratch = nc_arena_alloc(a, size);
	if (c->work && c->future && c->scratch)
		return 1;
	c->reader.faults->is_nomem = 1;
	return 0;
}

const nc_field_def *nc_changer_find(const nc_changer *c, const char *name)
{
	for (size_t s = 0; s < c->n_spans; s++) {
		size_t hint = 0;
		const nc_field_def *d =
			nc_field_find(c->spans[s].f, c->spans[s].n, nc_str(name), &hint);
		if (d)
			return d;
	}
	return NULL;
}

void nc_changer_note(nc_changer *c, const nc_field_def *d)
{
	for (size_t i = 0; i < c->n_changed; i++)
		if (c->changed[i] == d)
			return;
	nc_assert(c->n_changed < NC_CHANGED_MAX);
	c->changed[c->n_changed++] = d;
}

static uint32_t faults_of(const nc_changer *c)
{
	const nc_faults *f = c->reader.faults;
	return f->n + f->dropped + (uint32_t)f->is_nomem;
}

typedef enum same { IS_SAME, IS_OTHER, IS_FAULTY } same;

/* Whether `value` is what the member is now. */
static same compare(nc_changer *c, const nc_field_def *d, const nc_jpath *at, json_t *value)
{
	uint32_t before = faults_of(c);
	nc_read_mode mode = c->reader.mode;
	memset((char *)c->scratch + d->offset, 0, nc_field_size(d));
	c->reader.mode = NC_READ_SAME;
	nc_member_read(&c->reader, d, at, value, c->scratch);
	c->reader.mode = mode;
	if (faults_of(c) != before) {
		nc_member_check(c->reader.faults, d, at, c->scratch);
		return IS_FAULTY;
	}
	return nc_member_eq(d, c->scratch, c->was) ? IS_SAME : IS_OTHER;
}

static void refuse_read_only(nc_changer *c, const nc_field_def *d, const nc_jpath *at)
{
	nc_faults *f = c->reader.faults;
	if (strcmp(d->name, "revision") == 0) {
		nc_fault_at(f, at, "changed", "it is %llu now",
			(unsigned long long)NC_GET(uint64_t, d, c->was));
		nc_fault_hint(f, "read it again and repeat the change");
		return;
	}
	nc_fault_at(f, at, "read_only", "is set by the server");
	if (d->hint)
		nc_fault_hint(f, "%s", d->hint);
}

static void refuse_fixed(nc_changer *c, const nc_field_def *d, const nc_jpath *at)
{
	nc_faults *f = c->reader.faults;
	if (d->mut == NC_SUBRESOURCE) {
		nc_fault_at(f, at, "subresource", "is not changed here");
		nc_fault_hint(f, "use POST %s/%s and PATCH or DELETE %s/%s/{%s}", c->route, d->name,
			c->route, d->name, d->sub && d->sub->singular ? d->sub->singular : "id");
		return;
	}
	nc_fault_at(f, at, "immutable", "can't be changed once it is made");
	if (d->hint)
		nc_fault_hint(f, "%s", d->hint);
}

/* Labels of a patch: named ones are set, null takes away, the rest stays. */
static void merge_labels(nc_changer *c, const nc_field_def *d, const nc_jpath *at, json_t *value)
{
	nc_object tmp = { .arena = c->reader.arena, .labels = NC_GET(nc_labels, d, c->work) };
	for (void *it = json_object_iter(value); it; it = json_object_iter_next(value, it)) {
		nc_jpath here = { at, json_object_iter_key(it), 0 };
		const json_t *v = json_object_iter_value(it);
		if (!json_is_null(v) && !json_is_string(v)) {
			nc_fault_at(c->reader.faults, &here, "type", "must be a string or null");
			continue;
		}
		if (nc_object_label(&tmp, here.key, json_string_value(v)))
			c->reader.faults->is_nomem = 1;
	}
	NC_AT(nc_labels, d, c->scratch) = tmp.labels;
}

/* A sub-object of a patch: its members are set one by one over what is there. */
static void merge_struct(nc_changer *c, const nc_field_def *d, const nc_jpath *at, json_t *value)
{
	const void *now =
		d->type == NC_T_OBJ ? nc_ptr_get(d, c->work) : (const char *)c->work + d->offset;
	void *elem = nc_arena_memdup(c->reader.arena, now, d->sub->size);
	if (!elem) {
		c->reader.faults->is_nomem = 1;
		return;
	}
	nc_struct_read(&c->reader, d->sub->fields, d->sub->n_fields, at, value, elem);
	if (d->type == NC_T_OBJ)
		nc_ptr_set(d, c->scratch, elem);
	else
		memcpy((char *)c->scratch + d->offset, elem, d->sub->size);
}

static int is_merged(const nc_changer *c, const nc_field_def *d, const json_t *value)
{
	if (c->how != NC_BY_PATCH || !json_is_object(value))
		return 0;
	if (d->type == NC_T_OBJ)
		return nc_ptr_get(d, c->work) != NULL;
	return d->type == NC_T_LABELS || d->type == NC_T_STRUCT;
}

/* The member's new value into scratch. 0 = fault. */
static int read_new(nc_changer *c, const nc_field_def *d, const nc_jpath *at, json_t *value)
{
	uint32_t before = faults_of(c);
	nc_member_reset(d, c->scratch);
	if (d->type == NC_T_SECRET) /* version and digest go on from what is there */
		nc_member_copy(d, c->scratch, c->work);
	if (json_is_null(value)) {
		if (d->type == NC_T_SECRET)
			nc_member_read(&c->reader, d, at, value, c->scratch);
	} else if (!is_merged(c, d, value)) {
		nc_member_read(&c->reader, d, at, value, c->scratch);
	} else if (d->type == NC_T_LABELS) {
		merge_labels(c, d, at, value);
	} else {
		merge_struct(c, d, at, value);
	}
	return faults_of(c) == before;
}

static void drop_pending(nc_changer *c, const nc_field_def *d)
{
	if (!c->pending || !json_object_get(c->pending, d->name))
		return;
	json_object_del(c->pending, d->name);
	nc_member_copy(d, c->future, c->work);
	nc_changer_note(c, d);
}

static void defer(nc_changer *c, const nc_field_def *d, json_t *value)
{
	c->is_deferred = 1;
	if (json_equal(json_object_get(c->pending, d->name), value))
		return;
	if (json_object_set(c->pending, d->name, value))
		c->reader.faults->is_nomem = 1;
	nc_member_copy(d, c->future, c->scratch);
	nc_changer_note(c, d);
}

static void set_member(nc_changer *c, const nc_field_def *d, const nc_jpath *at, json_t *value)
{
	int is_next_start = d->mut == NC_NEXT_START && c->pending;
	/* the labels of a patch have nulls that no label has */
	int is_comparable = !json_is_null(value) && d->type != NC_T_LABELS;
	if (is_comparable) {
		same is = compare(c, d, at, value);
		if (is == IS_SAME && is_next_start && c->how == NC_BY_PATCH && !c->keeps_pending)
			drop_pending(c, d);
		if (is != IS_OTHER)
			return;
	}
	if (!read_new(c, d, at, value) || nc_member_eq(d, c->scratch, c->was))
		return;
	if (is_next_start && c->defers) {
		defer(c, d, value);
		return;
	}
	if (is_next_start)
		json_object_del(c->pending, d->name);
	nc_member_copy(d, c->work, c->scratch);
	nc_member_copy(d, c->future, c->scratch);
	nc_changer_note(c, d);
}

void nc_changer_member(nc_changer *c, const nc_field_def *d, const nc_jpath *at, json_t *value)
{
	/* State moves between a GET and its PUT; that is not the client's wish. */
	if (c->how == NC_BY_PUT && d->cls != NC_INTENT && strcmp(d->name, "revision") != 0)
		return;
	switch ((nc_mutability)d->mut) {
	case NC_SERVER:
		if (compare(c, d, at, value) == IS_OTHER)
			refuse_read_only(c, d, at);
		return;
	case NC_IMMUTABLE:
	case NC_SUBRESOURCE:
		if (compare(c, d, at, value) == IS_OTHER)
			refuse_fixed(c, d, at);
		return;
	case NC_LIVE:
	case NC_NEXT_START:
		set_member(c, d, at, value);
		return;
	}
}

/* Of a put: what was left out goes back to its default. Secrets can't be read back, so they stay. */
static void reset_missing(nc_changer *c, const nc_jpath *up, const json_t *in)
{
	for (size_t s = 0; s < c->n_spans; s++)
		for (size_t i = 0; i < c->spans[s].n; i++) {
			const nc_field_def *d = &c->spans[s].f[i];
			int can_change = d->mut == NC_LIVE || d->mut == NC_NEXT_START;
			nc_jpath at = { up, d->name, 0 };
			if (can_change && d->type != NC_T_SECRET && !json_object_get(in, d->name))
				set_member(c, d, &at, json_null());
		}
}

void nc_changer_object(nc_changer *c, const nc_jpath *up, const json_t *in)
{
	json_t *j = nc_json_mut(in);
	c->keeps_pending = json_object_get(in, "pending") != NULL;
	for (void *it = json_object_iter(j); it; it = json_object_iter_next(j, it)) {
		nc_jpath at = { up, json_object_iter_key(it), 0 };
		const nc_field_def *d = nc_changer_find(c, at.key);
		if (d)
			nc_changer_member(c, d, &at, json_object_iter_value(it));
		else
			nc_fault_unknown(c->reader.faults, &at, c->spans, c->n_spans);
	}
	if (c->how == NC_BY_PUT)
		reset_missing(c, up, in);
}
