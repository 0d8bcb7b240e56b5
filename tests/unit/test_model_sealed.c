/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/vm.h"
#include "model_world.h"

/* Secret fields: sealed apart from their object, and opened with the key. */

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

NC_TESTS(model_sealed){
	T(secrets_are_sealed_apart_and_opened_with_the_key),
	T(a_new_secret_moves_the_version_and_the_same_one_does_not),
	T(sealed_values_go_with_their_object),
};
