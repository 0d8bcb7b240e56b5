/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "sched_world.h"

/* Where a guest may go: each filter, the score, what is said when nothing fits, decisions. */

static const char *name_of(world *w, const nc_place_req *req, nc_error *err)
{
	nc_placement p = { .n_alternates = 0 };
	nc_code rc = world_place(w, req, &p, NULL, err);

	return rc == NC_OK ? nc_arena_strdup(w->a, p.host_name) : "";
}

/* ---- choosing ---- */

static void first_fit_takes_the_first_host_with_room(void)
{
	world w;
	nc_placement p = { .n_alternates = 0 };
	REQUIRE(world_open(&w, NC_SCHED_FIRST_FIT));
	world_host(&w, "small", 2, 1000, 10);
	for (int i = 0; i < 6; i++) {
		char name[32];
		snprintf(name, sizeof(name), "large-%d", i);
		world_host(&w, name, 64, 100000, 1000);
	}
	nc_place_req req = world_req(&w, "vm_1", 4, 500, 5);
	CHECK_OK(world_place(&w, &req, &p, NULL, NULL), NULL);
	CHECK_STR(p.host_name, "large-0");
	CHECK_UINT(p.n_alternates, NC_PLACE_ALTERNATES);
	CHECK_STR(p.provider, w.provider->o.id);
	world_free(&w);
}

static void best_fit_takes_the_host_with_least_left(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	world_host(&w, "wide", 64, 64000, 640);
	world_host(&w, "tight", 8, 8000, 80);
	world_host(&w, "tighter", 5, 5000, 50);
	nc_place_req req = world_req(&w, "vm_1", 4, 4000, 40);
	CHECK_STR(name_of(&w, &req, &err), "tighter");
	CHECK_OK(world_claim(&w, &req, NULL, &err), &err);
	req.consumer = "vm_2";
	CHECK_STR(name_of(&w, &req, &err), "tight");
	world_free(&w);
}

static void of_equal_hosts_the_first_is_taken(void)
{
	world w;
	nc_placement p = { .n_alternates = 0 };
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *a = world_host(&w, "a", 8, 8000, 80);
	nc_host_obj *b = world_host(&w, "b", 8, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 1, 1, 1);
	CHECK_OK(world_place(&w, &req, &p, NULL, NULL), NULL);
	CHECK_STR(p.host, a->o.id);
	CHECK_UINT(p.n_alternates, 1);
	CHECK_STR(p.alternates[0], b->o.id);
	world_free(&w);
}

static void a_consumer_fits_where_it_stands_already(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	world_host(&w, "only", 8, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 6, 6000, 60);
	CHECK_OK(world_claim(&w, &req, NULL, &err), &err);
	req.want[NC_RES_VCPU] = 8;
	CHECK_STR(name_of(&w, &req, &err), "only");
	req.want[NC_RES_VCPU] = 9;
	CHECK_STR(name_of(&w, &req, &err), "");
	world_free(&w);
}

/* ---- filters ---- */

static void hosts_that_are_not_up_and_enabled_are_left_out(void)
{
	const struct {
		nc_host_admin admin;
		nc_host_reach reach;
		const char *choice;
	} rows[] = {
		{ NC_HOST_ENABLED, NC_HOST_UP, "host" },
		{ NC_HOST_CORDONED, NC_HOST_UP, "" },
		{ NC_HOST_DRAINING, NC_HOST_UP, "" },
		{ NC_HOST_MAINTENANCE, NC_HOST_UP, "" },
		{ NC_HOST_ENABLED, NC_HOST_UNKNOWN, "" },
		{ NC_HOST_ENABLED, NC_HOST_SILENT, "" },
		{ NC_HOST_ENABLED, NC_HOST_DOWN, "" },
		{ NC_HOST_ENABLED, NC_HOST_UP, "host" },
	};
	world w;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "host", 8, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 1, 100, 1);
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		nc_error err = NC_ERROR_INIT;
		h->admin_state = rows[i].admin;
		h->reach = rows[i].reach;
		state_put(&w.st, &h->o);
		CHECK_STR(name_of(&w, &req, &err), rows[i].choice);
		if (!*rows[i].choice)
			CHECK_STR(err.message, "no host fits: 1 looked at, 1 refused by state");
	}
	world_free(&w);
}

static void each_wish_about_the_host_has_its_filter(void)
{
	world w;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	const char *east = world_zone(&w, "east"), *west = world_zone(&w, "west");
	const char *traits[] = { "ssd", "avx512" };
	nc_object *pool = state_new(&nc_kind_pool, "pool", w.a);
	NC_AS(nc_pool_obj, pool)->provider = w.provider->o.id;
	NC_AS(nc_pool_obj, pool)->type = "dir";
	state_put(&w.st, pool);
	nc_object *wire = state_new(&nc_kind_physical_network, "wire", w.a);
	NC_AS(nc_physical_network, wire)->type = "flat";
	state_put(&w.st, wire);
	const char *pools[] = { pool->id };
	nc_host_network networks[] = { { .physical_network = wire->id, .device = "br0" } };
	nc_host_obj *h = world_host_unput(&w, "rich", 8, 8000, 80);
	h->zone = east;
	h->traits = traits;
	h->n_traits = 2;
	h->pools = pools;
	h->n_pools = 1;
	h->networks = networks;
	h->n_networks = 1;
	state_put(&w.st, &h->o);
	nc_place_req base = world_req(&w, "vm_1", 1, 100, 1);
	const char *no_trait[] = { "ssd", "gpu" }, *both[] = { "avx512", "ssd" };
	const char *no_pool[] = { "pool_of_nobody" }, *no_net[] = { "wire_of_nobody" };
	const char *exclude[] = { h->o.id };
	const struct {
		const char *word; /* NULL = it fits */
		nc_place_req with;
	} rows[] = {
		{ NULL, { .zone = east } },
		{ "zone", { .zone = west } },
		{ "zone", { .zone = "zon_of_nobody" } },
		{ NULL, { .provider = w.provider->o.id } },
		{ "provider", { .provider = "prv_of_nobody" } },
		{ NULL, { .host = h->o.id } },
		{ "host", { .host = "hst_of_nobody" } },
		{ "excluded", { .exclude = exclude, .n_exclude = 1 } },
		{ NULL, { .traits = both, .n_traits = 2 } },
		{ "traits", { .traits = no_trait, .n_traits = 2 } },
		{ NULL, { .networks = (const char *const *)&networks[0].physical_network,
				.n_networks = 1 } },
		{ "networks", { .networks = no_net, .n_networks = 1 } },
		{ NULL, { .pools = pools, .n_pools = 1 } },
		{ "pools", { .pools = no_pool, .n_pools = 1 } },
		{ "vcpus", { .want = { 9, 100, 1 } } },
		{ "memory_mib", { .want = { 8, 8001, 1 } } },
		{ "disk_gib", { .want = { 8, 8000, 81 } } },
		{ NULL, { .want = { 8, 8000, 80 } } },
	};
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		nc_place_req req = rows[i].with;
		nc_error err = NC_ERROR_INIT;
		char want[80];
		req.consumer = base.consumer;
		if (!req.want[0])
			memcpy(req.want, base.want, sizeof(req.want));
		nc_code got = world_place(&w, &req, NULL, NULL, &err);
		CHECK_CODE(got, rows[i].word ? NC_E_UNAVAILABLE : NC_OK);
		if (!rows[i].word)
			continue;
		snprintf(want, sizeof(want), "no host fits: 1 looked at, 1 refused by %s",
			rows[i].word);
		CHECK_STR(err.message, want);
		CHECK_STR(err.domain, "nc.no_capacity");
	}
	world_free(&w);
}

static void a_marked_trait_keeps_others_out(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	const char *reserved[] = { "!gpu" }, *gpu[] = { "gpu" }, *ssd[] = { "ssd" };
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host_unput(&w, "gpu-1", 4, 4000, 40);
	h->traits = reserved;
	h->n_traits = 1;
	state_put(&w.st, &h->o);
	nc_place_req req = world_req(&w, "vm_1", 1, 100, 1);
	CHECK_STR(name_of(&w, &req, &err), "");
	CHECK_HAS(err.message, "1 refused by traits");
	req.traits = gpu;
	req.n_traits = 1;
	CHECK_STR(name_of(&w, &req, &err), "gpu-1");
	h->found_traits = ssd;
	h->n_found_traits = 1;
	state_put(&w.st, &h->o);
	req.traits = ssd;
	CHECK_STR(name_of(&w, &req, &err), "");
	world_free(&w);
}

static void traits_beyond_the_256th_cannot_be_asked_for_and_nothing_else_breaks(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	const char *many[300];
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host_unput(&w, "many", 4, 4000, 40);
	for (int i = 0; i < 300; i++)
		many[i] = nc_arena_printf(w.a, "t%03d", i);
	h->traits = many;
	h->n_traits = 150;
	state_put(&w.st, &h->o);
	nc_host_obj *g = world_host_unput(&w, "more", 4, 4000, 40);
	g->traits = many + 150;
	g->n_traits = 150;
	state_put(&w.st, &g->o);
	nc_place_req req = world_req(&w, "vm_1", 1, 100, 1);
	for (uint32_t i = 0; i < 300; i += 7) {
		req.traits = &many[i];
		req.n_traits = 1;
		CHECK_STR(name_of(&w, &req, &err), i < 150 ? "many" : i < 256 ? "more" : "");
	}
	world_free(&w);
}

static void capacity_counts_ratio_reserve_and_overhead(void)
{
	world w;
	int64_t total[NC_RES_COUNT], used[NC_RES_COUNT];
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_object *o = state_new(&nc_kind_host, "plain", w.a);
	nc_host_obj *h = NC_AS(nc_host_obj, o);
	h->provider = w.provider->o.id;
	h->reach = NC_HOST_UP;
	h->vcpu_ratio = 4;
	h->memory_ratio = h->disk_ratio = 1;
	h->vcpus = 8;
	h->reserved_vcpus = 1;
	h->memory_mib = 65536;
	h->disk_gib = 100;
	h->reserved_disk_gib = 10;
	h->overhead_mib = 128;
	state_put(&w.st, o);
	CHECK_OK(nc_sched_host_usage(w.s, o->id, total, used, NULL), NULL);
	CHECK_INT(total[NC_RES_VCPU], 28);
	CHECK_INT(total[NC_RES_MEMORY_MIB], 65536 - 3276); /* 5 % is more than 2 GiB */
	CHECK_INT(total[NC_RES_DISK_GIB], 90);
	h->memory_mib = 16384;
	state_put(&w.st, o);
	CHECK_OK(nc_sched_host_usage(w.s, o->id, total, used, NULL), NULL);
	CHECK_INT(total[NC_RES_MEMORY_MIB], 16384 - 2048);
	nc_place_req req = world_req(&w, "vm_1", 28, 14336 - 128, 90);
	CHECK_OK(world_claim(&w, &req, NULL, &err), &err);
	CHECK_INT(world_used(&w, o->id, NC_RES_MEMORY_MIB), 14336);
	CHECK_INT(world_used(&w, o->id, NC_RES_VCPU), 28);
	req = world_req(&w, "vm_2", 1, 1, 0);
	CHECK_CODE(world_claim(&w, &req, NULL, &err), NC_E_UNAVAILABLE);
	CHECK_STR(err.hint, "nearest is plain, short of 1 vcpus and 129 memory_mib: "
			    "ask for that much less, or free it there");
	world_free(&w);
}

static void guests_that_are_not_ours_count(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	const int64_t held[] = { 3, 3000, 0 }, none[] = { 0, 0, 0 };
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "shared", 4, 4000, 40);
	nc_place_req req = world_req(&w, "vm_1", 2, 1000, 1);
	CHECK_OK(nc_sched_set_foreign(w.s, h->o.id, held, &err), &err);
	CHECK_STR(name_of(&w, &req, &err), "");
	CHECK_HAS(err.hint, "short of 1 vcpus:");
	CHECK_INT(world_used(&w, h->o.id, NC_RES_VCPU), 3);
	CHECK_CODE(nc_sched_set_foreign(w.s, "hst_x", held, &err), NC_E_NOTFOUND);
	/* Neither a claim that was placed before they were seen goes through. */
	nc_txn *t = world_claim_txn(&w, &req, h->o.id);
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_CONFLICT);
	CHECK_OK(nc_sched_set_foreign(w.s, h->o.id, none, &err), &err);
	CHECK_STR(name_of(&w, &req, &err), "shared");
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

static void new_options_count_from_the_next_batch_on(void)
{
	world w;
	int64_t total[NC_RES_COUNT], used[NC_RES_COUNT];
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host_unput(&w, "plain", 4, 10000, 40);
	h->reserved_memory_mib = 0;
	h->memory_mib = 10000;
	state_put(&w.st, &h->o);
	CHECK_OK(nc_sched_host_usage(w.s, h->o.id, total, used, NULL), NULL);
	CHECK_INT(total[NC_RES_MEMORY_MIB], 10000 - 2048);
	nc_sched_configure(w.s, &(nc_sched_options){ .reserve_memory_mib = 4000 });
	world_zone(&w, "any");
	CHECK_OK(nc_sched_host_usage(w.s, h->o.id, total, used, NULL), NULL);
	CHECK_INT(total[NC_RES_MEMORY_MIB], 6000);
	nc_sched_configure(w.s,
		&(nc_sched_options){ .reserve_memory_mib = 500, .reserve_memory_percent = 10 });
	world_zone(&w, "other");
	CHECK_OK(nc_sched_host_usage(w.s, h->o.id, total, used, NULL), NULL);
	CHECK_INT(total[NC_RES_MEMORY_MIB], 9000);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

/* ---- what is said when nothing fits ---- */

static void without_hosts_the_hint_says_how_to_add_one(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_place_req req = world_req(&w, "vm_1", 1, 1, 1);
	CHECK_CODE(world_place(&w, &req, NULL, NULL, &err), NC_E_UNAVAILABLE);
	CHECK_STR(err.message, "no host fits: there are none");
	CHECK_HAS(err.hint, "novacron provider create");
	world_free(&w);
}

static void refusals_are_counted_per_filter_and_the_nearest_miss_is_named(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *down = world_host_unput(&w, "down", 64, 64000, 640);
	down->reach = NC_HOST_DOWN;
	state_put(&w.st, &down->o);
	world_host(&w, "tiny-1", 1, 64000, 640);
	world_host(&w, "tiny-2", 2, 64000, 640);
	world_host(&w, "slim", 64, 7000, 640);
	world_host(&w, "flat", 64, 64000, 1);
	nc_place_req req = world_req(&w, "vm_1", 8, 8000, 80);
	CHECK_CODE(world_place(&w, &req, NULL, NULL, &err), NC_E_UNAVAILABLE);
	CHECK_STR(err.message, "no host fits: 5 looked at, 1 refused by state, 2 refused by vcpus, "
			       "1 refused by memory_mib, 1 refused by disk_gib");
	CHECK_STR(err.hint, "nearest is slim, short of 1000 memory_mib: "
			    "ask for that much less, or free it there");
	CHECK(err.flags & NC_ERR_RETRYABLE);
	world_free(&w);
}

static void a_host_that_other_filters_refuse_is_no_near_miss(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	const char *ssd[] = { "ssd" };
	world_host(&w, "almost", 7, 8000, 80);
	nc_host_obj *h = world_host_unput(&w, "far", 1, 8000, 80);
	h->traits = ssd;
	h->n_traits = 1;
	state_put(&w.st, &h->o);
	nc_place_req req = world_req(&w, "vm_1", 8, 100, 1);
	req.traits = ssd;
	req.n_traits = 1;
	CHECK_CODE(world_place(&w, &req, NULL, NULL, &err), NC_E_UNAVAILABLE);
	CHECK_HAS(err.hint, "nearest is far, short of 7 vcpus");
	req.want[NC_RES_VCPU] = 1;
	CHECK_STR(name_of(&w, &req, &err), "far");
	req.traits = (const char *const[]){ "gpu" };
	CHECK_CODE(world_place(&w, &req, NULL, NULL, &err), NC_E_UNAVAILABLE);
	CHECK_HAS(err.hint, "look at the filters that refused");
	world_free(&w);
}

static void a_request_out_of_range_is_refused(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	world_host(&w, "host", 8, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", -1, 1, 1);
	CHECK_CODE(world_place(&w, &req, NULL, NULL, &err), NC_E_INVAL);
	CHECK_STR(err.message, "vcpus: -1 is out of range");
	req = world_req(&w, "vm_1", 1, INT64_MAX, 1);
	CHECK_CODE(world_place(&w, &req, NULL, NULL, &err), NC_E_INVAL);
	world_free(&w);
}

/* ---- hosts that come and go ---- */

static void a_deleted_host_leaves_its_place_to_the_next(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_place_req req = world_req(&w, "vm_1", 1, 100, 1);
	for (int i = 0; i < 2000; i++) { /* more than a chunk */
		char name[16];
		snprintf(name, sizeof(name), "h-%d", i);
		nc_host_obj *h = world_host(&w, name, 8 + i % 3, 8000, 80);
		if (i % 100 == 0) {
			CHECK_STR(name_of(&w, &req, &err), name);
			CHECK_INT(world_used(&w, h->o.id, NC_RES_VCPU), 0);
		}
		state_delete(&w.st, &h->o);
	}
	CHECK_STR(name_of(&w, &req, &err), "");
	CHECK_STR(err.message, "no host fits: there are none");
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

static void a_renamed_host_is_called_by_its_new_name(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "old", 8, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 1, 100, 1);
	CHECK_OK(world_claim(&w, &req, NULL, &err), &err);
	h->o.name = "new";
	state_put(&w.st, &h->o);
	req.consumer = "vm_2";
	CHECK_STR(name_of(&w, &req, &err), "new");
	CHECK_INT(world_used(&w, h->o.id, NC_RES_VCPU), 1);
	world_free(&w);
}

/* ---- the seam ---- */

typedef struct veto {
	const char *name;
	uint32_t n_seen;
	nc_code code;
} veto;

static nc_code run_veto(void *ctx, const nc_place_req *req, const char *const *hosts, uint32_t n,
	uint8_t *alive, double *score, nc_error *err)
{
	veto *v = ctx;

	(void)req;
	v->n_seen = n;
	if (v->code != NC_OK)
		return nc_err(err, v->code, "the policy has broken");
	for (uint32_t i = 0; i < n; i++) {
		alive[i] = strcmp(hosts[i], v->name) != 0;
		score[i] = (double)n - i; /* the last is the best */
	}
	return NC_OK;
}

static void stages_refuse_and_reorder_survivors(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	nc_placement p = { .n_alternates = 0 };
	const char *json = "";
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h[3];
	for (int i = 0; i < 3; i++)
		h[i] = world_host(&w, i == 0 ? "a" : i == 1 ? "b" : "c", 8 + i, 8000, 80);
	veto v = { .name = h[2]->o.id };
	CHECK_OK(nc_sched_add_stage(w.s,
			 &(nc_sched_stage){ .name = "veto", .ctx = &v, .run = run_veto }, &err),
		&err);
	nc_place_req req = world_req(&w, "vm_1", 1, 100, 1);
	CHECK_OK(world_place(&w, &req, &p, &json, &err), &err);
	CHECK_UINT(v.n_seen, 3);
	CHECK_STR(p.host, h[1]->o.id);
	CHECK_UINT(p.n_alternates, 1);
	CHECK_HAS(json, "\"policy\":1");
	CHECK_HAS(json, "\"hosts_fit\":2");
	v.code = NC_E_INTERNAL;
	CHECK_CODE(world_place(&w, &req, &p, &json, &err), NC_E_INTERNAL);
	CHECK_HAS(json, "the policy has broken");
	world_free(&w);
}

/* ---- decisions ---- */

static void a_decision_says_what_was_asked_found_and_chosen(void)
{
	world w;
	nc_placement p = { .n_alternates = 0 };
	const char *json = "", *traits[] = { "ssd" };
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	for (int i = 0; i < 100; i++) {
		char name[16];
		snprintf(name, sizeof(name), "h-%03d", i);
		nc_host_obj *h = world_host_unput(&w, name, 8 + i, 8000, 80);
		h->traits = traits;
		h->n_traits = i % 10 ? 1 : 0;
		state_put(&w.st, &h->o);
	}
	nc_place_req req = world_req(&w, "vm_1", 1, 100, 1);
	req.traits = traits;
	req.n_traits = 1;
	req.project = world_project(&w, "team-a");
	CHECK_OK(world_place(&w, &req, &p, &json, NULL), NULL);
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	REQUIRE(nc_json_parse(nc_str(json), 1 << 20, &j, NULL) == NC_OK);
	CHECK_STR(json_string_value(json_object_get(j, "id")), p.decision_id);
	CHECK_STR(json_string_value(json_object_get(j, "chosen")), p.host);
	CHECK_INT(json_integer_value(json_object_get(j, "hosts_seen")), 100);
	CHECK_INT(json_integer_value(json_object_get(j, "hosts_fit")), 90);
	CHECK_INT(json_integer_value(json_object_get(json_object_get(j, "filters"), "traits")), 10);
	const json_t *candidates = json_object_get(j, "candidates");
	CHECK_UINT(json_array_size(candidates), 64);
	double before = -1e9;
	for (size_t i = 0; i < json_array_size(candidates); i++) {
		const json_t *c = json_array_get(candidates, i);
		double fit =
			json_number_value(json_object_get(json_object_get(c, "scores"), "fit"));
		CHECK(fit >= before);
		before = fit;
	}
	const json_t *alternates = json_object_get(j, "alternates");
	CHECK_UINT(json_array_size(alternates), 3);
	for (size_t i = 0; i < 3; i++)
		CHECK_STR(json_string_value(json_array_get(alternates, i)), p.alternates[i]);
	const json_t *request = json_object_get(j, "request");
	CHECK_STR(json_string_value(json_object_get(request, "consumer")), "vm_1");
	CHECK_STR(json_string_value(json_object_get(request, "project")), req.project);
	CHECK_INT(json_integer_value(json_object_get(request, "memory_mib")), 100);
	CHECK(json_object_get(j, "nearest_miss") == NULL);
	world_free(&w);
}

static void a_full_decision_takes_little_more_than_a_kilobyte(void)
{
	world w;
	_cleanup_(nc_buf_done) nc_buf decision;
	nc_placement p = { .n_alternates = 0 };
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	for (int i = 0; i < 80; i++) {
		char name[16];
		snprintf(name, sizeof(name), "h-%03d", i);
		world_host(&w, name, 8 + i, 8000, 80);
	}
	nc_place_req req = world_req(&w, "vm_01J00000000000000000000000", 1, 100, 1);
	nc_buf_init(&decision, 64u << 10);
	const nc_root *r = nc_db_read_begin(w.st.db);
	CHECK_OK(nc_sched_place(w.s, r, &req, &p, &decision, NULL), NULL);
	nc_db_read_end(w.st.db);
	CHECK(decision.len < 1536);
	world_free(&w);
}

static void a_decision_without_a_choice_says_why(void)
{
	world w;
	const char *json = "";
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "slim", 8, 7000, 80);
	nc_place_req req = world_req(&w, "vm_1", 9, 8000, 1);
	CHECK_CODE(world_place(&w, &req, NULL, &json, NULL), NC_E_UNAVAILABLE);
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	REQUIRE(nc_json_parse(nc_str(json), 1 << 20, &j, NULL) == NC_OK);
	const json_t *near = json_object_get(j, "nearest_miss");
	CHECK_STR(json_string_value(json_object_get(near, "host")), h->o.id);
	CHECK_STR(json_string_value(json_object_get(near, "name")), "slim");
	const json_t *missing = json_object_get(near, "short");
	CHECK_INT(json_integer_value(json_object_get(missing, "vcpus")), 1);
	CHECK_INT(json_integer_value(json_object_get(missing, "memory_mib")), 1000);
	CHECK(json_object_get(j, "chosen") == NULL);
	CHECK_STR(json_string_value(json_object_get(j, "problem")),
		"no host fits: 1 looked at, 1 refused by vcpus");
	world_free(&w);
}

static void a_dry_run_leaves_no_decision_behind(void)
{
	world w;
	nc_placement p = { .n_alternates = 0 };
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	world_host(&w, "host", 8, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 1, 1, 1);
	req.is_dry_run = 1;
	CHECK_OK(world_place(&w, &req, &p, NULL, NULL), NULL);
	CHECK_STR(p.decision_id, "");
	world_free(&w);
}

static void a_decision_with_a_byte_missing_or_too_many_is_refused(void)
{
	world w;
	_cleanup_(nc_buf_done) nc_buf decision, json;
	nc_placement p = { .n_alternates = 0 };
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	world_host(&w, "a", 8, 8000, 80);
	world_host(&w, "b", 8, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 1, 1, 1);
	nc_buf_init(&decision, 64u << 10);
	nc_buf_init(&json, 64u << 10);
	const nc_root *r = nc_db_read_begin(w.st.db);
	CHECK_OK(nc_sched_place(w.s, r, &req, &p, &decision, NULL), NULL);
	nc_db_read_end(w.st.db);
	nc_buf_puts(&json, "kept");
	for (size_t n = 0; n < decision.len; n++) {
		CHECK_CODE(
			nc_decision_render((nc_bytes){ decision.ptr, n }, &json, NULL), NC_E_PROTO);
		CHECK_UINT(json.len, 4);
	}
	nc_buf_putc(&decision, 0);
	CHECK_CODE(nc_decision_render(nc_buf_bytes(&decision), &json, NULL), NC_E_PROTO);
	decision.ptr[0] = 9;
	CHECK_CODE(nc_decision_render(nc_buf_bytes(&decision), &json, NULL), NC_E_PROTO);
	world_free(&w);
}

/* ---- torture ---- */

static void place_survives_every_failed_allocation(void)
{
	world w;
	nc_code rc = NC_OK;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	const char *traits[] = { "ssd" };
	nc_host_obj *h = world_host_unput(&w, "host", 8, 8000, 80);
	h->traits = traits;
	h->n_traits = 1;
	state_put(&w.st, &h->o);
	nc_place_req req = world_req(&w, "vm_1", 1, 100, 1);
	req.vm_group = world_group(&w, NC_ANTI_AFFINITY, NC_DOMAIN_HOST, 1);
	CHECK_OK(world_claim(&w, &req, NULL, NULL), NULL);
	const nc_root *r = nc_db_read_begin(w.st.db);
	NC_TORTURE(rc)
	{
		_cleanup_(nc_buf_done) nc_buf decision;
		nc_placement p = { .host = "as it was" };
		nc_buf_init(&decision, 64u << 10);
		rc = nc_sched_place(w.s, r, &req, &p, &decision, NULL);
		CHECK_STR(p.host, rc == NC_OK ? h->o.id : "as it was");
	}
	nc_db_read_end(w.st.db);
	world_free(&w);
}

static void making_and_loading_survive_every_failed_allocation(void)
{
	world w;
	nc_code rc = NC_OK;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	const char *hosts[] = { world_host(&w, "host", 8, 8000, 80)->o.id };
	nc_object *o = state_new(&nc_kind_host_group, "rack", w.a);
	NC_AS(nc_host_group, o)->hosts = hosts;
	NC_AS(nc_host_group, o)->n_hosts = 1;
	NC_AS(nc_host_group, o)->is_failure_domain = 1;
	state_put(&w.st, o);
	nc_place_req req = world_req(&w, "vm_1", 1, 100, 1);
	req.project = world_project(&w, "team-a");
	world_quota(&w, req.project, "vcpus", 10);
	req.vm_group = world_group(&w, NC_ANTI_AFFINITY, NC_DOMAIN_HOST_GROUP, 1);
	CHECK_OK(world_claim(&w, &req, NULL, NULL), NULL);
	const nc_root *r = nc_db_read_begin(w.st.db);
	NC_TORTURE(rc)
	{
		nc_sched *s = NULL;
		rc = nc_sched_new(&(nc_sched_options){ .vcpu_ratio = 4 }, &s, NULL);
		CHECK((rc == NC_OK) == (s != NULL));
		if (rc == NC_OK)
			rc = nc_sched_load(s, r, NULL);
		nc_sched_free(s);
	}
	nc_db_read_end(w.st.db);
	world_free(&w);
}

NC_TESTS(sched_place){
	T(first_fit_takes_the_first_host_with_room),
	T(best_fit_takes_the_host_with_least_left),
	T(of_equal_hosts_the_first_is_taken),
	T(a_consumer_fits_where_it_stands_already),
	T(hosts_that_are_not_up_and_enabled_are_left_out),
	T(each_wish_about_the_host_has_its_filter),
	T(a_marked_trait_keeps_others_out),
	T(traits_beyond_the_256th_cannot_be_asked_for_and_nothing_else_breaks),
	T(capacity_counts_ratio_reserve_and_overhead),
	T(guests_that_are_not_ours_count),
	T(new_options_count_from_the_next_batch_on),
	T(without_hosts_the_hint_says_how_to_add_one),
	T(refusals_are_counted_per_filter_and_the_nearest_miss_is_named),
	T(a_host_that_other_filters_refuse_is_no_near_miss),
	T(a_request_out_of_range_is_refused),
	T(a_deleted_host_leaves_its_place_to_the_next),
	T(a_renamed_host_is_called_by_its_new_name),
	T(stages_refuse_and_reorder_survivors),
	T(a_decision_says_what_was_asked_found_and_chosen),
	T(a_full_decision_takes_little_more_than_a_kilobyte),
	T(a_decision_without_a_choice_says_why),
	T(a_dry_run_leaves_no_decision_behind),
	T(a_decision_with_a_byte_missing_or_too_many_is_refused),
	T(place_survives_every_failed_allocation),
	T(making_and_loading_survive_every_failed_allocation),
};
