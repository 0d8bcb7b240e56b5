/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/id.h"
#include "model/body.h"
#include "model/keys.h"
#include "model/model.h"
#include "model/problem.h"

/*
 * From what a request calls an object to the object: an id, or a name in its project, then among
 * what is shared with it or public. What one may not see is not found, so that names of others
 * don't leak.
 */

enum { GUESSES_MAX = 64 };

int nc_model_is_visible(const nc_root *r, const nc_item *it, const nc_reach *reach)
{
	const nc_kind *k = nc_kind_get(it->kind);
	if (reach->is_everywhere || k->scope == NC_SCOPE_GLOBAL)
		return 1;
	if (reach->project && nc_item_has_key(r, it, NC_IX_PROJECT, nc_str(reach->project)))
		return 1;
	return nc_item_has_key(r, it, NC_IX_PROJECT, nc_str("*"));
}

static void add_candidate(nc_candidates *c, const nc_item *it)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (strcmp(c->ids[i], nc_item_id(it)) == 0)
			return;
	if (c->n < NC_CANDIDATES_MAX)
		snprintf(c->ids[c->n++], sizeof(c->ids[0]), "%s", nc_item_id(it));
}

/* Everything shared under this name with `to` (a project, or "*"). */
static const nc_item *find_shared(
	const nc_root *r, const nc_kind *k, const char *to, const char *name, nc_candidates *c)
{
	char text[NC_DB_KEY_MAX];
	nc_bytes key, found;
	const nc_item *it, *first = NULL;
	nc_walk w;
	if (!nc_key_name(text, to, name, &key))
		return NULL;
	nc_walk_init(&w, r, k->number, NC_IX_SHARED, key, (nc_bytes){ NULL, 0 }, NC_ASCENDING);
	while ((it = nc_walk_next(&w, &found)) && nc_bytes_eq(found, key) &&
		c->n < NC_CANDIDATES_MAX) {
		first = first ? first : it;
		add_candidate(c, it);
	}
	return first;
}

/* Of every project, for those who see all. */
static const nc_item *find_everywhere(
	const nc_root *r, const nc_kind *k, const char *name, nc_candidates *c)
{
	const nc_item *it, *first = NULL;
	nc_walk w;
	nc_bytes found, none = { NULL, 0 };
	size_t n = strlen(name);
	nc_walk_init(&w, r, k->number, NC_IX_NAME, none, none, NC_ASCENDING);
	while ((it = nc_walk_next(&w, &found)) && c->n < NC_CANDIDATES_MAX) {
		const char *p = found.ptr;
		if (found.len <= n || p[found.len - n - 1] != '/' ||
			memcmp(p + found.len - n, name, n) != 0)
			continue;
		first = first ? first : it;
		add_candidate(c, it);
	}
	return first;
}

static const nc_item *find_name(const nc_root *r, const nc_kind *k, const nc_reach *reach,
	const char *name, nc_candidates *c)
{
	char text[NC_DB_KEY_MAX];
	nc_bytes key;
	int is_global = k->scope == NC_SCOPE_GLOBAL;
	const char *project = is_global ? NULL : reach->project;
	const nc_item *it = NULL;
	if (is_global || project) {
		if (!nc_key_name(text, project, name, &key))
			return NULL;
		it = nc_root_find(r, k->number, NC_IX_NAME, key);
	}
	if (it || is_global)
		return it;
	if (reach->is_everywhere)
		return find_everywhere(r, k, name, c);
	it = project ? find_shared(r, k, project, name, c) : NULL;
	const nc_item *open = find_shared(r, k, "*", name, c);
	return it ? it : open;
}

/* A name in the same project that is nearly this one. */
static void hint_close(
	const nc_root *r, const nc_kind *k, const nc_reach *reach, const char *name, nc_error *err)
{
	char names[GUESSES_MAX][64];
	const char *list[GUESSES_MAX];
	char prefix[NC_DB_KEY_MAX];
	nc_bytes from, found;
	size_t n = 0;
	nc_walk w;
	const char *project = k->scope == NC_SCOPE_GLOBAL ? NULL : reach->project;
	if (!err || !nc_key_name(prefix, project, "", &from))
		return;
	nc_walk_init(&w, r, k->number, NC_IX_NAME, from, (nc_bytes){ NULL, 0 }, NC_ASCENDING);
	while (n < GUESSES_MAX && nc_walk_next(&w, &found)) {
		if (found.len < from.len || memcmp(found.ptr, from.ptr, from.len) != 0)
			break;
		snprintf(names[n], sizeof(names[n]), "%.*s", (int)(found.len - from.len),
			(const char *)found.ptr + from.len);
		list[n] = names[n];
		n++;
	}
	const char *close = nc_did_you_mean(name, list, n);
	if (close)
		nc_err_hint(err, err->code, "did you mean \"%s\"?", close);
	else if (k->verbs & NC_CAN_CREATE && !nc_kind_is_to_come(k) && !nc_id_is(name, NULL))
		nc_err_hint(err, err->code,
			"`novacron %s list` shows those there are, `novacron %s create %.64s` "
			"makes it",
			k->name, k->name, name);
	else
		nc_err_hint(err, err->code, "`novacron %s list` shows those there are", k->name);
}

static nc_code not_found(
	const nc_root *r, const nc_kind *k, const nc_reach *reach, const char *ref, nc_error *err)
{
	nc_code rc = nc_problem_err(err, "not_found", "%s %.64s not found", k->name, ref);
	hint_close(r, k, reach, ref, err);
	return rc;
}

static nc_code ambiguous(const nc_kind *k, const char *ref, const nc_candidates *c, nc_error *err)
{
	char list[256];
	size_t len = 0;
	for (uint32_t i = 0; i < c->n && len < sizeof(list); i++)
		len += (size_t)snprintf(
			list + len, sizeof(list) - len, "%s%s", i ? ", " : "", c->ids[i]);
	nc_code rc = nc_problem_err(err, "ambiguous", "%s %s means %u objects", k->name, ref, c->n);
	return nc_err_hint(err, rc, "use an id: %s", list);
}

nc_code nc_model_resolve(const nc_root *r, const nc_kind *k, const nc_reach *reach, const char *ref,
	const nc_item **ret, nc_candidates *cand, nc_error *err)
{
	nc_candidates found = { .n = 0 };
	const nc_item *it = NULL;
	if (nc_id_is(ref, NULL) || k->flags & NC_KF_GIVEN_ID) {
		it = nc_root_get(r, k->number, nc_str(ref));
		if (it && !nc_model_is_visible(r, it, reach))
			it = NULL;
	} else if (!nc_name_why_not(ref, strlen(ref))) {
		it = find_name(r, k, reach, ref, &found);
	}
	if (cand)
		*cand = found;
	if (!it)
		return not_found(r, k, reach, ref, err);
	if (found.n > 1)
		return ambiguous(k, ref, &found, err);
	*ret = it;
	return NC_OK;
}

static int is_text(nc_bytes json, const char *s)
{
	size_t n = strlen(s);

	return json.len == n + 2 && memcmp((const char *)json.ptr + 1, s, n) == 0;
}

static const nc_item *find_deleted(const nc_root *r, const nc_kind *k, const nc_reach *reach,
	const char *name, nc_candidates *c)
{
	const nc_item *it, *first = NULL;
	nc_bytes found, key = nc_str("deleted");
	nc_walk w;

	nc_walk_init(&w, r, k->number, NC_IX_STATUS, key, (nc_bytes){ NULL, 0 }, NC_ASCENDING);
	while ((it = nc_walk_next(&w, &found)) && nc_bytes_eq(found, key) &&
		c->n < NC_CANDIDATES_MAX) {
		nc_bytes body = nc_item_body(it);
		if (!is_text(nc_body_member(body, "name"), name) ||
			!nc_model_is_visible(r, it, reach))
			continue;
		first = first ? first : it;
		add_candidate(c, it);
	}
	return first;
}

nc_code nc_model_resolve_deleted(const nc_root *r, const nc_kind *k, const nc_reach *reach,
	const char *ref, const nc_item **ret, nc_candidates *cand, nc_error *err)
{
	nc_candidates found = { .n = 0 };

	if (nc_id_is(ref, NULL) || nc_name_why_not(ref, strlen(ref)))
		return nc_model_resolve(r, k, reach, ref, ret, cand, err);
	const nc_item *it = find_deleted(r, k, reach, ref, &found);
	if (!it)
		return nc_model_resolve(r, k, reach, ref, ret, cand, err);
	if (cand)
		*cand = found;
	if (found.n > 1)
		return ambiguous(k, ref, &found, err);
	*ret = it;
	return NC_OK;
}

/* ---- the references of a request ---- */

typedef struct resolving {
	const nc_root *root;
	const nc_object *obj;
	const nc_reach *reach;
	nc_faults *faults;
} resolving;

static const char *fault_code(nc_code rc)
{
	return rc == NC_E_CONFLICT ? "ambiguous" : "not_found";
}

/* Soft-deleted ones are found by id, but nothing new may refer to them. */
static int is_deleted(const nc_item *it)
{
	return nc_kind_get(it->kind)->flags & NC_KF_SOFT_DELETE && !nc_item_key(it, NC_IX_NAME).ptr;
}

static nc_code find_ref(
	resolving *x, const nc_kind *k, const char *ref, const nc_item **ret, nc_error *err)
{
	nc_code rc = nc_model_resolve(x->root, k, x->reach, ref, ret, NULL, err);
	if (!rc && is_deleted(*ret))
		return nc_problem_err(err, "not_found", "%s %s is deleted", k->name, ref);
	return rc;
}

static nc_code resolve_ref(void *ctx, const nc_ref *ref)
{
	resolving *x = ctx;
	const nc_kind *k = ref->d->ref ? nc_kind_get(ref->d->ref) : nc_kind_of_id(*ref->id);
	if (!ref->is_settable)
		return NC_OK;
	if (!k) {
		nc_fault_at(x->faults, ref->at, "not_found", "is not an id");
		return NC_OK;
	}
	nc_error err = NC_ERROR_INIT;
	const nc_item *it;
	nc_code rc = find_ref(x, k, *ref->id, &it, &err);
	if (rc && nc_kind_is_to_come(k)) { /* looking for another name, or making one, is no help */
		nc_kind_check_verb(k, NC_CAN_CREATE, NULL, NULL, &err);
		nc_fault_at(x->faults, ref->at, "unsupported", "%s", err.message);
		nc_fault_hint(x->faults, "%s", err.hint);
		return NC_OK;
	}
	if (rc) {
		nc_fault_at(x->faults, ref->at, fault_code(rc), "%s", err.message);
		if (err.hint[0])
			nc_fault_hint(x->faults, "%s", err.hint);
		return NC_OK;
	}
	if (strcmp(nc_item_id(it), *ref->id) == 0)
		return NC_OK;
	const char *id = nc_arena_strdup(x->obj->arena, nc_item_id(it));
	if (!id)
		return NC_E_NOMEM;
	*ref->id = id;
	return NC_OK;
}

void nc_model_resolve_refs(const nc_root *r, nc_object *obj, const nc_reach *reach, nc_faults *f)
{
	resolving x = { r, obj, reach, f };
	if (nc_object_each_ref(obj, resolve_ref, &x))
		f->is_nomem = 1;
}
