/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims: what a transaction moves in the ledger, as a guard that the sequencer runs against its
 * tip. Check first, then take; taking is undone exactly if the record does not become durable. A
 * claim belongs to its transaction.
 *
 * The transaction also expects the allocation as it was read, so when the check runs, `from` is
 * what the consumer really holds. The ledger holds what was durable before this group and what the
 * group has claimed so far; of hosts, groups and quotas that the group itself changes it knows
 * nothing yet, which their revisions tell.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/allocation.h"
#include "model/model.h"
#include "model/problem.h"
#include "sched/ledger.h"

typedef struct claim {
	nc_sched *s;
	char project[NC_DB_ID_MAX + 1];
	nc_holding from, to;
	nc_holding pair;  /* the other of a migration's two: gives way too, or only counts */
	int is_pair_over; /* it gives way */
	int is_settled;   /* what has happened is not up for a check */
	int is_there;     /* it is only to be counted */
} claim;

/* ---- what it asks for beyond what is held; on the sequencer and when staged ---- */

static int is_same_host(const claim *c)
{
	return c->from.is_there && c->from.slot != NO_SLOT && c->from.slot == c->to.slot;
}

static nc_code check_capacity(const claim *c, nc_error *err)
{
	nc_row r = nc_row_at(c->s, c->to.slot);
	const nc_ident *id = nc_row_ident(r);

	for (int i = 0; i < NC_RES_COUNT; i++) {
		int64_t more = c->to.amount[i] - (is_same_host(c) ? c->from.amount[i] : 0);
		int64_t left = nc_row_free(r, i);
		if (more <= 0 || more <= left)
			continue;
		nc_problem_err(err, "no_capacity",
			"host %s: %s %lld free, %lld more asked, short by %lld",
			id ? id->name : c->to.host, nc_quota_words[i], (long long)left,
			(long long)more, (long long)(more - left));
		return nc_err_hint(
			err, NC_E_UNAVAILABLE, "ask for that much less, or free it on that host");
	}
	return NC_OK;
}

static nc_code check_quota(const claim *c, const nc_root *root, nc_error *err)
{
	int64_t delta[NC_USE_COUNT];

	for (int i = 0; i < NC_USE_COUNT; i++)
		delta[i] = c->to.use[i] - c->from.use[i];
	return nc_projects_check(c->s, root, *c->project ? c->project : NULL, delta, err);
}

/* ---- on the sequencer ---- */

static nc_code again(nc_error *err, const char *what, const char *which)
{
	return nc_err(err, NC_E_CONFLICT, "%s %s was changed meanwhile", what, which);
}

/* The slot still is the host's, and the host as the ledger knows it. */
static nc_code check_host(const claim *c, const nc_root *tip, nc_error *err)
{
	nc_row r = nc_row_at(c->s, c->to.slot);
	const nc_ident *id = nc_row_ident(r);
	const nc_item *it = nc_root_get(tip, NC_KIND_HOST, nc_str(c->to.host));

	if (!it || !id || strcmp(id->id, c->to.host) || it->rev != r.c->raw[r.i].rev)
		return again(err, "host", c->to.host);
	if (is_same_host(c) || c->is_there)
		return NC_OK;
	if (!nc_loose32_get(&r.c->is_usable[r.i]))
		return nc_err(err, NC_E_CONFLICT, "host %s takes no more", id->name);
	if (!*c->to.group)
		return NC_OK;
	if (!nc_groups_is_current(c->s, tip, c->to.group))
		return again(err, "group", c->to.group);
	const nc_holding *own = c->from.is_there ? &c->from : &c->pair;
	int is_known = own->is_there && !strcmp(own->group, c->to.group);
	if (!nc_groups_allow(c->s, c->to.group, c->to.slot, is_known ? own->slot : NO_SLOT))
		return nc_err(err, NC_E_CONFLICT, "group %s allows no more on host %s", c->to.group,
			id->name);
	return NC_OK;
}

static nc_code check_all(const claim *c, const nc_root *tip, nc_error *err)
{
	nc_code rc = NC_OK;

	if (!c->to.is_there)
		return NC_OK;
	if (c->is_settled && !*c->to.host)
		return NC_OK;
	if (c->is_settled) {
		const nc_ident *id = nc_row_ident(nc_row_at(c->s, c->to.slot));
		return id && !strcmp(id->id, c->to.host) ? NC_OK : again(err, "host", c->to.host);
	}
	if (*c->to.host)
		rc = check_host(c, tip, err);
	if (c->is_there)
		return rc;
	if (rc == NC_OK && *c->to.host && check_capacity(c, NULL) != NC_OK)
		rc = nc_err(err, NC_E_CONFLICT, "host %s has been filled meanwhile", c->to.host);
	if (rc != NC_OK || !*c->project)
		return rc;
	if (!nc_projects_is_current(c->s, tip, c->project))
		return again(err, "the quota of project", c->project);
	if (check_quota(c, NULL, NULL) != NC_OK)
		return nc_err(err, NC_E_CONFLICT, "project %s has used up its quota meanwhile",
			c->project);
	return NC_OK;
}

static nc_code check(void *arg, const nc_root *tip, nc_error *err)
{
	claim *c = arg;
	nc_code rc = nc_sched_catch_up(c->s, err);

	if (rc == NC_OK)
		rc = check_all(c, tip, err);
	if (rc != NC_OK)
		return rc;
	if (nc_holding_take(c->s, c->project, &c->from, -1) != NC_OK)
		return nc_err_nomem(err);
	if (nc_holding_take(c->s, c->project, &c->to, 1) != NC_OK) {
		nc_assert(nc_holding_take(c->s, c->project, &c->from, 1) == NC_OK);
		return nc_err_nomem(err);
	}
	if (c->is_pair_over)
		nc_assert(nc_holding_take(c->s, c->project, &c->pair, -1) == NC_OK);
	return NC_OK;
}

/* All its books are there already, so that nothing of this needs memory. */
static void undo(void *arg)
{
	claim *c = arg;

	if (c->is_pair_over)
		nc_assert(nc_holding_take(c->s, c->project, &c->pair, 1) == NC_OK);
	nc_assert(nc_holding_take(c->s, c->project, &c->to, -1) == NC_OK);
	nc_assert(nc_holding_take(c->s, c->project, &c->from, 1) == NC_OK);
	if (c->to.is_there && *c->to.group)
		nc_groups_forget_empty(c->s, c->to.group, c->to.slot);
}

static void done(void *arg, uint64_t seq)
{
	claim *c = arg;

	(void)seq;
	if (c->from.is_there && *c->from.group)
		nc_groups_forget_empty(c->s, c->from.group, c->from.slot);
	if (c->is_pair_over && *c->pair.group)
		nc_groups_forget_empty(c->s, c->pair.group, c->pair.slot);
}

/* ---- staging, on a worker ---- */

static nc_code load_held(
	const nc_root *r, const char *consumer, nc_arena *a, nc_allocation **ret, nc_error *err)
{
	const nc_item *it = nc_root_get(r, NC_KIND_ALLOCATION, nc_str(consumer));
	nc_object *o = NULL;

	if (!it)
		return nc_err(err, NC_E_NOTFOUND, "%s holds no allocation", consumer);
	nc_code rc = nc_model_load(it, a, &o, err);
	if (rc == NC_OK)
		*ret = NC_AS(nc_allocation, o);
	return rc;
}

static claim *claim_new(nc_sched *s, const char *project, const nc_allocation *held)
{
	claim *c = nc_calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->s = s;
	c->from.slot = c->to.slot = NO_SLOT;
	snprintf(c->project, sizeof(c->project), "%s", project ? project : "");
	if (held)
		nc_holding_of(s, held, &c->from);
	return c;
}

static void add_guard(nc_txn *t, claim *c)
{
	nc_txn_guard(
		t, &(nc_guard){
			   .check = check, .undo = undo, .done = done, .free = nc_free, .arg = c });
}

/* The allocation that a consumer gets, replacing the one it has. */
static nc_allocation *make_allocation(
	nc_arena *a, const nc_place_req *req, const nc_placement *p, nc_row r, nc_allocation *held)
{
	nc_object *o = held ? &held->o : nc_object_new(&nc_kind_allocation, a);

	if (!o)
		return NULL;
	nc_allocation *al = NC_AS(nc_allocation, o);
	o->id = nc_arena_printf(a, "%s%s", req->consumer, req->is_paired ? NC_SCHED_PAIR : "");
	o->project = req->project;
	al->consumer = nc_arena_strdup(a, req->consumer);
	al->is_paired = req->is_paired;
	al->consumer_kind = "vm";
	al->host = nc_arena_strdup(a, p->host);
	al->vcpus = req->want[NC_RES_VCPU];
	al->memory_mib = req->want[NC_RES_MEMORY_MIB];
	al->disk_gib = req->want[NC_RES_DISK_GIB];
	al->overhead_mib = nc_loose64_get(&r.c->overhead_mib[r.i]);
	al->vm_group = req->vm_group;
	al->decision = *p->decision_id ? nc_arena_strdup(a, p->decision_id) : NULL;
	return al;
}

nc_code nc_sched_claim(nc_sched *s, nc_txn *t, const nc_root *root, const nc_place_req *req,
	const nc_placement *p, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_allocation *held = NULL;
	uint32_t slot = nc_slot_find(s, p->host);

	if (!a)
		return nc_err_nomem(err);
	if (slot == NO_SLOT)
		return nc_err(err, NC_E_NOTFOUND, "host %s is not in the ledger", p->host);
	nc_allocation *own = NULL;
	char id[NC_DB_ID_MAX + 1];
	snprintf(id, sizeof(id), "%s%s", req->consumer, req->is_paired ? NC_SCHED_PAIR : "");
	nc_code rc = load_held(root, id, a, &held, err);
	if (rc == NC_E_NOTFOUND && req->is_paired)
		rc = load_held(root, req->consumer, a, &own, err);
	if (rc != NC_OK && rc != NC_E_NOTFOUND)
		return rc;
	nc_err_clear(err);
	_cleanup_(nc_freep) claim *c = claim_new(s, req->project, held);
	if (c && own)
		nc_holding_of(s, own, &c->pair);
	nc_allocation *al = make_allocation(a, req, p, nc_row_at(s, slot), held);
	if (!c || !al || nc_arena_failed(a))
		return nc_err_nomem(err);
	nc_holding_of(s, al, &c->to);
	c->is_there = req->is_there;
	if ((rc = nc_model_put(t, &al->o, err)) != NC_OK)
		return rc;
	add_guard(t, nc_steal(&c));
	return NC_OK;
}

nc_code nc_sched_resize(nc_sched *s, nc_txn *t, const nc_root *root, const char *consumer,
	const int64_t want[NC_RES_COUNT], nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_allocation *al = NULL;

	if (!a)
		return nc_err_nomem(err);
	nc_code rc = load_held(root, consumer, a, &al, err);
	if (rc != NC_OK)
		return rc;
	_cleanup_(nc_freep) claim *c = claim_new(s, al->o.project, al);
	if (!c)
		return nc_err_nomem(err);
	al->vcpus = want[NC_RES_VCPU];
	al->memory_mib = want[NC_RES_MEMORY_MIB];
	al->disk_gib = want[NC_RES_DISK_GIB];
	nc_holding_of(s, al, &c->to);
	if (c->to.slot != NO_SLOT && (rc = check_capacity(c, err)) != NC_OK)
		return rc;
	if ((rc = check_quota(c, root, err)) != NC_OK)
		return rc;
	if ((rc = nc_model_put(t, &al->o, err)) != NC_OK)
		return rc;
	add_guard(t, nc_steal(&c));
	return NC_OK;
}

nc_code nc_sched_grow(nc_sched *s, nc_txn *t, const nc_root *root, const char *consumer,
	const int64_t want[NC_RES_COUNT], nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_allocation *al = NULL;

	if (!a)
		return nc_err_nomem(err);
	nc_code rc = load_held(root, consumer, a, &al, err);
	if (rc != NC_OK)
		return rc;
	const int64_t most[NC_RES_COUNT] = {
		[NC_RES_VCPU] = NC_MAX(want[NC_RES_VCPU], al->vcpus),
		[NC_RES_MEMORY_MIB] = NC_MAX(want[NC_RES_MEMORY_MIB], al->memory_mib),
		[NC_RES_DISK_GIB] = NC_MAX(want[NC_RES_DISK_GIB], al->disk_gib),
	};
	return nc_sched_resize(s, t, root, consumer, most, err);
}

nc_code nc_sched_release(
	nc_sched *s, nc_txn *t, const nc_root *root, const char *consumer, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_allocation *al = NULL;

	if (!a)
		return nc_err_nomem(err);
	nc_code rc = load_held(root, consumer, a, &al, err);
	if (rc != NC_OK)
		return rc;
	claim *c = claim_new(s, al->o.project, al);
	if (!c)
		return nc_err_nomem(err);
	nc_model_delete(t, &al->o);
	add_guard(t, c);
	return NC_OK;
}

nc_code nc_sched_hold(
	nc_sched *s, nc_txn *t, const nc_root *root, const nc_hold_req *req, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_allocation *held = NULL;

	if (!a)
		return nc_err_nomem(err);
	nc_code rc = load_held(root, req->consumer, a, &held, err);
	if (rc == NC_OK)
		return nc_sched_resize(s, t, root, req->consumer, req->want, err);
	if (rc != NC_E_NOTFOUND)
		return rc;
	nc_err_clear(err);
	nc_object *o = nc_object_new(&nc_kind_allocation, a);
	_cleanup_(nc_freep) claim *c = claim_new(s, req->project, NULL);
	if (!o || !c)
		return nc_err_nomem(err);
	nc_allocation *al = NC_AS(nc_allocation, o);
	o->id = al->consumer = req->consumer;
	o->project = req->project;
	al->consumer_kind = req->kind;
	al->vcpus = req->want[NC_RES_VCPU];
	al->memory_mib = req->want[NC_RES_MEMORY_MIB];
	al->disk_gib = req->want[NC_RES_DISK_GIB];
	nc_holding_of(s, al, &c->to);
	c->is_settled = req->is_settled;
	if (!c->is_settled && (rc = check_quota(c, root, err)) != NC_OK)
		return rc;
	if ((rc = nc_model_put(t, o, err)) != NC_OK)
		return rc;
	add_guard(t, nc_steal(&c));
	return NC_OK;
}

nc_code nc_sched_end_move(nc_sched *s, nc_txn *t, const nc_root *root, const char *consumer,
	nc_move_end how, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_allocation *own = NULL, *pair = NULL;
	char id[NC_DB_ID_MAX + 1];

	if (!a)
		return nc_err_nomem(err);
	snprintf(id, sizeof(id), "%s%s", consumer, NC_SCHED_PAIR);
	nc_code rc = load_held(root, id, a, &pair, err);
	if (rc == NC_OK && how == NC_MOVE_STAYED)
		return nc_sched_release(s, t, root, id, err);
	if (rc == NC_OK)
		rc = load_held(root, consumer, a, &own, err);
	if (rc != NC_OK)
		return rc;
	_cleanup_(nc_freep) claim *c = claim_new(s, own->o.project, own);
	if (!c)
		return nc_err_nomem(err);
	nc_holding_of(s, pair, &c->pair);
	c->is_pair_over = c->is_settled = 1;
	own->host = pair->host;
	own->overhead_mib = pair->overhead_mib;
	own->decision = pair->decision;
	nc_holding_of(s, own, &c->to);
	nc_model_delete(t, &pair->o);
	if ((rc = nc_model_put(t, &own->o, err)) != NC_OK)
		return rc;
	add_guard(t, nc_steal(&c));
	return NC_OK;
}

nc_code nc_sched_follow(nc_sched *s, nc_txn *t, const nc_root *root, const char *consumer,
	const char *host, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_allocation *al = NULL;
	uint32_t slot = nc_slot_find(s, host);

	if (!a)
		return nc_err_nomem(err);
	if (slot == NO_SLOT)
		return nc_err(err, NC_E_NOTFOUND, "host %s is not in the ledger", host);
	nc_code rc = load_held(root, consumer, a, &al, err);
	if (rc != NC_OK)
		return rc;
	_cleanup_(nc_freep) claim *c = claim_new(s, al->o.project, al);
	if (!c)
		return nc_err_nomem(err);
	nc_row r = nc_row_at(s, slot);
	al->host = host;
	al->overhead_mib = nc_loose64_get(&r.c->overhead_mib[r.i]);
	c->is_settled = 1;
	nc_holding_of(s, al, &c->to);
	if ((rc = nc_model_put(t, &al->o, err)) != NC_OK)
		return rc;
	add_guard(t, nc_steal(&c));
	return NC_OK;
}
