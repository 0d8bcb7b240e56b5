/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/atomics.h"
#include "base/json.h"
#include "base/map.h"
#include "base/pool.h"
#include "sched_world.h"

/*
 * Many random acts on the scheduler, judged by two who share no code with it: an oracle that adds
 * up the allocations of each durable record, and a second ledger loaded from the state.
 */

enum { HOSTS = 24, PROJECTS = 3, GROUPS = 4, ZONES = 3, TRAITS = 4 };

static const char *const trait_words[TRAITS] = { "ssd", "gpu", "avx", "sev" };

typedef struct host_truth {
	char id[NC_DB_ID_MAX + 1];
	int64_t capacity[NC_RES_COUNT], used[NC_RES_COUNT];
	int zone;
	int is_shrunk; /* holds more than it has, since it was made smaller: may only be left */
} host_truth;

typedef struct group_truth {
	const char *id;
	nc_vm_group_policy policy;
	int max;
	int count[HOSTS];
} group_truth;

typedef struct truth {
	world w;
	nc_host_obj *host[HOSTS];
	host_truth h[HOSTS];
	const char *zone[ZONES];
	const char *project[PROJECTS];
	int64_t limit[PROJECTS], vcpus_used[PROJECTS];
	group_truth g[GROUPS];
	/* The oracle; sequencer thread. */
	nc_loose64 n_records, n_faults, n_claims;
	char first_fault[200];
} truth;

static uint64_t below(uint64_t *seed, uint64_t n)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (*seed >> 33) % n;
}

/* ---- the oracle ---- */

static void fault(truth *t, const char *what, const char *id)
{
	if (!nc_loose64_get(&t->n_faults))
		snprintf(t->first_fault, sizeof(t->first_fault), "%s: %s", what, id);
	nc_loose64_add(&t->n_faults, 1);
}

static int index_of(const truth *t, const char *host)
{
	for (int i = 0; i < HOSTS; i++)
		if (!strcmp(t->h[i].id, host))
			return i;
	return -1;
}

static void count(truth *t, const nc_item *it, int sign)
{
	nc_arena *a = nc_arena_new(1 << 20);
	nc_object *o = NULL;

	if (nc_model_load(it, a, &o, NULL) != NC_OK) {
		fault(t, "unreadable", nc_item_id(it));
		nc_arena_free(a);
		return;
	}
	const nc_allocation *al = NC_AS(nc_allocation, o);
	int i = index_of(t, al->host);
	const int64_t want[] = { al->vcpus, al->memory_mib + al->overhead_mib, al->disk_gib };
	for (int k = 0; k < NC_RES_COUNT; k++)
		t->h[i].used[k] += sign * want[k];
	for (int p = 0; p < PROJECTS; p++)
		if (o->project && !strcmp(o->project, t->project[p]))
			t->vcpus_used[p] += sign * al->vcpus;
	for (int g = 0; g < GROUPS; g++)
		if (al->vm_group && !strcmp(al->vm_group, t->g[g].id))
			t->g[g].count[i] += sign;
	nc_arena_free(a);
}

static int zone_count(const truth *t, const group_truth *g, int zone)
{
	int n = 0;

	for (int i = 0; i < HOSTS; i++)
		n += t->h[i].zone == zone ? g->count[i] : 0;
	return n;
}

/* After each record: nothing is overdrawn, no rule is broken. */
static void judge(truth *t)
{
	for (int i = 0; i < HOSTS; i++)
		for (int k = 0; k < NC_RES_COUNT; k++)
			if (t->h[i].used[k] > t->h[i].capacity[k] && !t->h[i].is_shrunk)
				fault(t, "more than there is on", t->h[i].id);
	for (int p = 0; p < PROJECTS; p++)
		if (t->vcpus_used[p] > t->limit[p])
			fault(t, "over quota", t->project[p]);
	for (int k = 0; k < GROUPS; k++) {
		const group_truth *g = &t->g[k];
		int n_zones = 0;
		for (int z = 0; z < ZONES; z++) {
			int n = zone_count(t, g, z);
			n_zones += n > 0;
			if (g->policy == NC_ANTI_AFFINITY && n > g->max)
				fault(t, "together", g->id);
		}
		if (g->policy == NC_AFFINITY && n_zones > 1)
			fault(t, "apart", g->id);
	}
}

static void on_change(
	void *ctx, uint64_t seq, uint16_t kind, const nc_item *was, const nc_item *now)
{
	truth *t = ctx;

	(void)seq;
	if (kind != NC_KIND_ALLOCATION)
		return;
	nc_loose64_add(&t->n_claims, 1);
	if (was)
		count(t, was, -1);
	if (now)
		count(t, now, 1);
	judge(t);
}

static void on_published(void *arg, const nc_db_batch *b)
{
	truth *t = arg;

	nc_loose64_add(&t->n_records, 1);
	nc_db_batch_changes(b, on_change, t);
	if (t->w.s)
		nc_sched_apply(t->w.s, b);
}

/* ---- the state ---- */

static int truth_open(truth *t, uint64_t *seed)
{
	if (!world_open(&t->w, NC_SCHED_BEST_FIT))
		return 0;
	for (int i = 0; i < ZONES; i++)
		t->zone[i] = world_zone(&t->w, i == 0 ? "a" : i == 1 ? "b" : "c");
	for (int i = 0; i < PROJECTS; i++) {
		char name[32];
		snprintf(name, sizeof(name), "team-%d", i);
		t->project[i] = world_project(&t->w, name);
		t->limit[i] = 40 + (int64_t)below(seed, 60);
		world_quota(&t->w, t->project[i], "vcpus", t->limit[i]);
	}
	for (int i = 0; i < GROUPS; i++) {
		t->g[i].policy = i % 2 ? NC_AFFINITY : NC_ANTI_AFFINITY;
		t->g[i].max = 1 + i;
		t->g[i].id = world_group(&t->w, t->g[i].policy, NC_DOMAIN_ZONE, t->g[i].max);
	}
	for (int i = 0; i < HOSTS; i++) {
		char name[16];
		const char **traits = nc_arena_new_array(t->w.a, const char *, TRAITS);
		snprintf(name, sizeof(name), "h-%02d", i);
		host_truth *h = &t->h[i];
		h->zone = i % ZONES;
		h->capacity[NC_RES_VCPU] = 4 + (int64_t)below(seed, 12);
		h->capacity[NC_RES_MEMORY_MIB] = 4000 + (int64_t)below(seed, 8000);
		h->capacity[NC_RES_DISK_GIB] = 20 + (int64_t)below(seed, 80);
		nc_host_obj *o = world_host_unput(
			&t->w, name, h->capacity[0], h->capacity[1], h->capacity[2]);
		o->zone = t->zone[h->zone];
		o->overhead_mib = (int64_t)below(seed, 100);
		o->traits = traits;
		for (int k = 0; k < TRAITS; k++)
			if (below(seed, 2))
				traits[o->n_traits++] = trait_words[k];
		snprintf(h->id, sizeof(h->id), "%s", o->o.id);
		state_put(&t->w.st, &o->o);
		t->host[i] = o;
	}
	t->w.st.arg = t;
	t->w.st.published = on_published;
	return 1;
}

typedef struct ask { /* a request and what it points to */
	nc_place_req req;
	char consumer[24];
	const char *traits[TRAITS];
} ask;

static void random_ask(truth *t, uint64_t *seed, int who, uint64_t n_vms, ask *x)
{
	*x = (ask){ .req.consumer = x->consumer };
	snprintf(x->consumer, sizeof(x->consumer), "vm_%d_%u", who, (unsigned)below(seed, n_vms));
	x->req.want[NC_RES_VCPU] = 1 + (int64_t)below(seed, 4);
	x->req.want[NC_RES_MEMORY_MIB] = 100 + (int64_t)below(seed, 3000);
	x->req.want[NC_RES_DISK_GIB] = (int64_t)below(seed, 20);
	x->req.project = t->project[below(seed, PROJECTS)];
	x->req.traits = x->traits;
	for (int i = 0; i < TRAITS; i++)
		if (below(seed, 6) == 0)
			x->traits[x->req.n_traits++] = trait_words[i];
	if (below(seed, 4) == 0)
		x->req.zone = t->zone[below(seed, ZONES)];
	if (below(seed, 4) == 0)
		x->req.vm_group = t->g[below(seed, GROUPS)].id;
}

/* A consumer keeps its project and group, as a VM does. */
static void keep_ties(truth *t, ask *x, nc_arena *a)
{
	nc_object *o = state_get(&t->w.st, &nc_kind_allocation, x->consumer, a);

	if (!o)
		return;
	x->req.project = o->project;
	x->req.vm_group = NC_AS(nc_allocation, o)->vm_group;
}

static void random_act(truth *t, uint64_t *seed, int who)
{
	nc_arena *a = nc_arena_new(1 << 20);
	nc_error err = NC_ERROR_INIT;
	ask x;

	random_ask(t, seed, who, 40, &x);
	keep_ties(t, &x, a);
	switch (below(seed, 10)) {
	case 0:
	case 1:
	case 2:
		world_release(&t->w, x.consumer, &err);
		break;
	case 3:
		world_resize(&t->w, x.consumer, x.req.want[0], x.req.want[1], x.req.want[2], &err);
		break;
	default:
		world_claim(&t->w, &x.req, NULL, &err);
	}
	nc_arena_free(a);
}

static void check_verdict(truth *t)
{
	printf("%lld records, %lld changes of allocations\n",
		(long long)nc_loose64_get(&t->n_records), (long long)nc_loose64_get(&t->n_claims));
	CHECK(nc_loose64_get(&t->n_claims) > 100);
	if (!CHECK_INT(nc_loose64_get(&t->n_faults), 0))
		printf("first: %s\n", t->first_fault);
	CHECK_UINT(world_faults(&t->w), 0);
}

/* ---- one thread: the ledger that was moved on, and one that was loaded, agree in all ---- */

static char *outcome(world *w, nc_sched *s, const nc_place_req *req)
{
	_cleanup_(nc_buf_done) nc_buf decision, json;
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_placement p = { .n_alternates = 0 };
	nc_error err = NC_ERROR_INIT;

	nc_buf_init(&decision, 64u << 10);
	nc_buf_init(&json, 256u << 10);
	const nc_root *r = nc_db_read_begin(w->st.db);
	nc_code rc = nc_sched_place(s, r, req, &p, &decision, &err);
	nc_db_read_end(w->st.db);
	CHECK_OK(nc_decision_render(nc_buf_bytes(&decision), &json, NULL), NULL);
	CHECK_OK(nc_json_parse(nc_buf_bytes(&json), 1 << 20, &j, NULL), NULL);
	json_object_del(j, "id");
	json_object_del(j, "decided_at");
	json_object_del(j, "ledger_generation");
	json_object_set_new(j, "code", json_integer(rc));
	json_object_set_new(j, "hint", json_string(err.hint));
	return json_dumps(j, JSON_SORT_KEYS);
}

static void compare_with_loaded(truth *t, uint64_t *seed)
{
	nc_sched *fresh = NULL;
	const nc_root *r = nc_db_read_begin(t->w.st.db);
	CHECK_OK(nc_sched_new(&(nc_sched_options){ .algorithm = NC_SCHED_BEST_FIT,
				      .vcpu_ratio = 4,
				      .memory_ratio = 1,
				      .disk_ratio = 1,
				      .reserve_memory_mib = 2048,
				      .reserve_memory_percent = 5 },
			 &fresh, NULL),
		NULL);
	CHECK_OK(nc_sched_load(fresh, r, NULL), NULL);
	nc_db_read_end(t->w.st.db);
	for (int i = 0; i < 10; i++) {
		ask x;
		random_ask(t, seed, 0, 40, &x);
		_cleanup_(nc_freep) char *a = outcome(&t->w, t->w.s, &x.req);
		_cleanup_(nc_freep) char *b = outcome(&t->w, fresh, &x.req);
		CHECK_STR(a, b);
	}
	nc_sched_free(fresh);
}

static void random_host_change(truth *t, uint64_t *seed)
{
	int i = (int)below(seed, HOSTS);
	nc_host_obj *h = t->host[i];

	switch (below(seed, 4)) {
	case 0:
		h->admin_state = below(seed, 3) ? NC_HOST_ENABLED : NC_HOST_CORDONED;
		break;
	case 1:
		h->reach = below(seed, 4) ? NC_HOST_UP : NC_HOST_SILENT;
		break;
	case 2: {
		int64_t vcpus = 2 + (int64_t)below(seed, 14);
		t->h[i].capacity[NC_RES_VCPU] = h->vcpus = vcpus;
		t->h[i].is_shrunk |= vcpus < t->h[i].used[NC_RES_VCPU];
		break;
	}
	default:
		h->n_traits = below(seed, h->n_traits + 1);
	}
	state_put(&t->w.st, &h->o);
}

static void what_was_applied_equals_what_is_loaded(void)
{
	_cleanup_(nc_freep) truth *t = nc_calloc(1, sizeof(*t));
	uint64_t seed = nc_test_random();
	REQUIRE(truth_open(t, &seed));
	for (int i = 0; i < 1500; i++) {
		random_act(t, &seed, 0);
		if (i % 10 == 0)
			random_host_change(t, &seed);
		if (i % 50 == 0)
			compare_with_loaded(t, &seed);
	}
	check_verdict(t);
	REQUIRE(world_reopen(&t->w));
	CHECK_UINT(world_faults(&t->w), 0);
	world_free(&t->w);
}

/* ---- the nearest miss ---- */

/* By how large a share of a need the host falls short; what it has is asked of its usage. */
static double shortfall(truth *t, int i, const nc_place_req *req, int64_t missing[NC_RES_COUNT])
{
	int64_t total[NC_RES_COUNT], used[NC_RES_COUNT];
	double worst = 0;

	nc_sched_host_usage(t->w.s, t->h[i].id, total, used, NULL);
	for (int k = 0; k < NC_RES_COUNT; k++) {
		int64_t need =
			req->want[k] + (k == NC_RES_MEMORY_MIB ? t->host[i]->overhead_mib : 0);
		missing[k] = NC_MAX(need - (total[k] - used[k]), 0);
		if (need > 0)
			worst = NC_MAX(worst, (double)missing[k] / (double)need);
	}
	return worst;
}

static void the_nearest_miss_is_true(void)
{
	_cleanup_(nc_freep) truth *t = nc_calloc(1, sizeof(*t));
	uint64_t seed = nc_test_random();
	int n_misses = 0;
	REQUIRE(truth_open(t, &seed));
	for (int i = 0; i < 400; i++)
		random_act(t, &seed, 0);
	for (int n = 0; n < 300; n++) {
		ask x;
		const char *json = "";
		nc_arena *a = nc_arena_new(1 << 20);
		random_ask(t, &seed, 9, 1000, &x); /* of nobody who holds something */
		x.req.vm_group = NULL;
		x.req.project = NULL;
		x.req.want[below(&seed, 3)] *= 4;
		nc_code rc = world_place(&t->w, &x.req, NULL, &json, NULL);
		_cleanup_(nc_json_decrefp) json_t *j = NULL;
		CHECK_OK(nc_json_parse(nc_str(json), 1 << 20, &j, NULL), NULL);
		const json_t *near = json_object_get(j, "nearest_miss");
		CHECK(rc != NC_OK || !near);
		if (near) {
			int at = index_of(t, json_string_value(json_object_get(near, "host")));
			int64_t missing[NC_RES_COUNT], other[NC_RES_COUNT];
			static const char *const words[] = { "vcpus", "memory_mib", "disk_gib" };
			double best = shortfall(t, at, &x.req, missing);
			ask less = x;
			for (int k = 0; k < NC_RES_COUNT; k++) {
				CHECK_INT(json_integer_value(json_object_get(
						  json_object_get(near, "short"), words[k])),
					missing[k]);
				less.req.want[k] -= missing[k];
			}
			/* With so much less it fits there, */
			less.req.host = t->h[at].id;
			if (less.req.want[NC_RES_MEMORY_MIB] >= 0)
				CHECK_OK(world_place(&t->w, &less.req, NULL, NULL, NULL), NULL);
			/* and nowhere that may be chosen with less than that. */
			for (int i = 0; i < HOSTS; i++) {
				ask there = x;
				memset(there.req.want, 0, sizeof(there.req.want));
				there.req.host = t->h[i].id;
				int is_allowed =
					world_place(&t->w, &there.req, NULL, NULL, NULL) == NC_OK;
				if (is_allowed)
					CHECK(shortfall(t, i, &x.req, other) >= best);
			}
			n_misses++;
		}
		nc_arena_free(a);
	}
	printf("%d misses\n", n_misses);
	CHECK(n_misses > 20);
	world_free(&t->w);
}

/* ---- threads ---- */

enum { THREADS = 4, ACTS = 250 };

typedef struct actor {
	truth *t;
	uint64_t seed;
	int who;
	nc_beacon32 is_over;
} actor;

static void *act_main(void *arg)
{
	actor *x = arg;

	for (int i = 0; i < ACTS; i++)
		random_act(x->t, &x->seed, x->who);
	nc_beacon32_set(&x->is_over, 1);
	return NULL;
}

/* Without CUnit's checks, which are the main thread's. */
static void *look_main(void *arg)
{
	actor *x = arg;

	while (!nc_beacon32_get(&x->is_over)) {
		int64_t used[NC_USE_COUNT], total[NC_RES_COUNT], held[NC_RES_COUNT];
		for (int i = 0; i < HOSTS; i++)
			nc_sched_host_usage(x->t->w.s, x->t->h[i].id, total, held, NULL);
		for (int i = 0; i < PROJECTS; i++) {
			nc_sched_usage(x->t->w.s, x->t->project[i], used);
			if (used[NC_RES_VCPU] > x->t->limit[i])
				fault(x->t, "usage over quota", x->t->project[i]);
		}
	}
	return NULL;
}

static void nothing_is_overdrawn_by_many_threads_at_once(void)
{
	_cleanup_(nc_freep) truth *t = nc_calloc(1, sizeof(*t));
	uint64_t seed = nc_test_random(), thread[THREADS + 1];
	actor x[THREADS + 1];
	REQUIRE(truth_open(t, &seed));
	memstore_set_delay_us(t->w.st.store, 200); /* so that groups gather */
	for (int i = 0; i <= THREADS; i++) {
		x[i] = (actor){ .t = t, .seed = seed + (uint64_t)i * 7919, .who = i };
		REQUIRE(nc_thread_start(&thread[i], "actor", i < THREADS ? act_main : look_main,
				&x[i]) == 0);
	}
	/* Hosts come, change and go meanwhile; what is claimed of those that change is not judged. */
	for (int i = 0; i < 60; i++) {
		nc_host_obj *h = world_host(&t->w, "passing", 1, 1, 1);
		h->admin_state = NC_HOST_CORDONED;
		state_put(&t->w.st, &h->o);
		if (i % 2) {
			h->o.name = "renamed";
			state_put(&t->w.st, &h->o);
		}
		state_delete(&t->w.st, &h->o);
	}
	for (int i = 0; i < THREADS; i++)
		nc_thread_join(thread[i]);
	nc_beacon32_set(&x[THREADS].is_over, 1);
	nc_thread_join(thread[THREADS]);
	check_verdict(t);
	CHECK(memstore_largest_batch(t->w.st.store) > 1);
	world_free(&t->w);
}

static void print_difference(void *ctx, const char *what)
{
	(void)ctx;
	printf("%s\n", what);
}

static void the_audit_finds_nothing_while_others_work_and_finds_what_is_wrong(void)
{
	_cleanup_(nc_freep) truth *t = nc_calloc(1, sizeof(*t));
	uint64_t seed = nc_test_random(), thread[2];
	actor x[2];
	REQUIRE(truth_open(t, &seed));
	for (int i = 0; i < 2; i++) {
		x[i] = (actor){ .t = t, .seed = seed + (uint64_t)i * 7919, .who = i };
		REQUIRE(nc_thread_start(&thread[i], "actor", act_main, &x[i]) == 0);
	}
	CHECK_UINT(nc_sched_audit(t->w.s, t->w.st.db, print_difference, NULL), 0);
	for (int i = 0; i < 2; i++)
		nc_thread_join(thread[i]);
	/* A record that no guard has seen. */
	nc_object *o = nc_object_new(&nc_kind_allocation, t->w.a);
	o->id = "vm_unseen";
	NC_AS(nc_allocation, o)->consumer = o->id;
	NC_AS(nc_allocation, o)->consumer_kind = "vm";
	NC_AS(nc_allocation, o)->host = t->h[0].id;
	NC_AS(nc_allocation, o)->vcpus = 1;
	o->project = t->project[0];
	state_put(&t->w.st, o);
	/* One of the host, vcpus and VMs of the project. */
	CHECK_UINT(nc_sched_audit(t->w.s, t->w.st.db, print_difference, NULL), 3);
	world_free(&t->w);
}

NC_TESTS(sched_random){
	T(what_was_applied_equals_what_is_loaded),
	T(the_nearest_miss_is_true),
	T(nothing_is_overdrawn_by_many_threads_at_once),
	T(the_audit_finds_nothing_while_others_work_and_finds_what_is_wrong),
};
