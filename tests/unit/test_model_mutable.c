/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "model/member.h"
#include "model_util.h"

/*
 * Every member of every kind, against what its table says of who may change it: a value other than the
 * one that is there is taken and given back, or refused with the member's path and nothing changed.
 * Values follow the types, so that a new member is tried from its first day.
 */

#define ARENA(a) _cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new((size_t)8 << 20)

/* Where rules of the kind want more of the value than its type does. NULL: tried elsewhere, since it
 * goes only along with others. */
static const struct {
	const char *member, *value;
} special[] = {
	{ "user.email", "'bob@example.org'" },
	{ "physical_network.vlan_min", "2" },
	{ "instance_type.currency", "'SEK'" },
	{ "subnet.gateway", "'10.1.0.2'" },
	{ "reservation.starts_at", "'2026-02-03T04:05:06Z'" },
	{ "policy.on_failure", "'closed'" },
	{ "schedule.cron", "'0 4 * * *'" },
	{ "schedule.at", NULL },
	{ "schedule.selector", NULL },
};

static int is_special(const nc_kind *k, const nc_field_def *d, const char **ret)
{
	char name[128];

	snprintf(name, sizeof(name), "%s.%s", k->name, d->name);
	for (size_t i = 0; i < NC_LEN(special); i++)
		if (strcmp(special[i].member, name) == 0) {
			*ret = special[i].value;
			return 1;
		}
	return 0;
}

static json_t *an_id(const nc_field_def *d)
{
	char id[NC_ID_MAX];
	const nc_kind *k = nc_kind_get(d->ref ? d->ref : NC_KIND_VM);

	nc_id_make(k->id_prefix, id);
	return json_string(id);
}

static json_t *another_word(const nc_field_def *d)
{
	const char *word = d->choices[1] && d->choices[2] ? d->choices[2] : d->choices[0];

	return *word ? json_string(word) : json_null();
}

static json_t *another_object(const nc_field_def *d, const json_t *now);

/* Another than `now`, which mu_full has made; NULL: there is none. */
static json_t *another(const nc_field_def *d, const json_t *now)
{
	json_int_t n = json_integer_value(now);

	switch ((nc_field_type)d->type) {
	case NC_T_STR:
	case NC_T_NAME:
		return json_string("another");
	case NC_T_REF:
		return an_id(d);
	case NC_T_I64:
	case NC_T_U64:
		return json_integer(d->max && n >= d->max ? n - 1 : n + 1);
	case NC_T_F64:
		return json_real(0.5);
	case NC_T_BOOL:
		return json_boolean(!json_is_true(now));
	case NC_T_ENUM:
		return another_word(d);
	case NC_T_TIME:
		return json_string("2031-02-03T04:05:06Z");
	case NC_T_LABELS:
		return json_pack("{s:s}", "another", "one");
	case NC_T_STRS:
		return json_pack("[s]", "another");
	case NC_T_REFS:
		return json_pack("[o]", an_id(d));
	case NC_T_OBJ:
	case NC_T_STRUCT:
		return another_object(d, now);
	case NC_T_OBJS:
		return json_array();
	case NC_T_JSON:
		return json_pack("{s:i}", "another", 1);
	case NC_T_SECRET:
		return json_string("another secret");
	}
	return NULL;
}

/* The same but for one of its members. */
static json_t *another_object(const nc_field_def *d, const json_t *now)
{
	json_t *copy = json_deep_copy(now);

	for (size_t i = 0; copy && i < d->sub->n_fields; i++) {
		const nc_field_def *m = &d->sub->fields[i];

		if (json_object_get(copy, m->name)) {
			json_object_set_new(
				copy, m->name, another(m, json_object_get(now, m->name)));
			return copy;
		}
	}
	json_decref(copy);
	return NULL;
}

/* {"member": another value than obj has}; NULL: not to be tried. */
static json_t *wish(nc_object *obj, const nc_field_def *d)
{
	_cleanup_(nc_json_decrefp) json_t *all = mu_json(mu_text(obj));
	const json_t *now = json_object_get(all, d->name);
	const char *value = NULL;
	json_t *j;

	if (d->flags & NC_FF_INPUT)
		return NULL;
	if (!is_special(obj->kind, d, &value)) {
		j = another(d, now);
		return j ? json_pack("{s:o}", d->name, j) : NULL;
	}
	return value ? json_pack("{s:o}", d->name, mu_json(value)) : NULL;
}

static void tell(
	int holds, const nc_kind *k, const nc_field_def *d, const char *what, const nc_faults *f)
{
	char text[400];

	snprintf(text, sizeof(text), "%s.%s: %s; faults: %.250s", k->name, d->name, what,
		mu_faults(f));
	nc_check_true(holds, text, __FILE__, __LINE__);
}

static void try_live(const nc_kind *k, const nc_field_def *d)
{
	ARENA(a);
	nc_object *obj = mu_full(k, a);
	_cleanup_(nc_json_decrefp) json_t *was = mu_json(mu_text(obj));
	_cleanup_(nc_json_decrefp) json_t *j = wish(obj, d);
	nc_change ch = { 0 };
	nc_faults f;

	if (!j)
		return;
	nc_faults_init(&f, a);
	tell(nc_object_patch(obj, j, &f, &ch) == NC_OK, k, d, "another value is taken", &f);
	tell(ch.is_changed && ch.n_fields == 1 && strcmp(ch.fields[0], d->name) == 0, k, d,
		"it alone has changed", &f);
	_cleanup_(nc_json_decrefp) json_t *is = mu_json(mu_text(obj));
	if (d->type == NC_T_SECRET) /* neither value can be read */
		return;
	tell(!json_equal(json_object_get(is, d->name), json_object_get(was, d->name)), k, d,
		"it is shown", &f);
	_cleanup_(nc_json_decrefp) json_t *back =
		json_pack("{s:O?}", d->name, json_object_get(was, d->name));
	tell(nc_object_patch(obj, back, &f, &ch) == NC_OK, k, d, "the old value is taken", &f);
	_cleanup_(nc_json_decrefp) json_t *again = mu_json(mu_text(obj));
	tell(d->type == NC_T_LABELS ||
			json_equal(json_object_get(again, d->name), json_object_get(was, d->name)),
		k, d, "the old value is back", &f);
}

static const char *refusal_of(const nc_field_def *d)
{
	if (d->mut == NC_IMMUTABLE)
		return "immutable";
	if (d->mut == NC_SUBRESOURCE)
		return "subresource";
	return strcmp(d->name, "revision") == 0 ? "changed" : "read_only";
}

static void try_fixed(const nc_kind *k, const nc_field_def *d)
{
	ARENA(a);
	nc_object *obj = mu_full(k, a);
	const char *before = mu_text(obj);
	_cleanup_(nc_json_decrefp) json_t *j = wish(obj, d);
	nc_change ch = { 0 };
	nc_faults f;

	if (!j)
		return;
	nc_faults_init(&f, a);
	tell(nc_object_patch(obj, j, &f, &ch) == NC_E_INVAL, k, d, "another value is refused", &f);
	const nc_fault *fault = mu_fault(&f, d->name);
	tell(fault && strcmp(fault->code, refusal_of(d)) == 0, k, d, "by its path", &f);
	tell(!ch.is_changed && strcmp(mu_text(obj), before) == 0, k, d, "nothing has changed", &f);
}

static void try_all(void (*try)(const nc_kind *, const nc_field_def *), unsigned muts)
{
	nc_span spans[NC_SPANS_MAX];

	for (size_t i = 0; i < nc_n_kinds; i++) {
		size_t n = nc_kind_spans(nc_kinds[i], spans);
		for (size_t s = 0; s < n; s++)
			for (size_t m = 0; m < spans[s].n; m++)
				if (muts >> spans[s].f[m].mut & 1)
					try(nc_kinds[i], &spans[s].f[m]);
	}
}

static void every_live_member_of_every_kind_can_be_patched_and_back(void)
{
	try_all(try_live, 1u << NC_LIVE);
}

static void every_fixed_member_of_every_kind_is_refused_by_its_path(void)
{
	try_all(try_fixed, 1u << NC_IMMUTABLE | 1u << NC_SUBRESOURCE | 1u << NC_SERVER);
}

NC_TESTS(model_mutable){
	T(every_live_member_of_every_kind_can_be_patched_and_back),
	T(every_fixed_member_of_every_kind_is_refused_by_its_path),
};
