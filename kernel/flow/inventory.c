/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests as the drivers see them: they tell the power of VMs, which of them are orphans, and what
 * guests that aren't ours hold of a host. A look reads them one by one while they arrive and keeps
 * of each as little as it can; what is judged by all of them is judged once the answer is complete.
 * Blocking: the visit of the provider.
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

/* ---- one look ---- */

typedef struct look {
	nc_flow *f;
	const char *provider;
	char instance[64];
	uint64_t
		seq; /* before the driver was asked: what changed after that is newer than its answer */
	nc_nummap *listed; /* hashes of ids out of our tags, and of native ids */
	nc_map *by_host;   /* of held: what guests of others hold */
	nc_arena *a;
	json_t *strays; /* with our tag and no VM */
	int64_t n_guests;
} look;

typedef struct held { /* on one host, by guests that no VM of ours stands for */
	int64_t amount[NC_RES_COUNT];
	int64_t n;
} held;

/* A report or an answer may have told more than this look, which took its time. */
static int is_news(const look *x, const char *native, const json_t *guest)
{
	uint64_t obs_seq = (uint64_t)json_integer_value(json_object_get(guest, "obs_seq"));

	if (!native)
		return 1;
	if (nc_reports_is_old(x->f->reports, x->instance, native, obs_seq))
		return 0;
	nc_reports_saw(x->f->reports, x->instance, native, obs_seq);
	return 1;
}

static nc_code add_held(look *x, const json_t *guest, nc_error *err)
{
	const char *host = json_string_value(json_object_get(guest, "host"));
	held *h = host ? nc_map_get(x->by_host, nc_str(host)) : NULL;

	if (!host)
		return NC_OK;
	if (!h) {
		h = nc_arena_alloc(x->a, sizeof(*h));
		if (!h || nc_map_put(x->by_host, nc_str(host), h, NULL) != NC_OK)
			return nc_err_nomem(err);
	}
	h->amount[NC_RES_VCPU] += json_integer_value(json_object_get(guest, "vcpus"));
	h->amount[NC_RES_MEMORY_MIB] += json_integer_value(json_object_get(guest, "memory_mib"));
	h->n++;
	return NC_OK;
}

static int has_vm(nc_flow *f, const char *object)
{
	const nc_root *r = nc_db_read_begin(f->db);
	int has = nc_root_get(r, NC_KIND_VM, nc_str(object)) != NULL;

	nc_db_read_end(f->db);
	return has;
}

/* What is judged later, when all guests are known. */
static nc_code keep_guest(look *x, json_t *guest, const char *native, nc_error *err)
{
	const json_t *tag = json_object_get(guest, "tag");
	const char *object = json_string_value(json_object_get(tag, "object"));

	if (native && nc_nummap_put(x->listed, nc_hash(nc_str(native)), 1) != NC_OK)
		return nc_err_nomem(err);
	if (!nc_flow_is_ours(x->f, tag))
		return add_held(x, guest, err);
	if (object && nc_nummap_put(x->listed, nc_hash(nc_str(object)), 1) != NC_OK)
		return nc_err_nomem(err);
	if (object && has_vm(x->f, object))
		return NC_OK;
	return json_array_append(x->strays, guest) ? nc_err_nomem(err) : NC_OK;
}

static nc_code on_guest(void *ctx, json_t *guest, nc_error *err)
{
	look *x = ctx;
	const char *native = json_string_value(json_object_get(guest, "native_id"));

	x->n_guests++;
	if (is_news(x, native, guest))
		saw_guest(x->f, guest, x->seq);
	return keep_guest(x, guest, native, err);
}

/* ---- what isn't ours ---- */

/*
 * A guest that carries our tag is counted only once it is listed as an orphan: before that its VM may
 * just have been purged, and the answer be older than that.
 */
static nc_code add_orphans(look *x, const nc_root *r, nc_error *err)
{
	nc_code rc = NC_OK;

	for (size_t i = 0; rc == NC_OK && i < json_array_size(x->strays); i++) {
		const json_t *guest = json_array_get(x->strays, i);
		const char *native = json_string_value(json_object_get(guest, "native_id"));
		if (native && nc_orphan_is_listed(r, x->provider, native))
			rc = add_held(x, guest, err);
	}
	return rc;
}

/* Into the ledger, which keeps room for them, and into the host's own view. */
static void tell_held(const look *x, const nc_item *it)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	static const held none;
	nc_object *o = NULL;

	if (!a || nc_observed_load(x->f->observed, it, a, &o, NULL) != NC_OK)
		return;
	nc_host_obj *host = NC_AS(nc_host_obj, o);
	const held *h = nc_map_get(x->by_host, nc_str(host->target ? host->target : o->name));
	h = h ? h : &none;
	nc_sched_set_foreign(x->f->sched, o->id, h->amount, NULL);
	if (host->n_foreign_guests == h->n && host->foreign_vcpus == h->amount[NC_RES_VCPU] &&
		host->foreign_memory_mib == h->amount[NC_RES_MEMORY_MIB])
		return;
	host->n_foreign_guests = h->n;
	host->foreign_vcpus = h->amount[NC_RES_VCPU];
	host->foreign_memory_mib = h->amount[NC_RES_MEMORY_MIB];
	o->observed_at_ms = nc_clock_wall_ms();
	nc_observed_set(x->f->observed, o, NULL);
}

static nc_code tell_foreign(look *x, nc_error *err)
{
	nc_bytes key;
	nc_walk w;
	const nc_root *r = nc_db_read_begin(x->f->db);
	nc_code rc = add_orphans(x, r, err);

	nc_walk_init(
		&w, r, NC_KIND_HOST, NC_IX_REF, nc_str(x->provider), (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it; rc == NC_OK && (it = nc_walk_next(&w, &key)) &&
				nc_bytes_eq(key, nc_str(x->provider));)
		tell_held(x, it);
	nc_db_read_end(x->f->db);
	return rc;
}

nc_code nc_flow_look_at_guests(nc_flow *f, const char *provider, int64_t *ret_guests, nc_error *err)
{
	_cleanup_(nc_nummap_freep) nc_nummap *listed = nc_nummap_new();
	_cleanup_(nc_map_freep) nc_map *by_host = nc_map_new();
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(16u << 20);
	_cleanup_(nc_json_decrefp) json_t *strays = json_array();
	look x = { .f = f,
		.provider = provider,
		.seq = nc_db_seq(f->db),
		.listed = listed,
		.by_host = by_host,
		.a = a,
		.strays = strays };

	if (!listed || !by_host || !a || !strays)
		return nc_err_nomem(err);
	nc_provider_instance_name(provider, x.instance);
	nc_code rc = nc_flow_ask_each(f, provider, "compute.inventory", on_guest, &x, err);
	if (rc == NC_E_UNSUPPORTED)
		return NC_OK;
	if (rc != NC_OK)
		return rc;
	*ret_guests = x.n_guests;
	rc = nc_vms_unseen(f, provider, listed, x.seq, err);
	if (rc == NC_OK)
		rc = nc_orphans_update(f, provider, strays, err);
	return rc == NC_OK ? tell_foreign(&x, err) : rc;
}
