/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "memstore.h"
#include "model/allocation.h"
#include "model/body.h"
#include "model/host.h"
#include "model/identity.h"
#include "model/infra.h"
#include "model/member.h"
#include "model/netobj.h"
#include "model/observed.h"
#include "model/operation.h"
#include "model/problem.h"
#include "model/query.h"
#include "model/secrets.h"
#include "model/storage.h"
#include "model/tenancy.h"
#include "model/vm.h"
#include "model_util.h"

/* Objects in a database: put, found, referred to, listed, deleted. */

typedef struct world {
	memstore *store;
	nc_db *db;
	nc_arena *a;
	const nc_root *root; /* as of the last look */
	nc_vault *vault;
} world;

static void world_open(world *w)
{
	uint32_t n;
	const nc_kind_def *kinds = nc_model_kind_defs(&n);
	nc_db_options o = { .table = &memstore_table,
		.inst = w->store,
		.node = "test",
		.kinds = kinds,
		.n_kinds = n,
		.materialise_delay_ms = 1,
		.hooks = { .upgrade = nc_model_upgrade } };
	nc_error err = NC_ERROR_INIT;
	w->db = NULL;
	CHECK_OK(nc_db_open(&o, &w->db, &err), &err);
}

/* Sealing is only some tests' concern. */
static nc_vault *vault_of(world *w)
{
	nc_error err = NC_ERROR_INIT;
	if (!w->vault) {
		_cleanup_(nc_freep) char *path = nc_test_path("keys");
		unlink(path);
		nc_vault_options o = { w->db, NC_KIND_SECRET_VALUE, path };
		CHECK_OK(nc_vault_open(&o, &w->vault, &err), &err);
	}
	return w->vault;
}

static void world_init(world *w)
{
	w->store = memstore_new();
	w->a = nc_arena_new((size_t)64 << 20);
	w->vault = NULL;
	world_open(w);
}

static void world_done(world *w)
{
	nc_vault_close(w->vault);
	nc_db_close(w->db);
	memstore_free(w->store);
	nc_arena_free(w->a);
}
#define WORLD(w)                                                                                   \
	_cleanup_(world_done) world w = { 0 };                                                     \
	world_init(&w)

/* The test's one reading thread never waits for the writer inside a section that matters. */
static const nc_root *look(world *w)
{
	w->root = nc_db_read_begin(w->db);
	nc_db_read_end(w->db);
	return w->root;
}

static nc_code put(world *w, nc_object *obj, nc_error *err)
{
	nc_txn *t = nc_txn_new(w->db);
	uint64_t seq = 0;
	nc_code rc = nc_model_put(t, obj, err);
	if (rc) {
		nc_txn_free(t);
		return rc;
	}
	rc = nc_txn_commit(t, &seq, err);
	if (!rc)
		nc_model_committed(obj, seq);
	return rc;
}

/* The id of a project by its word in these tests ("prj_a"), made when first asked for. */
static const char *project(world *w, const char *word)
{
	if (!word || *word == '*' || strncmp(word, "prj_", 4) != 0 || strlen(word) > 6)
		return word;
	nc_reach reach = { NULL, 0 };
	const nc_item *it;
	const char *name = word + 4;
	if (nc_model_resolve(look(w), &nc_kind_project, &reach, name, &it, NULL, NULL) == NC_OK)
		return nc_item_id(it);
	nc_object *obj = nc_object_new(&nc_kind_project, w->a);
	nc_error err = NC_ERROR_INIT;
	obj->name = nc_arena_strdup(w->a, name);
	CHECK_OK(put(w, obj, &err), &err);
	return obj->id;
}

static nc_reach reach_of(world *w, const char *word)
{
	int is_all = word && *word == '*';
	return (nc_reach){ is_all ? NULL : project(w, word), is_all };
}

/* Made from a request in a project, its references resolved, and stored. */
static nc_object *make(world *w, const nc_kind *k, const char *word, const char *text)
{
	nc_object *obj = mu_make(k, text, w->a);
	nc_error err = NC_ERROR_INIT;
	const char *in = project(w, word);
	nc_reach reach = { in, 0 };
	nc_faults f;
	if (!obj)
		return NULL;
	obj->project = in;
	nc_faults_init(&f, w->a);
	nc_model_resolve_refs(look(w), obj, &reach, &f);
	CHECK_STR(mu_faults(&f), "");
	CHECK_OK(put(w, obj, &err), &err);
	return obj;
}

static const nc_item *item(world *w, const nc_object *obj)
{
	return nc_root_get(look(w), obj->kind->number, nc_str(obj->id));
}

static nc_object *load(world *w, const nc_object *obj)
{
	nc_object *again = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_model_get(look(w), obj->kind, obj->id, w->a, &again, &err), &err);
	return again;
}

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

/* ---- secrets ---- */

static nc_code put_sealed(world *w, nc_object *obj, nc_error *err)
{
	nc_txn *t = nc_txn_new(w->db);
	uint64_t seq;
	nc_code rc = nc_secrets_put(vault_of(w), t, obj, err);
	if (!rc)
		rc = nc_model_put(t, obj, err);
	if (rc) {
		nc_txn_free(t);
		return rc;
	}
	rc = nc_txn_commit(t, &seq, err);
	if (!rc)
		nc_model_committed(obj, seq);
	return rc;
}

static void set_user_data(world *w, nc_object *obj, const char *value)
{
	_cleanup_(nc_json_decrefp) json_t *j = mu_json("{}");
	nc_faults f;
	json_object_set_new(j, "user_data", value ? json_string(value) : json_null());
	nc_faults_init(&f, w->a);
	CHECK_CODE(nc_object_patch(obj, j, &f, NULL), NC_OK);
}

static void secrets_are_sealed_apart_and_opened_with_the_key(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	nc_object *obj = mu_make(
		&nc_kind_vm, "{'name':'a','vcpus':1,'memory_mib':64,'user_data':'hunter2'}", w.a);
	nc_vm *vm = NC_AS(nc_vm, obj);
	CHECK_OK(put_sealed(&w, obj, &err), &err);
	CHECK(vm->user_data.fresh.ptr == NULL);
	CHECK_UINT(vm->user_data.version, 1);
	CHECK_UINT(strlen(vm->user_data.digest), 32);
	CHECK(strstr(mu_text(obj), "hunter2") == NULL);
	char handle[NC_DB_ID_MAX + 1];
	nc_secret_handle(obj->id, "user_data", handle);
	const nc_item *sealed = nc_root_get(look(&w), NC_KIND_SECRET_VALUE, nc_str(handle));
	REQUIRE(sealed != NULL);
	nc_bytes body = nc_item_body(sealed);
	CHECK(memmem(body.ptr, body.len, "hunter2", 7) == NULL);
	nc_secret *s = NULL;
	CHECK_OK(nc_secrets_open(w.vault, obj->id, "user_data", &s, &err), &err);
	CHECK(s && nc_bytes_eq(nc_secret_get(s), nc_str("hunter2")));
	nc_secret_free(s);
	s = NULL;
	CHECK_CODE(nc_secrets_open(w.vault, obj->id, "other", &s, &err), NC_E_NOTFOUND);
	CHECK_CODE(nc_secrets_open(
			   w.vault, obj->id, "a_field_of_a_name_that_is_much_too_long", &s, &err),
		NC_E_NOTFOUND);
	CHECK(s == NULL);
}

static void a_new_secret_moves_the_version_and_the_same_one_does_not(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	nc_object *obj = mu_make(
		&nc_kind_vm, "{'name':'a','vcpus':1,'memory_mib':64,'user_data':'one'}", w.a);
	CHECK_OK(put_sealed(&w, obj, &err), &err);
	obj = load(&w, obj);
	set_user_data(&w, obj, "one");
	CHECK_OK(put_sealed(&w, obj, &err), &err);
	CHECK_UINT(NC_AS(nc_vm, obj)->user_data.version, 1);
	CHECK_UINT(obj->revision, 1);
	set_user_data(&w, obj, "two");
	CHECK_OK(put_sealed(&w, obj, &err), &err);
	CHECK_UINT(NC_AS(nc_vm, obj)->user_data.version, 2);
	CHECK_UINT(obj->revision, 2);
	nc_secret *s = NULL;
	CHECK_OK(nc_secrets_open(w.vault, obj->id, "user_data", &s, &err), &err);
	CHECK(s && nc_bytes_eq(nc_secret_get(s), nc_str("two")));
	nc_secret_free(s);
	set_user_data(&w, obj, NULL);
	CHECK_OK(put_sealed(&w, obj, &err), &err);
	CHECK_INT(NC_AS(nc_vm, obj)->user_data.is_set, 0);
	CHECK_CODE(nc_secrets_open(w.vault, obj->id, "user_data", &s, &err), NC_E_NOTFOUND);
}

static void sealed_values_go_with_their_object(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	nc_object *obj = mu_make(&nc_kind_secret, "{'name':'a','value':'x'}", w.a);
	obj->project = project(&w, "prj_a");
	CHECK_OK(put_sealed(&w, obj, &err), &err);
	CHECK_UINT(nc_root_count(look(&w), NC_KIND_SECRET_VALUE), 1);
	nc_txn *t = nc_txn_new(w.db);
	nc_secrets_delete(w.vault, t, look(&w), obj);
	nc_model_delete(t, obj);
	CHECK_OK(nc_txn_commit(t, NULL, &err), &err);
	CHECK_UINT(nc_root_count(look(&w), NC_KIND_SECRET_VALUE), 0);
}

/* ---- observed ---- */

static const char *served(world *w, nc_observed *t, const nc_object *obj)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1 << 20);
	nc_observed_serve(t, item(w, obj), &b);
	return nc_arena_strdup(w->a, b.ptr);
}

static void what_is_seen_is_served_without_a_record(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_observed_freep) nc_observed *t = nc_observed_new();
	nc_object *host = make(&w, &nc_kind_provider, NULL, "{'name':'p','plugin':'sim'}");
	host = make(&w, &nc_kind_host, NULL, "{'name':'h','provider':'p'}");
	uint64_t seq = nc_db_seq(w.db);
	CHECK_STR(served(&w, t, host), mu_text(load(&w, host)));
	nc_object *seen = load(&w, host);
	NC_AS(nc_host_obj, seen)->memory_free_mib = 777;
	seen->observed_at_ms = 1800000000000;
	CHECK_OK(nc_observed_set(t, seen, &err), &err);
	CHECK_UINT(nc_db_seq(w.db), seq);
	CHECK_HAS(served(&w, t, host), "\"memory_free_mib\":777");
	CHECK_STR(served(&w, t, host), mu_text(seen));
	/* an older look does not replace a newer one */
	seen->observed_at_ms--;
	CHECK_CODE(nc_observed_set(t, seen, &err), NC_E_CONFLICT);
	/* the object changes: what was seen stays on top */
	nc_object *now = load(&w, host);
	now->description = "new";
	CHECK_OK(put(&w, now, &err), &err);
	CHECK_HAS(served(&w, t, host), "\"description\":\"new\"");
	CHECK_HAS(served(&w, t, host), "\"memory_free_mib\":777");
	nc_object *both;
	CHECK_OK(nc_observed_load(t, item(&w, host), w.a, &both, &err), &err);
	CHECK_INT(NC_AS(nc_host_obj, both)->memory_free_mib, 777);
	CHECK_STR(both->description, "new");
	CHECK_UINT(both->rev, now->rev);
	CHECK_UINT(nc_observed_count(t), 1);
	nc_observed_drop(t, NC_KIND_HOST, host->id);
	nc_observed_drop(t, NC_KIND_HOST, host->id);
	CHECK_UINT(nc_observed_count(t), 0);
	CHECK_HAS(served(&w, t, host), "\"memory_free_mib\":0");
	CHECK_OK(nc_observed_load(NULL, item(&w, host), w.a, &both, &err), &err);
}

static int64_t count_of(void *ctx, const nc_item *it, nc_bytes of)
{
	const int64_t *n = ctx;
	CHECK_INT(it->kind, NC_KIND_HOST);
	CHECK(of.len > 2);
	return *n;
}

static void what_follows_from_the_rest_is_put_in_when_it_is_served(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_observed_freep) nc_observed *t = nc_observed_new();
	nc_object *provider = make(&w, &nc_kind_provider, NULL, "{'name':'p','plugin':'sim'}");
	nc_object *host = make(&w, &nc_kind_host, NULL, "{'name':'h','provider':'p'}"), *now;
	int64_t n = 0;
	nc_observed_follow(t, &nc_kind_host, "guests", count_of, &n);
	CHECK_STR(served(&w, t, host), mu_text(load(&w, host)));
	nc_object *seen = load(&w, host);
	NC_AS(nc_host_obj, seen)->n_guests = 7777;
	NC_AS(nc_host_obj, seen)->n_foreign_guests = 5;
	seen->observed_at_ms = 1800000000000;
	for (int is_seen = 0; is_seen < 2;
		is_seen++) { /* in the stored body, and in what was seen */
		for (n = 0; n < 200000; n = n * 13 + 1) {
			NC_AS(nc_host_obj, seen)->n_guests = n;
			if (is_seen)
				CHECK_STR(served(&w, t, host), mu_text(seen));
			CHECK_OK(nc_observed_load(t, item(&w, host), w.a, &now, &err), &err);
			CHECK_INT(NC_AS(nc_host_obj, now)->n_guests, n);
			CHECK_INT(NC_AS(nc_host_obj, now)->n_foreign_guests, is_seen ? 5 : 0);
		}
		NC_AS(nc_host_obj, seen)->n_guests = 7777;
		CHECK_OK(nc_observed_set(t, seen, &err), &err);
	}
	CHECK_STR(served(&w, t, provider), mu_text(load(&w, provider)));
	nc_observed_follow(t, &nc_kind_host, "guests", NULL, NULL);
	CHECK_HAS(served(&w, t, host), "\"guests\":7777");
}

static void a_newer_look_that_was_put_wins_over_an_older_one_in_memory(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_observed_freep) nc_observed *t = nc_observed_new();
	nc_object *obj = make(&w, &nc_kind_vm, "prj_a", "{'name':'a','vcpus':1,'memory_mib':64}");
	nc_vm *vm = NC_AS(nc_vm, obj);
	vm->agent_version = "1";
	obj->observed_at_ms = 1000;
	CHECK_OK(nc_observed_set(t, obj, &err), &err);
	vm->agent_version = "2";
	obj->observed_at_ms = 2000;
	CHECK_HAS(served(&w, t, obj), "\"agent_version\":\"1\"");
	CHECK_OK(put(&w, obj, &err), &err);
	CHECK_HAS(served(&w, t, obj), "\"agent_version\":\"2\"");
	CHECK_STR(served(&w, t, obj), mu_text(obj));
	vm->agent_version = "3";
	obj->observed_at_ms = 3000;
	CHECK_OK(nc_observed_set(t, obj, &err), &err);
	CHECK_HAS(served(&w, t, obj), "\"agent_version\":\"3\"");
}

static void what_was_seen_survives_when_it_is_put(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	nc_object *obj = make(&w, &nc_kind_vm, "prj_a", "{'name':'a','vcpus':1,'memory_mib':64}");
	nc_vm *vm = NC_AS(nc_vm, obj);
	nc_vm_built(vm, NC_POWER_ON);
	CHECK_INT(nc_vm_observe_power(vm, NC_POWER_OFF, 1800000000000), 1);
	CHECK_OK(put(&w, obj, &err), &err);
	vm = NC_AS(nc_vm, load(&w, obj));
	CHECK_INT(vm->power, NC_POWER_OFF);
	CHECK_INT(vm->o.observed_at_ms, 1800000000000);
	CHECK_STR(vm->o.status, "stopped");
}

/* ---- lists ---- */

typedef struct listed {
	char text[4096];
	size_t len;
} listed;

static nc_code add_row(void *ctx, const nc_item *it)
{
	listed *l = ctx;
	nc_bytes name = nc_body_member(nc_item_body(it), "name");
	nc_bytes shown =
		name.ptr ? (nc_bytes){ (const char *)name.ptr + 1, name.len - 2 } : nc_str("-");
	l->len += (size_t)snprintf(l->text + l->len, sizeof(l->text) - l->len, "%.*s ",
		(int)shown.len, (const char *)shown.ptr);
	return NC_OK;
}

/* Names of all pages in order; "a b " with '|' between pages. Parameters as "k=v&k=v". */
static const char *list(world *w, const nc_kind *k, const char *word, const char *params)
{
	static listed l;
	char copy[256];
	const char *cursor = NULL;
	nc_reach reach = reach_of(w, word);
	l.len = 0;
	l.text[0] = '\0';
	for (int page = 0; page < 50; page++) {
		nc_param p[12];
		size_t n = 0;
		char *rest = NULL;
		snprintf(copy, sizeof(copy), "%s", params);
		for (char *s = strtok_r(copy, "&", &rest); s; s = strtok_r(NULL, "&", &rest)) {
			char *eq = strrchr(s, '=');
			*eq = '\0';
			p[n++] = (nc_param){ s, eq + 1 };
		}
		if (cursor)
			p[n++] = (nc_param){ "cursor", cursor };
		nc_query q;
		nc_faults f;
		nc_error err = NC_ERROR_INIT;
		nc_faults_init(&f, w->a);
		nc_query_parse(&q, k, &reach, p, n, NULL, look(w), w->a, &f);
		if (nc_faults_any(&f))
			return mu_faults(&f);
		CHECK_OK(nc_query_run(&q, w->root, add_row, &l, &cursor, &err), &err);
		if (!cursor)
			return l.text;
		l.len += (size_t)snprintf(l.text + l.len, sizeof(l.text) - l.len, "| ");
	}
	CHECK(0);
	return "endless";
}

static void lists_are_filtered_sorted_and_paged(void)
{
	WORLD(w);
	static const char *const names[] = { "delta", "alpha", "echo", "bravo", "charlie" };
	for (size_t i = 0; i < NC_LEN(names); i++) {
		char text[200];
		snprintf(text, sizeof(text),
			"{'name':'%s','vcpus':1,'memory_mib':64,'labels':{'env':'%s','n':'%zu'}}",
			names[i], i % 2 ? "prod" : "test", i);
		nc_object *vm = make(&w, &nc_kind_vm, i == 2 ? "prj_b" : "prj_a", text);
		nc_error err = NC_ERROR_INIT;
		if (i == 3) {
			nc_vm_built(NC_AS(nc_vm, vm), NC_POWER_ON);
			CHECK_OK(put(&w, vm, &err), &err);
		}
	}
	const nc_kind *k = &nc_kind_vm;
	CHECK_STR(list(&w, k, "prj_a", ""), "delta alpha bravo charlie ");
	CHECK_STR(list(&w, k, "prj_a", "sort=-created_at"), "charlie bravo alpha delta ");
	CHECK_STR(list(&w, k, "prj_a", "sort=name"), "alpha bravo charlie delta ");
	CHECK_STR(list(&w, k, "prj_a", "sort=-name"), "delta charlie bravo alpha ");
	CHECK_STR(list(&w, k, "prj_b", ""), "echo ");
	CHECK_STR(list(&w, k, "prj_c", ""), "");
	CHECK_STR(list(&w, k, NULL, ""), "");
	CHECK_STR(list(&w, k, "*", ""), "delta alpha echo bravo charlie ");
	CHECK_STR(list(&w, k, "*", "sort=name"), "alpha bravo charlie delta echo ");
	CHECK_STR(list(&w, k, "prj_a", "status=running"), "bravo ");
	CHECK_STR(list(&w, k, "prj_a", "status=creating&sort=name"), "alpha charlie delta ");
	CHECK_STR(list(&w, k, "prj_a", "sort=status"), "delta alpha charlie bravo ");
	CHECK_STR(list(&w, k, "prj_a", "label.env=prod"), "alpha bravo ");
	CHECK_STR(list(&w, k, "prj_a", "label.env=prod&label.n=3"), "bravo ");
	CHECK_STR(list(&w, k, "*", "label.env=test&sort=-name"), "echo delta charlie ");
	CHECK_STR(list(&w, k, "prj_a", "name=alpha"), "alpha ");
	CHECK_STR(list(&w, k, "prj_a", "name=lpha"), "");
	CHECK_STR(list(&w, k, "*", "name=echo"), "echo ");
	CHECK_STR(list(&w, k, "prj_a", "limit=1"), "delta | alpha | bravo | charlie ");
	CHECK_STR(list(&w, k, "prj_a", "limit=3&sort=-name"), "delta charlie bravo | alpha ");
	CHECK_STR(list(&w, k, "prj_a", "limit=1&sort=status"), "delta | alpha | charlie | bravo ");
	CHECK_STR(list(&w, k, "prj_a", "limit=1&label.env=prod"), "alpha | bravo ");
	CHECK_STR(list(&w, k, "*", "limit=2&sort=-created_at"),
		"charlie bravo | echo alpha | delta ");
	CHECK_STR(list(&w, k, "*", "limit=2&sort=name"), "alpha bravo | charlie delta | echo ");
}

static void lists_of_shared_kinds_are_the_union_of_what_one_sees(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	make(&w, &nc_kind_image, "prj_a", "{'name':'mine'}");
	make(&w, &nc_kind_image, "prj_x", "{'name':'open','visibility':'public'}");
	make(&w, &nc_kind_image, "prj_x", "{'name':'hidden'}");
	make(&w, &nc_kind_image, "prj_a", "{'name':'both','visibility':'public'}");
	nc_object *some = mu_make(&nc_kind_image, "{'name':'given','visibility':'shared'}", w.a);
	const char *with[] = { project(&w, "prj_a") };
	some->project = project(&w, "prj_x");
	some->shared_with = with;
	some->n_shared_with = 1;
	CHECK_OK(put(&w, some, &err), &err);
	const nc_kind *k = &nc_kind_image;
	CHECK_STR(list(&w, k, "prj_a", ""), "mine open both given ");
	CHECK_STR(list(&w, k, "prj_a", "sort=name"), "both given mine open ");
	CHECK_STR(list(&w, k, "prj_a", "sort=-name&limit=1"), "open | mine | given | both ");
	CHECK_STR(list(&w, k, "prj_a", "limit=3"), "mine open both | given ");
	CHECK_STR(list(&w, k, "prj_b", ""), "open both ");
	CHECK_STR(list(&w, k, NULL, "sort=name"), "both open ");
	CHECK_STR(list(&w, k, "prj_a", "name=open"), "open ");
	CHECK_STR(list(&w, k, "prj_b", "name=hidden"), "");
	CHECK_STR(list(&w, k, "prj_a", "status=queued&sort=name"), "both given mine open ");
}

static void references_and_numbers_filter_too(void)
{
	WORLD(w);
	make(&w, &nc_kind_provider, NULL, "{'name':'p','plugin':'sim'}");
	make(&w, &nc_kind_zone, NULL, "{'name':'east'}");
	make(&w, &nc_kind_host, NULL, "{'name':'h1','provider':'p','zone':'east'}");
	make(&w, &nc_kind_host, NULL, "{'name':'h2','provider':'p'}");
	CHECK_STR(list(&w, &nc_kind_host, "prj_a", "zone=east"), "h1 ");
	CHECK_STR(list(&w, &nc_kind_host, "prj_a", "provider=p&sort=-name"), "h2 h1 ");
	CHECK_STR(list(&w, &nc_kind_host, "prj_a", "zone=west"), "zone: not_found\n");
	CHECK_STR(list(&w, &nc_kind_provider, "prj_a", "plugin=sim"), "p ");
	make(&w, &nc_kind_instance_type, NULL, "{'name':'l','vcpus':16,'memory_mib':512}");
	make(&w, &nc_kind_instance_type, NULL, "{'name':'s','vcpus':2,'memory_mib':1024}");
	make(&w, &nc_kind_instance_type, NULL, "{'name':'m','vcpus':4,'memory_mib':1024}");
	const nc_kind *k = &nc_kind_instance_type;
	CHECK_STR(list(&w, k, "prj_a", "sort=vcpus"), "s m l ");
	CHECK_STR(list(&w, k, "prj_a", "sort=-vcpus&limit=1"), "l | m | s ");
	CHECK_STR(list(&w, k, "prj_a", "memory_mib=1024"), "s m ");
	CHECK_STR(list(&w, k, "prj_a", "memory_mib=1024&sort=-vcpus"), "m s ");
	CHECK_STR(list(&w, k, "prj_a", "vcpus=x"), "vcpus: type\n");
}

static void deleted_ones_are_shown_when_asked_for(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	nc_object *gone = make(&w, &nc_kind_vm, "prj_a", "{'name':'a','vcpus':1,'memory_mib':64}");
	make(&w, &nc_kind_vm, "prj_a", "{'name':'b','vcpus':1,'memory_mib':64}");
	NC_AS(nc_vm, gone)->lifecycle = NC_VM_DELETED;
	nc_object_soft_delete(gone, 1000);
	CHECK_OK(put(&w, gone, &err), &err);
	CHECK_STR(list(&w, &nc_kind_vm, "prj_a", ""), "b ");
	CHECK_STR(list(&w, &nc_kind_vm, "prj_a", "deleted=true"), "a b ");
	CHECK_STR(list(&w, &nc_kind_vm, "prj_a", "status=deleted"), "a ");
}

static void operations_are_found_by_target_and_state(void)
{
	WORLD(w);
	nc_error err = NC_ERROR_INIT;
	for (int i = 0; i < 3; i++) {
		nc_object *obj = nc_object_new(&nc_kind_operation, w.a);
		nc_operation *op = NC_AS(nc_operation, obj);
		obj->project = project(&w, "prj_a");
		op->verb = i ? "vm.start" : "vm.create";
		op->target = (nc_op_target){ "vm", i == 2 ? "vm_2" : "vm_1", NULL };
		op->state = i ? NC_OPER_RUNNING : NC_OPER_SUCCEEDED;
		CHECK_OK(put(&w, obj, &err), &err);
	}
	nc_reach reach = reach_of(&w, "prj_a");
	static const struct {
		const char *name, *value;
		uint64_t n;
	} cases[] = { { "target", "vm_1", 2 }, { "target", "vm_9", 0 }, { "state", "running", 2 },
		{ "status", "succeeded", 1 }, { "kind", "vm.start", 2 } };
	for (size_t i = 0; i < NC_LEN(cases); i++) {
		nc_param p = { cases[i].name, cases[i].value };
		nc_query q;
		nc_faults f;
		listed l = { .len = 0 };
		const char *cursor;
		nc_faults_init(&f, w.a);
		nc_query_parse(&q, &nc_kind_operation, &reach, &p, 1, NULL, look(&w), w.a, &f);
		CHECK_STR(mu_faults(&f), "");
		CHECK_OK(nc_query_run(&q, w.root, add_row, &l, &cursor, &err), &err);
		CHECK_UINT(l.len / 2, cases[i].n); /* nameless: "- " each */
	}
}

static void wrong_parameters_are_all_named(void)
{
	WORLD(w);
	CHECK_STR(list(&w, &nc_kind_vm, "prj_a",
			  "limit=0&sort=vcpus&staus=running&fields=name,nmae&deleted=x&cursor=zz&"
			  "status=odd&vcpus=2"),
		"limit: range\nsort: choice\nstaus: unknown_field\nnmae: unknown_field\n"
		"deleted: format\nvcpus: unknown_field\ncursor: format\n");
	CHECK_STR(list(&w, &nc_kind_vm, "prj_a", "limit=5000"), "limit: range\n");
	CHECK_STR(list(&w, &nc_kind_vm, "prj_a", "sort=host"), "sort: choice\n");
}

/* Whatever comes as a cursor, a list answers with a fault or a page. */
static void any_cursor_is_either_refused_or_harmless(void)
{
	WORLD(w);
	nc_reach reach = reach_of(&w, "prj_a");
	make(&w, &nc_kind_zone, NULL, "{'name':'z'}");
	for (int i = 0; i < 3000; i++) {
		char text[80];
		size_t n = nc_test_random() % 30 * 2;
		for (size_t k = 0; k < n; k++)
			text[k] = "0123456789abcdef"[nc_test_random() % 16];
		text[n] = '\0';
		if (n >= 14 && i % 2)
			memcpy(text, "010a00ffff00", 12);
		nc_param p = { "cursor", text };
		nc_query q;
		nc_faults f;
		nc_error err = NC_ERROR_INIT;
		listed l = { .len = 0 };
		const char *cursor;
		nc_faults_init(&f, w.a);
		nc_query_parse(&q, &nc_kind_zone, &reach, &p, 1, NULL, look(&w), w.a, &f);
		if (!nc_faults_any(&f))
			CHECK_OK(nc_query_run(&q, w.root, add_row, &l, &cursor, &err), &err);
	}
}

/* A page does not skip or repeat what was there all the time, whatever comes and goes meanwhile. */
static void paging_goes_on_while_objects_come_and_go(void)
{
	WORLD(w);
	nc_object *vms[20];
	nc_error err = NC_ERROR_INIT;
	for (int i = 0; i < 20; i++) {
		char text[100];
		snprintf(text, sizeof(text), "{'name':'n%02d'}", i);
		vms[i] = make(&w, &nc_kind_zone, NULL, text);
	}
	nc_reach reach = { NULL, 0 };
	listed l = { .len = 0 };
	const char *cursor = NULL;
	for (int page = 0; page == 0 || cursor; page++) {
		nc_param p[] = { { "limit", "5" }, { "sort", "name" },
			{ "cursor", cursor ? cursor : "" } };
		nc_query q;
		nc_faults f;
		nc_faults_init(&f, w.a);
		nc_query_parse(&q, &nc_kind_zone, &reach, p, 3, NULL, look(&w), w.a, &f);
		CHECK_STR(mu_faults(&f), "");
		CHECK_OK(nc_query_run(&q, w.root, add_row, &l, &cursor, &err), &err);
		if (page == 0) { /* the last one shown goes, one comes before and one after */
			nc_txn *t = nc_txn_new(w.db);
			nc_model_delete(t, vms[4]);
			CHECK_OK(nc_txn_commit(t, NULL, &err), &err);
			make(&w, &nc_kind_zone, NULL, "{'name':'a00'}");
			make(&w, &nc_kind_zone, NULL, "{'name':'n05-b'}");
		}
	}
	CHECK_STR(l.text,
		"n00 n01 n02 n03 n04 n05 n05-b n06 n07 n08 n09 n10 n11 n12 n13 n14 n15 n16 "
		"n17 n18 n19 ");
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

static void writing_survives_every_failed_allocation(void)
{
	WORLD(w);
	nc_object *vm = make(&w, &nc_kind_vm, "prj_a", "{'name':'a','vcpus':1,'memory_mib':64}");
	nc_error err = NC_ERROR_INIT;
	const nc_root *root = look(&w);
	const nc_item *it = item(&w, vm);
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_arena *a = nc_arena_new(1 << 20);
		nc_object *obj = NULL;
		nc_txn *t = NULL;
		rc = a ? nc_model_load(it, a, &obj, &err) : NC_E_NOMEM;
		if (!rc) {
			obj->description = "x";
			t = nc_txn_new(w.db);
			rc = t ? nc_model_put(t, obj, &err) : NC_E_NOMEM;
		}
		if (t)
			nc_txn_free(t);
		nc_arena_free(a);
	}
	NC_TORTURE(rc)
	{
		nc_arena *a = nc_arena_new(1 << 20);
		nc_object *obj = NULL;
		nc_item *made = NULL;
		rc = a ? nc_model_load(it, a, &obj, &err) : NC_E_NOMEM;
		if (!rc) {
			made = nc_model_item(obj, &err);
			rc = made ? NC_OK : err.code;
		}
		nc_item_free(made);
		nc_arena_free(a);
	}
	NC_TORTURE(rc)
	{
		nc_arena *a = nc_arena_new(1 << 20);
		nc_reach reach = reach_of(&w, "prj_a");
		nc_param p[] = { { "sort", "-name" }, { "label.a", "b" },
			{ "status", "creating" } };
		nc_query q;
		nc_faults f = { 0 };
		const char *cursor;
		listed l = { .len = 0 };
		rc = a ? NC_OK : NC_E_NOMEM;
		if (a) {
			nc_faults_init(&f, a);
			nc_query_parse(&q, &nc_kind_vm, &reach, p, 3, NULL, root, a, &f);
			rc = nc_faults_error(&f, NULL);
		}
		if (!rc)
			rc = nc_query_run(&q, root, add_row, &l, &cursor, &err);
		nc_arena_free(a);
	}
	NC_TORTURE(rc)
	{
		nc_arena *a = nc_arena_new(1 << 20);
		nc_observed *t = nc_observed_new();
		nc_object *obj = NULL;
		rc = a && t ? nc_observed_load(t, it, a, &obj, &err) : NC_E_NOMEM;
		if (!rc)
			rc = nc_observed_set(t, obj, &err);
		if (!rc)
			rc = nc_observed_load(t, it, a, &obj, &err);
		nc_observed_free(t);
		nc_arena_free(a);
	}
}

static void resolving_and_sealing_survive_every_failed_allocation(void)
{
	WORLD(w);
	make(&w, &nc_kind_network, "prj_a", "{'name':'blue'}");
	nc_reach reach = reach_of(&w, "prj_a");
	_cleanup_(nc_json_decrefp) json_t *j =
		mu_json("{'name':'a','vcpus':1,'memory_mib':64,'user_data':'x','zone':'nowhere',"
			"'nics':[{'network':'blue'}]}");
	const nc_root *root = look(&w);
	nc_vault *vault = vault_of(&w);
	nc_error err = NC_ERROR_INIT;
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_arena *a = nc_arena_new(1 << 20);
		nc_faults f = { .is_nomem = 1 };
		nc_object *obj = NULL;
		if (a) {
			nc_faults_init(&f, a);
			obj = nc_object_parse(&nc_kind_vm, j, a, &f);
		}
		if (obj)
			nc_model_resolve_refs(root, obj, &reach, &f);
		if (!f.is_nomem)
			CHECK_STR(mu_faults(&f), "zone: not_found\n");
		rc = f.is_nomem ? NC_E_NOMEM : NC_OK;
		nc_txn *t = rc ? NULL : nc_txn_new(w.db);
		if (!rc)
			rc = t ? nc_secrets_put(vault, t, obj, &err) : NC_E_NOMEM;
		if (t)
			nc_txn_free(t);
		nc_arena_free(a);
	}
	nc_object *sealed = mu_make(&nc_kind_secret, "{'name':'s','value':'x'}", w.a);
	sealed->project = project(&w, "prj_a");
	CHECK_OK(put_sealed(&w, sealed, &err), &err);
	root = look(&w);
	NC_TORTURE(rc)
	{
		nc_arena *a = nc_arena_new(1 << 20);
		nc_secret *s = NULL;
		rc = a ? nc_secrets_open(vault, sealed->id, "value", &s, &err) : NC_E_NOMEM;
		CHECK((rc == NC_OK) == (s != NULL));
		nc_secret_free(s);
		nc_arena_free(a);
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
	T(secrets_are_sealed_apart_and_opened_with_the_key),
	T(a_new_secret_moves_the_version_and_the_same_one_does_not),
	T(sealed_values_go_with_their_object),
	T(what_is_seen_is_served_without_a_record),
	T(what_follows_from_the_rest_is_put_in_when_it_is_served),
	T(a_newer_look_that_was_put_wins_over_an_older_one_in_memory),
	T(what_was_seen_survives_when_it_is_put),
	T(lists_are_filtered_sorted_and_paged),
	T(lists_of_shared_kinds_are_the_union_of_what_one_sees),
	T(references_and_numbers_filter_too),
	T(deleted_ones_are_shown_when_asked_for),
	T(operations_are_found_by_target_and_state),
	T(wrong_parameters_are_all_named),
	T(any_cursor_is_either_refused_or_harmless),
	T(paging_goes_on_while_objects_come_and_go),
	T(every_kind_that_is_an_item_can_be_stored_and_loaded),
	T(writing_survives_every_failed_allocation),
	T(resolving_and_sealing_survive_every_failed_allocation),
	T(an_item_of_an_older_shape_without_upgrade_is_refused),
	T(an_item_of_an_older_shape_is_made_one_of_todays),
};
