/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler's life: made empty, loaded from a root before anything runs, moved on by the
 * publish hook. Allocations are not moved on there: the guards that the sequencer ran have done it
 * already.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "model/allocation.h"
#include "model/model.h"
#include "model/tenancy.h"
#include "sched/ledger.h"

void nc_sched_free(nc_sched *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < CHUNKS_MAX; i++)
		nc_free(atomic_load_explicit(&s->chunks[i], memory_order_relaxed));
	nc_books_free(s);
	nc_map_free(s->slot_of);
	nc_map_free(s->names);
	nc_map_free(s->trait_of);
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
	s->opt = *o;
	s->slot_of = nc_map_new();
	s->names = nc_map_new();
	s->trait_of = nc_map_new();
	s->groups = nc_map_new();
	s->projects = nc_map_new();
	if (!s->slot_of || !s->names || !s->trait_of || !s->groups || !s->projects)
		return nc_err_nomem(err);
	*ret = nc_steal(&s);
	return NC_OK;
}

void nc_sched_configure(nc_sched *s, const nc_sched_options *o)
{
	pthread_mutex_lock(&s->book_lock);
	s->opt = *o; /* ratios count for a host when it is next seen */
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
	(void)root;
	return nc_book_check_quota(s, project, delta, 1, err);
}

nc_code nc_sched_provider_of(
	const nc_root *r, const char *host, char out[NC_DB_ID_MAX + 1], nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(256u << 10);
	nc_object *o = NULL;

	if (!a)
		return nc_err_nomem(err);
	nc_code rc = nc_model_get(r, &nc_kind_host, host, a, &o, err);
	if (rc == NC_OK)
		snprintf(out, NC_DB_ID_MAX + 1, "%s", NC_AS(nc_host_obj, o)->provider);
	return rc;
}

/* ---- one item ---- */

static nc_code put_item(nc_sched *s, const nc_item *it, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_object *o = NULL;

	if (!a)
		return nc_err_nomem(err);
	nc_code rc = nc_model_load(it, a, &o, err);
	if (rc != NC_OK)
		return rc;
	switch (it->kind) {
	case NC_KIND_HOST:
		return nc_ledger_put_host(s, NC_AS(nc_host_obj, o), err);
	case NC_KIND_VM_GROUP:
		return nc_book_put_group(s, NC_AS(nc_vm_group, o), err);
	case NC_KIND_QUOTA:
		return o->project ? nc_book_put_quota(s, o->project, o, err) : NC_OK;
	default:
		return NC_OK;
	}
}

static nc_code take_allocation(nc_sched *s, const nc_item *it, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_object *o = NULL;

	if (!a)
		return nc_err_nomem(err);
	nc_code rc = nc_model_load(it, a, &o, err);
	if (rc != NC_OK)
		return rc;
	const nc_allocation *al = NC_AS(nc_allocation, o);
	uint32_t slot = al->host ? nc_slot_find(s, al->host) : NO_SLOT;
	int64_t amount[] = { al->vcpus, al->memory_mib + al->overhead_mib, al->disk_gib };
	if (slot != NO_SLOT)
		nc_ledger_take(nc_slot_at(s, slot), amount, 1);
	rc = nc_book_take(s, o->project, al->vm_group, slot, amount, 1, 1);
	return rc == NC_OK ? NC_OK : nc_err_nomem(err);
}

static nc_code each(nc_sched *s, const nc_root *r, uint16_t kind,
	nc_code (*fn)(nc_sched *, const nc_item *, nc_error *), nc_error *err)
{
	nc_walk w;
	nc_code rc = NC_OK;

	nc_walk_init(&w, r, kind, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it; rc == NC_OK && (it = nc_walk_next(&w, NULL));)
		rc = fn(s, it, err);
	return rc;
}

nc_code nc_sched_load(nc_sched *s, const nc_root *root, nc_error *err)
{
	nc_code rc = each(s, root, NC_KIND_HOST, put_item, err);

	if (rc == NC_OK)
		rc = each(s, root, NC_KIND_VM_GROUP, put_item, err);
	if (rc == NC_OK)
		rc = each(s, root, NC_KIND_QUOTA, put_item, err);
	if (rc == NC_OK)
		rc = each(s, root, NC_KIND_ALLOCATION, take_allocation, err);
	atomic_store_explicit(&s->seq, nc_root_seq(root), memory_order_relaxed);
	return rc;
}

static void on_change(
	void *ctx, uint64_t seq, uint16_t kind, const nc_item *was, const nc_item *now)
{
	nc_sched *s = ctx;
	nc_error err = NC_ERROR_INIT;
	nc_code rc = NC_OK;

	(void)seq;
	if (kind != NC_KIND_HOST && kind != NC_KIND_VM_GROUP && kind != NC_KIND_QUOTA)
		return;
	if (now)
		rc = put_item(s, now, &err);
	else if (kind == NC_KIND_HOST)
		nc_ledger_drop_host(s, nc_item_id(was));
	else if (kind == NC_KIND_VM_GROUP)
		nc_book_drop_group(s, nc_item_id(was));
	if (rc != NC_OK)
		nc_log(L_ERROR, "sched.apply.failed", F_STR("id", nc_item_id(now)), F_ERR(&err),
			F_STR("consequence", "the ledger lags until the next start"));
}

void nc_sched_apply(nc_sched *s, const nc_db_batch *b)
{
	nc_db_batch_changes(b, on_change, s);
	atomic_store_explicit(&s->seq, nc_db_batch_last(b), memory_order_relaxed);
}

/* ---- check: rebuild beside, compare ---- */

uint64_t nc_sched_check(nc_sched *s, const nc_root *root, nc_sched_diff_fn fn, void *ctx)
{
	_cleanup_(nc_sched_freep) nc_sched *fresh = NULL;
	nc_error err = NC_ERROR_INIT;
	char line[200];
	uint64_t n = 0;

	pthread_mutex_lock(&s->book_lock);
	nc_sched_options o = s->opt;
	pthread_mutex_unlock(&s->book_lock);
	if (nc_sched_new(&o, &fresh, &err) != NC_OK || nc_sched_load(fresh, root, &err) != NC_OK) {
		fn(ctx, err.message);
		return 1;
	}
	static const char *const words[] = { "vcpus", "memory_mib", "disk_gib" };
	for (uint32_t i = 0; i < nc_slot_count(fresh); i++) {
		const nc_slot *want = nc_slot_at(fresh, i);
		uint32_t at = nc_slot_find(s, want->id);
		for (int k = 0; k < NC_RES_COUNT; k++) {
			int64_t is = at == NO_SLOT ? INT64_MIN
						   : atomic_load_explicit(
							     &nc_slot_at(s, at)->free[k],
							     memory_order_relaxed);
			int64_t should =
				atomic_load_explicit(&want->free[k], memory_order_relaxed);
			if (is == should)
				continue;
			snprintf(line, sizeof(line), "ledger: host %s: %lld %s free, should be %lld",
				want->target, (long long)is, words[k], (long long)should);
			fn(ctx, line);
			n++;
		}
	}
	return n;
}
