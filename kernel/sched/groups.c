/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The books of vm groups: how many of each stand in which slot. Domains are worked out when asked,
 * since a host may move to another zone or rack with everything on it. The sequencer writes,
 * anybody looks; book_lock for each. A placement takes a copy and asks that.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/model.h"
#include "sched/ledger.h"

/* What the slot's host shares its fate with. Hosts without a zone or rack stand for themselves. */
static uint64_t domain_of(nc_vm_group_domain how, nc_row r, uint32_t slot)
{
	uint64_t own = (uint64_t)1 << 32 | slot;
	uint32_t word = 0;

	if (how == NC_DOMAIN_ZONE)
		word = nc_loose32_get(&r.c->zone[r.i]);
	else if (how == NC_DOMAIN_HOST_GROUP)
		word = nc_loose32_get(&r.c->host_group[r.i]);
	return word ? word : own;
}

static int allows(nc_vm_group_policy policy, int64_t max_per_domain, int64_t total, int64_t here)
{
	if (policy == NC_ANTI_AFFINITY)
		return here < max_per_domain;
	if (policy == NC_AFFINITY)
		return !total || here > 0;
	return 1;
}

/* ---- lock held ---- */

static void book_free(nc_group_book *g)
{
	nc_map_free(g->counts);
	nc_free(g);
}
NC_DEFINE_CLEANUP(nc_group_book *, book_free);

static nc_group_book *get(nc_sched *s, const char *id)
{
	nc_group_book *known = nc_map_get(s->groups, nc_str(id));

	if (known)
		return known;
	_cleanup_(book_freep) nc_group_book *g = nc_calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->policy = NC_SOFT_ANTI_AFFINITY; /* until its object is seen */
	g->counts = nc_map_new();
	if (!g->counts || nc_map_put(s->groups, nc_str(id), g, NULL) != NC_OK)
		return NULL;
	return nc_steal(&g);
}

static nc_bytes slot_key(const uint32_t *slot)
{
	return (nc_bytes){ slot, sizeof(*slot) };
}

static int64_t count_in(const nc_group_book *g, uint32_t slot)
{
	return (int64_t)(intptr_t)nc_map_get(g->counts, slot_key(&slot));
}

/* ---- groups ---- */

nc_code nc_groups_put(nc_sched *s, const nc_vm_group *group, uint64_t rev, nc_error *err)
{
	pthread_mutex_lock(&s->book_lock);
	nc_group_book *g = get(s, group->o.id);
	if (g) {
		g->rev = rev;
		g->policy = group->policy;
		g->domain = group->domain;
		g->max_per_domain = group->max_per_domain ? group->max_per_domain : 1;
	}
	pthread_mutex_unlock(&s->book_lock);
	return g ? NC_OK : nc_err_nomem(err);
}

/* Allocations name their group weakly: those that are left count on in a group without a rule. */
void nc_groups_drop(nc_sched *s, const char *id)
{
	pthread_mutex_lock(&s->book_lock);
	nc_group_book *g = nc_map_get(s->groups, nc_str(id));
	if (g && !nc_map_count(g->counts)) {
		nc_map_del(s->groups, nc_str(id));
		book_free(g);
	} else if (g) {
		g->rev = 0;
		g->policy = NC_SOFT_ANTI_AFFINITY;
	}
	pthread_mutex_unlock(&s->book_lock);
}

int nc_groups_is_current(nc_sched *s, const nc_root *tip, const char *id)
{
	const nc_item *it = nc_root_get(tip, NC_KIND_VM_GROUP, nc_str(id));

	pthread_mutex_lock(&s->book_lock);
	const nc_group_book *g = nc_map_get(s->groups, nc_str(id));
	int is_same = it && g && g->rev == it->rev;
	pthread_mutex_unlock(&s->book_lock);
	return is_same;
}

nc_code nc_groups_take(nc_sched *s, const char *group, uint32_t slot, int sign)
{
	nc_code rc = NC_E_NOMEM;

	pthread_mutex_lock(&s->book_lock);
	nc_group_book *g = get(s, group);
	/* An empty count stays, so that taking back what was given back needs no memory. */
	if (g)
		rc = nc_map_put(g->counts, slot_key(&slot),
			(void *)(intptr_t)(count_in(g, slot) + sign), NULL);
	pthread_mutex_unlock(&s->book_lock);
	return rc;
}

void nc_groups_forget_empty(nc_sched *s, const char *group, uint32_t slot)
{
	pthread_mutex_lock(&s->book_lock);
	nc_group_book *g = nc_map_get(s->groups, nc_str(group));
	if (g && !count_in(g, slot))
		nc_map_del(g->counts, slot_key(&slot));
	if (g && !g->rev && !nc_map_count(g->counts)) { /* deleted, and now nobody's */
		nc_map_del(s->groups, nc_str(group));
		book_free(g);
	}
	pthread_mutex_unlock(&s->book_lock);
}

int nc_groups_allow(nc_sched *s, const char *group, uint32_t slot, uint32_t from)
{
	int64_t total = 0, here = 0;
	nc_bytes key;
	void *count;
	size_t it = 0;
	int is_ok = 1;

	pthread_mutex_lock(&s->book_lock);
	const nc_group_book *g = nc_map_get(s->groups, nc_str(group));
	uint64_t domain = g ? domain_of(g->domain, nc_row_at(s, slot), slot) : 0;
	while (g && nc_map_next(g->counts, &it, &key, &count)) {
		uint32_t other;
		memcpy(&other, key.ptr, sizeof(other));
		int64_t n = (intptr_t)count - (other == from);
		total += n;
		if (domain_of(g->domain, nc_row_at(s, other), other) == domain)
			here += n;
	}
	if (g)
		is_ok = allows(g->policy, g->max_per_domain, total, here);
	pthread_mutex_unlock(&s->book_lock);
	return is_ok;
}

void nc_groups_free(nc_sched *s)
{
	size_t it = 0;
	void *val;

	while (s->groups && nc_map_next(s->groups, &it, NULL, &val))
		book_free(val);
	nc_map_free(s->groups);
}

/* ---- a copy for a scan ---- */

static int by_domain(const void *a, const void *b)
{
	uint64_t x = ((const struct nc_domain_count *)a)->domain;
	uint64_t y = ((const struct nc_domain_count *)b)->domain;

	return x < y ? -1 : x > y;
}

/* Sorted, one entry a domain. */
static void fold(nc_group_view *v)
{
	size_t n = 0;

	qsort(v->counts, v->n, sizeof(*v->counts), by_domain);
	for (size_t i = 0; i < v->n; i++) {
		if (n && v->counts[n - 1].domain == v->counts[i].domain)
			v->counts[n - 1].count += v->counts[i].count;
		else
			v->counts[n++] = v->counts[i];
	}
	v->n = n;
}

/* Lock held. */
static nc_code copy_counts(nc_sched *s, const nc_group_book *g, uint32_t from, nc_group_view *v)
{
	nc_bytes key;
	void *count;
	size_t it = 0;

	v->counts = nc_calloc(nc_map_count(g->counts) + 1, sizeof(*v->counts));
	if (!v->counts)
		return NC_E_NOMEM;
	while (nc_map_next(g->counts, &it, &key, &count)) {
		uint32_t slot;
		memcpy(&slot, key.ptr, sizeof(slot));
		int64_t n = (intptr_t)count - (slot == from);
		v->counts[v->n++] =
			(struct nc_domain_count){ domain_of(g->domain, nc_row_at(s, slot), slot),
				n };
		v->total += n;
	}
	return NC_OK;
}

nc_code nc_group_view_take(nc_sched *s, const char *group, uint32_t from, nc_group_view *ret)
{
	nc_code rc = NC_OK;

	*ret = (nc_group_view){ .is_there = 0 };
	pthread_mutex_lock(&s->book_lock);
	const nc_group_book *g = nc_map_get(s->groups, nc_str(group));
	if (g) {
		ret->is_there = 1;
		ret->policy = g->policy;
		ret->domain = g->domain;
		ret->max_per_domain = g->max_per_domain;
		rc = copy_counts(s, g, from, ret);
	}
	pthread_mutex_unlock(&s->book_lock);
	if (rc == NC_OK && g)
		fold(ret);
	return rc;
}

void nc_group_view_done(nc_group_view *v)
{
	nc_free(v->counts);
}

int64_t nc_group_view_count(const nc_group_view *v, nc_row r, uint32_t slot)
{
	struct nc_domain_count want = { .domain = domain_of(v->domain, r, slot) };
	const struct nc_domain_count *found =
		v->n ? bsearch(&want, v->counts, v->n, sizeof(want), by_domain) : NULL;

	return found ? found->count : 0;
}

int nc_group_view_allows(const nc_group_view *v, nc_row r, uint32_t slot)
{
	if (!v->is_there)
		return 1;
	return allows(v->policy, v->max_per_domain, v->total, nc_group_view_count(v, r, slot));
}
