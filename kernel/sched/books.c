/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The books beside the ledger: what each project uses and may use, and how many of each hard group
 * stand in each domain. Small maps under book_lock; the sequencer writes, anybody looks.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/problem.h"
#include "model/tenancy.h"
#include "sched/ledger.h"

static const char *const use_words[NC_USE_COUNT] = { "vcpus", "memory_mib", "disk_gib", "vms" };

/* ---- projects; locked ---- */

static nc_project_book *project_get(nc_sched *s, const char *id)
{
	nc_project_book *p = nc_map_get(s->projects, nc_str(id));

	if (p)
		return p;
	p = nc_calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	for (int i = 0; i < NC_USE_COUNT; i++)
		p->limit[i] = -1;
	if (nc_map_put(s->projects, nc_str(id), p, NULL) == NC_OK)
		return p;
	nc_free(p);
	return NULL;
}

nc_code nc_book_put_quota(nc_sched *s, const char *project, const nc_object *quota, nc_error *err)
{
	const nc_quota_obj *q =
		quota ? NC_AS(nc_quota_obj, (nc_object *)(uintptr_t)quota) : NULL;

	pthread_mutex_lock(&s->book_lock);
	nc_project_book *p = project_get(s, project);
	for (int i = 0; p && i < NC_USE_COUNT; i++) {
		p->limit[i] = -1;
		for (size_t k = 0; q && k < q->n_limits; k++)
			if (!strcmp(q->limits[k].resource, use_words[i]))
				p->limit[i] = q->limits[k].limit;
	}
	pthread_mutex_unlock(&s->book_lock);
	return p ? NC_OK : nc_err_nomem(err);
}

static nc_code over_quota(const char *project, int i, int64_t used, int64_t limit, int64_t asked,
	nc_error *err)
{
	nc_problem_err(err, "quota", "project %s: %s %lld of %lld used, %lld asked, short by %lld",
		project, use_words[i], (long long)used, (long long)limit, (long long)asked,
		(long long)(used + asked - limit));
	return nc_err_hint(err, NC_E_QUOTA,
		"delete or shrink something, or: novacron quota set %s %s=%lld", project,
		use_words[i], (long long)(used + asked));
}

nc_code nc_book_check_quota(nc_sched *s, const char *project, const int64_t delta[NC_RES_COUNT],
	int64_t vms, nc_error *err)
{
	nc_project_book copy = { .limit = { -1, -1, -1, -1 } };

	if (!project)
		return NC_OK;
	pthread_mutex_lock(&s->book_lock);
	const nc_project_book *p = nc_map_get(s->projects, nc_str(project));
	if (p)
		copy = *p;
	pthread_mutex_unlock(&s->book_lock);
	for (int i = 0; i < NC_USE_COUNT; i++) {
		int64_t asked = i == NC_USE_VMS ? vms : delta[i];
		if (copy.limit[i] >= 0 && asked > 0 && copy.used[i] + asked > copy.limit[i])
			return over_quota(project, i, copy.used[i], copy.limit[i], asked, err);
	}
	return NC_OK;
}

void nc_sched_usage(nc_sched *s, const char *project, int64_t used[NC_RES_COUNT + 1])
{
	memset(used, 0, sizeof(int64_t) * NC_USE_COUNT);
	pthread_mutex_lock(&s->book_lock);
	const nc_project_book *p = nc_map_get(s->projects, nc_str(project));
	if (p)
		memcpy(used, p->used, sizeof(p->used));
	pthread_mutex_unlock(&s->book_lock);
}

/* ---- groups; locked ---- */

static uint32_t domain_of(const nc_sched *s, const nc_group_book *g, uint32_t slot)
{
	if (g->domain == NC_DOMAIN_ZONE)
		return atomic_load_explicit(&nc_slot_at(s, slot)->zone, memory_order_relaxed);
	return slot + 1;
}

static int64_t count_get(const nc_group_book *g, uint32_t domain)
{
	return (int64_t)(intptr_t)nc_map_get(
		g->counts, (nc_bytes){ &domain, sizeof(domain) });
}

static nc_code count_add(nc_group_book *g, uint32_t domain, int64_t n)
{
	nc_bytes key = { &domain, sizeof(domain) };
	int64_t now = count_get(g, domain) + n;

	if (now > 0) {
		nc_code rc = nc_map_put(g->counts, key, (void *)(intptr_t)now, NULL);
		if (rc != NC_OK)
			return rc;
	} else {
		nc_map_del(g->counts, key);
	}
	g->total += n;
	return NC_OK;
}

static nc_group_book *group_new(void)
{
	nc_group_book *g = nc_calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->counts = nc_map_new();
	if (g->counts)
		return g;
	nc_free(g);
	return NULL;
}

static void group_free(nc_group_book *g)
{
	nc_map_free(g->counts);
	nc_free(g);
}

static nc_group_book *group_get(nc_sched *s, const char *id)
{
	nc_group_book *g = nc_map_get(s->groups, nc_str(id));

	if (g)
		return g;
	g = group_new();
	if (!g)
		return NULL;
	g->policy = NC_SOFT_ANTI_AFFINITY; /* until its object is seen */
	if (nc_map_put(s->groups, nc_str(id), g, NULL) == NC_OK)
		return g;
	group_free(g);
	return NULL;
}

nc_code nc_book_put_group(nc_sched *s, const nc_vm_group *group, nc_error *err)
{
	pthread_mutex_lock(&s->book_lock);
	nc_group_book *g = group_get(s, group->o.id);
	if (g) {
		g->policy = group->policy;
		g->domain = group->domain;
		g->max_per_domain = group->max_per_domain ? group->max_per_domain : 1;
	}
	pthread_mutex_unlock(&s->book_lock);
	return g ? NC_OK : nc_err_nomem(err);
}

void nc_book_drop_group(nc_sched *s, const char *id)
{
	pthread_mutex_lock(&s->book_lock);
	nc_group_book *g = nc_map_get(s->groups, nc_str(id));
	if (g && !g->total) {
		nc_map_del(s->groups, nc_str(id));
		group_free(g);
	}
	pthread_mutex_unlock(&s->book_lock);
}

int nc_book_group_allows(nc_sched *s, const char *group, uint32_t slot)
{
	int is_ok = 1;

	pthread_mutex_lock(&s->book_lock);
	const nc_group_book *g = nc_map_get(s->groups, nc_str(group));
	if (g && g->policy == NC_ANTI_AFFINITY)
		is_ok = count_get(g, domain_of(s, g, slot)) < g->max_per_domain;
	else if (g && g->policy == NC_AFFINITY)
		is_ok = !g->total || count_get(g, domain_of(s, g, slot)) > 0;
	pthread_mutex_unlock(&s->book_lock);
	return is_ok;
}

int64_t nc_book_group_count(nc_sched *s, const char *group, uint32_t slot, int *ret_is_soft_anti)
{
	int64_t n = 0;

	pthread_mutex_lock(&s->book_lock);
	const nc_group_book *g = nc_map_get(s->groups, nc_str(group));
	*ret_is_soft_anti = g && g->policy == NC_SOFT_ANTI_AFFINITY;
	if (g && (g->policy == NC_SOFT_AFFINITY || g->policy == NC_SOFT_ANTI_AFFINITY))
		n = count_get(g, domain_of(s, g, slot));
	pthread_mutex_unlock(&s->book_lock);
	return n;
}

/* ---- both ---- */

nc_code nc_book_take(nc_sched *s, const char *project, const char *group, uint32_t slot,
	const int64_t want[NC_RES_COUNT], int64_t vms, int sign)
{
	nc_code rc = NC_OK;

	pthread_mutex_lock(&s->book_lock);
	nc_project_book *p = project ? project_get(s, project) : NULL;
	nc_group_book *g = group && slot != NO_SLOT ? group_get(s, group) : NULL;
	if ((project && !p) || (group && slot != NO_SLOT && !g))
		rc = NC_E_NOMEM;
	if (rc == NC_OK && g && vms)
		rc = count_add(g, domain_of(s, g, slot), sign * vms);
	for (int i = 0; rc == NC_OK && p && i < NC_USE_COUNT; i++)
		p->used[i] += sign * (i == NC_USE_VMS ? vms : want[i]);
	pthread_mutex_unlock(&s->book_lock);
	return rc;
}

void nc_books_free(nc_sched *s)
{
	size_t it = 0;
	nc_bytes key;
	void *val;

	while (s->groups && nc_map_next(s->groups, &it, &key, &val))
		group_free(val);
	it = 0;
	while (s->projects && nc_map_next(s->projects, &it, &key, &val))
		nc_free(val);
	nc_map_free(s->groups);
	nc_map_free(s->projects);
}
