/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "model/member.h"
#include "model/problem.h"
#include "model_util.h"

/* What every table must keep, so that a new kind or field can't break a rule unseen. */

static void numbers_of_kinds_never_change(void)
{
	static const struct {
		uint16_t number;
		const char *name, *prefix;
	} persisted[] = {
		{ 1, "project", "prj" },
		{ 2, "user", "usr" },
		{ 3, "group", "grp" },
		{ 4, "role", "rol" },
		{ 5, "role_binding", "rlb" },
		{ 6, "token", "tok" },
		{ 7, "ssh_key", "key" },
		{ 8, "secret", "sec" },
		{ 9, "provider", "prv" },
		{ 10, "zone", "zon" },
		{ 11, "host", "hst" },
		{ 12, "host_group", "hgr" },
		{ 13, "pool", "pol" },
		{ 14, "physical_network", "pnet" },
		{ 15, "vm", "vm" },
		{ 16, "vm_group", "vmg" },
		{ 17, "template", "tpl" },
		{ 18, "instance_type", "ity" },
		{ 19, "image", "img" },
		{ 20, "volume", "vol" },
		{ 21, "snapshot", "snp" },
		{ 22, "network", "net" },
		{ 23, "subnet", "sub" },
		{ 24, "port", "prt" },
		{ 25, "address", "adr" },
		{ 26, "security_group", "sgr" },
		{ 27, "rule", "rule" },
		{ 28, "quota", "quo" },
		{ 29, "reservation", "rsv" },
		{ 30, "policy", "plc" },
		{ 31, "approval", "apv" },
		{ 32, "schedule", "sch" },
		{ 33, "operation", "op" },
		{ 34, "event", "evt" },
		{ 35, "decision", "dec" },
		{ 36, "plan", "pln" },
		{ 37, "audit", "aud" },
		{ 38, "plugin", "plg" },
		{ 39, "package", "pkg" },
		{ 50, "allocation", "alc" },
		{ 51, "idempotency", "idm" },
		{ 52, "secret_value", "scv" },
		{ 53, "orphan", "orp" },
		{ 54, "kv", "kv" },
	};
	CHECK_UINT(nc_n_kinds, NC_LEN(persisted));
	for (size_t i = 0; i < NC_LEN(persisted); i++) {
		const nc_kind *k = nc_kind_get(persisted[i].number);
		REQUIRE(k != NULL);
		CHECK_UINT(k->number, persisted[i].number);
		CHECK_STR(k->name, persisted[i].name);
		CHECK_STR(k->id_prefix, persisted[i].prefix);
	}
	CHECK(nc_kind_get(0) == NULL);
	CHECK(nc_kind_get(40) == NULL);
	CHECK(nc_kind_get(64) == NULL);
	CHECK(nc_kind_get(65535) == NULL);
}

static void kinds_are_found_by_every_word_for_them(void)
{
	CHECK(nc_kind_find("vm") == &nc_kind_vm);
	CHECK(nc_kind_find("vms") == &nc_kind_vm);
	CHECK(nc_kind_find("instance_type") == &nc_kind_instance_type);
	CHECK(nc_kind_find("instance-types") == &nc_kind_instance_type);
	CHECK(nc_kind_find("instance_types") == &nc_kind_instance_type);
	CHECK(nc_kind_find("policies") == &nc_kind_policy);
	CHECK(nc_kind_find("vmx") == NULL);
	CHECK(nc_kind_find("v") == NULL);
	CHECK(nc_kind_find("") == NULL);
	for (size_t i = 0; i < nc_n_kinds; i++) {
		char id[NC_ID_MAX];
		nc_id_make(nc_kinds[i]->id_prefix, id);
		CHECK(nc_kind_of_id(id) == nc_kinds[i]);
		CHECK(nc_kind_find(nc_kinds[i]->plural) == nc_kinds[i]);
	}
	CHECK(nc_kind_of_id("vm_") == NULL);
	CHECK(nc_kind_of_id("web-1") == NULL);
	CHECK(nc_kind_of_id("zz_01J8XQ6C9Y8J8QK7ZJ6Q4W3V2B") == NULL);
}

typedef struct checking {
	const nc_kind *k;
	char where[160];
} checking;

static int complain(const checking *c, const nc_field_def *d, const char *what)
{
	fprintf(stderr, "%s.%s: %s\n", c->where, d->name, what);
	return CHECK(0);
}

static void check_rows(checking *c, const nc_field_def *f, size_t n, size_t size, int is_top);

static void check_row(checking *c, const nc_field_def *d, size_t size, int is_top)
{
	if (!d->doc || strlen(d->doc) < 2 || strlen(d->doc) > 100)
		complain(c, d, "needs a line of doc");
	if (strspn(d->name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(d->name))
		complain(c, d, "bad name");
	if (d->offset + nc_field_size(d) > size)
		complain(c, d, "lies outside the struct");
	if (d->mut == NC_NEXT_START && (!is_top || (d->type != NC_T_I64 && d->type != NC_T_BOOL)))
		complain(c, d, "what is pending is kept as JSON: numbers and flags alone may wait");
	if (d->cls != NC_INTENT && is_top && d->mut != NC_SERVER && d->mut != NC_IMMUTABLE)
		complain(c, d, "what a request may change is intent");
	if (d->cls == NC_OBSERVED && d->flags & NC_FF_INDEXED)
		complain(c, d, "what is only observed can't be an index key");
	if (d->mut == NC_SUBRESOURCE && (!d->sub || !d->sub->id_prefix || !d->sub->singular))
		complain(c, d, "elements of a sub-resource need ids and a word");
	if (d->type == NC_T_SECRET && !is_top)
		complain(c, d, "secrets lie at the top level");
	if (d->ref && !nc_kind_get(d->ref))
		complain(c, d, "refers to no kind");
	if ((d->type == NC_T_REF || d->type == NC_T_REFS) != (d->ref != 0))
		complain(c, d, "a reference names its kind, others don't");
	if ((d->type == NC_T_ENUM) != (d->choices != NULL))
		complain(c, d, "choices");
	if ((d->type == NC_T_OBJ || d->type == NC_T_OBJS || d->type == NC_T_STRUCT) != !!d->sub)
		complain(c, d, "sub");
	if (d->min > d->max)
		complain(c, d, "min above max");
	if (d->flags & NC_FF_DEFAULT && d->type == NC_T_STR && !d->def_s)
		complain(c, d, "default without a text");
	if (d->type == NC_T_I64 && d->flags & NC_FF_DEFAULT && (d->min || d->max) &&
		(d->def < d->min || d->def > d->max))
		complain(c, d, "default out of range");
	if (d->type == NC_T_I64 && d->min > 0 &&
		!(d->flags & (NC_FF_DEFAULT | NC_FF_ZERO_NULL | NC_FF_REQUIRED)))
		complain(c, d, "0 is out of range, yet it is what an absent one holds");
	if (d->sub) {
		checking in = { c->k, "" };
		snprintf(in.where, sizeof(in.where), "%.100s.%s", c->where, d->name);
		check_rows(&in, d->sub->fields, d->sub->n_fields, d->sub->size, 0);
	}
	if (d->sub && d->sub->id_prefix && strcmp(d->sub->fields[0].name, "id") != 0)
		complain(c, d, "the id comes first");
}

static void check_rows(checking *c, const nc_field_def *f, size_t n, size_t size, int is_top)
{
	for (size_t i = 0; i < n; i++) {
		check_row(c, &f[i], size, is_top);
		for (size_t k = 0; k < i; k++)
			if (strcmp(f[i].name, f[k].name) == 0)
				complain(c, &f[i], "twice");
	}
}

static void every_row_of_every_table_keeps_the_rules(void)
{
	for (size_t i = 0; i < nc_n_kinds; i++) {
		const nc_kind *k = nc_kinds[i];
		checking c = { k, "" };
		nc_span spans[NC_SPANS_MAX];
		size_t n = nc_kind_spans(k, spans);
		snprintf(c.where, sizeof(c.where), "%s", k->name);
		for (size_t s = 0; s < n; s++)
			check_rows(&c, spans[s].f, spans[s].n, k->size, 1);
		CHECK(k->size >= sizeof(nc_object));
		CHECK(k->doc && strlen(k->doc) > 2);
		CHECK(NC_IX_OWN + k->n_own_indexes <= NC_DB_INDEXES_MAX);
	}
}

static void names_are_unique_over_all_spans_of_a_kind(void)
{
	for (size_t i = 0; i < nc_n_kinds; i++) {
		nc_span spans[NC_SPANS_MAX];
		size_t n = nc_kind_spans(nc_kinds[i], spans), n_names = 0;
		const char *names[128];
		for (size_t s = 0; s < n; s++)
			for (size_t f = 0; f < spans[s].n; f++) {
				REQUIRE(n_names < NC_LEN(names));
				names[n_names++] = spans[s].f[f].name;
			}
		for (size_t a = 0; a < n_names; a++)
			for (size_t b = 0; b < a; b++)
				if (strcmp(names[a], names[b]) == 0)
					CHECK_STR(names[a], nc_kinds[i]->name);
	}
}

static void observed_fields_come_last(void)
{
	for (size_t i = 0; i < nc_n_kinds; i++) {
		int was_observed = 0;
		for (size_t f = 0; f < nc_kinds[i]->n_fields; f++) {
			int is_observed = nc_kinds[i]->fields[f].cls == NC_OBSERVED;
			CHECK(is_observed || !was_observed);
			was_observed = is_observed;
		}
		CHECK_INT(nc_kind_has_observed(nc_kinds[i]), was_observed);
	}
}

/* The name that the index of a member has: an element's own, for the list has many; else that of the
 * field it is in. NULL = it is not in this index. */
static const char *indexed_as(const nc_field_def *d, uint8_t index)
{
	if (d->flags & NC_FF_INDEXED && d->index == index)
		return d->name;
	int is_list = d->type == NC_T_OBJS;
	for (size_t m = 0; (is_list || d->type == NC_T_STRUCT) && m < d->sub->n_fields; m++)
		if (d->sub->fields[m].flags & NC_FF_INDEXED && d->sub->fields[m].index == index)
			return is_list ? d->sub->fields[m].name : d->name;
	return NULL;
}

/* Each own index is filled by a field, and each field points to an index of that name. */
static void own_indexes_and_fields_agree(void)
{
	for (size_t i = 0; i < nc_n_kinds; i++) {
		const nc_kind *k = nc_kinds[i];
		for (uint8_t ix = 0; ix < k->n_own_indexes; ix++) {
			int found = 0;
			for (size_t f = 0; f < k->n_fields; f++) {
				const char *as =
					indexed_as(&k->fields[f], (uint8_t)(NC_IX_OWN + ix));
				if (as)
					CHECK_STR(as, k->own_indexes[ix]);
				found += as != NULL;
			}
			CHECK_INT(found, 1);
		}
		for (size_t f = 0; f < k->n_fields; f++)
			if (k->fields[f].flags & NC_FF_INDEXED)
				CHECK(k->fields[f].index < NC_IX_OWN + k->n_own_indexes);
	}
}

static void indexed_texts_fit_a_key(void)
{
	for (size_t i = 0; i < nc_n_kinds; i++)
		for (size_t f = 0; f < nc_kinds[i]->n_fields; f++) {
			const nc_field_def *d = &nc_kinds[i]->fields[f];
			if (d->flags & NC_FF_INDEXED && d->type == NC_T_STR &&
				d->mut != NC_SERVER && nc_field_limit(d) > NC_DB_KEY_MAX)
				CHECK_STR(d->name, "");
		}
}

static void the_store_gets_each_kind_that_is_an_item(void)
{
	uint32_t n;
	const nc_kind_def *defs = nc_model_kind_defs(&n);
	CHECK(nc_model_kind_defs(&n) == defs);
	size_t items = 0;
	for (size_t i = 0; i < nc_n_kinds; i++)
		items += !(nc_kinds[i]->flags & (NC_KF_LANE | NC_KF_SUB));
	CHECK_UINT(n, items);
	for (uint32_t i = 0; i < n; i++) {
		const nc_kind *k = nc_kind_get(defs[i].number);
		REQUIRE(k != NULL);
		CHECK_STR(defs[i].name, k->name);
		CHECK_UINT(defs[i].n_indexes, (uint64_t)NC_IX_OWN + k->n_own_indexes);
		CHECK_STR(defs[i].indexes[NC_IX_NAME].name, "name");
		CHECK_INT(defs[i].indexes[NC_IX_NAME].is_unique, 1);
		CHECK_INT(defs[i].indexes[NC_IX_STATUS].is_unique, 0);
	}
}

static int has_compute(void *ctx, const char *extension)
{
	(void)ctx;
	return strcmp(extension, "nc.compute/1") == 0;
}

static void a_kind_without_its_driver_answers_unsupported(void)
{
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_kind_check_verb(&nc_kind_vm, NC_CAN_CREATE, has_compute, NULL, &err), &err);
	CHECK_OK(nc_kind_check_verb(&nc_kind_project, NC_CAN_CREATE, NULL, NULL, &err), &err);
	CHECK_CODE(
		nc_kind_check_verb(&nc_kind_vm, NC_CAN_CREATE, NULL, NULL, &err), NC_E_UNSUPPORTED);
	CHECK_HAS(err.hint, "nc.compute/1");
	CHECK_CODE(nc_kind_check_verb(&nc_kind_network, NC_CAN_DELETE, has_compute, NULL, &err),
		NC_E_UNSUPPORTED);
	CHECK_CODE(nc_kind_check_verb(&nc_kind_policy, NC_CAN_CREATE, has_compute, NULL, &err),
		NC_E_UNSUPPORTED);
	CHECK_HAS(err.hint, "does not serve");
	CHECK_CODE(nc_kind_check_verb(&nc_kind_user, NC_CAN_CREATE, has_compute, NULL, &err),
		NC_E_UNSUPPORTED);
	CHECK_HAS(err.hint, "server.uid_map");
	CHECK_CODE(nc_kind_check_verb(&nc_kind_user, NC_CAN_UPDATE, has_compute, NULL, &err),
		NC_E_UNSUPPORTED);
	CHECK_OK(nc_kind_check_verb(&nc_kind_user, NC_CAN_DELETE, has_compute, NULL, &err), &err);
	CHECK_CODE(nc_kind_check_verb(&nc_kind_operation, NC_CAN_CREATE, has_compute, NULL, &err),
		NC_E_UNSUPPORTED);
	CHECK_STR(nc_problem_of(&err)->code, "unsupported");
}

static void problems_have_one_row_each_with_sane_numbers(void)
{
	for (size_t i = 0; i < nc_n_problems; i++) {
		const nc_problem *p = &nc_problems[i];
		CHECK(nc_problem_find(p->code) == p);
		CHECK(p->nc < 0 && p->nc >= NC_E_INTERNAL);
		CHECK(p->http_status >= 400 && p->http_status < 600);
		CHECK(p->exit_code >= NC_EXIT_FAILED && p->exit_code <= NC_EXIT_UNAVAILABLE);
		CHECK(strlen(p->title) > 5);
	}
}

/* What the design says of exit codes. */
static void every_code_has_its_exit_code(void)
{
	static const struct {
		nc_code code;
		uint8_t exit;
	} want[] = {
		{ NC_E_INVAL, 2 },
		{ NC_E_NOTFOUND, 10 },
		{ NC_E_EXISTS, 11 },
		{ NC_E_BUSY, 11 },
		{ NC_E_DENIED, 12 },
		{ NC_E_QUOTA, 13 },
		{ NC_E_UNAVAILABLE, 17 },
		{ NC_E_TIMEOUT, 15 },
		{ NC_E_CANCELLED, 16 },
		{ NC_E_UNSUPPORTED, 1 },
		{ NC_E_CONFLICT, 11 },
		{ NC_E_NOMEM, 17 },
		{ NC_E_PROTO, 1 },
		{ NC_E_INTERNAL, 1 },
		{ -77, 1 },
	};
	for (size_t i = 0; i < NC_LEN(want); i++) {
		nc_error err = NC_ERROR_INIT;
		nc_err(&err, want[i].code, "x");
		const nc_problem *p = nc_problem_of(&err);
		CHECK_INT(p->exit_code, want[i].exit);
		if (want[i].code != -77)
			CHECK_INT(p->nc, want[i].code);
	}
	CHECK_INT(nc_problem_find("no_capacity")->exit_code, 14);
	CHECK_INT(nc_problem_find("not_trusted")->exit_code, 3);
	CHECK_INT(nc_problem_find("incompatible")->exit_code, 4);
	CHECK_INT(nc_problem_find("quarantined")->exit_code, 5);
	CHECK_INT(nc_problem_find("stale")->exit_code, 6);
}

static void an_error_keeps_its_problem_and_a_drivers_does_not_borrow_one(void)
{
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_problem_err(&err, "in_use", "network %s is in use", "blue"), NC_E_CONFLICT);
	CHECK_STR(nc_problem_of(&err)->code, "in_use");
	CHECK_STR(err.message, "network blue is in use");
	snprintf(err.domain, sizeof(err.domain), "kvm");
	CHECK_STR(nc_problem_of(&err)->code, "conflict");
	snprintf(err.domain, sizeof(err.domain), "nc.quota"); /* not of this code */
	CHECK_STR(nc_problem_of(&err)->code, "conflict");
	err.flags |= NC_ERR_OUTCOME_UNKNOWN;
	CHECK_STR(nc_problem_of(&err)->code, "outcome_unknown");
	CHECK_CODE(nc_problem_err(NULL, "quota", "x"), NC_E_QUOTA);
	CHECK(nc_problem_find("nonsense") == NULL);
}

NC_TESTS(model_tables){
	T(numbers_of_kinds_never_change),
	T(kinds_are_found_by_every_word_for_them),
	T(every_row_of_every_table_keeps_the_rules),
	T(names_are_unique_over_all_spans_of_a_kind),
	T(observed_fields_come_last),
	T(own_indexes_and_fields_agree),
	T(indexed_texts_fit_a_key),
	T(the_store_gets_each_kind_that_is_an_item),
	T(a_kind_without_its_driver_answers_unsupported),
	T(problems_have_one_row_each_with_sane_numbers),
	T(every_code_has_its_exit_code),
	T(an_error_keeps_its_problem_and_a_drivers_does_not_borrow_one),
};
