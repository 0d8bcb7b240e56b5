/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The books of projects: what each uses, what its quotas allow. Several quotas of one project all
 * hold, so the least counts. The sequencer writes, anybody looks; book_lock for each.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/model.h"
#include "model/problem.h"
#include "sched/ledger.h"

_Static_assert(NC_QUOTA_WORDS == NC_USE_COUNT, "a word for each");

/* ---- lock held ---- */

static nc_project_book *get(nc_sched *s, const char *id)
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

static void reckon_limits(nc_project_book *p)
{
	for (int i = 0; i < NC_USE_COUNT; i++) {
		p->limit[i] = -1;
		for (const nc_quota_book *q = p->quotas; q; q = q->next)
			if (q->limit[i] >= 0 && (p->limit[i] < 0 || q->limit[i] < p->limit[i]))
				p->limit[i] = q->limit[i];
	}
}

static nc_quota_book *find_quota(const nc_project_book *p, const char *id)
{
	for (nc_quota_book *q = p->quotas; q; q = q->next)
		if (!strcmp(q->id, id))
			return q;
	return NULL;
}

static nc_quota_book *make_quota(nc_sched *s, nc_project_book *p, const char *id)
{
	nc_quota_book *q = find_quota(p, id);

	if (q)
		return q;
	q = nc_calloc(1, sizeof(*q));
	if (!q)
		return NULL;
	if (nc_map_put(s->quota_owner, nc_str(id), p, NULL) != NC_OK) {
		nc_free(q);
		return NULL;
	}
	snprintf(q->id, sizeof(q->id), "%s", id);
	q->next = p->quotas;
	p->quotas = q;
	return q;
}

static void drop_quota(nc_sched *s, const char *id)
{
	nc_project_book *p = nc_map_del(s->quota_owner, nc_str(id));

	for (nc_quota_book **at = p ? &p->quotas : NULL; at && *at; at = &(*at)->next) {
		nc_quota_book *q = *at;
		if (strcmp(q->id, id))
			continue;
		*at = q->next;
		nc_free(q);
		break;
	}
	if (p)
		reckon_limits(p);
}

/* ---- quotas ---- */

nc_code nc_projects_put_quota(
	nc_sched *s, const char *project, const nc_quota_obj *q, uint64_t rev, nc_error *err)
{
	pthread_mutex_lock(&s->book_lock);
	nc_project_book *p = get(s, project);
	nc_quota_book *b = p ? make_quota(s, p, q->o.id) : NULL;
	if (b) {
		b->rev = rev;
		for (int i = 0; i < NC_USE_COUNT; i++) {
			b->limit[i] = -1;
			for (size_t k = 0; k < q->n_limits; k++)
				if (!strcmp(q->limits[k].resource, nc_quota_words[i]))
					b->limit[i] = q->limits[k].limit;
		}
		reckon_limits(p);
	}
	pthread_mutex_unlock(&s->book_lock);
	return b ? NC_OK : nc_err_nomem(err);
}

void nc_projects_drop_quota(nc_sched *s, const char *id)
{
	pthread_mutex_lock(&s->book_lock);
	drop_quota(s, id);
	pthread_mutex_unlock(&s->book_lock);
}

int nc_projects_is_current(nc_sched *s, const nc_root *tip, const char *project)
{
	nc_bytes key = nc_str(project), found;
	size_t n_tip = 0, n_book = 0;
	int is_same = 1;
	nc_walk w;

	nc_walk_init(&w, tip, NC_KIND_QUOTA, NC_IX_PROJECT, key, (nc_bytes){ 0 }, NC_ASCENDING);
	pthread_mutex_lock(&s->book_lock);
	const nc_project_book *p = nc_map_get(s->projects, key);
	for (const nc_item *it; (it = nc_walk_next(&w, &found)) && nc_bytes_eq(found, key);) {
		const nc_quota_book *q = p ? find_quota(p, nc_item_id(it)) : NULL;
		n_tip++;
		is_same &= q && q->rev == it->rev;
	}
	for (const nc_quota_book *q = p ? p->quotas : NULL; q; q = q->next)
		n_book++;
	pthread_mutex_unlock(&s->book_lock);
	return is_same && n_tip == n_book;
}

/* ---- use ---- */

/* As the project's people call it. */
static const char *name_of(const nc_root *root, const char *project, char *buf, size_t cap)
{
	const nc_item *it = nc_root_get(root, NC_KIND_PROJECT, nc_str(project));
	nc_bytes key = it ? nc_item_key(it, NC_IX_NAME) : (nc_bytes){ 0 };

	if (key.len < 2)
		return project;
	snprintf(buf, cap, "%.*s", (int)key.len - 1, (const char *)key.ptr + 1); /* "/name" */
	return buf;
}

typedef struct excess {
	int of;
	int64_t used, limit, asked;
} excess;

static nc_code over_quota(const char *project, const excess *x, nc_error *err)
{
	const char *word = nc_quota_words[x->of];
	int64_t all = x->used + x->asked;

	nc_problem_err(err, "quota", "project %s: %s %lld of %lld used, %lld asked, short by %lld",
		project, word, (long long)x->used, (long long)x->limit, (long long)x->asked,
		(long long)(all - x->limit));
	return nc_err_hint(err, NC_E_QUOTA,
		"delete or shrink something, or: novacron quota set %s %s=%lld", project, word,
		(long long)all);
}

nc_code nc_projects_check(nc_sched *s, const nc_root *root, const char *project,
	const int64_t delta[NC_USE_COUNT], nc_error *err)
{
	excess x = { .of = -1 };
	char name[80];

	if (!project)
		return NC_OK;
	pthread_mutex_lock(&s->book_lock);
	const nc_project_book *p = nc_map_get(s->projects, nc_str(project));
	for (int i = 0; p && x.of < 0 && i < NC_USE_COUNT; i++)
		if (p->limit[i] >= 0 && delta[i] > 0 && delta[i] > p->limit[i] - p->used[i])
			x = (excess){ i, p->used[i], p->limit[i], delta[i] };
	pthread_mutex_unlock(&s->book_lock);
	if (x.of < 0)
		return NC_OK;
	return over_quota(root ? name_of(root, project, name, sizeof(name)) : project, &x, err);
}

nc_code nc_projects_take(
	nc_sched *s, const char *project, const int64_t use[NC_USE_COUNT], int sign)
{
	if (!project || !*project)
		return NC_OK;
	pthread_mutex_lock(&s->book_lock);
	nc_project_book *p = get(s, project);
	for (int i = 0; p && i < NC_USE_COUNT; i++)
		p->used[i] += sign * use[i];
	pthread_mutex_unlock(&s->book_lock);
	return p ? NC_OK : NC_E_NOMEM;
}

void nc_sched_usage(nc_sched *s, const char *project, int64_t used[NC_USE_COUNT])
{
	memset(used, 0, sizeof(int64_t) * NC_USE_COUNT);
	pthread_mutex_lock(&s->book_lock);
	const nc_project_book *p = nc_map_get(s->projects, nc_str(project));
	if (p)
		memcpy(used, p->used, sizeof(p->used));
	pthread_mutex_unlock(&s->book_lock);
}

void nc_projects_free(nc_sched *s)
{
	size_t it = 0;
	void *val;

	while (s->projects && nc_map_next(s->projects, &it, NULL, &val)) {
		nc_project_book *p = val;
		for (nc_quota_book *q = p->quotas, *next; q; q = next) {
			next = q->next;
			nc_free(q);
		}
		nc_free(p);
	}
	nc_map_free(s->projects);
	nc_map_free(s->quota_owner);
}
