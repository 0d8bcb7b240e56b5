/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "model/keys.h"
#include "model/model.h"
#include "model/problem.h"

/*
 * Who refers to an object, by the reference index of every kind that may; and whether it may be
 * deleted. A project is used by all that lies in it. Reading and expecting alike, so that a
 * reference made between look and commit makes the delete lose.
 */

static int field_may_refer(const nc_field_def *f, size_t n, uint16_t to)
{
	for (size_t i = 0; i < n; i++) {
		if (f[i].sub && field_may_refer(f[i].sub->fields, f[i].sub->n_fields, to))
			return 1;
		int is_ref = f[i].type == NC_T_REF || f[i].type == NC_T_REFS;
		if (is_ref && !(f[i].flags & NC_FF_WEAK) && (!f[i].ref || f[i].ref == to))
			return 1;
	}
	return 0;
}

/* Which index of kind `from` may hold the id of an object of kind `to`; -1 = none. */
static int index_of_use(const nc_kind *from, const nc_kind *to)
{
	if (from->flags & (NC_KF_LANE | NC_KF_SUB))
		return -1;
	if (to->number == NC_KIND_PROJECT && from->scope != NC_SCOPE_GLOBAL)
		return NC_IX_PROJECT;
	return field_may_refer(from->fields, from->n_fields, to->number) ? NC_IX_REF : -1;
}

/* The name, without opening the body: the part of its key behind the '/'. */
static void copy_name(const nc_item *it, char out[64])
{
	nc_bytes key = nc_item_key(it, NC_IX_NAME);
	const char *slash = key.ptr ? memchr(key.ptr, '/', key.len) : NULL;
	size_t n = slash ? key.len - (size_t)(slash + 1 - (const char *)key.ptr) : 0;
	snprintf(out, 64, "%.*s", (int)n, slash ? slash + 1 : "");
}

/* A claim is held for somebody: its id is theirs, a migration's second one has more behind a dot. */
static void name_consumer(const nc_root *r, nc_used_by *u)
{
	u->id[strcspn(u->id, ".")] = '\0';
	const nc_kind *k = nc_kind_of_id(u->id);
	const nc_item *it = k ? nc_root_get(r, k->number, nc_str(u->id)) : NULL;
	if (it) {
		u->kind = k;
		copy_name(it, u->name);
	}
}

static size_t fill(const nc_root *r, const nc_kind *k, uint16_t index, const char *id,
	nc_used_by *list, size_t n, size_t cap)
{
	nc_bytes key = nc_str(id), found;
	nc_walk w;
	nc_walk_init(&w, r, k->number, index, key, (nc_bytes){ NULL, 0 }, NC_ASCENDING);
	const nc_item *it;
	while (n < cap && (it = nc_walk_next(&w, &found)) && nc_bytes_eq(found, key)) {
		list[n].kind = k;
		snprintf(list[n].id, sizeof(list[n].id), "%s", nc_item_id(it));
		copy_name(it, list[n].name);
		if (k == &nc_kind_allocation)
			name_consumer(r, &list[n]);
		n++;
	}
	return n;
}

uint64_t nc_model_used_by(const nc_root *r, const nc_object *obj, nc_used_by *list, size_t cap)
{
	uint64_t total = 0;
	size_t n = 0;
	for (size_t i = 0; i < nc_n_kinds && total < NC_USED_BY_COUNT_MAX; i++) {
		int index = index_of_use(nc_kinds[i], obj->kind);
		/* Whom a claim is held for is counted already, but for what moves here. */
		if (index < 0 || (nc_kinds[i] == &nc_kind_allocation && total))
			continue;
		uint64_t here = nc_root_count_key(r, nc_kinds[i]->number, (uint16_t)index,
			nc_str(obj->id), NC_USED_BY_COUNT_MAX - total);
		if (here)
			n = fill(r, nc_kinds[i], (uint16_t)index, obj->id, list, n, cap);
		total += here;
	}
	return total;
}

void nc_model_expect_unused(nc_txn *t, const nc_object *obj)
{
	for (size_t i = 0; i < nc_n_kinds; i++) {
		int index = index_of_use(nc_kinds[i], obj->kind);
		if (index >= 0)
			nc_txn_expect_unused(
				t, nc_kinds[i]->number, (uint16_t)index, nc_str(obj->id));
	}
}

nc_code nc_model_check_delete(const nc_root *r, const nc_object *obj, nc_used_by *list, size_t cap,
	uint64_t *ret_n, nc_error *err)
{
	const char *name = obj->name ? obj->name : obj->id;
	*ret_n = 0;
	if (obj->is_protected) {
		nc_code rc = nc_problem_err(
			err, "protected", "%s %s is protected", obj->kind->name, name);
		return nc_err_hint(
			err, rc, "novacron %s update %s --protected=false", obj->kind->name, name);
	}
	uint64_t n = nc_model_used_by(r, obj, list, cap);
	if (!n)
		return NC_OK;
	*ret_n = n;
	const char *by = cap ? list[0].kind->name : "object";
	const char *by_name = !cap ? "" : list[0].name[0] ? list[0].name : list[0].id;
	nc_code rc;
	if (n > 1)
		rc = nc_problem_err(err, "in_use", "%s %s is in use by %s %s and %llu more",
			obj->kind->name, name, by, by_name, (unsigned long long)n - 1);
	else
		rc = nc_problem_err(err, "in_use", "%s %s is in use by %s %s", obj->kind->name,
			name, by, by_name);
	return nc_err_hint(
		err, rc, "delete or detach what uses it first; nothing is deleted along");
}
