/* SPDX-License-Identifier: Apache-2.0 */
#include "model/infra.h"
#include "model/observed.h"
#include "model/vm.h"
#include "model_world.h"

/* What is observed of an object: served out of memory, and put. */

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

NC_TESTS(model_served){
	T(what_is_seen_is_served_without_a_record),
	T(what_follows_from_the_rest_is_put_in_when_it_is_served),
	T(a_newer_look_that_was_put_wins_over_an_older_one_in_memory),
	T(what_was_seen_survives_when_it_is_put),
};
