/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "sched_world.h"

/* What a claim takes, what the sequencer refuses, and that nothing is taken by halves. */

/* ---- one after the other ---- */

static void a_claim_takes_and_a_release_gives_back(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	nc_placement p = { .n_alternates = 0 };
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "host", 8, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 2, 2000, 20);
	req.project = world_project(&w, "team-a");
	CHECK_OK(world_claim(&w, &req, &p, &err), &err);
	CHECK_INT(world_used(&w, h->o.id, NC_RES_VCPU), 2);
	CHECK_INT(world_used(&w, h->o.id, NC_RES_DISK_GIB), 20);
	CHECK_INT(world_project_used(&w, req.project, NC_RES_MEMORY_MIB), 2000);
	CHECK_INT(world_project_used(&w, req.project, NC_USE_VMS), 1);
	nc_object *o = state_get(&w.st, &nc_kind_allocation, "vm_1", w.a);
	REQUIRE(o != NULL);
	CHECK_STR(NC_AS(nc_allocation, o)->host, h->o.id);
	CHECK_STR(NC_AS(nc_allocation, o)->decision, p.decision_id);
	CHECK_STR(NC_AS(nc_allocation, o)->consumer_kind, "vm");
	CHECK_OK(world_release(&w, "vm_1", &err), &err);
	CHECK(state_get(&w.st, &nc_kind_allocation, "vm_1", w.a) == NULL);
	CHECK_INT(world_used(&w, h->o.id, NC_RES_VCPU), 0);
	CHECK_INT(world_project_used(&w, req.project, NC_USE_VMS), 0);
	CHECK_CODE(world_release(&w, "vm_1", &err), NC_E_NOTFOUND);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

static void a_second_claim_of_a_consumer_moves_it(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *a = world_host(&w, "a", 8, 8000, 80), *b = world_host(&w, "b", 8, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 6, 6000, 60);
	req.project = world_project(&w, "team-a");
	world_quota(&w, req.project, "vcpus", 7);
	CHECK_OK(world_claim_on(&w, &req, a->o.id, &err), &err);
	CHECK_OK(world_claim_on(&w, &req, b->o.id, &err), &err);
	CHECK_INT(world_used(&w, a->o.id, NC_RES_VCPU), 0);
	CHECK_INT(world_used(&w, b->o.id, NC_RES_VCPU), 6);
	CHECK_INT(world_project_used(&w, req.project, NC_RES_VCPU), 6);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

static void a_project_is_counted_what_it_asked_not_the_overhead(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host_unput(&w, "host", 8, 8000, 80);
	h->overhead_mib = 100;
	state_put(&w.st, &h->o);
	nc_place_req req = world_req(&w, "vm_1", 1, 1000, 1);
	req.project = world_project(&w, "team-a");
	world_quota(&w, req.project, "memory_mib", 1000);
	CHECK_OK(world_claim(&w, &req, NULL, &err), &err);
	CHECK_INT(world_used(&w, h->o.id, NC_RES_MEMORY_MIB), 1100);
	CHECK_INT(world_project_used(&w, req.project, NC_RES_MEMORY_MIB), 1000);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

static void a_resize_takes_the_difference_and_says_what_is_missing(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "host", 8, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 2, 2000, 20);
	req.project = world_project(&w, "team-a");
	nc_quota_obj *q = world_quota(&w, req.project, "vcpus", 7);
	CHECK_OK(world_claim(&w, &req, NULL, &err), &err);
	CHECK_OK(world_resize(&w, "vm_1", 7, 8000, 20, &err), &err);
	CHECK_INT(world_used(&w, h->o.id, NC_RES_VCPU), 7);
	CHECK_CODE(world_resize(&w, "vm_1", 8, 8000, 20, &err), NC_E_QUOTA);
	CHECK_STR(err.message, "project team-a: vcpus 7 of 7 used, 1 asked, short by 1");
	q->limits[0].limit = 100;
	state_put(&w.st, &q->o);
	CHECK_CODE(world_resize(&w, "vm_1", 12, 8000, 20, &err), NC_E_UNAVAILABLE);
	CHECK_STR(err.message, "host host: vcpus 1 free, 5 more asked, short by 4");
	CHECK_STR(err.domain, "nc.no_capacity");
	/* Smaller is always possible, also where there is too little. */
	h->vcpus = 1;
	state_put(&w.st, &h->o);
	CHECK_OK(world_resize(&w, "vm_1", 6, 4000, 20, &err), &err);
	CHECK_CODE(world_resize(&w, "vm_1", 7, 4000, 20, &err), NC_E_UNAVAILABLE);
	CHECK_INT(world_used(&w, h->o.id, NC_RES_VCPU), 6);
	CHECK_CODE(world_resize(&w, "vm_2", 1, 1, 1, &err), NC_E_NOTFOUND);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

/* ---- quota ---- */

static void the_quota_refusal_reads_as_promised(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	const int64_t four[] = { 4, 0, 0 }, one[] = { 1, 0, 0 };
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	world_host(&w, "host", 100, 80000, 800);
	const char *project = world_project(&w, "team-a");
	world_quota(&w, project, "vcpus", 40);
	nc_place_req req = world_req(&w, "vm_1", 39, 100, 1);
	req.project = project;
	CHECK_OK(world_claim(&w, &req, NULL, &err), &err);
	const nc_root *r = nc_db_read_begin(w.st.db);
	CHECK_CODE(nc_sched_check_quota(w.s, r, project, four, &err), NC_E_QUOTA);
	CHECK_STR(err.message, "project team-a: vcpus 39 of 40 used, 4 asked, short by 3");
	CHECK_STR(err.hint, "delete or shrink something, or: novacron quota set team-a vcpus=43");
	CHECK_STR(err.domain, "nc.quota");
	CHECK_OK(nc_sched_check_quota(w.s, r, project, one, NULL), NULL);
	CHECK_OK(nc_sched_check_quota(w.s, r, NULL, four, NULL), NULL);
	nc_db_read_end(w.st.db);
	const char *json = "";
	req.consumer = "vm_2";
	req.want[NC_RES_VCPU] = 4;
	nc_err_clear(&err);
	CHECK_CODE(world_place(&w, &req, NULL, &json, &err), NC_E_QUOTA);
	CHECK_STR(err.message, "project team-a: vcpus 39 of 40 used, 4 asked, short by 3");
	CHECK_HAS(json, "short by 3");
	world_free(&w);
}

static void every_limit_counts_and_absent_ones_do_not(void)
{
	static const char *const words[] = { "vcpus", "memory_mib", "disk_gib", "vms" };
	world w;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	world_host(&w, "host", 1000, 100000, 1000);
	for (int i = 0; i < 4; i++) {
		nc_error err = NC_ERROR_INIT;
		char name[32], want[80];
		snprintf(name, sizeof(name), "p-%d", i);
		const char *project = world_project(&w, name);
		world_quota(&w, project, words[i], i == 3 ? 2 : 4);
		for (int k = 0; k < 3; k++) {
			nc_place_req req =
				world_req(&w, nc_arena_printf(w.a, "vm_%d_%d", i, k), 2, 2, 2);
			req.project = project;
			CHECK_CODE(world_claim(&w, &req, NULL, &err), k < 2 ? NC_OK : NC_E_QUOTA);
		}
		int n = i == 3 ? 1 : 2;
		snprintf(want, sizeof(want), "project %s: %s %d of %d used, %d asked, short by %d",
			name, words[i], i == 3 ? 2 : 4, i == 3 ? 2 : 4, n, n);
		CHECK_STR(err.message, want);
	}
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

static void of_several_quotas_the_least_counts_until_it_is_deleted(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	const int64_t three[] = { 3, 0, 0 };
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	const char *project = world_project(&w, "team-a");
	world_quota(&w, project, "vcpus", 4);
	nc_object *o = state_new(&nc_kind_quota, "second", w.a);
	nc_quota_obj *q = NC_AS(nc_quota_obj, o);
	nc_limit limits[] = { { "memory_mib", -1 }, { "vcpus", 2 } };
	o->project = project;
	q->limits = limits;
	q->n_limits = 2;
	state_put(&w.st, o);
	const nc_root *r = nc_db_read_begin(w.st.db);
	CHECK_CODE(nc_sched_check_quota(w.s, r, project, three, &err), NC_E_QUOTA);
	nc_db_read_end(w.st.db);
	state_delete(&w.st, o);
	r = nc_db_read_begin(w.st.db);
	CHECK_OK(nc_sched_check_quota(w.s, r, project, three, &err), &err);
	nc_db_read_end(w.st.db);
	world_free(&w);
}

static void a_paired_allocation_counts_at_the_host_alone(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "host", 8, 8000, 80);
	const char *project = world_project(&w, "team-a");
	nc_object *o = nc_object_new(&nc_kind_allocation, w.a);
	nc_allocation *al = NC_AS(nc_allocation, o);
	o->id = "vm_1.to";
	o->project = project;
	al->consumer = "vm_1";
	al->consumer_kind = "vm";
	al->host = h->o.id;
	al->vcpus = 3;
	al->memory_mib = 300;
	al->is_paired = 1;
	state_put(&w.st, o); /* as an earlier version of the kernel may have left it */
	REQUIRE(world_reopen(&w));
	CHECK_INT(world_used(&w, h->o.id, NC_RES_VCPU), 3);
	CHECK_INT(world_project_used(&w, project, NC_RES_VCPU), 0);
	CHECK_INT(world_project_used(&w, project, NC_USE_VMS), 0);
	CHECK_OK(world_release(&w, "vm_1.to", &err), &err);
	CHECK_INT(world_used(&w, h->o.id, NC_RES_VCPU), 0);
	CHECK_INT(world_project_used(&w, project, NC_RES_VCPU), 0);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

/* ---- at the guard ---- */

static void two_claims_of_the_last_place_in_one_group_one_wins(void)
{
	world w;
	answer a[3];
	nc_txn *t[3];
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "host", 8, 8000, 80);
	for (int i = 0; i < 3; i++) {
		nc_place_req req = world_req(&w, nc_arena_printf(w.a, "vm_%d", i), 3, 100, 1);
		t[i] = world_claim_txn(&w, &req, h->o.id);
	}
	world_commit_together(&w, t, a, 3);
	CHECK_CODE(a[0].code, NC_OK);
	CHECK_CODE(a[1].code, NC_OK);
	CHECK_CODE(a[2].code, NC_E_CONFLICT);
	CHECK_UINT(a[1].seq, a[0].seq + 1);
	CHECK_HAS(a[2].err.message, "filled meanwhile");
	CHECK_INT(world_used(&w, h->o.id, NC_RES_VCPU), 6);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

static void two_claims_of_the_last_quota_in_one_group_one_wins(void)
{
	world w;
	answer a[2];
	nc_txn *t[2];
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "host", 100, 8000, 80);
	const char *project = world_project(&w, "team-a");
	world_quota(&w, project, "vcpus", 5);
	for (int i = 0; i < 2; i++) {
		nc_place_req req = world_req(&w, nc_arena_printf(w.a, "vm_%d", i), 3, 100, 1);
		req.project = project;
		t[i] = world_claim_txn(&w, &req, h->o.id);
	}
	world_commit_together(&w, t, a, 2);
	CHECK_CODE(a[0].code, NC_OK);
	CHECK_CODE(a[1].code, NC_E_CONFLICT);
	CHECK_HAS(a[1].err.message, "used up its quota meanwhile");
	CHECK_INT(world_project_used(&w, project, NC_RES_VCPU), 3);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

static nc_txn *put_txn(world *w, nc_object *o)
{
	nc_txn *t = nc_txn_new(w->st.db);

	CHECK_OK(nc_model_put(t, o, NULL), NULL);
	return t;
}

/* A change of what a claim rests on, and the claim, in one group: the ledger can't know yet. */
static void a_claim_meets_changes_of_its_own_group(void)
{
	world w;
	answer a[2];
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "host", 100, 8000, 80);
	const char *project = world_project(&w, "team-a");
	nc_quota_obj *q = world_quota(&w, project, "vcpus", 5);
	nc_place_req req = world_req(&w, "vm_1", 3, 100, 1);
	req.project = project;

	h->admin_state = NC_HOST_CORDONED;
	nc_txn *cordon[] = { put_txn(&w, &h->o), world_claim_txn(&w, &req, h->o.id) };
	world_commit_together(&w, cordon, a, 2);
	CHECK_CODE(a[0].code, NC_OK);
	CHECK_CODE(a[1].code, NC_E_CONFLICT);
	CHECK_CODE(world_claim_on(&w, &req, h->o.id, &err), NC_E_CONFLICT);
	CHECK_HAS(err.message, "takes no more");
	nc_model_committed(&h->o, a[0].seq);
	h->admin_state = NC_HOST_ENABLED;
	state_put(&w.st, &h->o);

	q->limits[0].limit = 1;
	nc_txn *lower[] = { put_txn(&w, &q->o), world_claim_txn(&w, &req, h->o.id) };
	world_commit_together(&w, lower, a, 2);
	CHECK_CODE(a[1].code, NC_E_CONFLICT);
	nc_model_committed(&q->o, a[0].seq);
	q->limits[0].limit = 5;
	state_put(&w.st, &q->o);

	nc_object *second = state_new(&nc_kind_quota, "second", w.a);
	second->project = project;
	nc_txn *add[] = { put_txn(&w, second), world_claim_txn(&w, &req, h->o.id) };
	world_commit_together(&w, add, a, 2);
	CHECK_CODE(a[1].code, NC_E_CONFLICT);
	CHECK_OK(world_claim_on(&w, &req, h->o.id, &err), &err);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

static void a_claim_of_a_host_that_is_deleted_in_its_group_is_refused(void)
{
	world w;
	answer a[2];
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "host", 100, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 3, 100, 1);
	nc_txn *del = nc_txn_new(w.st.db);
	nc_model_expect_unused(del, &h->o);
	nc_model_delete(del, &h->o);
	nc_txn *t[] = { del, world_claim_txn(&w, &req, h->o.id) };
	world_commit_together(&w, t, a, 2);
	CHECK_CODE(a[0].code, NC_OK);
	CHECK_CODE(a[1].code, NC_E_CONFLICT);
	/* And the other way round: who is claimed stays. */
	h = world_host(&w, "host-2", 100, 8000, 80);
	del = nc_txn_new(w.st.db);
	nc_model_expect_unused(del, &h->o);
	nc_model_delete(del, &h->o);
	nc_txn *u[] = { world_claim_txn(&w, &req, h->o.id), del };
	world_commit_together(&w, u, a, 2);
	CHECK_CODE(a[0].code, NC_OK);
	CHECK_CODE(a[1].code, NC_E_CONFLICT);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

/* Staged for one host, whose slot is another's by the time of the guard. */
static void a_claim_does_not_follow_its_slot_to_another_host(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "old", 100, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 3, 100, 1);
	nc_txn *t = world_claim_txn(&w, &req, h->o.id);
	state_delete(&w.st, &h->o);
	nc_host_obj *g = world_host(&w, "new", 100, 8000, 80);
	CHECK_CODE(nc_txn_commit(t, NULL, &err), NC_E_CONFLICT);
	CHECK_INT(world_used(&w, g->o.id, NC_RES_VCPU), 0);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

static void two_changes_of_one_allocation_one_wins(void)
{
	world w;
	answer a[2];
	nc_error err = NC_ERROR_INIT;
	const int64_t want[] = { 5, 100, 1 };
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "host", 8, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 3, 100, 1);
	CHECK_OK(world_claim(&w, &req, NULL, &err), &err);
	nc_txn *t[] = { nc_txn_new(w.st.db), nc_txn_new(w.st.db) };
	const nc_root *r = nc_db_read_begin(w.st.db);
	CHECK_OK(nc_sched_resize(w.s, t[0], r, "vm_1", want, &err), &err);
	CHECK_OK(nc_sched_release(w.s, t[1], r, "vm_1", &err), &err);
	nc_db_read_end(w.st.db);
	world_commit_together(&w, t, a, 2);
	CHECK_CODE(a[0].code, NC_OK);
	CHECK_CODE(a[1].code, NC_E_CONFLICT);
	CHECK_INT(world_used(&w, h->o.id, NC_RES_VCPU), 5);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

/* ---- what does not become durable ---- */

static void a_failed_append_gives_back_exactly_what_was_taken(void)
{
	world w;
	answer a[3];
	nc_error err = NC_ERROR_INIT;
	const int64_t want[] = { 7, 200, 2 };
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "host", 20, 8000, 80);
	nc_host_obj *g = world_host(&w, "other", 20, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 3, 100, 1);
	req.project = world_project(&w, "team-a");
	req.vm_group = world_group(&w, NC_ANTI_AFFINITY, NC_DOMAIN_HOST, 1);
	CHECK_OK(world_claim_on(&w, &req, h->o.id, &err), &err);
	for (int round = 0; round < 2; round++) {
		nc_txn *t[3] = { NULL, nc_txn_new(w.st.db), NULL };
		nc_place_req move = req, fresh = req;
		fresh.consumer = "vm_2";
		fresh.vm_group = NULL;
		t[0] = world_claim_txn(&w, &move, g->o.id);
		const nc_root *r = nc_db_read_begin(w.st.db);
		/* Rests on the move of its own group, so it conflicts either way. */
		CHECK_OK(nc_sched_resize(w.s, t[1], r, "vm_1", want, &err), &err);
		nc_db_read_end(w.st.db);
		t[2] = world_claim_txn(&w, &fresh, h->o.id);
		memstore_fail(w.st.store, MS_APPEND, 2, 0, round ? MS_UNKNOWN_LOST : MS_REFUSE);
		world_commit_together(&w, t, a, 3);
		for (int i = 0; i < 3; i++)
			CHECK(a[i].code != NC_OK);
		CHECK_INT(world_used(&w, h->o.id, NC_RES_VCPU), 3);
		CHECK_INT(world_used(&w, g->o.id, NC_RES_VCPU), 0);
		CHECK_INT(world_project_used(&w, req.project, NC_RES_VCPU), 3);
		CHECK_INT(world_project_used(&w, req.project, NC_USE_VMS), 1);
		CHECK_UINT(world_faults(&w), 0);
		memstore_heal(w.st.store);
		world_wait_writable(&w); /* the reopening appends too, and is not to be counted */
	}
	/* The group still knows where its member stands: no second one there, but one beside. */
	nc_place_req next = req;
	next.consumer = "vm_3";
	CHECK_CODE(world_claim_on(&w, &next, h->o.id, &err), NC_E_CONFLICT);
	CHECK_OK(world_claim_on(&w, &next, g->o.id, &err), &err);
	world_free(&w);
}

static void an_append_whose_outcome_is_unknown_counts_if_it_happened(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "host", 20, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 3, 100, 1);
	memstore_fail(w.st.store, MS_APPEND, 1, 0, MS_UNKNOWN_DONE);
	CHECK_OK(world_claim_on(&w, &req, h->o.id, &err), &err);
	CHECK_INT(world_used(&w, h->o.id, NC_RES_VCPU), 3);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

static void a_transaction_that_is_dropped_takes_nothing(void)
{
	world w;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "host", 20, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 3, 100, 1);
	nc_txn_free(world_claim_txn(&w, &req, h->o.id)); /* under ASan: and leaks nothing */
	CHECK_INT(world_used(&w, h->o.id, NC_RES_VCPU), 0);
	world_free(&w);
}

/* ---- hooks that come late ---- */

static void what_was_published_unheard_is_made_good(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *gone = world_host(&w, "gone", 8, 8000, 80);
	nc_sched *s = nc_steal(&w.s); /* nobody listens */
	nc_host_obj *h = world_host(&w, "unheard", 8, 8000, 80);
	state_delete(&w.st, &gone->o);
	w.s = s;
	world_zone(&w, "heard"); /* the hole shows */
	nc_place_req req = world_req(&w, "vm_1", 3, 100, 1);
	nc_placement p = { .n_alternates = 0 };
	CHECK_OK(world_claim(&w, &req, &p, &err), &err);
	CHECK_STR(p.host, h->o.id);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

/* ---- torture ---- */

static void claims_survive_every_failed_allocation(void)
{
	world w;
	nc_code rc = NC_OK;
	nc_error err = NC_ERROR_INIT;
	const int64_t want[] = { 7, 200, 2 };
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "host", 20, 8000, 80);
	nc_host_obj *g = world_host(&w, "other", 20, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 3, 100, 1);
	req.project = world_project(&w, "team-a");
	req.vm_group = world_group(&w, NC_ANTI_AFFINITY, NC_DOMAIN_HOST, 1);
	CHECK_OK(world_claim_on(&w, &req, h->o.id, &err), &err);
	nc_placement p = { .n_alternates = 0 };
	snprintf(p.host, sizeof(p.host), "%s", g->o.id);
	const nc_root *r = nc_db_read_begin(w.st.db);
	NC_TORTURE(rc)
	{
		nc_txn *t = nc_txn_new(w.st.db);
		rc = nc_sched_claim(w.s, t, r, &req, &p, NULL);
		nc_txn_free(t);
	}
	NC_TORTURE(rc)
	{
		nc_txn *t = nc_txn_new(w.st.db);
		rc = nc_sched_resize(w.s, t, r, "vm_1", want, NULL);
		nc_txn_free(t);
	}
	NC_TORTURE(rc)
	{
		nc_txn *t = nc_txn_new(w.st.db);
		rc = nc_sched_release(w.s, t, r, "vm_1", NULL);
		nc_txn_free(t);
	}
	nc_db_read_end(w.st.db);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

/* The same on the sequencer's thread, between two guards of ours: one arms, one disarms. */
static nc_code arm(void *arg, const nc_root *tip, nc_error *err)
{
	const uint64_t *n = arg;

	(void)tip;
	(void)err;
	nc_alloc_fail_at(*n, NC_FAIL_ONCE);
	return NC_OK;
}

static void disarm_after_refusal(void *arg)
{
	uint64_t *n = arg;

	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	*n = nc_alloc_has_failed() ? *n : 0;
}

static nc_code disarm(void *arg, const nc_root *tip, nc_error *err)
{
	(void)tip;
	(void)err;
	disarm_after_refusal(arg);
	return NC_OK;
}

static void a_guard_without_memory_refuses_and_takes_nothing(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	uint64_t fail_at = 1;
	int n_refused = 0;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *h = world_host(&w, "host", 200, 80000, 800);
	nc_host_obj *g = world_host(&w, "other", 200, 80000, 800);
	nc_place_req req = world_req(&w, "vm_1", 3, 100, 1);
	for (uint64_t i = 1; fail_at; i++) { /* fresh books each time, which need memory */
		fail_at = i;
		req.consumer = nc_arena_printf(w.a, "vm_%d", (int)i);
		req.project = world_project(&w, nc_arena_printf(w.a, "p-%d", (int)i));
		req.vm_group = world_group(&w, NC_ANTI_AFFINITY, NC_DOMAIN_HOST, 1);
		nc_placement p = { .n_alternates = 0 };
		snprintf(p.host, sizeof(p.host), "%s", i % 2 ? h->o.id : g->o.id);
		nc_txn *t = nc_txn_new(w.st.db);
		nc_txn_guard(t,
			&(nc_guard){ .check = arm, .undo = disarm_after_refusal, .arg = &fail_at });
		const nc_root *r = nc_db_read_begin(w.st.db);
		CHECK_OK(nc_sched_claim(w.s, t, r, &req, &p, &err), &err);
		nc_db_read_end(w.st.db);
		nc_txn_guard(t, &(nc_guard){ .check = disarm, .arg = &fail_at });
		nc_code rc = nc_txn_commit(t, NULL, &err);
		CHECK_CODE(rc, fail_at ? NC_E_NOMEM : NC_OK);
		n_refused += rc != NC_OK;
		CHECK_UINT(world_faults(&w), 0);
	}
	CHECK(n_refused >= 2);
	world_free(&w);
}

/* What could not be applied is behind until the next batch, and no claim rests on it meanwhile. */
typedef struct poor_hook {
	world *w;
	uint64_t fail_at;
	int has_failed;
} poor_hook;

static void on_poor_publish(void *arg, const nc_db_batch *b)
{
	poor_hook *x = arg;

	if (x->fail_at)
		nc_alloc_fail_at(x->fail_at, NC_FAIL_STICKY);
	nc_sched_apply(x->w->s, b);
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	if (x->fail_at)
		x->has_failed = nc_alloc_has_failed();
	x->fail_at = 0;
}

static void an_apply_without_memory_is_made_good(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	poor_hook hook = { .w = &w };
	w.st.arg = &hook;
	w.st.published = on_poor_publish;
	nc_host_obj *h = world_host(&w, "old", 8, 8000, 80);
	const char *hosts[] = { h->o.id };
	const char *project = world_project(&w, "team-a");
	nc_object *rack = state_new(&nc_kind_host_group, "rack", w.a);
	NC_AS(nc_host_group, rack)->hosts = hosts;
	NC_AS(nc_host_group, rack)->n_hosts = 1;
	NC_AS(nc_host_group, rack)->is_failure_domain = 1;
	int is_over = 0;
	for (uint64_t i = 1; !is_over; i++) {
		const char *trait[] = { nc_arena_printf(w.a, "t-%d", (int)i) };
		int64_t total[NC_RES_COUNT], used[NC_RES_COUNT];
		uint64_t seq = 0;
		h->traits = trait;
		h->n_traits = 1;
		h->vcpus = 8 + (int64_t)i;
		nc_txn *t = nc_txn_new(w.st.db);
		nc_host_obj *fresh =
			world_host_unput(&w, nc_arena_printf(w.a, "h-%d", (int)i), 4, 4000, 40);
		nc_object *q = state_new(&nc_kind_quota, nc_arena_printf(w.a, "q-%d", (int)i), w.a);
		q->project = project;
		CHECK_OK(nc_model_put(t, &h->o, &err), &err);
		CHECK_OK(nc_model_put(t, &fresh->o, &err), &err);
		CHECK_OK(nc_model_put(t, rack, &err), &err);
		CHECK_OK(nc_model_put(t, q, &err), &err);
		hook.fail_at = i;
		CHECK_OK(nc_txn_commit(t, &seq, &err), &err);
		nc_model_committed(&h->o, seq);
		nc_model_committed(rack, seq);
		is_over = !hook.has_failed;
		/* The next claim sees all of it. */
		nc_place_req req = world_req(&w, nc_arena_printf(w.a, "vm_%d", (int)i), 1, 10, 1);
		req.project = project;
		CHECK_OK(world_claim_on(&w, &req, h->o.id, &err), &err);
		CHECK_OK(nc_sched_host_usage(w.s, h->o.id, total, used, &err), &err);
		CHECK_INT(total[NC_RES_VCPU], h->vcpus);
		CHECK_OK(nc_sched_host_usage(w.s, fresh->o.id, total, used, &err), &err);
		CHECK_UINT(world_faults(&w), 0);
		CHECK_OK(world_release(&w, req.consumer, &err), &err);
	}
	world_free(&w);
}

NC_TESTS(sched_claim){
	T(a_claim_takes_and_a_release_gives_back),
	T(a_second_claim_of_a_consumer_moves_it),
	T(a_project_is_counted_what_it_asked_not_the_overhead),
	T(a_resize_takes_the_difference_and_says_what_is_missing),
	T(the_quota_refusal_reads_as_promised),
	T(every_limit_counts_and_absent_ones_do_not),
	T(of_several_quotas_the_least_counts_until_it_is_deleted),
	T(a_paired_allocation_counts_at_the_host_alone),
	T(two_claims_of_the_last_place_in_one_group_one_wins),
	T(two_claims_of_the_last_quota_in_one_group_one_wins),
	T(a_claim_meets_changes_of_its_own_group),
	T(a_claim_of_a_host_that_is_deleted_in_its_group_is_refused),
	T(a_claim_does_not_follow_its_slot_to_another_host),
	T(two_changes_of_one_allocation_one_wins),
	T(a_failed_append_gives_back_exactly_what_was_taken),
	T(an_append_whose_outcome_is_unknown_counts_if_it_happened),
	T(a_transaction_that_is_dropped_takes_nothing),
	T(what_was_published_unheard_is_made_good),
	T(claims_survive_every_failed_allocation),
	T(a_guard_without_memory_refuses_and_takes_nothing),
	T(an_apply_without_memory_is_made_good),
};
