/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "sched_world.h"

/* VMs that keep together or apart: by host, by zone, by failure domain. */

enum { HOSTS = 6 };

typedef struct farm { /* two hosts each in zones a, b, c; racks across zones: 0 1 0 1 0 1 */
	world w;
	nc_host_obj *host[HOSTS];
	const char *rack_hosts[2][HOSTS / 2];
	nc_host_group *rack[2];
	int n_vms;
} farm;

static int farm_open(farm *f)
{
	const char *zone[3];

	*f = (farm){ .n_vms = 0 };
	if (!world_open(&f->w, NC_SCHED_BEST_FIT))
		return 0;
	for (int i = 0; i < 3; i++)
		zone[i] = world_zone(&f->w, i == 0 ? "a" : i == 1 ? "b" : "c");
	for (int i = 0; i < HOSTS; i++) {
		char name[16];
		snprintf(name, sizeof(name), "h-%d", i);
		f->host[i] = world_host_unput(&f->w, name, 10 + i, 8000, 80);
		f->host[i]->zone = zone[i / 2];
		state_put(&f->w.st, &f->host[i]->o);
		f->rack_hosts[i % 2][i / 2] = f->host[i]->o.id;
	}
	for (int i = 0; i < 2; i++) {
		nc_object *o = state_new(&nc_kind_host_group, i ? "rack-1" : "rack-0", f->w.a);
		f->rack[i] = NC_AS(nc_host_group, o);
		f->rack[i]->hosts = f->rack_hosts[i];
		f->rack[i]->n_hosts = HOSTS / 2;
		f->rack[i]->is_failure_domain = 1;
		state_put(&f->w.st, o);
	}
	return 1;
}

static nc_place_req member(farm *f, const char *group)
{
	nc_place_req req =
		world_req(&f->w, nc_arena_printf(f->w.a, "vm_%d", f->n_vms++), 1, 100, 1);

	req.vm_group = group;
	return req;
}

/* Which host a new member of the group goes to; -1 = nowhere. Claims it. */
static int add(farm *f, const char *group, nc_error *err)
{
	nc_place_req req = member(f, group);
	nc_placement p = { .n_alternates = 0 };

	if (world_claim(&f->w, &req, &p, err) != NC_OK)
		return -1;
	for (int i = 0; i < HOSTS; i++)
		if (!strcmp(f->host[i]->o.id, p.host))
			return i;
	return -2;
}

static void apart_by_host_fills_each_host_once(void)
{
	farm f;
	nc_error err = NC_ERROR_INIT;
	int seen = 0;
	REQUIRE(farm_open(&f));
	const char *g = world_group(&f.w, NC_ANTI_AFFINITY, NC_DOMAIN_HOST, 1);
	for (int i = 0; i < HOSTS; i++)
		seen |= 1 << add(&f, g, &err);
	CHECK_INT(seen, (1 << HOSTS) - 1);
	CHECK_INT(add(&f, g, &err), -1);
	CHECK_STR(err.message, "no host fits: 6 looked at, 6 refused by vm_group");
	CHECK_HAS(err.hint, "look at the filters");
	CHECK_OK(world_release(&f.w, "vm_2", &err), &err);
	CHECK(add(&f, g, &err) >= 0);
	CHECK_UINT(world_faults(&f.w), 0);
	world_free(&f.w);
}

static void apart_by_zone_and_rack_count_domains(void)
{
	farm f;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(farm_open(&f));
	const char *by_zone = world_group(&f.w, NC_ANTI_AFFINITY, NC_DOMAIN_ZONE, 1);
	const char *by_rack = world_group(&f.w, NC_ANTI_AFFINITY, NC_DOMAIN_HOST_GROUP, 2);
	int zones = 0, racks[2] = { 0 };
	for (int i = 0; i < 3; i++)
		zones |= 1 << add(&f, by_zone, &err) / 2;
	CHECK_INT(zones, 7);
	CHECK_INT(add(&f, by_zone, &err), -1);
	for (int i = 0; i < 4; i++) {
		int at = add(&f, by_rack, &err);
		REQUIRE(at >= 0);
		racks[at % 2]++;
	}
	CHECK_INT(racks[0], 2);
	CHECK_INT(racks[1], 2);
	CHECK_INT(add(&f, by_rack, &err), -1);
	CHECK_UINT(world_faults(&f.w), 0);
	world_free(&f.w);
}

static void together_stays_where_the_first_went(void)
{
	static const nc_vm_group_domain domains[] = { NC_DOMAIN_HOST, NC_DOMAIN_ZONE,
		NC_DOMAIN_HOST_GROUP };
	farm f;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(farm_open(&f));
	for (size_t k = 0; k < NC_LEN(domains); k++) {
		const char *g = world_group(&f.w, NC_AFFINITY, domains[k], 0);
		int first = add(&f, g, &err);
		REQUIRE(first >= 0);
		for (int i = 0; i < 4; i++) {
			int at = add(&f, g, &err);
			REQUIRE(at >= 0);
			CHECK(k == 0     ? at == first
				: k == 1 ? at / 2 == first / 2
					 : at % 2 == first % 2);
		}
	}
	CHECK_UINT(world_faults(&f.w), 0);
	world_free(&f.w);
}

static void soft_groups_prefer_and_give_way(void)
{
	farm f;
	nc_error err = NC_ERROR_INIT;
	int seen = 0;
	REQUIRE(farm_open(&f));
	const char *apart = world_group(&f.w, NC_SOFT_ANTI_AFFINITY, NC_DOMAIN_HOST, 1);
	for (int i = 0; i < HOSTS; i++)
		seen |= 1 << add(&f, apart, &err);
	CHECK_INT(seen, (1 << HOSTS) - 1);
	CHECK(add(&f, apart, &err) >= 0);
	const char *near = world_group(&f.w, NC_SOFT_AFFINITY, NC_DOMAIN_HOST, 1);
	int first = add(&f, near, &err);
	REQUIRE(first >= 0);
	for (int i = 0; i < 5; i++)
		CHECK_INT(add(&f, near, &err), first);
	f.host[first]->admin_state = NC_HOST_CORDONED;
	state_put(&f.w.st, &f.host[first]->o);
	int other = add(&f, near, &err);
	CHECK(other >= 0 && other != first);
	CHECK_UINT(world_faults(&f.w), 0);
	world_free(&f.w);
}

static void two_members_in_one_group_of_the_sequencer_keep_apart(void)
{
	farm f;
	answer a[2];
	REQUIRE(farm_open(&f));
	const char *g = world_group(&f.w, NC_ANTI_AFFINITY, NC_DOMAIN_ZONE, 1);
	nc_place_req r0 = member(&f, g), r1 = member(&f, g);
	nc_txn *t[] = { world_claim_txn(&f.w, &r0, f.host[0]->o.id),
		world_claim_txn(&f.w, &r1, f.host[1]->o.id) };
	world_commit_together(&f.w, t, a, 2);
	CHECK_CODE(a[0].code, NC_OK);
	CHECK_CODE(a[1].code, NC_E_CONFLICT);
	CHECK_HAS(a[1].err.message, "allows no more on host h-1");
	CHECK_UINT(world_faults(&f.w), 0);
	world_free(&f.w);
}

static void two_first_members_in_one_group_of_the_sequencer_keep_together(void)
{
	farm f;
	answer a[3];
	REQUIRE(farm_open(&f));
	const char *g = world_group(&f.w, NC_AFFINITY, NC_DOMAIN_HOST, 0);
	nc_place_req r[3];
	nc_txn *t[3];
	for (int i = 0; i < 3; i++) {
		r[i] = member(&f, g);
		t[i] = world_claim_txn(&f.w, &r[i], f.host[i == 1]->o.id);
	}
	world_commit_together(&f.w, t, a, 3);
	CHECK_CODE(a[0].code, NC_OK);
	CHECK_CODE(a[1].code, NC_E_CONFLICT);
	CHECK_CODE(a[2].code, NC_OK);
	CHECK_UINT(world_faults(&f.w), 0);
	world_free(&f.w);
}

static void a_member_does_not_stand_in_its_own_way(void)
{
	farm f;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(farm_open(&f));
	const char *zone = world_group(&f.w, NC_ANTI_AFFINITY, NC_DOMAIN_ZONE, 1);
	nc_place_req req = member(&f, zone);
	CHECK_OK(world_claim_on(&f.w, &req, f.host[0]->o.id, &err), &err);
	CHECK_OK(world_claim_on(&f.w, &req, f.host[1]->o.id, &err), &err); /* the same zone */
	const char *near = world_group(&f.w, NC_AFFINITY, NC_DOMAIN_HOST, 0);
	req = member(&f, near);
	CHECK_OK(world_claim_on(&f.w, &req, f.host[0]->o.id, &err), &err);
	CHECK_OK(world_claim_on(&f.w, &req, f.host[5]->o.id, &err), &err); /* alone, so anywhere */
	CHECK_UINT(world_faults(&f.w), 0);
	world_free(&f.w);
}

static void members_go_with_their_host_to_another_domain(void)
{
	farm f;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(farm_open(&f));
	const char *g = world_group(&f.w, NC_ANTI_AFFINITY, NC_DOMAIN_ZONE, 1);
	nc_place_req req = member(&f, g);
	CHECK_OK(world_claim_on(&f.w, &req, f.host[0]->o.id, &err), &err);
	f.host[0]->zone = f.host[2]->zone;
	state_put(&f.w.st, &f.host[0]->o);
	req = member(&f, g);
	CHECK_CODE(world_claim_on(&f.w, &req, f.host[3]->o.id, &err), NC_E_CONFLICT);
	CHECK_OK(world_claim_on(&f.w, &req, f.host[1]->o.id, &err), &err);
	CHECK_OK(world_release(&f.w, "vm_0", &err), &err);
	req = member(&f, g);
	CHECK_OK(world_claim_on(&f.w, &req, f.host[3]->o.id, &err), &err);
	CHECK_UINT(world_faults(&f.w), 0);
	world_free(&f.w);
}

static void a_rack_that_is_none_any_more_sets_its_hosts_apart(void)
{
	farm f;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(farm_open(&f));
	const char *g = world_group(&f.w, NC_ANTI_AFFINITY, NC_DOMAIN_HOST_GROUP, 1);
	nc_place_req req = member(&f, g);
	CHECK_OK(world_claim_on(&f.w, &req, f.host[0]->o.id, &err), &err);
	req = member(&f, g);
	CHECK_CODE(world_claim_on(&f.w, &req, f.host[2]->o.id, &err), NC_E_CONFLICT);
	f.rack[0]->is_failure_domain = 0;
	state_put(&f.w.st, &f.rack[0]->o);
	CHECK_OK(world_claim_on(&f.w, &req, f.host[2]->o.id, &err), &err);
	state_delete(&f.w.st, &f.rack[0]->o);
	req = member(&f, g);
	CHECK_CODE(world_claim_on(&f.w, &req, f.host[2]->o.id, &err), NC_E_CONFLICT);
	CHECK_OK(world_claim_on(&f.w, &req, f.host[4]->o.id, &err), &err);
	CHECK_UINT(world_faults(&f.w), 0);
	world_free(&f.w);
}

static void a_deleted_group_forgets_its_rule(void)
{
	farm f;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(farm_open(&f));
	const char *g = world_group(&f.w, NC_ANTI_AFFINITY, NC_DOMAIN_HOST, 1);
	nc_place_req req = member(&f, g);
	CHECK_OK(world_claim_on(&f.w, &req, f.host[0]->o.id, &err), &err);
	nc_object *o = state_get(&f.w.st, &nc_kind_vm_group, g, f.w.a);
	REQUIRE(o != NULL);
	state_delete(&f.w.st, o);
	CHECK_OK(world_release(&f.w, req.consumer, &err), &err);
	/* A claim that names it still is refused: it may have read an old root. */
	CHECK_CODE(world_claim_on(&f.w, &req, f.host[0]->o.id, &err), NC_E_CONFLICT);
	CHECK_UINT(world_faults(&f.w), 0);
	world_free(&f.w);
}

NC_TESTS(sched_group){
	T(apart_by_host_fills_each_host_once),
	T(apart_by_zone_and_rack_count_domains),
	T(together_stays_where_the_first_went),
	T(soft_groups_prefer_and_give_way),
	T(two_members_in_one_group_of_the_sequencer_keep_apart),
	T(two_first_members_in_one_group_of_the_sequencer_keep_together),
	T(a_member_does_not_stand_in_its_own_way),
	T(members_go_with_their_host_to_another_domain),
	T(a_rack_that_is_none_any_more_sets_its_hosts_apart),
	T(a_deleted_group_forgets_its_rule),
};
