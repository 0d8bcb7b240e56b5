/* SPDX-License-Identifier: Apache-2.0 */
#include "model/observed.h"
#include "model/query.h"
#include "model_world.h"

/* Each allocation fails in turn while objects are written, resolved and sealed. */

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

NC_TESTS(model_torture){
	T(writing_survives_every_failed_allocation),
	T(resolving_and_sealing_survive_every_failed_allocation),
};
