/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests as the drivers see them: they tell the power of VMs, which of them are orphans, and what
 * guests that aren't ours hold of a host. Blocking: the keeper alone. Answers are gathered first,
 * outside of any read section.
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
#include "flow/reports.h"

#define QUERY_TIMEOUT_US 60000000

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
	int is_up = rc == NC_OK && nc_flow_host_is_up(r, NC_AS(nc_vm, o)->host);
	nc_db_read_end(f->db);
	if (rc != NC_OK)
		return;
	nc_vm *vm = NC_AS(nc_vm, o);
	if (vm->task != NC_VM_IDLE)
		return; /* the operation's own answer tells */
	if (seq && o->rev > seq)
		return; /* and has told meanwhile: what was seen may be from before */
	int must_put = nc_vm_observe_power(vm, nc_vmres_power(guest), now);
	must_put |= nc_vm_guest_is_there(vm);
	const char *host = json_string_value(json_object_get(guest, "host"));
	if (host && seq && nc_vm_seen_on(f, vm, host))
		return; /* the rest with the next look */
	if (!is_up)
		return; /* what its driver remembers of a host that it doesn't reach */
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

int nc_flow_is_ours(nc_flow *f, const json_t *tag)
{
	const char *inst = json_string_value(json_object_get(tag, "installation"));

	return inst && !strcmp(inst, nc_db_installation(f->db));
}

static void saw_guest(nc_flow *f, const json_t *guest, uint64_t seq)
{
	const json_t *tag = json_object_get(guest, "tag");
	const char *object = json_string_value(json_object_get(tag, "object"));

	if (object && nc_flow_is_ours(f, tag))
		saw_vm(f, object, guest, seq);
}

void nc_flow_saw_guest(nc_flow *f, const json_t *guest)
{
	saw_guest(f, guest, 0);
}

/* ---- what isn't ours ---- */

typedef struct held { /* on one host, by guests that no VM of ours stands for */
	int64_t amount[NC_RES_COUNT];
	int64_t n;
} held;

/*
 * A guest that carries our tag is counted only once it is listed as an orphan: before that its VM may
 * just have been purged, and the answer be older than that.
 */
static int is_foreign(nc_flow *f, const nc_root *r, const char *provider, const json_t *guest)
{
	const char *native = json_string_value(json_object_get(guest, "native_id"));

	if (!nc_flow_is_ours(f, json_object_get(guest, "tag")))
		return 1;
	return native && nc_orphan_is_listed(r, provider, native);
}

static nc_code add_held(nc_map *by_host, nc_arena *a, const json_t *guest, nc_error *err)
{
	const char *host = json_string_value(json_object_get(guest, "host"));
	held *h = host ? nc_map_get(by_host, nc_str(host)) : NULL;

	if (!host)
		return NC_OK;
	if (!h) {
		h = nc_arena_alloc(a, sizeof(*h));
		if (!h || nc_map_put(by_host, nc_str(host), h, NULL) != NC_OK)
			return nc_err_nomem(err);
	}
	h->amount[NC_RES_VCPU] += json_integer_value(json_object_get(guest, "vcpus"));
	h->amount[NC_RES_MEMORY_MIB] += json_integer_value(json_object_get(guest, "memory_mib"));
	h->n++;
	return NC_OK;
}

/* Into the ledger, which keeps room for them, and into the host's own view. */
static void tell_held(nc_flow *f, const nc_item *it, const nc_map *by_host)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	static const held none;
	nc_object *o = NULL;

	if (!a || nc_observed_load(f->observed, it, a, &o, NULL) != NC_OK)
		return;
	nc_host_obj *host = NC_AS(nc_host_obj, o);
	const held *h = nc_map_get(by_host, nc_str(host->target ? host->target : o->name));
	h = h ? h : &none;
	nc_sched_set_foreign(f->sched, o->id, h->amount, NULL);
	if (host->n_foreign_guests == h->n && host->foreign_vcpus == h->amount[NC_RES_VCPU] &&
		host->foreign_memory_mib == h->amount[NC_RES_MEMORY_MIB])
		return;
	host->n_foreign_guests = h->n;
	host->foreign_vcpus = h->amount[NC_RES_VCPU];
	host->foreign_memory_mib = h->amount[NC_RES_MEMORY_MIB];
	o->observed_at_ms = nc_clock_wall_ms();
	nc_observed_set(f->observed, o, NULL);
}

static nc_code count_foreign(nc_flow *f, const char *provider, const json_t *guests, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(16u << 20);
	_cleanup_(nc_map_freep) nc_map *by_host = nc_map_new();
	nc_code rc = NC_OK;
	nc_bytes key;
	nc_walk w;

	if (!a || !by_host)
		return nc_err_nomem(err);
	const nc_root *r = nc_db_read_begin(f->db);
	for (size_t i = 0; rc == NC_OK && i < json_array_size(guests); i++)
		if (is_foreign(f, r, provider, json_array_get(guests, i)))
			rc = add_held(by_host, a, json_array_get(guests, i), err);
	nc_walk_init(
		&w, r, NC_KIND_HOST, NC_IX_REF, nc_str(provider), (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it;
		rc == NC_OK && (it = nc_walk_next(&w, &key)) && nc_bytes_eq(key, nc_str(provider));)
		tell_held(f, it, by_host);
	nc_db_read_end(f->db);
	return rc;
}

/* A report or an answer may have told more than this look, which took its time. */
static int is_news(nc_flow *f, const char *provider, const json_t *guest)
{
	const char *native = json_string_value(json_object_get(guest, "native_id"));
	uint64_t obs_seq = (uint64_t)json_integer_value(json_object_get(guest, "obs_seq"));
	char instance[64];

	if (!native)
		return 1;
	nc_provider_instance_name(provider, instance);
	if (nc_reports_is_old(f->reports, instance, native, obs_seq))
		return 0;
	nc_reports_saw(f->reports, instance, native, obs_seq);
	return 1;
}

nc_code nc_flow_look_at_guests(nc_flow *f, const char *provider, int64_t *ret_guests, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *guests = NULL;
	/* Before the driver is asked: what changed after that is newer than its answer. */
	uint64_t seq = nc_db_seq(f->db);
	nc_code rc = nc_flow_ask(f, provider, "compute.inventory", &guests, err);

	if (rc == NC_E_UNSUPPORTED)
		return NC_OK;
	if (rc != NC_OK)
		return rc;
	*ret_guests = (int64_t)json_array_size(guests);
	for (size_t i = 0; i < json_array_size(guests); i++)
		if (is_news(f, provider, json_array_get(guests, i)))
			saw_guest(f, json_array_get(guests, i), seq);
	rc = nc_vms_unseen(f, provider, guests, seq, err);
	if (rc == NC_OK)
		rc = nc_orphans_update(f, provider, guests, err);
	return rc == NC_OK ? count_foreign(f, provider, guests, err) : rc;
}
