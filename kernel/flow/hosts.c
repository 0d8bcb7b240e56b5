/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts as the drivers see them: what is found becomes a host object, whose capacity feeds the
 * ledger; what is not reported any more is silent. The operator's fields of a host (ratios, reserves,
 * labels, its name) are never touched here: a host is known again by provider and target. Blocking:
 * the keeper and provider.open only. The driver is asked first, outside of any read section, and the
 * answer written in bounded transactions.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "flow/internal.h"
#include "flow/pools.h"
#include "model/body.h"

#define BATCH 256
#define TRIES 5

/* One batch of the answer on its way into one record. */
typedef struct finding {
	nc_flow *f;
	const char *provider; /* id */
	const nc_root *root;
	nc_map *known; /* target → nc_item, the hosts of this provider as of root */
	nc_map *pools; /* of this provider, by target */
	nc_arena *a;
	nc_txn *t;
	nc_object **seen; /* to be kept as observed once the record is there */
	size_t n_seen;
	int n_staged;
} finding;

/* ---- what is known ---- */

/* The driver's name of a stored host, as text inside its body. */
static nc_bytes target_of(const nc_item *it)
{
	nc_bytes v = nc_body_member(nc_item_body(it), "target");

	if (v.len < 2)
		v = nc_body_member(nc_item_body(it), "name");
	return v.len < 2 ? (nc_bytes){ 0 } : (nc_bytes){ (const char *)v.ptr + 1, v.len - 2 };
}

static void hosts_of(nc_walk *w, const nc_root *r, const char *provider)
{
	nc_walk_init(
		w, r, NC_KIND_HOST, NC_IX_REF, nc_str(provider), (nc_bytes){ 0 }, NC_ASCENDING);
}

static const nc_item *next_of(nc_walk *w, const char *provider)
{
	nc_bytes key;
	const nc_item *it = nc_walk_next(w, &key);

	return it && nc_bytes_eq(key, nc_str(provider)) ? it : NULL;
}

static nc_code load_known(finding *x, nc_error *err)
{
	nc_walk w;

	hosts_of(&w, x->root, x->provider);
	for (const nc_item *it; (it = next_of(&w, x->provider));) {
		nc_bytes target = target_of(it);
		if (target.len &&
			nc_map_put(x->known, target, (void *)(uintptr_t)it, NULL) != NC_OK)
			return nc_err_nomem(err);
	}
	return NC_OK;
}

/* ---- one host ---- */

static int64_t get_i64(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *get_str(nc_arena *a, const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s && *s ? nc_arena_strdup(a, s) : NULL;
}

static int set_str(const char **field, const char *value)
{
	if (*field == value || (*field && value && !strcmp(*field, value)))
		return 0;
	*field = value;
	return 1;
}

static int set_i64(int64_t *field, int64_t value)
{
	int is_changed = *field != value;

	*field = value;
	return is_changed;
}

static int set_traits(nc_host_obj *h, const json_t *list)
{
	size_t n = json_array_size(list);
	int is_changed = n != h->n_found_traits;
	const char **traits = nc_arena_new_array(h->o.arena, const char *, n + 1);

	if (!traits)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const char *t = json_string_value(json_array_get(list, i));
		traits[i] = nc_arena_strdup(h->o.arena, t ? t : "");
		is_changed |= i >= h->n_found_traits || strcmp(traits[i], h->found_traits[i]) != 0;
	}
	h->found_traits = traits;
	h->n_found_traits = n;
	return is_changed;
}

static nc_host_reach reach_of(const char *state)
{
	if (state && (!strcmp(state, "up") || !strcmp(state, "maintenance")))
		return NC_HOST_UP;
	return state && !strcmp(state, "down") ? NC_HOST_DOWN : NC_HOST_UNKNOWN;
}

/* Returns whether anything durable is different. */
static int fill_host(nc_host_obj *h, const json_t *seen)
{
	nc_arena *a = h->o.arena;
	const json_t *hv = json_object_get(seen, "hypervisor");
	nc_host_reach reach = reach_of(json_string_value(json_object_get(seen, "state")));
	int is_changed = h->reach != reach;

	h->reach = reach;
	if (reach == NC_HOST_UP)
		h->down_since_ms = 0;
	else if (!h->down_since_ms)
		h->down_since_ms = nc_clock_wall_ms();
	int is_bigger = set_i64(&h->vcpus, get_i64(seen, "vcpus"));
	is_bigger |= set_i64(&h->memory_mib, get_i64(seen, "memory_mib"));
	is_bigger |= set_i64(&h->disk_gib, get_i64(seen, "storage_gib"));
	is_bigger |= set_traits(h, json_object_get(seen, "traits"));
	if (is_bigger)
		h->generation++;
	is_changed |= is_bigger;
	is_changed |= set_str(&h->cpu_model, get_str(a, seen, "cpu_model"));
	is_changed |= set_str(&h->hypervisor, get_str(a, hv, "name"));
	is_changed |= set_str(&h->hypervisor_version, get_str(a, hv, "version"));
	return is_changed;
}

static const char *zone_id(const nc_root *r, const json_t *seen, nc_arena *a)
{
	const char *zone = json_string_value(json_object_get(seen, "zone"));
	nc_reach reach = { .is_everywhere = 1 };
	const nc_item *it = NULL;

	if (!zone || !*zone || nc_model_resolve(r, &nc_kind_zone, &reach, zone, &it, NULL, NULL))
		return NULL;
	return nc_arena_strdup(a, nc_item_id(it));
}

/* A provider's host is called what its driver calls it, unless another's is called so. */
static const char *free_name(finding *x, const char *target)
{
	nc_reach all = { .is_everywhere = 1 };
	nc_object *provider = NULL;
	const nc_item *it = NULL;

	if (nc_model_resolve(x->root, &nc_kind_host, &all, target, &it, NULL, NULL) != NC_OK)
		return nc_arena_strdup(x->a, target);
	if (nc_model_get(x->root, &nc_kind_provider, x->provider, x->a, &provider, NULL) != NC_OK)
		return NULL;
	return nc_arena_printf(x->a, "%s.%s", provider->name, target);
}

static nc_object *new_host(finding *x, const json_t *seen, const char *target, const char *name)
{
	nc_object *o = nc_object_new(&nc_kind_host, x->a);

	if (!o)
		return NULL;
	nc_host_obj *h = NC_AS(nc_host_obj, o);
	o->name = name;
	h->target = nc_arena_strdup(x->a, target);
	h->provider = nc_arena_strdup(x->a, x->provider);
	h->zone = zone_id(x->root, seen, x->a);
	return h->target && h->provider ? o : NULL;
}

static void look_at_use(finding *x, nc_object *o, const json_t *seen)
{
	nc_host_obj *h = NC_AS(nc_host_obj, o);
	const json_t *used = json_object_get(seen, "used");

	h->memory_free_mib = NC_MAX(h->memory_mib - get_i64(used, "memory_mib"), (int64_t)0);
	h->disk_free_gib = NC_MAX(h->disk_gib - get_i64(used, "storage_gib"), (int64_t)0);
	o->observed_at_ms = nc_clock_wall_ms();
	x->seen[x->n_seen++] = o;
}

static nc_code stage_new(finding *x, const json_t *seen, const char *target, nc_error *err)
{
	const char *name = free_name(x, target);

	if (!name || nc_name_why_not(name, strlen(name))) {
		nc_log(L_WARN, "host.name.unusable", F_STR("name", target),
			F_STR("consequence", "leaving this host out"));
		return NC_OK;
	}
	nc_object *o = new_host(x, seen, target, name);
	if (!o)
		return nc_err_nomem(err);
	fill_host(NC_AS(nc_host_obj, o), seen);
	nc_pools_fill_host(NC_AS(nc_host_obj, o), seen, x->pools);
	nc_code rc = nc_model_put(x->t, o, err);
	if (rc != NC_OK)
		return rc;
	nc_flow_event(x->t, o, "host.found", "system", NULL, NULL);
	x->n_staged++;
	look_at_use(x, o, seen);
	return NC_OK;
}

static nc_code stage_known(finding *x, const nc_item *it, const json_t *seen, nc_error *err)
{
	nc_object *o = NULL;
	nc_code rc = nc_observed_load(x->f->observed, it, x->a, &o, err);

	if (rc != NC_OK)
		return rc;
	int is_changed = fill_host(NC_AS(nc_host_obj, o), seen);
	is_changed |= nc_pools_fill_host(NC_AS(nc_host_obj, o), seen, x->pools);
	look_at_use(x, o, seen);
	if (!is_changed)
		return NC_OK;
	x->n_staged++;
	return nc_model_put(x->t, o, err);
}

static nc_code stage_host(finding *x, const json_t *seen, nc_error *err)
{
	const char *target = json_string_value(json_object_get(seen, "name"));
	const nc_item *it = target ? nc_map_get(x->known, nc_str(target)) : NULL;

	if (it)
		return stage_known(x, it, seen, err);
	return stage_new(x, seen, target ? target : "", err);
}

/* Zones that hosts name are made when they are first seen. */
static nc_code make_zones(nc_flow *f, const json_t *hosts, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(16u << 20);
	_cleanup_(nc_map_freep) nc_map *seen = nc_map_new();
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(f->db);
	nc_reach reach = { .is_everywhere = 1 };
	nc_code rc = NC_OK;
	int n = 0;

	if (!a || !seen || !t)
		return nc_err_nomem(err);
	const nc_root *r = nc_db_read_begin(f->db);
	for (size_t i = 0; rc == NC_OK && i < json_array_size(hosts); i++) {
		const char *zone =
			json_string_value(json_object_get(json_array_get(hosts, i), "zone"));
		const nc_item *it;
		if (!zone || !*zone || nc_map_get(seen, nc_str(zone)) ||
			nc_name_why_not(zone, strlen(zone)))
			continue;
		if ((rc = nc_map_put(seen, nc_str(zone), a, NULL)) != NC_OK)
			break;
		if (nc_model_resolve(r, &nc_kind_zone, &reach, zone, &it, NULL, NULL) == NC_OK)
			continue;
		nc_object *o = nc_object_new(&nc_kind_zone, a);
		if (!o || !(o->name = nc_arena_strdup(a, zone)))
			rc = nc_err_nomem(err);
		else
			rc = nc_model_put(t, o, err);
		n++;
	}
	nc_db_read_end(f->db);
	if (rc != NC_OK || !n)
		return rc;
	return nc_txn_commit(nc_steal(&t), NULL, err);
}

/* ---- the whole answer ---- */

static nc_code stage_batch(finding *x, const json_t *hosts, size_t from, size_t to, nc_error *err)
{
	x->root = nc_db_read_begin(x->f->db);
	nc_code rc = load_known(x, err);
	x->pools = nc_pools_by_target(x->root, x->provider, x->a);
	if (!x->pools)
		rc = nc_err_nomem(err);
	for (size_t i = from; rc == NC_OK && i < to; i++)
		rc = stage_host(x, json_array_get(hosts, i), err);
	nc_db_read_end(x->f->db);
	return rc;
}

static nc_code write_hosts(nc_flow *f, const char *provider, const json_t *hosts, size_t from,
	size_t to, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(64u << 20);
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(f->db);
	_cleanup_(nc_map_freep) nc_map *known = nc_map_new();
	finding x = { .f = f, .provider = provider, .known = known, .a = a, .t = t };

	if (!a || !t || !known || !(x.seen = nc_arena_new_array(a, nc_object *, BATCH)))
		return nc_err_nomem(err);
	nc_code rc = stage_batch(&x, hosts, from, to, err);
	if (rc == NC_OK && x.n_staged)
		rc = nc_txn_commit(nc_steal(&t), NULL, err);
	nc_map_free(x.pools);
	for (size_t i = 0; rc == NC_OK && i < x.n_seen; i++)
		nc_observed_set(f->observed, x.seen[i], NULL); /* the next look tells again */
	return rc;
}

static nc_code silence(finding *x, const nc_item *it, nc_error *err)
{
	nc_object *o = NULL;
	nc_code rc = nc_model_load(it, x->a, &o, err);

	if (rc != NC_OK || NC_AS(nc_host_obj, o)->reach != NC_HOST_UP)
		return rc;
	NC_AS(nc_host_obj, o)->reach = NC_HOST_SILENT;
	NC_AS(nc_host_obj, o)->down_since_ms = nc_clock_wall_ms();
	nc_flow_event(x->t, o, "host.silent", "system", NULL, NULL);
	x->n_staged++;
	return nc_model_put(x->t, o, err);
}

/* Hosts that were up and are not in the answer; at most a batch a round. */
static nc_code silence_missing(nc_flow *f, const char *provider, const json_t *hosts, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(64u << 20);
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(f->db);
	_cleanup_(nc_map_freep) nc_map *present = nc_map_new();
	finding x = { .f = f, .provider = provider, .a = a, .t = t };
	nc_code rc = NC_OK;
	nc_walk w;

	if (!a || !t || !present)
		return nc_err_nomem(err);
	for (size_t i = 0; i < json_array_size(hosts); i++) {
		const char *name =
			json_string_value(json_object_get(json_array_get(hosts, i), "name"));
		if (name && nc_map_put(present, nc_str(name), f, NULL) != NC_OK)
			return nc_err_nomem(err);
	}
	x.root = nc_db_read_begin(f->db);
	hosts_of(&w, x.root, provider);
	for (const nc_item *it; rc == NC_OK && x.n_staged < BATCH && (it = next_of(&w, provider));)
		if (!nc_map_get(present, target_of(it)))
			rc = silence(&x, it, err);
	nc_db_read_end(f->db);
	return rc == NC_OK && x.n_staged ? nc_txn_commit(nc_steal(&t), NULL, err) : rc;
}

static nc_code find_hosts(nc_flow *f, const char *provider, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *hosts = NULL;
	nc_code rc = nc_flow_find_pools(f, provider, err); /* first: hosts say which they reach */

	if (rc == NC_OK)
		rc = nc_flow_ask(f, provider, "compute.fingerprint", &hosts, err);

	if (rc == NC_E_UNSUPPORTED)
		return NC_OK; /* a provider without hosts: volumes, networks */
	if (rc == NC_OK)
		rc = make_zones(f, hosts, err);
	size_t n = json_array_size(hosts);
	for (size_t i = 0; rc == NC_OK && i < n; i += BATCH)
		rc = write_hosts(f, provider, hosts, i, NC_MIN(i + BATCH, n), err);
	return rc == NC_OK ? silence_missing(f, provider, hosts, err) : rc;
}

/* Providers are looked at side by side: another may just have taken the name of a pool, a zone or a
 * host, or somebody have changed one. */
nc_code nc_flow_find_hosts(nc_flow *f, const char *provider, nc_error *err)
{
	nc_error why = NC_ERROR_INIT;
	nc_code rc = NC_OK;

	for (int i = 0; i < TRIES; i++) {
		nc_err_clear(&why);
		rc = find_hosts(f, provider, &why);
		if (rc != NC_E_CONFLICT && rc != NC_E_EXISTS)
			break;
	}
	if (rc != NC_OK)
		nc_err_copy(err, &why);
	return rc;
}

/* The VMs that are there or on their way, by their own index, and the guests that aren't ours. */
int64_t nc_flow_count_guests(void *flow, const nc_item *host, nc_bytes served)
{
	nc_flow *f = flow;
	nc_bytes foreign = nc_body_member(served, "foreign_guests");
	const nc_root *r = nc_db_read_begin(f->db);
	uint64_t n =
		nc_root_count_key(r, NC_KIND_VM, NC_IX_REF, nc_str(nc_item_id(host)), UINT64_MAX);

	nc_db_read_end(f->db);
	/* A number as our writer writes it: what follows ends it. */
	return (int64_t)n + (foreign.ptr ? strtoll(foreign.ptr, NULL, 10) : 0);
}

void nc_flow_observe_provider(nc_flow *f, const char *provider, const nc_provider_look *look)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_object *o = NULL;
	char said[320];

	if (!a)
		return;
	(void)nc_providers_health(f->providers, provider, said, sizeof(said));
	const nc_root *r = nc_db_read_begin(f->db);
	const nc_item *it = nc_root_get(r, NC_KIND_PROVIDER, nc_str(provider));
	nc_code rc = it ? nc_observed_load(f->observed, it, a, &o, NULL) : NC_E_NOTFOUND;
	uint64_t n = nc_root_count_key(r, NC_KIND_HOST, NC_IX_REF, nc_str(provider), UINT64_MAX);
	nc_db_read_end(f->db);
	if (rc != NC_OK)
		return;
	nc_provider *p = NC_AS(nc_provider, o);
	p->n_hosts = (int64_t)n;
	if (look->n_guests >= 0)
		p->n_guests = look->n_guests;
	p->health = look->why ? look->why : *said ? said : NULL;
	o->observed_at_ms = nc_clock_wall_ms();
	nc_observed_set(f->observed, o, NULL);
}
