/* SPDX-License-Identifier: Apache-2.0 */
#include "model/object.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/id.h"
#include "model/member.h"
#include "model/model.h"
#include "model/problem.h"

/*
 * Objects in an arena: making, copying, labels, conditions, soft delete, ETags. What an object
 * points to is replaced, never written through, so that a copy of the struct is a copy.
 */

nc_object *nc_object_new(const nc_kind *k, nc_arena *a)
{
	nc_object *obj = nc_arena_alloc(a, k->size);
	if (!obj)
		return NULL;
	obj->kind = k;
	obj->arena = a;
	obj->created_at_ms = obj->updated_at_ms = nc_clock_wall_ms();
	obj->status = k->initial_status;
	if (k->flags & (NC_KF_GIVEN_ID | NC_KF_LANE))
		return obj;
	char id[NC_ID_MAX];
	nc_id_make(k->id_prefix, id);
	obj->id = nc_arena_strdup(a, id);
	return obj->id ? obj : NULL;
}

nc_object *nc_object_copy(const nc_object *obj)
{
	return nc_arena_memdup(obj->arena, obj, obj->kind->size);
}

static size_t find_label(const nc_object *obj, const char *key)
{
	size_t i = 0;
	while (i < obj->labels.n && strcmp(obj->labels.v[i].key, key) < 0)
		i++;
	return i;
}

const char *nc_object_get_label(const nc_object *obj, const char *key)
{
	size_t i = find_label(obj, key);
	int is_there = i < obj->labels.n && strcmp(obj->labels.v[i].key, key) == 0;
	return is_there ? obj->labels.v[i].value : NULL;
}

nc_code nc_object_label(nc_object *obj, const char *key, const char *value)
{
	const nc_labels old = obj->labels;
	size_t i = find_label(obj, key);
	size_t is_there = i < old.n && strcmp(old.v[i].key, key) == 0;
	if (!value && !is_there)
		return NC_OK;
	nc_label *v = nc_arena_new_array(obj->arena, nc_label, old.n + 1);
	if (!v)
		return NC_E_NOMEM;
	size_t n = i;
	if (i)
		memcpy(v, old.v, i * sizeof(*v));
	if (value) {
		v[n].key = nc_arena_strdup(obj->arena, key);
		v[n].value = nc_arena_strdup(obj->arena, value);
		if (!v[n].key || !v[n].value)
			return NC_E_NOMEM;
		n++;
	}
	size_t rest = old.n - i - is_there;
	if (rest)
		memcpy(v + n, old.v + i + is_there, rest * sizeof(*v));
	obj->labels = (nc_labels){ v, n + rest };
	return NC_OK;
}

nc_code nc_object_condition(nc_object *obj, const char *type, const char *status,
	const char *reason, const char *message)
{
	size_t n = obj->n_conditions, i = 0;
	while (i < n && strcmp(obj->conditions[i].type, type) != 0)
		i++;
	nc_condition *v = nc_arena_new_array(obj->arena, nc_condition, n + 1);
	if (!v)
		return NC_E_NOMEM;
	if (n)
		memcpy(v, obj->conditions, n * sizeof(*v));
	nc_condition *c = &v[i];
	if (i == n || strcmp(c->status, status) != 0)
		c->since_ms = nc_clock_wall_ms();
	c->type = nc_arena_strdup(obj->arena, type);
	c->status = nc_arena_strdup(obj->arena, status);
	c->reason = reason ? nc_arena_strdup(obj->arena, reason) : NULL;
	c->message = message ? nc_arena_strdup(obj->arena, message) : NULL;
	if (nc_arena_failed(obj->arena))
		return NC_E_NOMEM;
	obj->conditions = v;
	obj->n_conditions = i == n ? n + 1 : n;
	return NC_OK;
}

static size_t find_defaulted(const nc_object *obj, const char *field)
{
	size_t i = 0;
	while (i < obj->n_defaulted && strcmp(obj->defaulted[i], field) != 0)
		i++;
	return i;
}

nc_code nc_object_defaulted(nc_object *obj, const char *field)
{
	size_t n = obj->n_defaulted;
	if (find_defaulted(obj, field) < n)
		return NC_OK;
	const char **v = nc_arena_new_array(obj->arena, const char *, n + 1);
	const char *kept = nc_arena_strdup(obj->arena, field);
	if (!v || !kept)
		return NC_E_NOMEM;
	if (n)
		memcpy(v, obj->defaulted, n * sizeof(*v));
	v[n] = kept;
	obj->defaulted = v;
	obj->n_defaulted = n + 1;
	return NC_OK;
}

nc_code nc_object_not_defaulted(nc_object *obj, const char *field)
{
	size_t n = obj->n_defaulted, i = find_defaulted(obj, field);
	if (i == n)
		return NC_OK;
	const char **v = nc_arena_new_array(obj->arena, const char *, n);
	if (!v)
		return NC_E_NOMEM;
	for (size_t from = 0, to = 0; from < n; from++)
		if (from != i)
			v[to++] = obj->defaulted[from];
	obj->defaulted = v;
	obj->n_defaulted = n - 1;
	return NC_OK;
}

/* ---- secrets ---- */

nc_code nc_object_secrets(nc_object *obj, nc_secret_fn fn, void *ctx, nc_error *err)
{
	for (size_t i = 0; i < obj->kind->n_fields; i++) {
		const nc_field_def *d = &obj->kind->fields[i];
		if (d->type != NC_T_SECRET)
			continue;
		nc_secret_field *s = &NC_AT(nc_secret_field, d, obj);
		if (!s->fresh.ptr && !s->is_cleared)
			continue;
		nc_code rc = fn(ctx, obj, d, s, err);
		if (rc)
			return rc;
	}
	return NC_OK;
}

/* ---- soft delete ---- */

void nc_object_soft_delete(nc_object *obj, int64_t keep_ms)
{
	nc_assert(obj->kind->flags & NC_KF_SOFT_DELETE);
	obj->deleted_at_ms = nc_clock_wall_ms();
	obj->purge_at_ms = obj->deleted_at_ms + NC_MAX(keep_ms, 0);
}

nc_code nc_object_restore(nc_object *obj, const char *new_name, nc_error *err)
{
	if (!obj->deleted_at_ms)
		return nc_problem_err(err, "conflict", "%s %s is not deleted", obj->kind->name,
			obj->name ? obj->name : obj->id);
	if (new_name) {
		const char *why = nc_name_why_not(new_name, strlen(new_name));
		if (why)
			return nc_err(err, NC_E_INVAL, "name %s", why);
		obj->name = nc_arena_strdup(obj->arena, new_name);
		if (!obj->name)
			return nc_err_nomem(err);
	}
	obj->deleted_at_ms = obj->purge_at_ms = 0;
	return NC_OK;
}

/* ---- ETags ---- */

/* One entity tag at *p; moves on. 1 = it is this revision. */
static int match_one(const char **p, uint64_t revision)
{
	const char *s = *p;
	if (strncmp(s, "W/", 2) == 0)
		s += 2;
	char text[24];
	int n = snprintf(text, sizeof(text), "\"%llu\"", (unsigned long long)revision);
	int is_it = strncmp(s, text, (size_t)n) == 0 && strchr(", \t", s[n]) != NULL;
	*p = s + strcspn(s, ",");
	return is_it || (*s == '*' && s[1] == '\0');
}

int nc_etag_match(const char *if_match, uint64_t revision)
{
	for (const char *p = if_match; *p;) {
		p += strspn(p, ", \t");
		if (*p && match_one(&p, revision))
			return 1;
	}
	return 0;
}
