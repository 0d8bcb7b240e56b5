/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "sched_world.h"

/* A migration's pair of claims, and what is held of no host. */

static nc_code end_move(world *w, const char *consumer, nc_move_end how, nc_error *err)
{
	nc_txn *t = nc_txn_new(w->st.db);
	if (!t)
		return nc_err_nomem(err);
	const nc_root *r = nc_db_read_begin(w->st.db);
	nc_code rc = nc_sched_end_move(w->s, t, r, consumer, how, err);
	nc_db_read_end(w->st.db);
	if (rc == NC_OK)
		return nc_txn_commit(t, NULL, err);
	nc_txn_free(t);
	return rc;
}

static nc_code hold(world *w, const char *project, int64_t gib, nc_error *err)
{
	nc_hold_req req = { .consumer = "vol_1",
		.kind = "volume",
		.project = project,
		.want = { [NC_RES_DISK_GIB] = gib } };
	nc_txn *t = nc_txn_new(w->st.db);
	if (!t)
		return nc_err_nomem(err);
	const nc_root *r = nc_db_read_begin(w->st.db);
	nc_code rc = nc_sched_hold(w->s, t, r, &req, err);
	nc_db_read_end(w->st.db);
	if (rc == NC_OK)
		return nc_txn_commit(t, NULL, err);
	nc_txn_free(t);
	return rc;
}

typedef struct pair {
	world w;
	nc_host_obj *from, *to;
	nc_place_req req;
} pair;

/* A guest on `from` that moves to `to`, in a project whose quota it fills. */
static void pair_open(pair *p)
{
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&p->w, NC_SCHED_BEST_FIT));
	p->from = world_host(&p->w, "from", 8, 8000, 80);
	p->to = world_host(&p->w, "to", 8, 8000, 80);
	p->req = world_req(&p->w, "vm_1", 6, 6000, 60);
	p->req.project = world_project(&p->w, "team-a");
	world_quota(&p->w, p->req.project, "vcpus", 6);
	CHECK_OK(world_claim_on(&p->w, &p->req, p->from->o.id, &err), &err);
	p->req.is_paired = 1;
	CHECK_OK(world_claim_on(&p->w, &p->req, p->to->o.id, &err), &err);
}

static void check_used(pair *p, int64_t from, int64_t to)
{
	CHECK_INT(world_used(&p->w, p->from->o.id, NC_RES_VCPU), from);
	CHECK_INT(world_used(&p->w, p->to->o.id, NC_RES_VCPU), to);
	CHECK_INT(world_project_used(&p->w, p->req.project, NC_RES_VCPU), 6);
	CHECK_INT(world_project_used(&p->w, p->req.project, NC_USE_VMS), 1);
	CHECK_UINT(world_faults(&p->w), 0);
}

static void a_pair_counts_at_both_hosts_and_once_in_the_project(void)
{
	pair p;
	pair_open(&p);
	check_used(&p, 6, 6);
	REQUIRE(world_reopen(&p.w)); /* a restart in the middle */
	check_used(&p, 6, 6);
	world_free(&p.w);
}

static void who_arrived_holds_the_destination_alone(void)
{
	pair p;
	nc_error err = NC_ERROR_INIT;
	pair_open(&p);
	CHECK_OK(end_move(&p.w, "vm_1", NC_MOVE_ARRIVED, &err), &err);
	check_used(&p, 0, 6);
	nc_object *o = state_get(&p.w.st, &nc_kind_allocation, "vm_1", p.w.a);
	REQUIRE(o != NULL);
	CHECK_STR(NC_AS(nc_allocation, o)->host, p.to->o.id);
	CHECK(!NC_AS(nc_allocation, o)->is_paired);
	CHECK(state_get(&p.w.st, &nc_kind_allocation, "vm_1" NC_SCHED_PAIR, p.w.a) == NULL);
	CHECK_CODE(end_move(&p.w, "vm_1", NC_MOVE_ARRIVED, &err), NC_E_NOTFOUND);
	world_free(&p.w);
}

static void who_stayed_holds_the_source_alone(void)
{
	pair p;
	nc_error err = NC_ERROR_INIT;
	pair_open(&p);
	CHECK_OK(end_move(&p.w, "vm_1", NC_MOVE_STAYED, &err), &err);
	check_used(&p, 6, 0);
	CHECK_CODE(end_move(&p.w, "vm_1", NC_MOVE_STAYED, &err), NC_E_NOTFOUND);
	world_free(&p.w);
}

/* What has happened is no matter of admission: the destination may have been closed since. */
static void it_arrives_also_where_nothing_new_may_go(void)
{
	pair p;
	nc_error err = NC_ERROR_INIT;
	pair_open(&p);
	p.to->admin_state = NC_HOST_CORDONED;
	p.to->vcpus = 2;
	state_put(&p.w.st, &p.to->o);
	CHECK_OK(end_move(&p.w, "vm_1", NC_MOVE_ARRIVED, &err), &err);
	check_used(&p, 0, 6);
	world_free(&p.w);
}

static void a_pair_needs_room_at_the_destination(void)
{
	pair p;
	nc_error err = NC_ERROR_INIT;
	pair_open(&p);
	CHECK_OK(end_move(&p.w, "vm_1", NC_MOVE_STAYED, &err), &err);
	nc_place_req other = world_req(&p.w, "vm_2", 5, 100, 1);
	CHECK_OK(world_claim_on(&p.w, &other, p.to->o.id, &err), &err);
	CHECK_CODE(world_claim_on(&p.w, &p.req, p.to->o.id, &err), NC_E_CONFLICT);
	world_free(&p.w);
}

/* It leaves the source, so it does not stand in its own way there. */
static void a_member_of_a_group_moves_though_it_is_one(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	nc_host_obj *a = world_host(&w, "a", 8, 8000, 80), *b = world_host(&w, "b", 8, 8000, 80);
	nc_place_req req = world_req(&w, "vm_1", 1, 100, 1);
	req.vm_group = world_group(&w, NC_AFFINITY, NC_DOMAIN_HOST, 0);
	CHECK_OK(world_claim_on(&w, &req, a->o.id, &err), &err);
	req.is_paired = 1;
	CHECK_OK(world_claim_on(&w, &req, b->o.id, &err), &err);
	CHECK_OK(end_move(&w, "vm_1", NC_MOVE_ARRIVED, &err), &err);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

static void a_claim_follows_a_guest_that_was_moved_behind_our_back(void)
{
	pair p;
	nc_error err = NC_ERROR_INIT;
	pair_open(&p);
	CHECK_OK(end_move(&p.w, "vm_1", NC_MOVE_STAYED, &err), &err);
	nc_place_req other = world_req(&p.w, "vm_2", 5, 100, 1); /* too much beside it */
	CHECK_OK(world_claim_on(&p.w, &other, p.to->o.id, &err), &err);
	nc_txn *t = nc_txn_new(p.w.st.db);
	REQUIRE(t != NULL);
	const nc_root *r = nc_db_read_begin(p.w.st.db);
	CHECK_OK(nc_sched_follow(p.w.s, t, r, "vm_1", p.to->o.id, &err), &err);
	nc_db_read_end(p.w.st.db);
	CHECK_OK(nc_txn_commit(t, NULL, &err), &err);
	check_used(&p, 0, 11);
	world_free(&p.w);
}

static void what_is_of_no_host_counts_in_its_project(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(world_open(&w, NC_SCHED_BEST_FIT));
	const char *project = world_project(&w, "team-a");
	world_quota(&w, project, "disk_gib", 10);
	CHECK_OK(hold(&w, project, 6, &err), &err);
	CHECK_INT(world_project_used(&w, project, NC_RES_DISK_GIB), 6);
	CHECK_INT(world_project_used(&w, project, NC_USE_VMS), 0);
	CHECK_OK(hold(&w, project, 10, &err), &err);
	CHECK_CODE(hold(&w, project, 11, &err), NC_E_QUOTA);
	CHECK_INT(world_project_used(&w, project, NC_RES_DISK_GIB), 10);
	REQUIRE(world_reopen(&w));
	CHECK_INT(world_project_used(&w, project, NC_RES_DISK_GIB), 10);
	CHECK_OK(world_release(&w, "vol_1", &err), &err);
	CHECK_INT(world_project_used(&w, project, NC_RES_DISK_GIB), 0);
	CHECK_UINT(world_faults(&w), 0);
	world_free(&w);
}

NC_TESTS(sched_move){
	T(a_pair_counts_at_both_hosts_and_once_in_the_project),
	T(who_arrived_holds_the_destination_alone),
	T(who_stayed_holds_the_source_alone),
	T(it_arrives_also_where_nothing_new_may_go),
	T(a_pair_needs_room_at_the_destination),
	T(a_member_of_a_group_moves_though_it_is_one),
	T(a_claim_follows_a_guest_that_was_moved_behind_our_back),
	T(what_is_of_no_host_counts_in_its_project),
};
