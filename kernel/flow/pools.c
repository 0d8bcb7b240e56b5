/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools that several hosts share, as drivers tell of them: each becomes a pool object, so that
 * volumes can lie there and VMs that have them go where they can be reached. A host's own pool is
 * part of the host and gets no object. The keeper and provider.open only; blocking.
 */
#include "flow/pools.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "model/infra.h"

#define GIB   (1024LL * 1024 * 1024)
#define BATCH 256

nc_map *nc_pools_by_target(const nc_root *r, const char *provider, nc_arena *a)
{
	_cleanup_(nc_map_freep) nc_map *map = nc_map_new();
	nc_walk w;
	nc_bytes key;

	nc_walk_init(
		&w, r, NC_KIND_POOL, NC_IX_REF, nc_str(provider), (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it;
		map && (it = nc_walk_next(&w, &key)) && nc_bytes_eq(key, nc_str(provider));) {
		nc_object *o = NULL;
		if (nc_model_load(it, a, &o, NULL) != NC_OK)
			continue;
		const nc_pool_obj *p = NC_AS(nc_pool_obj, o);
		if (nc_map_put(map, nc_str(p->target ? p->target : o->name), o, NULL) != NC_OK)
			return NULL;
	}
	return nc_steal(&map);
}

/* "shared@zone-a" → "shared-zone-a", and another where that is taken. */
static const char *make_name(const nc_root *r, const char *target, const char *id, nc_arena *a)
{
	nc_reach all = { .is_everywhere = 1 };
	const nc_item *it = NULL;
	char name[64];
	size_t n = 0;

	for (const char *p = target; *p && n < 50; p++)
		if (isalnum((unsigned char)*p) || (n && (*p == '.' || *p == '-')))
			name[n++] = (char)tolower((unsigned char)*p);
		else if (n)
			name[n++] = '-';
	name[n] = '\0';
	if (n && !nc_name_why_not(name, n) &&
		nc_model_resolve(r, &nc_kind_pool, &all, name, &it, NULL, NULL) == NC_E_NOTFOUND)
		return nc_arena_strdup(a, name);
	snprintf(name + n, sizeof(name) - n, "%s%s", n ? "-" : "pool-", id + strlen(id) - 8);
	for (char *p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return nc_arena_strdup(a, name);
}

static nc_pool_obj *new_pool(
	const nc_root *r, const char *provider, const char *target, nc_arena *a)
{
	nc_object *o = nc_object_new(&nc_kind_pool, a);

	if (!o)
		return NULL;
	nc_pool_obj *p = NC_AS(nc_pool_obj, o);
	p->provider = provider;
	p->target = nc_arena_strdup(a, target);
	p->is_shared = 1;
	p->allocation_ratio = 1;
	o->name = make_name(r, target, o->id, a);
	return o->name && p->target ? p : NULL;
}

typedef struct found {
	nc_flow *f;
	nc_arena *arena;
	nc_txn *txn;
	nc_map *known;
	const nc_root *root;
	const char *provider;
	int n_staged;
} found;

static nc_code stage_pool(found *x, const json_t *seen, nc_error *err)
{
	const char *target = json_string_value(json_object_get(seen, "name"));
	int is_own = json_array_size(json_object_get(seen, "hosts")) == 1;
	int64_t total = json_integer_value(json_object_get(seen, "total_bytes")) / GIB;
	nc_object *o = target ? nc_map_get(x->known, nc_str(target)) : NULL;

	if (!target || (!o && is_own))
		return NC_OK;
	nc_pool_obj *p =
		o ? NC_AS(nc_pool_obj, o) : new_pool(x->root, x->provider, target, x->arena);
	if (!p)
		return nc_err_nomem(err);
	int is_same = o && p->total_gib == total && !strcmp(p->o.status, "up");
	p->total_gib = total;
	p->free_gib = json_integer_value(json_object_get(seen, "free_bytes")) / GIB;
	p->o.status = "up";
	p->o.observed_at_ms = nc_clock_wall_ms();
	if (is_same) {
		nc_observed_set(x->f->observed, &p->o, NULL);
		return NC_OK;
	}
	nc_code rc = nc_model_put(x->txn, &p->o, err);
	if (rc == NC_OK && !o)
		nc_flow_event(x->txn, &p->o, "pool.found", "system", NULL, NULL);
	x->n_staged += rc == NC_OK;
	return rc;
}

static nc_code write_pools(nc_flow *f, const char *provider, const json_t *pools, size_t from,
	size_t to, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(64u << 20);
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(f->db);
	_cleanup_(nc_map_freep) nc_map *known = NULL;
	nc_code rc = NC_OK;

	if (!a || !t)
		return nc_err_nomem(err);
	const nc_root *r = nc_db_read_begin(f->db);
	known = nc_pools_by_target(r, provider, a);
	found x = { .f = f, .arena = a, .txn = t, .known = known, .root = r, .provider = provider };
	if (!known)
		rc = nc_err_nomem(err);
	for (size_t i = from; rc == NC_OK && i < to; i++)
		rc = stage_pool(&x, json_array_get(pools, i), err);
	nc_db_read_end(f->db);
	if (rc != NC_OK || !x.n_staged)
		return rc;
	return nc_txn_commit(nc_steal(&t), NULL, err);
}

nc_code nc_flow_find_pools(nc_flow *f, const char *provider, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *pools = NULL;

	if (nc_providers_offer(f->providers, provider, "nc.volume/1") != 1)
		return NC_OK;
	nc_code rc = nc_flow_ask(f, provider, "volume.pools", &pools, err);
	if (rc == NC_E_UNSUPPORTED) {
		nc_err_clear(err);
		return NC_OK;
	}
	size_t n = json_array_size(pools);
	for (size_t i = 0; rc == NC_OK && i < n; i += BATCH)
		rc = write_pools(f, provider, pools, i, NC_MIN(i + BATCH, n), err);
	return rc;
}

int nc_pools_fill_host(nc_host_obj *h, const json_t *seen, const nc_map *known)
{
	const json_t *list = json_object_get(seen, "pools");
	const char **ids = nc_arena_new_array(h->o.arena, const char *, json_array_size(list) + 1);
	size_t n = 0;
	int is_changed = 0;

	if (!ids || !known)
		return 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *target = json_string_value(json_array_get(list, i));
		const nc_object *o = target ? nc_map_get(known, nc_str(target)) : NULL;
		if (!o || !(ids[n] = nc_arena_strdup(h->o.arena, o->id)))
			continue;
		is_changed |= n >= h->n_found_pools || strcmp(ids[n], h->found_pools[n]) != 0;
		n++;
	}
	is_changed |= n != h->n_found_pools;
	h->found_pools = ids;
	h->n_found_pools = n;
	return is_changed;
}
