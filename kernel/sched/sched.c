/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler's life: made empty, loaded from a root before anything runs, moved on by the
 * publish hook. Allocations are not moved on there: the guards that the sequencer ran have done it
 * already.
 */
#include "sched/sched.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "model/allocation.h"
#include "model/model.h"
#include "sched/ledger.h"

void nc_sched_free(nc_sched *s)
{
	if (!s)
		return;
	nc_ledger_free(s);
	nc_projects_free(s);
	nc_groups_free(s);
	nc_domains_free(s);
	nc_map_free(s->slot_of);
	nc_map_free(s->words);
	for (int i = 0; i < NC_BITS_COUNT; i++)
		nc_map_free(s->bit_of[i]);
	pthread_mutex_destroy(&s->book_lock);
	nc_free(s);
}
NC_DEFINE_CLEANUP(nc_sched *, nc_sched_free);

nc_code nc_sched_new(const nc_sched_options *o, nc_sched **ret, nc_error *err)
{
	nc_sched *fresh = nc_calloc(1, sizeof(*fresh));

	if (!fresh)
		return nc_err_nomem(err);
	pthread_mutex_init(&fresh->book_lock, NULL);
	_cleanup_(nc_sched_freep) nc_sched *s = fresh;
	nc_map **maps[] = { &s->slot_of, &s->words, &s->groups, &s->projects, &s->quota_owner,
		&s->host_groups, &s->bit_of[NC_BITS_TRAIT], &s->bit_of[NC_BITS_NETWORK],
		&s->bit_of[NC_BITS_POOL] };
	s->opt = *o;
	s->db = o->db;
	s->unused = nc_calloc(SLOTS_MAX, sizeof(*s->unused));
	if (!s->unused)
		return nc_err_nomem(err);
	for (size_t i = 0; i < NC_LEN(maps); i++)
		if (!(*maps[i] = nc_map_new()))
			return nc_err_nomem(err);
	*ret = nc_steal(&s);
	return NC_OK;
}

void nc_sched_configure(nc_sched *s, const nc_sched_options *o)
{
	pthread_mutex_lock(&s->book_lock);
	s->opt = *o;
	s->has_new_options = 1;
	pthread_mutex_unlock(&s->book_lock);
}

nc_code nc_sched_add_stage(nc_sched *s, const nc_sched_stage *stage, nc_error *err)
{
	if (s->n_stages == NC_LEN(s->stages))
		return nc_err(err, NC_E_UNAVAILABLE, "too many placement stages");
	s->stages[s->n_stages++] = *stage;
	return NC_OK;
}

nc_code nc_sched_check_quota(nc_sched *s, const nc_root *root, const char *project,
	const int64_t delta[NC_RES_COUNT], nc_error *err)
{
	int64_t all[NC_USE_COUNT] = { [NC_USE_VMS] = 1 };

	memcpy(all, delta, sizeof(*all) * NC_RES_COUNT);
	return nc_projects_check(s, root, project, all, err);
}

/* ---- one object ---- */

static nc_code put_object(nc_sched *s, nc_object *o, nc_error *err)
{
	switch (o->kind->number) {
	case NC_KIND_HOST:
		return nc_ledger_put_host(s, NC_AS(nc_host_obj, o), err);
	case NC_KIND_HOST_GROUP:
		return nc_domains_put(s, NC_AS(nc_host_group, o), err);
	case NC_KIND_VM_GROUP:
		return nc_groups_put(s, NC_AS(nc_vm_group, o), o->rev, err);
	case NC_KIND_QUOTA:
		return o->project ? nc_projects_put_quota(
					    s, o->project, NC_AS(nc_quota_obj, o), o->rev, err)
				  : NC_OK;
	default:
		return NC_OK;
	}
}

static nc_code drop_object(nc_sched *s, uint16_t kind, const char *id, nc_error *err)
{
	switch (kind) {
	case NC_KIND_HOST:
		nc_ledger_drop_host(s, id);
		return NC_OK;
	case NC_KIND_HOST_GROUP:
		return nc_domains_drop(s, id, err);
	case NC_KIND_VM_GROUP:
		nc_groups_drop(s, id);
		return NC_OK;
	default:
		nc_projects_drop_quota(s, id);
		return NC_OK;
	}
}

static nc_code put_item(nc_sched *s, const nc_item *it, nc_arena *a, nc_error *err)
{
	nc_object *o = NULL;
	nc_code rc = nc_model_load(it, a, &o, err);

	return rc == NC_OK ? put_object(s, o, err) : rc;
}

static nc_code take_allocation(nc_sched *s, const nc_item *it, nc_arena *a, nc_error *err)
{
	nc_object *o = NULL;
	nc_holding h;
	nc_code rc = nc_model_load(it, a, &o, err);

	if (rc != NC_OK)
		return rc;
	nc_holding_of(s, NC_AS(nc_allocation, o), &h);
	return nc_holding_take(s, o->project, &h, 1) == NC_OK ? NC_OK : nc_err_nomem(err);
}

/* ---- all of a kind ---- */

typedef nc_code (*item_fn)(nc_sched *s, const nc_item *it, nc_arena *a, nc_error *err);

static nc_code each(nc_sched *s, const nc_root *r, uint16_t kind, item_fn fn, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(2u << 20);
	nc_walk w;
	nc_code rc = NC_OK;

	if (!a)
		return nc_err_nomem(err);
	nc_walk_init(&w, r, kind, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it; rc == NC_OK && (it = nc_walk_next(&w, NULL));) {
		rc = fn(s, it, a, err);
		nc_arena_reset(a);
	}
	return rc;
}

/* Hosts first: the others name them. */
static const uint16_t watched[] = { NC_KIND_HOST, NC_KIND_HOST_GROUP, NC_KIND_VM_GROUP,
	NC_KIND_QUOTA };

static int is_watched(uint16_t kind)
{
	for (size_t i = 0; i < NC_LEN(watched); i++)
		if (watched[i] == kind)
			return 1;
	return 0;
}

static nc_code put_all(nc_sched *s, const nc_root *r, nc_error *err)
{
	nc_code rc = NC_OK;

	for (size_t i = 0; rc == NC_OK && i < NC_LEN(watched); i++)
		rc = each(s, r, watched[i], put_item, err);
	return rc;
}

nc_code nc_sched_load(nc_sched *s, const nc_root *root, nc_error *err)
{
	nc_code rc = put_all(s, root, err);

	if (rc == NC_OK)
		rc = each(s, root, NC_KIND_ALLOCATION, take_allocation, err);
	nc_loose64_set(&s->seq, (int64_t)nc_root_seq(root));
	return rc;
}

/* ---- the publish hook ---- */

static void on_change(
	void *ctx, uint64_t seq, uint16_t kind, const nc_item *was, const nc_item *now)
{
	nc_sched *s = ctx;
	nc_error err = NC_ERROR_INIT;
	nc_code rc;

	(void)seq;
	if (!is_watched(kind))
		return;
	if (now) {
		_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(2u << 20);
		rc = a ? put_item(s, now, a, &err) : nc_err_nomem(&err);
	} else {
		rc = drop_object(s, kind, nc_item_id(was), &err);
	}
	if (rc == NC_OK)
		return;
	s->is_behind = 1;
	nc_log(L_ERROR, "sched.apply.failed", F_STR("id", nc_item_id(now ? now : was)), F_ERR(&err),
		F_STR("consequence", "the ledger is read again before the next claim"));
}

void nc_sched_apply(nc_sched *s, const nc_db_batch *b)
{
	uint64_t seq = (uint64_t)nc_loose64_get(&s->seq);

	if (nc_db_batch_first(b) > seq + 1)
		s->is_behind = 1; /* something was published before the hook was there */
	nc_ledger_recompute(s);
	if (nc_db_batch_last(b) > seq) {
		nc_db_batch_changes(b, on_change, s);
		nc_loose64_set(&s->seq, (int64_t)nc_db_batch_last(b));
	}
	if (s->is_behind)
		nc_sched_catch_up(s, NULL);
}

/* ---- after a failure ---- */

static void drop_gone(nc_sched *s, const nc_root *r, nc_map *known, uint16_t kind)
{
	nc_bytes key;
	size_t it = 0;

	while (nc_map_next(known, &it, &key, NULL)) {
		char id[NC_DB_ID_MAX + 1];
		if (nc_root_get(r, kind, key))
			continue;
		snprintf(id, sizeof(id), "%.*s", (int)key.len, (const char *)key.ptr);
		if (drop_object(s, kind, id, NULL) != NC_OK)
			s->is_behind = 1;
	}
}

nc_code nc_sched_catch_up(nc_sched *s, nc_error *err)
{
	if (!s->is_behind || !s->db)
		return NC_OK;
	const nc_root *r = nc_db_root(s->db);
	nc_code rc = put_all(s, r, err);
	if (rc != NC_OK)
		return rc;
	s->is_behind = 0;
	/* The maps are written by this thread alone. */
	drop_gone(s, r, s->slot_of, NC_KIND_HOST);
	drop_gone(s, r, s->host_groups, NC_KIND_HOST_GROUP);
	drop_gone(s, r, s->groups, NC_KIND_VM_GROUP);
	drop_gone(s, r, s->quota_owner, NC_KIND_QUOTA);
	return NC_OK;
}
