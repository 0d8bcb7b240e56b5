/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger and its books beside what the items say: a second ledger is loaded from a root and
 * compared. A claim is in the ledger before it is in any root, so while the system works there are
 * differences that mean nothing; they don't last, which the audit uses. Workers.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "model/model.h"
#include "sched/ledger.h"

#define AUDIT_LOOKS   8 /* at most, */
#define AUDIT_AGREE   3 /* and as often a difference must show, in a row */
#define AUDIT_WAIT_US 20000

typedef struct diffs {
	nc_sched_diff_fn fn;
	void *ctx;
	uint64_t n;
} diffs;

static void say(
	diffs *d, const char *what, const char *which, const char *word, int64_t is, int64_t should)
{
	char line[240];

	snprintf(line, sizeof(line), "ledger: %s %s: %s is %lld, should be %lld", what, which, word,
		(long long)is, (long long)should);
	d->fn(d->ctx, line);
	d->n++;
}

static void compare_hosts(nc_sched *s, nc_sched *fresh, diffs *d)
{
	for (uint32_t i = 0; i < nc_slot_count(fresh); i++) {
		nc_row want = nc_row_at(fresh, i);
		const nc_ident *id = nc_row_ident(want);
		uint32_t slot = nc_slot_find(s, id->id);
		if (slot == NO_SLOT) {
			say(d, "host", id->name, "known", 0, 1);
			continue;
		}
		nc_row have = nc_row_at(s, slot);
		for (int k = 0; k < NC_RES_COUNT; k++) {
			int64_t is = nc_loose64_get(&have.c->free[k][have.i]);
			int64_t should = nc_loose64_get(&want.c->free[k][want.i]);
			if (is != should)
				say(d, "host", id->name, nc_quota_words[k], is, should);
		}
	}
}

static int knows(nc_sched *s, const char *project)
{
	pthread_mutex_lock(&s->book_lock);
	int is_known = nc_map_get(s->projects, nc_str(project)) != NULL;
	pthread_mutex_unlock(&s->book_lock);
	return is_known;
}

typedef char id_text[NC_DB_ID_MAX + 1];

static id_text *list_projects(nc_sched *s, size_t *ret_n)
{
	nc_bytes key;
	size_t it = 0, n = 0;

	pthread_mutex_lock(&s->book_lock);
	id_text *ids = nc_calloc(nc_map_count(s->projects) + 1, sizeof(*ids));
	while (ids && nc_map_next(s->projects, &it, &key, NULL))
		snprintf(ids[n++], sizeof(*ids), "%.*s", (int)key.len, (const char *)key.ptr);
	pthread_mutex_unlock(&s->book_lock);
	*ret_n = n;
	return ids;
}

static void compare_project(nc_sched *s, nc_sched *fresh, const char *id, diffs *d)
{
	int64_t is[NC_USE_COUNT], should[NC_USE_COUNT];

	nc_sched_usage(s, id, is);
	nc_sched_usage(fresh, id, should);
	for (int k = 0; k < NC_USE_COUNT; k++)
		if (is[k] != should[k])
			say(d, "project", id, nc_quota_words[k], is[k], should[k]);
}

static void compare_projects(nc_sched *s, nc_sched *fresh, diffs *d)
{
	size_t n_have, n_want;
	_cleanup_(nc_freep) id_text *have = list_projects(s, &n_have);
	_cleanup_(nc_freep) id_text *want = list_projects(fresh, &n_want);

	for (size_t i = 0; i < n_want; i++)
		compare_project(s, fresh, want[i], d);
	for (size_t i = 0; i < n_have; i++)
		if (!knows(fresh, have[i]))
			compare_project(s, fresh, have[i], d);
}

static int64_t group_total(nc_sched *s, const char *id)
{
	nc_group_view v;
	int64_t n = 0;

	if (nc_group_view_take(s, id, NO_SLOT, &v) == NC_OK)
		n = v.total;
	nc_group_view_done(&v);
	return n;
}

static void compare_groups(nc_sched *s, nc_sched *fresh, diffs *d)
{
	nc_bytes key;
	size_t it = 0;

	/* The fresh one is ours alone. */
	while (nc_map_next(fresh->groups, &it, &key, NULL)) {
		char id[NC_DB_ID_MAX + 1];
		snprintf(id, sizeof(id), "%.*s", (int)key.len, (const char *)key.ptr);
		int64_t is = group_total(s, id), should = group_total(fresh, id);
		if (is != should)
			say(d, "group", id, "members", is, should);
	}
}

uint64_t nc_sched_check(nc_sched *s, const nc_root *root, nc_sched_diff_fn fn, void *ctx)
{
	nc_sched *fresh = NULL;
	nc_error err = NC_ERROR_INIT;
	diffs d = { .fn = fn, .ctx = ctx };

	pthread_mutex_lock(&s->book_lock);
	nc_sched_options o = s->opt;
	pthread_mutex_unlock(&s->book_lock);
	nc_code rc = nc_sched_new(&o, &fresh, &err);
	if (rc == NC_OK)
		rc = nc_sched_load(fresh, root, &err);
	if (rc == NC_OK) {
		compare_hosts(s, fresh, &d);
		compare_projects(s, fresh, &d);
		compare_groups(s, fresh, &d);
	} else {
		fn(ctx, err.message);
		d.n = 1;
	}
	nc_sched_free(fresh);
	return d.n;
}

/* ---- the audit ---- */

typedef struct look { /* lines seen so far → how often in a row, as a pointer-sized number */
	nc_map *seen, *next;
	uint64_t n_lasting;
	nc_sched_diff_fn fn;
	void *ctx;
	int is_over;
} look;

static void note(void *ctx, const char *line)
{
	look *l = ctx;
	intptr_t times = (intptr_t)nc_map_get(l->seen, nc_str(line)) + 1;

	nc_map_put(l->next, nc_str(line), (void *)times, NULL);
	if (times < AUDIT_AGREE)
		return;
	l->is_over = 1;
	l->n_lasting++;
	l->fn(l->ctx, line);
}

uint64_t nc_sched_audit(nc_sched *s, nc_db *db, nc_sched_diff_fn fn, void *ctx)
{
	look l = { .seen = nc_map_new(), .fn = fn, .ctx = ctx };

	for (int i = 0; l.seen && i < AUDIT_LOOKS && !l.is_over; i++) {
		if (!(l.next = nc_map_new()))
			break;
		const nc_root *r = nc_db_read_begin(db);
		uint64_t n = nc_sched_check(s, r, note, &l);
		nc_db_read_end(db);
		nc_map_free(l.seen);
		l.seen = nc_steal(&l.next);
		if (!n)
			break;
		nc_clock_sleep_us(AUDIT_WAIT_US);
	}
	nc_map_free(l.seen);
	return l.n_lasting;
}
