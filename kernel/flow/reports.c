/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded list, coalesced by instance and native id, under `list_lock`, which is held for a copy
 * of pointers only. */
#include "flow/reports.h"

#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "model/body.h"

#define REPORTS_MAX 8192

typedef struct report {
	nc_list link;
	uint64_t obs_seq;
	nc_bytes json;
	char instance[64];
	char key[]; /* instance/native_id, then the JSON */
} report;

struct nc_reports {
	pthread_mutex_t list_lock;
	nc_list list;
	nc_map *by_key;
};

nc_code nc_reports_new(nc_reports **ret, nc_error *err)
{
	nc_reports *r = nc_calloc(1, sizeof(*r));

	if (!r)
		return nc_err_nomem(err);
	r->by_key = nc_map_new();
	if (!r->by_key) {
		nc_free(r);
		return nc_err_nomem(err);
	}
	nc_list_init(&r->list);
	pthread_mutex_init(&r->list_lock, NULL);
	*ret = r;
	return NC_OK;
}

void nc_reports_free(nc_reports *r)
{
	if (!r)
		return;
	NC_LIST_EACH (n, &r->list)
		nc_free(NC_LIST_ENTRY(n, report, link));
	nc_map_free(r->by_key);
	pthread_mutex_destroy(&r->list_lock);
	nc_free(r);
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
	snprintf(x->instance, sizeof(x->instance), "%s", instance);
	snprintf(x->key, key_len, "%s/%.*s", instance, (int)id.len,
		id.len ? (const char *)id.ptr : "");
	memcpy(x->key + key_len, json.ptr, json.len);
	x->key[key_len + json.len] = '\0';
	x->json = (nc_bytes){ x->key + key_len, json.len };
	return x;
}

int nc_reports_add(nc_reports *r, const char *instance, uint64_t obs_seq, nc_bytes json)
{
	report *x = make(instance, obs_seq, json), *gone = NULL;
	int is_kept = 0;

	if (!x)
		return 0;
	pthread_mutex_lock(&r->list_lock);
	report *known = nc_map_get(r->by_key, nc_str(x->key));
	if (known && known->obs_seq > obs_seq) {
		gone = x; /* an older word than the one we have */
		is_kept = 1;
	} else if ((known || nc_map_count(r->by_key) < REPORTS_MAX) &&
		   nc_map_put(r->by_key, nc_str(x->key), x, NULL) == NC_OK) {
		if (known)
			nc_list_del(&known->link);
		gone = known;
		nc_list_add_tail(&r->list, &x->link);
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
		fn(ctx, x->json);
		nc_free(x);
	}
}
