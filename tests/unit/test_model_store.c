/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "model/infra.h"
#include "model/problem.h"
#include "model/vm.h"
#include "model_world.h"

/* Objects in a database: put, found, referred to, deleted. */

static void what_is_put_is_loaded_also_after_a_restart(void)
{
	WORLD(w);
	nc_object *prj = make(&w, &nc_kind_project, NULL, "{'name':'team-a'}");
	nc_object *net = make(&w, &nc_kind_network, prj->id, "{'name':'blue'}");
	nc_object *img = make(&w, &nc_kind_image, prj->id, "{'name':'debian-12'}");
	nc_object *vm = make(&w, &nc_kind_vm, prj->id, MU_VM);
	REQUIRE(prj && net && img && vm);
	CHECK_UINT(vm->revision, 1);
	CHECK(vm->rev > 0);
	CHECK_STR(NC_AS(nc_vm, vm)->nics[0].network, net->id);
	CHECK_STR(NC_AS(nc_vm, vm)->disks[0].image, img->id);
	const char *text = mu_text(vm);
	for (int round = 0; round < 2; round++) {
		nc_object *again = load(&w, vm);
		REQUIRE(again != NULL);
		CHECK_STR(mu_text(again), text);
		CHECK_UINT(again->rev, vm->rev);
		CHECK_UINT(nc_item_body(item(&w, vm)).len, strlen(text));
		if (round)
			break;
		nc_db_close(w.db);
		memstore_power(w.store, UINT64_MAX);
		world_open(&w);
		REQUIRE(w.db != NULL);
	}
	nc_error err = NC_ERROR_INIT;
	nc_object *none;
	CHECK_CODE(nc_model_get(look(&w), &nc_kind_vm, "vm_x", w.a, &none, &err), NC_E_NOTFOUND);
}

static void the_revision_moves_with_intent_alone(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	nc_object *obj = make(&w, &nc_kind_vm, "prj_1", "{'name':'a','vcpus':1,'memory_mib':64}");
	REQUIRE(obj != NULL);
	obj = load(&w, obj);
	nc_vm *vm = NC_AS(nc_vm, obj);
	vm->lifecycle = NC_VM_ACTIVE;
	vm->power = NC_POWER_ON;
	nc_object_condition(obj, "Ready", "true", "Built", NULL);
	CHECK_OK(put(&w, obj, &err), &err);
	CHECK_UINT(obj->revision, 1);
	vm->start_priority = 4;
	CHECK_OK(put(&w, obj, &err), &err);
	CHECK_UINT(obj->revision, 2);
	CHECK_UINT(vm->generation, 2);
	vm = NC_AS(nc_vm, load(&w, obj));
	CHECK_UINT(vm->o.revision, 2);
	CHECK_OK(put(&w, &vm->o, &err), &err);
	CHECK_UINT(vm->o.revision, 2);
	vm->start_priority = 5;
	vm->power = NC_POWER_OFF;
	CHECK_OK(put(&w, &vm->o, &err), &err);
	CHECK_UINT(vm->o.revision, 3);
}

static void the_later_of_two_writers_loses(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	nc_object *zone = make(&w, &nc_kind_zone, NULL, "{'name':'z'}");
	nc_object *one = load(&w, zone), *two = load(&w, zone);
	one->description = "one";
	two->description = "two";
	CHECK_OK(put(&w, one, &err), &err);
	CHECK_CODE(put(&w, two, &err), NC_E_CONFLICT);
	CHECK_STR(load(&w, zone)->description, "one");
	nc_object *other = mu_make(&nc_kind_zone, "{'name':'z'}", w.a);
	CHECK_CODE(put(&w, other, &err), NC_E_EXISTS);
	other->name = "y";
	CHECK_OK(put(&w, other, &err), &err);
}

static void a_name_is_taken_once_a_project(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	make(&w, &nc_kind_vm_group, "prj_1", "{'name':'g'}");
	make(&w, &nc_kind_vm_group, "prj_2", "{'name':'g'}");
	nc_object *again = mu_make(&nc_kind_vm_group, "{'name':'g'}", w.a);
	again->project = project(&w, "prj_1");
	CHECK_CODE(put(&w, again, &err), NC_E_EXISTS);
}

/* ---- finding ---- */

static const char *find(world *w, const nc_kind *k, const char *word, const char *ref)
{
	nc_reach reach = reach_of(w, word);
	const nc_item *it = NULL;
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_model_resolve(look(w), k, &reach, ref, &it, NULL, &err);
	return rc ? nc_arena_strdup(w->a, nc_problem_of(&err)->code) : nc_item_id(it);
}

static void names_are_found_by_project_then_among_what_is_shared(void)
{
	WORLD(w);
	nc_object *own = make(&w, &nc_kind_image, "prj_a", "{'name':'base'}");
	nc_object *open =
		make(&w, &nc_kind_image, "prj_x", "{'name':'base','visibility':'public'}");
	nc_object *hidden = make(&w, &nc_kind_image, "prj_x", "{'name':'hidden'}");
	nc_object *some = mu_make(&nc_kind_image, "{'name':'some','visibility':'shared'}", w.a);
	const char *with[] = { project(&w, "prj_b") };
	nc_error err = NC_ERROR_INIT;
	some->project = project(&w, "prj_x");
	some->shared_with = with;
	some->n_shared_with = 1;
	CHECK_OK(put(&w, some, &err), &err);
	const nc_kind *k = &nc_kind_image;
	CHECK_STR(find(&w, k, "prj_a", "base"), own->id);
	CHECK_STR(find(&w, k, "prj_b", "base"), open->id);
	CHECK_STR(find(&w, k, "prj_b", "some"), some->id);
	CHECK_STR(find(&w, k, "prj_a", "some"), "not_found");
	CHECK_STR(find(&w, k, "prj_a", "hidden"), "not_found");
	CHECK_STR(find(&w, k, "prj_x", "hidden"), hidden->id);
	CHECK_STR(find(&w, k, NULL, "base"), open->id);
	/* ids as well: what one may not see is not there */
	CHECK_STR(find(&w, k, "prj_a", hidden->id), "not_found");
	CHECK_STR(find(&w, k, "prj_x", hidden->id), hidden->id);
	CHECK_STR(find(&w, k, "prj_a", open->id), open->id);
	CHECK_STR(find(&w, k, "*", hidden->id), hidden->id);
	CHECK_STR(find(&w, k, "*", "hidden"), hidden->id);
	CHECK_STR(find(&w, k, "*", "base"), "ambiguous");
	CHECK_STR(find(&w, k, "prj_a", "Bad Name"), "not_found");
	CHECK_STR(find(&w, &nc_kind_zone, "prj_a", "z"), "not_found");
	nc_object *zone = make(&w, &nc_kind_zone, NULL, "{'name':'z'}");
	CHECK_STR(find(&w, &nc_kind_zone, "prj_a", "z"), zone->id);
	CHECK_STR(find(&w, &nc_kind_zone, NULL, "z"), zone->id);
}

static void an_ambiguous_name_lists_its_candidates(void)
{
	WORLD(w);
	nc_object *one = make(&w, &nc_kind_image, "prj_x", "{'name':'base','visibility':'public'}");
	nc_object *two = make(&w, &nc_kind_image, "prj_y", "{'name':'base','visibility':'public'}");
	nc_reach reach = reach_of(&w, "prj_a");
	const nc_item *it = NULL;
	nc_candidates c;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_model_resolve(look(&w), &nc_kind_image, &reach, "base", &it, &c, &err),
		NC_E_CONFLICT);
	CHECK_STR(nc_problem_of(&err)->code, "ambiguous");
	CHECK_UINT(c.n, 2);
	CHECK_HAS(err.hint, one->id);
	CHECK_HAS(err.hint, two->id);
	CHECK(it == NULL);
}

static void a_wrong_name_gets_a_guess(void)
{
	WORLD(w);
	make(&w, &nc_kind_zone, NULL, "{'name':'europe-1'}");
	make(&w, &nc_kind_zone, NULL, "{'name':'asia-1'}");
	nc_reach reach = { NULL, 0 };
	const nc_item *it;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_model_resolve(look(&w), &nc_kind_zone, &reach, "eurpoe-1", &it, NULL, &err),
		NC_E_NOTFOUND);
	CHECK_STR(err.hint, "did you mean \"europe-1\"?");
	CHECK_CODE(nc_model_resolve(look(&w), &nc_kind_zone, &reach, "moon", &it, NULL, &err),
		NC_E_NOTFOUND);
	CHECK_HAS(err.hint, "novacron zone list");
}

static void references_of_a_request_become_ids_or_faults(void)
{
	WORLD(w);
	nc_object *net = make(&w, &nc_kind_network, "prj_a", "{'name':'blue'}");
	nc_object *zone = make(&w, &nc_kind_zone, NULL, "{'name':'z'}");
	nc_vm *vm = NC_AS(nc_vm,
		mu_make(&nc_kind_vm,
			"{'name':'a','vcpus':1,'memory_mib':64,'zone':'z','ssh_keys':['nobody'],"
			"'nics':[{'network':'blue'},{'network':'bleu','security_groups':['open']}]"
			"}",
			w.a));
	nc_reach reach = reach_of(&w, "prj_a");
	nc_faults f;
	nc_faults_init(&f, w.a);
	nc_model_resolve_refs(look(&w), &vm->o, &reach, &f);
	CHECK_STR(mu_faults(&f), "nics[1].network: not_found\n"
				 "nics[1].security_groups[0]: unsupported\n"
				 "ssh_keys[0]: unsupported\n");
	CHECK_HAS(mu_fault(&f, "ssh_keys[0]")->hint, "user_data");
	CHECK_STR(mu_fault(&f, "nics[1].network")->hint, "did you mean \"blue\"?");
	CHECK_STR(vm->nics[0].network, net->id);
	CHECK_STR(vm->zone, zone->id);
}

/* ---- in use ---- */

static void what_is_used_can_not_be_deleted(void)
{
	WORLD(w);
	nc_object *prj = make(&w, &nc_kind_project, NULL, "{'name':'team-a'}");
	nc_object *net = make(&w, &nc_kind_network, prj->id, "{'name':'blue'}");
	make(&w, &nc_kind_image, prj->id, "{'name':'debian-12'}");
	nc_object *vm = make(&w, &nc_kind_vm, prj->id, MU_VM);
	nc_used_by by[4];
	uint64_t n = 0;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_model_check_delete(look(&w), net, by, 4, &n, &err), NC_E_CONFLICT);
	CHECK_UINT(n, 1);
	CHECK_STR(nc_problem_of(&err)->code, "in_use");
	CHECK_STR(err.message, "network blue is in use by vm web-1");
	CHECK(by[0].kind == &nc_kind_vm);
	CHECK_STR(by[0].id, vm->id);
	CHECK_STR(by[0].name, "web-1");
	/* a project is used by all that lies in it */
	CHECK_CODE(nc_model_check_delete(look(&w), prj, by, 4, &n, &err), NC_E_CONFLICT);
	CHECK_UINT(n, 3);
	CHECK_HAS(err.message, "and 2 more");
	CHECK_OK(nc_model_check_delete(look(&w), vm, by, 4, &n, &err), &err);
	CHECK_UINT(n, 0);
	CHECK_UINT(nc_model_used_by(look(&w), prj, NULL, 0), 3);
}

static void a_reference_made_meanwhile_makes_the_delete_lose(void)
{
	WORLD(w);
	nc_object *net = make(&w, &nc_kind_network, "prj_a", "{'name':'blue'}");
	make(&w, &nc_kind_image, "prj_a", "{'name':'debian-12'}");
	nc_txn *t = nc_txn_new(w.db);
	nc_model_expect_unused(t, net);
	nc_model_delete(t, net);
	nc_object *vm = make(&w, &nc_kind_vm, "prj_a", MU_VM);
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_CONFLICT);
	CHECK(item(&w, net) != NULL);
	/* and the other way: the target went while the reference was being made */
	nc_object *late = mu_make(&nc_kind_vm, MU_VM, w.a);
	nc_faults f;
	nc_reach reach = reach_of(&w, "prj_a");
	late->name = "web-2";
	late->project = project(&w, "prj_a");
	nc_faults_init(&f, w.a);
	nc_model_resolve_refs(look(&w), late, &reach, &f);
	t = nc_txn_new(w.db);
	nc_model_delete(t, vm);
	CHECK_OK(nc_txn_commit(t, NULL, &err), &err);
	t = nc_txn_new(w.db);
	nc_model_expect_unused(t, net);
	nc_model_delete(t, net);
	CHECK_OK(nc_txn_commit(t, NULL, &err), &err);
	CHECK_CODE(put(&w, late, &err), NC_E_NOTFOUND);
}

static void weak_references_hold_nothing(void)
{
	WORLD(w);
	nc_object *tpl = make(&w, &nc_kind_template, "prj_a", "{'name':'t'}");
	make(&w, &nc_kind_vm, "prj_a", "{'name':'a','template':'t'}");
	nc_used_by by[1];
	uint64_t n;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_model_check_delete(look(&w), tpl, by, 1, &n, &err), &err);
}

static void protection_says_how_to_lift_it(void)
{
	WORLD(w);
	nc_object *vm = make(&w, &nc_kind_vm, "prj_a",
		"{'name':'a','vcpus':1,'memory_mib':64,'protected':true}");
	uint64_t n;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_model_check_delete(look(&w), vm, NULL, 0, &n, &err), NC_E_CONFLICT);
	CHECK_STR(nc_problem_of(&err)->code, "protected");
	CHECK_STR(err.hint, "novacron vm update a --protected=false");
}

static void a_deleted_vm_frees_its_name_and_may_come_back_under_another(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	const char *text = "{'name':'a','vcpus':1,'memory_mib':64}";
	nc_object *one = make(&w, &nc_kind_vm, "prj_a", text);
	NC_AS(nc_vm, one)->lifecycle = NC_VM_DELETED;
	nc_object_soft_delete(one, 1000);
	CHECK_OK(put(&w, one, &err), &err);
	CHECK_STR(find(&w, &nc_kind_vm, "prj_a", "a"), "not_found");
	CHECK_STR(find(&w, &nc_kind_vm, "prj_a", one->id), one->id);
	nc_object *two = make(&w, &nc_kind_vm, "prj_a", text);
	CHECK_STR(find(&w, &nc_kind_vm, "prj_a", "a"), two->id);
	one = load(&w, one);
	CHECK_OK(nc_object_restore(one, NULL, &err), &err);
	CHECK_CODE(put(&w, one, &err), NC_E_EXISTS);
	one = load(&w, one);
	CHECK_OK(nc_object_restore(one, "b", &err), &err);
	CHECK_OK(put(&w, one, &err), &err);
	CHECK_STR(find(&w, &nc_kind_vm, "prj_a", "b"), one->id);
}

static void nothing_new_refers_to_what_is_deleted(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	nc_object *vm = make(&w, &nc_kind_vm, "prj_a", "{'name':'a','vcpus':1,'memory_mib':64}");
	nc_object_soft_delete(vm, 1000);
	CHECK_OK(put(&w, vm, &err), &err);
	char text[128];
	snprintf(text, sizeof(text), "{'name':'s','vm':'%s'}", vm->id);
	nc_object *s = mu_make(&nc_kind_snapshot, text, w.a);
	nc_reach reach = reach_of(&w, "prj_a");
	nc_faults f;
	nc_faults_init(&f, w.a);
	nc_model_resolve_refs(look(&w), s, &reach, &f);
	CHECK_STR(mu_faults(&f), "vm: not_found\n");
}

/* ---- every kind ---- */

static void every_kind_that_is_an_item_can_be_stored_and_loaded(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	for (size_t i = 0; i < nc_n_kinds; i++) {
		const nc_kind *k = nc_kinds[i];
		if (k->flags & (NC_KF_LANE | NC_KF_SUB | NC_KF_BINARY))
			continue;
		nc_object *obj = mu_full(k, w.a), *again;
		nc_item *it = nc_model_item(obj, &err);
		REQUIRE(it != NULL);
		CHECK_OK(nc_model_load(it, w.a, &again, &err), &err);
		CHECK_STR(mu_text(again), mu_text(obj));
		CHECK_UINT(again->intent, nc_object_intent(obj));
		nc_item_free(it);
	}
}

static void an_item_of_an_older_shape_without_upgrade_is_refused(void)
{
	nc_error err = NC_ERROR_INIT;
	nc_item *it = nc_item_new(NC_KIND_ZONE, 0, nc_str("zon_1"), NULL, 0, nc_str("{}")),
		*ret = NULL;
	CHECK_CODE(nc_model_upgrade(NULL, it, &ret, &err), NC_E_UNSUPPORTED);
	nc_item_free(it);
	it = nc_item_new(NC_KIND_ZONE, 9, nc_str("zon_1"), NULL, 0, nc_str("{}"));
	CHECK_CODE(nc_model_upgrade(NULL, it, &ret, &err), NC_E_UNSUPPORTED);
	CHECK_HAS(err.message, "newer version");
	nc_item_free(it);
	CHECK(ret == NULL);
}

/* Shape 1 of the zone of this test called its region "area". */
static nc_code rename_area(uint16_t from_shape, json_t *body, nc_error *err)
{
	json_t *area = json_object_get(body, "area");
	if (from_shape != 1)
		return nc_err(err, NC_E_UNSUPPORTED, "no way from shape %u", from_shape);
	if (json_object_set(body, "region", area) || json_object_del(body, "area"))
		return nc_err_nomem(err);
	return NC_OK;
}

static void an_item_of_an_older_shape_is_made_one_of_todays(void)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1 << 20);
	nc_kind kind = nc_kind_zone;
	nc_error err = NC_ERROR_INIT;
	nc_item *now = NULL;
	nc_object *obj = NULL;
	kind.shape = 2;
	kind.upgrade = rename_area;
	nc_item *old = nc_item_new(NC_KIND_ZONE, 1, nc_str("zon_1"), NULL, 0,
		nc_str("{\"id\":\"zon_1\",\"name\":\"north\",\"area\":\"reg_1\"}"));
	REQUIRE(a && old);
	CHECK_OK(nc_kind_upgrade(&kind, old, &now, &err), &err);
	nc_item_free(old);
	REQUIRE(now);
	CHECK_UINT(now->shape, 2);
	CHECK_OK(nc_object_decode(&kind, nc_item_body(now), a, &obj, &err), &err);
	CHECK_STR(obj->name, "north");
	CHECK_STR(NC_AS(nc_zone, obj)->region, "reg_1");
	CHECK(now->n_keys > 0); /* found by its name again */
	nc_item_free(now);
	now = NULL;
	old = nc_item_new(NC_KIND_ZONE, 0, nc_str("zon_1"), NULL, 0, nc_str("{}"));
	CHECK_CODE(nc_kind_upgrade(&kind, old, &now, &err), NC_E_UNSUPPORTED);
	nc_item_free(old);
	old = nc_item_new(NC_KIND_ZONE, 1, nc_str("zon_1"), NULL, 0, nc_str("no object"));
	CHECK(nc_kind_upgrade(&kind, old, &now, &err) != NC_OK && !now);
	nc_item_free(old);
}

NC_TESTS(model_store){
	T(what_is_put_is_loaded_also_after_a_restart),
	T(the_revision_moves_with_intent_alone),
	T(the_later_of_two_writers_loses),
	T(a_name_is_taken_once_a_project),
	T(names_are_found_by_project_then_among_what_is_shared),
	T(an_ambiguous_name_lists_its_candidates),
	T(a_wrong_name_gets_a_guess),
	T(references_of_a_request_become_ids_or_faults),
	T(what_is_used_can_not_be_deleted),
	T(a_reference_made_meanwhile_makes_the_delete_lose),
	T(weak_references_hold_nothing),
	T(protection_says_how_to_lift_it),
	T(a_deleted_vm_frees_its_name_and_may_come_back_under_another),
	T(nothing_new_refers_to_what_is_deleted),
	T(every_kind_that_is_an_item_can_be_stored_and_loaded),
	T(an_item_of_an_older_shape_without_upgrade_is_refused),
	T(an_item_of_an_older_shape_is_made_one_of_todays),
};
