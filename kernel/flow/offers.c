/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which provider offers which extension, as acts ask before they stage an operation. What is not
 * open is not known: then the operation finds out. Any thread, also inside a read section.
 */
#include <string.h>

#include "base/err.h"
#include "flow/internal.h"
#include "model/body.h"
#include "model/problem.h"

static const char *first_verb_of(const char *extension)
{
	for (unsigned i = 0; i < nc_verb_count(); i++)
		if (!strcmp(nc_verb_at(i)->ext, extension))
			return nc_verb_at(i)->name;
	return "";
}

int nc_providers_offer(nc_providers *p, const char *id, const char *extension)
{
	_cleanup_(nc_pinst_unrefp) nc_pinst *inst = NULL;

	if (nc_providers_get(p, id, &inst, NULL) != NC_OK)
		return -1;
	return nc_pinst_can(inst, first_verb_of(extension));
}

nc_code nc_providers_check(
	nc_flow *f, const nc_root *r, const char *id, const char *extension, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_object *o = NULL;

	/* One that is not open may well offer it: its operation waits for it. */
	if (nc_providers_offer(f->providers, id, extension) != 0)
		return NC_OK;
	if (a)
		nc_model_get(r, &nc_kind_provider, id, a, &o, NULL);
	nc_problem_err(
		err, "unsupported", "provider %s does not offer %s", o ? o->name : id, extension);
	return nc_err_hint(err, NC_E_UNSUPPORTED,
		"novacron plugin status shows what each driver offers; use another provider");
}

/* It is open for what it has; nothing new is made there. */
static int is_disabled(const nc_root *r, const char *id)
{
	const nc_item *it = nc_root_get(r, NC_KIND_PROVIDER, nc_str(id));

	return it && nc_bytes_eq(nc_body_member(nc_item_body(it), "enabled"), nc_str("false"));
}

nc_code nc_providers_choose(nc_flow *f, const nc_root *r, const char *extension, nc_arena *a,
	const char **id, nc_error *err)
{
	const char *found = NULL;
	nc_walk w;
	int n = 0;

	if (*id && is_disabled(r, *id)) {
		nc_problem_err(err, "conflict", "provider %s is disabled", *id);
		return nc_err_hint(err, NC_E_CONFLICT,
			"nothing new is placed there; novacron provider update NAME --set "
			"enabled=true, or another provider");
	}
	if (*id)
		return nc_providers_check(f, r, *id, extension, err);
	nc_walk_init(
		&w, r, NC_KIND_PROVIDER, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it; (it = nc_walk_next(&w, NULL));)
		if (!is_disabled(r, nc_item_id(it)) &&
			nc_providers_offer(f->providers, nc_item_id(it), extension) > 0 && !n++)
			found = nc_item_id(it);
	if (n == 1) {
		*id = nc_arena_strdup(a, found);
		return *id ? NC_OK : nc_err_nomem(err);
	}
	if (!n)
		return nc_problem_err(
			err, "unsupported", "no provider that is open offers %s", extension);
	nc_problem_err(err, "invalid", "%d providers offer %s and none is named", n, extension);
	return nc_err_hint(err, NC_E_INVAL, "say which: --set provider=NAME");
}

/* ---- what a provider's object says of its plugin ---- */

static int is_same_list(const nc_provider *p, const char **list, size_t n)
{
	if (p->n_features != n)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (strcmp(p->features[i], list[i]))
			return 0;
	return 1;
}

int nc_providers_describe(nc_providers *p, nc_provider *obj)
{
	_cleanup_(nc_pinst_unrefp) nc_pinst *inst = NULL;
	nc_arena *a = obj->o.arena;
	size_t n = 0;

	if (nc_providers_get(p, obj->o.id, &inst, NULL) != NC_OK)
		return 0;
	while (nc_pinst_capability(inst, n))
		n++;
	const char **list = nc_arena_new_array(a, const char *, n + 1);
	const char *version = nc_arena_strdup(a, nc_pinst_plugin_version(inst));
	for (size_t i = 0; list && i < n; i++)
		list[i] = nc_arena_strdup(a, nc_pinst_capability(inst, i));
	if (nc_arena_failed(a) || !list || !version)
		return 0; /* the next round tells */
	if (obj->plugin_version && !strcmp(obj->plugin_version, version) &&
		is_same_list(obj, list, n))
		return 0;
	obj->plugin_version = version;
	obj->features = list;
	obj->n_features = n;
	return 1;
}

/* ---- features ---- */

/* 1, 0, or -1: it is not open, or has no guests at all. */
static int takes(nc_providers *p, const char *id, const char *feature)
{
	_cleanup_(nc_pinst_unrefp) nc_pinst *inst = NULL;

	if (nc_providers_get(p, id, &inst, NULL) != NC_OK ||
		!nc_pinst_can(inst, first_verb_of("nc.compute/1")))
		return -1;
	return nc_pinst_has_feature(inst, feature);
}

static nc_code takes_none(const nc_root *r, const char *id, const char *field, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_object *o = NULL;

	if (a && id)
		nc_model_get(r, &nc_kind_provider, id, a, &o, NULL);
	if (id)
		nc_problem_err(
			err, "unsupported", "provider %s takes no %s", o ? o->name : id, field);
	else
		nc_problem_err(err, "unsupported", "no provider here takes %s", field);
	return nc_err_hint(
		err, NC_E_UNSUPPORTED, "leave it out, or use a provider whose plugin declares it");
}

nc_code nc_providers_need_feature(nc_flow *f, const nc_root *r, const char *field,
	const char *feature, nc_arena *a, const char **id, nc_error *err)
{
	const char *found = NULL;
	int n[3] = { 0 }; /* not known, without, with */
	nc_walk w;

	if (*id)
		return takes(f->providers, *id, feature) ? NC_OK : takes_none(r, *id, field, err);
	nc_walk_init(
		&w, r, NC_KIND_PROVIDER, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it; (it = nc_walk_next(&w, NULL));) {
		if (is_disabled(r, nc_item_id(it)))
			continue;
		int is = takes(f->providers, nc_item_id(it), feature);
		n[is + 1]++;
		found = is > 0 ? nc_item_id(it) : found;
	}
	if (!n[1])
		return NC_OK; /* wherever it goes */
	if (!n[2])
		return n[0] ? NC_OK : takes_none(r, NULL, field, err);
	if (n[2] == 1) {
		*id = nc_arena_strdup(a, found);
		return *id ? NC_OK : nc_err_nomem(err);
	}
	nc_problem_err(
		err, "invalid", "some providers take %s, some don't, and none is named", field);
	return nc_err_hint(err, NC_E_INVAL, "say which: --provider NAME");
}
