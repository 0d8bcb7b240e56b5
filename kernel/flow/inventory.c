/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What drivers see, made part of the model: hosts found become host objects (their capacity feeds
 * the ledger), guests found tell the power of VMs and which of them are orphans. Blocking: the
 * keeper and provider.open only. Answers are gathered first, outside of any read section, and
 * written in bounded transactions.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "flow/internal.h"
#include "flow/orphan.h"
#include "flow/pools.h"

#define QUERY_TIMEOUT_US 60000000
#define BATCH            256

/* ---- asking, and waiting for the answer ---- */

typedef struct gather {
	pthread_mutex_t lock;
	pthread_cond_t over;
	json_t *list; /* array of objects */
	int is_over;
	nc_code code;
	nc_error err;
} gather;

static nc_code on_object(void *user, nc_bytes json)
{
	gather *g = user;
	json_t *j = NULL;

	if (nc_json_parse(json, NC_SINK_MAX, &j, NULL) != NC_OK)
		return NC_E_PROTO;
	return json_array_append_new(g->list, j) ? NC_E_NOMEM : NC_OK;
}

static void on_over(void *user, const nc_call_end *end)
{
	gather *g = user;

	pthread_mutex_lock(&g->lock);
	g->code = end->code;
	nc_err_copy(&g->err, end->error);
	g->is_over = 1;
	pthread_cond_signal(&g->over);
	pthread_mutex_unlock(&g->lock);
}

/* The caller owns *ret (an array). */
nc_code nc_flow_ask(nc_flow *f, const char *provider, const char *verb, json_t **ret, nc_error *err)
{
	_cleanup_(nc_pinst_unrefp) nc_pinst *inst = NULL;
	gather g = { .lock = PTHREAD_MUTEX_INITIALIZER, .over = PTHREAD_COND_INITIALIZER };
	nc_call_spec spec = { .verb = verb,
		.request = nc_str("{}"),
		.deadline_us = nc_clock_mono_us() + QUERY_TIMEOUT_US,
		.object = on_object,
		.done = on_over,
		.user = &g };
	nc_code rc = nc_providers_get(f->providers, provider, &inst, err);

	if (rc != NC_OK)
		return rc;
	if (!(g.list = json_array()))
		return nc_err_nomem(err);
	rc = nc_pinst_call(inst, &spec, NULL, err);
	if (rc == NC_OK) {
		pthread_mutex_lock(&g.lock);
		while (!g.is_over)
			pthread_cond_wait(&g.over, &g.lock);
		pthread_mutex_unlock(&g.lock);
		rc = g.code;
		if (rc != NC_OK)
			nc_err_copy(err, &g.err);
	}
	if (rc != NC_OK) {
		json_decref(g.list);
		return rc;
	}
	*ret = g.list;
	return NC_OK;
}

/* ---- hosts ---- */

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

/* By name among the hosts of this provider; NULL = new. */
static nc_object *known_host(const nc_root *r, const char *provider, const char *name, nc_arena *a)
{
	const nc_item *it = NULL;
	nc_reach reach = { .is_everywhere = 1 };
	nc_object *o = NULL;

	if (nc_model_resolve(r, &nc_kind_host, &reach, name, &it, NULL, NULL) != NC_OK ||
		nc_model_load(it, a, &o, NULL) != NC_OK)
		return NULL;
	return strcmp(NC_AS(nc_host_obj, o)->provider, provider) ? NULL : o;
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

static nc_object *new_host(
	const nc_root *r, const char *provider, const json_t *seen, const char *name, nc_arena *a)
{
	nc_object *o = nc_object_new(&nc_kind_host, a);

	if (!o)
		return NULL;
	nc_host_obj *h = NC_AS(nc_host_obj, o);
	o->name = nc_arena_strdup(a, name);
	h->target = o->name;
	h->provider = nc_arena_strdup(a, provider);
	h->zone = zone_id(r, seen, a);
	return o->name && h->provider ? o : NULL;
}

static nc_code stage_host(const nc_root *r, nc_txn *t, const char *provider, const json_t *seen,
	const nc_map *pools, nc_arena *a, int *n_staged, nc_error *err)
{
	const char *name = json_string_value(json_object_get(seen, "name"));

	if (!name || nc_name_why_not(name, strlen(name))) {
		nc_log(L_WARN, "host.name.unusable", F_STR("name", name ? name : ""),
			F_STR("consequence", "leaving this host out"));
		return NC_OK;
	}
	nc_object *o = known_host(r, provider, name, a);
	int is_new = !o;
	if (is_new && !(o = new_host(r, provider, seen, name, a)))
		return nc_err_nomem(err);
	int is_changed = fill_host(NC_AS(nc_host_obj, o), seen);
	is_changed |= nc_pools_fill_host(NC_AS(nc_host_obj, o), seen, pools);
	if (!is_changed && !is_new)
		return NC_OK;
	nc_code rc = nc_model_put(t, o, err);
	if (rc == NC_OK && is_new)
		nc_flow_event(t, o, "host.found", "system", NULL, NULL);
	*n_staged += rc == NC_OK;
	return rc;
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

static nc_code write_hosts(nc_flow *f, const char *provider, const json_t *hosts, size_t from,
	size_t to, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(64u << 20);
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(f->db);
	_cleanup_(nc_map_freep) nc_map *pools = NULL;
	nc_code rc = NC_OK;
	int n = 0;

	if (!a || !t)
		return nc_err_nomem(err);
	const nc_root *r = nc_db_read_begin(f->db);
	if (!(pools = nc_pools_by_target(r, provider, a)))
		rc = nc_err_nomem(err);
	for (size_t i = from; rc == NC_OK && i < to; i++)
		rc = stage_host(r, t, provider, json_array_get(hosts, i), pools, a, &n, err);
	nc_db_read_end(f->db);
	if (rc != NC_OK || !n)
		return rc;
	return nc_txn_commit(nc_steal(&t), NULL, err);
}

nc_code nc_flow_find_hosts(nc_flow *f, const char *provider, nc_error *err)
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
	return rc;
}

/* ---- guests ---- */

/* Power and addresses, into the observed table; durable only when power changed. `seq`: nothing that
 * was asked of a driver later than this is in what was seen; 0 = who knows. */
static void saw_vm(nc_flow *f, const char *id, const json_t *guest, uint64_t seq)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	nc_error err = NC_ERROR_INIT;
	nc_object *o = NULL;
	int64_t now = nc_clock_wall_ms();

	if (!a)
		return;
	const nc_root *r = nc_db_read_begin(f->db);
	nc_code rc = nc_model_get(r, &nc_kind_vm, id, a, &o, &err);
	nc_db_read_end(f->db);
	if (rc != NC_OK)
		return;
	nc_vm *vm = NC_AS(nc_vm, o);
	if (vm->task != NC_VM_IDLE)
		return; /* the operation's own answer tells */
	int must_put = nc_vm_observe_power(vm, nc_vmres_power(guest), now);
	const char *host = json_string_value(json_object_get(guest, "host"));
	if (host && o->rev <= seq && nc_vm_seen_on(f, vm, host))
		return; /* the rest with the next look */
	if (json_object_get(guest, "addresses"))
		nc_vmres_addresses(vm, guest, now, NULL);
	o->observed_at_ms = now;
	if (!must_put) {
		nc_observed_set(f->observed, o, NULL);
		return;
	}
	nc_txn *t = nc_txn_new(f->db);
	if (!t)
		return;
	nc_flow_event(t, o, "vm.power_changed", "system", NULL, NULL);
	if (nc_model_put(t, o, &err) != NC_OK) {
		nc_txn_free(t);
		return;
	}
	/* A conflict means that somebody acts on it: the next look tells again. */
	nc_txn_commit(t, NULL, &err);
}

static int is_ours(nc_flow *f, const json_t *tag)
{
	const char *inst = json_string_value(json_object_get(tag, "installation"));

	return inst && !strcmp(inst, nc_db_installation(f->db));
}

static void saw_guest(nc_flow *f, const json_t *guest, uint64_t seq)
{
	const json_t *tag = json_object_get(guest, "tag");
	const char *object = json_string_value(json_object_get(tag, "object"));

	if (object && is_ours(f, tag))
		saw_vm(f, object, guest, seq);
}

void nc_flow_saw_guest(nc_flow *f, const json_t *guest)
{
	saw_guest(f, guest, 0);
}

nc_code nc_flow_look_at_guests(nc_flow *f, const char *provider, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *guests = NULL;
	/* Before the driver is asked: what is made meanwhile is no orphan. */
	uint64_t seq = nc_db_seq(f->db);
	nc_code rc = nc_flow_ask(f, provider, "compute.inventory", &guests, err);

	if (rc == NC_E_UNSUPPORTED)
		return NC_OK;
	if (rc != NC_OK)
		return rc;
	for (size_t i = 0; i < json_array_size(guests); i++)
		saw_guest(f, json_array_get(guests, i), seq);
	return nc_orphans_update(f, provider, guests, seq, err);
}
