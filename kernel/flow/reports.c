/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded list, coalesced by instance and native id, and what each was told last, so that nothing
 * older is taken, whichever way it comes. Under `list_lock`, which is held for pointers and numbers
 * only. Any thread.
 */
#include "flow/reports.h"

#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/nummap.h"
#include "model/body.h"

#define REPORTS_MAX 8192
#define TOLD_MAX    262144

typedef struct report {
	nc_list link;
	uint64_t obs_seq, native; /* the hash of its native id */
	int is_old;
	nc_bytes json;
	char instance[64];
	char key[]; /* instance/native_id, then the JSON */
} report;

struct nc_reports {
	pthread_mutex_t list_lock;
	nc_list list;
	nc_map *by_key;
	nc_map *told; /* instance → nc_nummap of hash of native id → the highest obs_seq told. What it has
		       * forgotten is taken again, so it may be emptied at any time. */
};

nc_code nc_reports_new(nc_reports **ret, nc_error *err)
{
	nc_reports *r = nc_calloc(1, sizeof(*r));

	if (!r)
		return nc_err_nomem(err);
	r->by_key = nc_map_new();
	r->told = nc_map_new();
	if (!r->by_key || !r->told) {
		nc_map_free(r->by_key);
		nc_map_free(r->told);
		nc_free(r);
		return nc_err_nomem(err);
	}
	nc_list_init(&r->list);
	pthread_mutex_init(&r->list_lock, NULL);
	*ret = r;
	return NC_OK;
}

static void free_told(nc_reports *r)
{
	size_t it = 0;
	nc_bytes key;
	void *told;

	while (nc_map_next(r->told, &it, &key, &told))
		nc_nummap_free(told);
	nc_map_free(r->told);
}

void nc_reports_free(nc_reports *r)
{
	if (!r)
		return;
	NC_LIST_EACH (n, &r->list)
		nc_free(NC_LIST_ENTRY(n, report, link));
	nc_map_free(r->by_key);
	free_told(r);
	pthread_mutex_destroy(&r->list_lock);
	nc_free(r);
}

static nc_bytes unquoted(nc_bytes word)
{
	return word.len < 2 ? word : (nc_bytes){ (const char *)word.ptr + 1, word.len - 2 };
}

static report *make(const char *instance, uint64_t obs_seq, nc_bytes json)
{
	nc_bytes id = nc_body_member(json, "native_id");
	size_t key_len = strlen(instance) + 1 + id.len + 1;
	report *x = nc_malloc(sizeof(*x) + key_len + json.len + 1);

	if (!x)
		return NULL;
	nc_list_init(&x->link);
	x->obs_seq = obs_seq;
	x->native = nc_hash(unquoted(id));
	snprintf(x->instance, sizeof(x->instance), "%s", instance);
	snprintf(x->key, key_len, "%s/%.*s", instance, (int)id.len,
		id.len ? (const char *)id.ptr : "");
	memcpy(x->key + key_len, json.ptr, json.len);
	x->key[key_len + json.len] = '\0';
	x->json = (nc_bytes){ x->key + key_len, json.len };
	return x;
}

/* ---- what was told last; list_lock held ---- */

static uint64_t last_told(const nc_reports *r, const char *instance, uint64_t native)
{
	const nc_nummap *told = nc_map_get(r->told, nc_str(instance));

	return told ? nc_nummap_get(told, native) : 0;
}

static nc_nummap *told_of(nc_reports *r, const char *instance)
{
	nc_nummap *told = nc_map_get(r->told, nc_str(instance));

	if (told || !(told = nc_nummap_new()))
		return told;
	if (nc_map_put(r->told, nc_str(instance), told, NULL) == NC_OK)
		return told;
	nc_nummap_free(told);
	return NULL;
}

/* Without memory for it: it will be taken again. */
static void keep_told(nc_reports *r, const char *instance, uint64_t native, uint64_t obs_seq)
{
	if (obs_seq <= last_told(r, instance, native))
		return;
	nc_nummap *told = told_of(r, instance);
	if (!told)
		return;
	if (nc_nummap_count(told) >= TOLD_MAX)
		nc_nummap_clear(told);
	(void)nc_nummap_put(told, native, obs_seq);
}

void nc_reports_saw(nc_reports *r, const char *instance, const char *native_id, uint64_t obs_seq)
{
	pthread_mutex_lock(&r->list_lock);
	keep_told(r, instance, nc_hash(nc_str(native_id)), obs_seq);
	pthread_mutex_unlock(&r->list_lock);
}

int nc_reports_is_old(nc_reports *r, const char *instance, const char *native_id, uint64_t obs_seq)
{
	pthread_mutex_lock(&r->list_lock);
	int is_old = obs_seq < last_told(r, instance, nc_hash(nc_str(native_id)));
	pthread_mutex_unlock(&r->list_lock);
	return is_old;
}

void nc_reports_forget(nc_reports *r, const char *instance)
{
	pthread_mutex_lock(&r->list_lock);
	nc_nummap *told = nc_map_del(r->told, nc_str(instance));
	pthread_mutex_unlock(&r->list_lock);
	nc_nummap_free(told);
}

int nc_reports_add(nc_reports *r, const char *instance, uint64_t obs_seq, nc_bytes json)
{
	report *x = make(instance, obs_seq, json), *gone = NULL;
	int is_kept = 0;

	if (!x)
		return 0;
	pthread_mutex_lock(&r->list_lock);
	report *known = nc_map_get(r->by_key, nc_str(x->key));
	if (obs_seq < last_told(r, x->instance, x->native)) {
		gone = x; /* an older word than the one we have, or had */
		is_kept = 1;
	} else if ((known || nc_map_count(r->by_key) < REPORTS_MAX) &&
		   nc_map_put(r->by_key, nc_str(x->key), x, NULL) == NC_OK) {
		if (known)
			nc_list_del(&known->link);
		gone = known;
		nc_list_add_tail(&r->list, &x->link);
		keep_told(r, x->instance, x->native, obs_seq);
		is_kept = 1;
	} else {
		gone = x;
	}
	pthread_mutex_unlock(&r->list_lock);
	nc_free(gone);
	return is_kept;
}

/* Those that may be read now, in order, out of the list. */
static void take(nc_reports *r, int (*is_held)(void *, const char *), void *held, nc_list *ret)
{
	nc_list_init(ret);
	pthread_mutex_lock(&r->list_lock);
	NC_LIST_EACH (n, &r->list) {
		report *x = NC_LIST_ENTRY(n, report, link);
		/* An answer may have come meanwhile that is newer: fn gets none of these. */
		x->is_old = x->obs_seq < last_told(r, x->instance, x->native);
		if (is_held(held, x->instance))
			continue;
		nc_list_del(n);
		nc_map_del(r->by_key, nc_str(x->key));
		nc_list_add_tail(ret, n);
	}
	pthread_mutex_unlock(&r->list_lock);
}

void nc_reports_drain(nc_reports *r, int (*is_held)(void *held, const char *instance), void *held,
	void (*fn)(void *ctx, nc_bytes json), void *ctx)
{
	nc_list taken;

	take(r, is_held, held, &taken);
	NC_LIST_EACH (n, &taken) {
		report *x = NC_LIST_ENTRY(n, report, link);
		if (!x->is_old)
			fn(ctx, x->json);
		nc_free(x);
	}
}
