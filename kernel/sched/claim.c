/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims: what a transaction takes of the ledger, as a guard that the sequencer runs against its
 * tip. Check first, then take; taking is undone exactly if the record does not become durable. A
 * claim lives from the call that stages it to the guard's last word, which frees it.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "model/allocation.h"
#include "model/model.h"
#include "model/problem.h"
#include "sched/ledger.h"

#define load(p) atomic_load_explicit((p), memory_order_relaxed)

typedef struct side { /* what is held on one host */
	uint32_t slot;
	int64_t amount[NC_RES_COUNT];
	int64_t vms;
	char group[NC_DB_ID_MAX + 1];
} side;

typedef struct claim {
	nc_sched *s;
	char project[NC_DB_ID_MAX + 1];
	side from, to; /* slot NO_SLOT = nothing */
} claim;

static const char *opt(const char *s)
{
	return *s ? s : NULL;
}

/* ---- on the sequencer ---- */

/* What moving or growing adds: claims of the same consumer on the same host count once. */
static void growth(const claim *c, int64_t delta[NC_RES_COUNT])
{
	for (int i = 0; i < NC_RES_COUNT; i++)
		delta[i] = (c->to.slot == NO_SLOT ? 0 : c->to.amount[i]) -
			(c->from.slot == NO_SLOT ? 0 : c->from.amount[i]);
}

static nc_code check_host(const claim *c, nc_error *err)
{
	const nc_slot *slot = nc_slot_at(c->s, c->to.slot);
	int is_same = c->from.slot == c->to.slot;

	if (!is_same && !load(&slot->is_usable))
		return nc_err(err, NC_E_CONFLICT, "host %s takes no more", slot->target);
	for (int i = 0; i < NC_RES_COUNT; i++) {
		int64_t more = c->to.amount[i] - (is_same ? c->from.amount[i] : 0);
		if (more > 0 && more > load(&slot->free[i]))
			return nc_err(err, NC_E_CONFLICT, "host %s has been filled meanwhile",
				slot->target);
	}
	if (!is_same && *c->to.group && !nc_book_group_allows(c->s, c->to.group, c->to.slot))
		return nc_err(err, NC_E_CONFLICT, "group %s allows no more on host %s",
			c->to.group, slot->target);
	return NC_OK;
}

static nc_code take(const claim *c, const side *x, int sign)
{
	if (x->slot == NO_SLOT)
		return NC_OK;
	nc_code rc = nc_book_take(
		c->s, opt(c->project), opt(x->group), x->slot, x->amount, x->vms, sign);
	if (rc == NC_OK)
		nc_ledger_take(nc_slot_at(c->s, x->slot), x->amount, sign);
	return rc;
}

static nc_code check(void *arg, const nc_root *tip, nc_error *err)
{
	claim *c = arg;
	int64_t delta[NC_RES_COUNT];
	nc_code rc = NC_OK;

	(void)tip;
	growth(c, delta);
	if (c->to.slot != NO_SLOT)
		rc = check_host(c, err);
	if (rc == NC_OK && c->to.slot != NO_SLOT)
		rc = nc_book_check_quota(c->s, opt(c->project), delta,
			c->to.vms - (c->from.slot == NO_SLOT ? 0 : c->from.vms), err);
	if (rc == NC_OK && take(c, &c->from, -1) != NC_OK)
		rc = nc_err_nomem(err);
	if (rc == NC_OK && take(c, &c->to, 1) != NC_OK) {
		nc_assert(take(c, &c->from, 1) == NC_OK); /* its books are there */
		rc = nc_err_nomem(err);
	}
	if (rc != NC_OK)
		nc_free(c);
	return rc;
}

static void undo(void *arg)
{
	claim *c = arg;

	nc_assert(take(c, &c->to, -1) == NC_OK && take(c, &c->from, 1) == NC_OK);
	nc_free(c);
}

static void done(void *arg, uint64_t seq)
{
	(void)seq;
	nc_free(arg);
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

static void side_of(nc_sched *s, const nc_allocation *al, side *x)
{
	*x = (side){ .slot = al->host ? nc_slot_find(s, al->host) : NO_SLOT,
		.amount = { al->vcpus, al->memory_mib + al->overhead_mib, al->disk_gib },
		.vms = 1 };
	if (al->vm_group)
		snprintf(x->group, sizeof(x->group), "%s", al->vm_group);
}

static claim *new_claim(nc_sched *s, const char *project)
{
	claim *c = nc_calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->s = s;
	c->from.slot = c->to.slot = NO_SLOT;
	snprintf(c->project, sizeof(c->project), "%s", project ? project : "");
	return c;
}

static void add_guard(nc_txn *t, claim *c)
{
	nc_txn_guard(t, &(nc_guard){ .check = check, .undo = undo, .done = done, .arg = c });
}

/* The allocation that a consumer gets, replacing the one it has. */
static nc_allocation *make_allocation(nc_arena *a, const nc_place_req *req, const nc_placement *p,
	const nc_slot *slot, nc_allocation *held)
{
	nc_object *o = held ? &held->o : nc_object_new(&nc_kind_allocation, a);

	if (!o)
		return NULL;
	nc_allocation *al = NC_AS(nc_allocation, o);
	o->id = nc_arena_strdup(a, req->consumer);
	o->project = req->project;
	al->consumer = o->id;
	al->consumer_kind = "vm";
	al->host = nc_arena_strdup(a, p->host);
	al->vcpus = req->want[NC_RES_VCPU];
	al->memory_mib = req->want[NC_RES_MEMORY_MIB];
	al->disk_gib = req->want[NC_RES_DISK_GIB];
	al->overhead_mib = load(&slot->overhead_mib);
	al->vm_group = req->vm_group;
	al->decision = *p->decision_id ? nc_arena_strdup(a, p->decision_id) : NULL;
	return al;
}

nc_code nc_sched_claim(nc_sched *s, nc_txn *t, const nc_root *root, const nc_place_req *req,
	const nc_placement *p, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	_cleanup_(nc_freep) claim *c = new_claim(s, req->project);
	nc_allocation *held = NULL;
	uint32_t number = nc_slot_find(s, p->host);

	if (!a || !c)
		return nc_err_nomem(err);
	if (number == NO_SLOT)
		return nc_err(err, NC_E_NOTFOUND, "host %s is not in the ledger", p->host);
	nc_code rc = load_held(root, req->consumer, a, &held, NULL);
	if (rc != NC_OK && rc != NC_E_NOTFOUND)
		return nc_err(err, rc, "could not read the allocation of %s", req->consumer);
	if (held)
		side_of(s, held, &c->from);
	nc_allocation *al = make_allocation(a, req, p, nc_slot_at(s, number), held);
	if (!al || nc_arena_failed(a))
		return nc_err_nomem(err);
	side_of(s, al, &c->to);
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
	_cleanup_(nc_freep) claim *c = new_claim(s, al->o.project);
	if (!c)
		return nc_err_nomem(err);
	side_of(s, al, &c->from);
	al->vcpus = want[NC_RES_VCPU];
	al->memory_mib = want[NC_RES_MEMORY_MIB];
	al->disk_gib = want[NC_RES_DISK_GIB];
	side_of(s, al, &c->to);
	if ((rc = nc_model_put(t, &al->o, err)) != NC_OK)
		return rc;
	add_guard(t, nc_steal(&c));
	return NC_OK;
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
	_cleanup_(nc_freep) claim *c = new_claim(s, al->o.project);
	if (!c)
		return nc_err_nomem(err);
	side_of(s, al, &c->from);
	nc_model_delete(t, &al->o);
	add_guard(t, nc_steal(&c));
	return NC_OK;
}
