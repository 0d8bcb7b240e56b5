/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_INTERNAL_H
#define NC_FLOW_INTERNAL_H

/* Inside of flow/. Nobody else includes it. */

#include <pthread.h>

#include "base/map.h"
#include "base/nummap.h"
#include "base/queue.h"
#include "flow/flow.h"
#include "model/allocation.h"
#include "model/host.h"
#include "model/provider.h"
#include "model/vm.h"

typedef struct nc_providers nc_providers;
typedef struct nc_reports nc_reports;
typedef struct nc_schedules nc_schedules;
typedef struct nc_visits nc_visits;

struct nc_flow {
	nc_db *db;
	nc_sched *sched;
	nc_plugins *plugins;
	nc_observed *observed;
	nc_events *events;
	nc_vault *vault;
	nc_ops *ops;
	nc_op_driver driver;
	nc_providers *providers;
	nc_reports *reports;
	nc_schedules *schedules;
	nc_visits *visits;             /* from the start of the keeper on */
	pthread_mutex_t settings_lock; /* guards settings */
	nc_flow_settings settings;
	uint64_t keeper; /* its thread */
	int is_keeping;
	pthread_mutex_t keeper_lock; /* guards what follows but own_call_max_s */
	pthread_cond_t keeper_wake;
	int is_stopping, wants_round, has_reports;
	uint32_t n_own_calls;   /* threads of the kernel's own calls */
	int64_t own_call_max_s; /* how long a stop waits for them */
};
nc_flow_settings nc_flow_get_settings(nc_flow *f);

/* ---- driver.c ---- */
void nc_flow_driver_init(nc_flow *f);

/* ---- recover.c: what became of a call whose operation has ended ---- */
typedef struct nc_recovered {
	int32_t state;   /* NC_REC_* */
	int32_t outcome; /* of RUNNING: how it ended; NC_DETACHED = it still runs, and was let go */
	nc_buf result;   /* the caller's, initialised */
} nc_recovered;
void nc_recovered_done(nc_recovered *r);
/* Ask, and watch what still runs for so long. Blocking, at most until the call's deadline. Other
 * than NC_OK: it could not be asked. */
nc_code nc_flow_recover(nc_flow *f, const nc_op_call *call, const char *key, int watch_s,
	nc_recovered *ret, nc_error *err);

/* ---- providers.c: which instance serves which provider object ---- */
nc_code nc_providers_new(nc_flow *f, nc_providers **ret, nc_error *err);
void nc_providers_free(nc_providers *p); /* closes all */
/* The caller owns a reference. NC_E_UNAVAILABLE: not open (yet). */
nc_code nc_providers_get(nc_providers *p, const char *id, nc_pinst **ret, nc_error *err);
/* Of an instance that is open: the provider's id; 0 when it is nobody's. Any thread, quick. */
int nc_providers_id_of(nc_providers *p, const nc_pinst *inst, char out[NC_DB_ID_MAX + 1]);
/* Open, or bring what is open to what its object says by then. Blocking. On failure what was open before may
 * still be, as it was. */
typedef struct nc_provider_applied {
	enum {
		NC_PROVIDER_SAME,         /* there was nothing to do */
		NC_PROVIDER_RECONFIGURED, /* in place */
		NC_PROVIDER_REOPENED,     /* a new instance */
		NC_PROVIDER_OPENED        /* it was not open */
	} how;
	char why[200]; /* it had to be reopened */
} nc_provider_applied;
nc_code nc_providers_open(nc_providers *p, const char *id, nc_provider_applied *ret, nc_error *err);
void nc_provider_instance_name(const char *id, char out[64]);
int nc_providers_is_open(nc_providers *p, const char *id);
/* What its instance last said of itself; "" and UNKNOWN when it is not open. */
nc_health_state nc_providers_health(nc_providers *p, const char *id, char *why, size_t cap);
void nc_providers_close(nc_providers *p, const char *id);
/* What its plugin is and can do, into its object; 1 = that is news. */
int nc_providers_describe(nc_providers *p, nc_provider *obj);
/* The provider that a field needs whose feature not every driver declares. *id NULL: where some take it
 * and some don't, the only one that does. NC_E_UNSUPPORTED, or NC_E_INVAL where one must be named. */
nc_code nc_providers_need_feature(nc_flow *f, const nc_root *r, const char *field,
	const char *feature, nc_arena *a, const char **id, nc_error *err);
int nc_providers_have(void *flow, const char *extension); /* nc_has_feature_fn */
/* 1, 0, or -1: not open, so nobody knows. */
int nc_providers_offer(nc_providers *p, const char *id, const char *extension);
/* NC_E_UNSUPPORTED where it is known not to. */
nc_code nc_providers_check(
	nc_flow *f, const nc_root *r, const char *id, const char *extension, nc_error *err);
/* *id, if it is NULL, becomes the only one that offers it. NC_E_UNSUPPORTED: none does; NC_E_INVAL:
 * several do. */
nc_code nc_providers_choose(nc_flow *f, const nc_root *r, const char *extension, nc_arena *a,
	const char **id, nc_error *err);

/* ---- provider_all.c ---- */
void nc_provider_bring_up(nc_flow *f, const char *id); /* any thread but those of calls */

/* ---- services.c: nc.kv and nc.secrets ---- */
void nc_flow_services(nc_plugin_hooks *hooks);

/* ---- hosts.c: hosts as the drivers see them ---- */
nc_code nc_flow_find_hosts(nc_flow *f, const char *provider, nc_error *err);
int64_t nc_flow_count_guests(void *flow, const nc_item *host, nc_bytes served);
typedef struct nc_provider_look { /* what a look at a provider came to */
	int64_t n_guests;         /* -1 = not looked at */
	const char *why;          /* it could not be looked at; or NULL */
} nc_provider_look;
void nc_flow_observe_provider(nc_flow *f, const char *provider, const nc_provider_look *look);

/* ---- ask.c: asking a driver, and waiting ---- */
typedef nc_code (*nc_answer_fn)(void *ctx, json_t *object, nc_error *err);
/* fn gets each object of the answer on this thread, while others arrive; what it got counts only with
 * NC_OK as complete. Once it has failed it gets no more. */
nc_code nc_flow_ask_each(nc_flow *f, const char *provider, const char *verb, nc_answer_fn fn,
	void *ctx, nc_error *err);
/* All of a short answer; the caller owns *ret, an array. */
nc_code nc_flow_ask(
	nc_flow *f, const char *provider, const char *verb, json_t **ret, nc_error *err);

/* ---- inventory.c: guests as the drivers see them ---- */
nc_code nc_flow_look_at_guests(
	nc_flow *f, const char *provider, int64_t *ret_guests, nc_error *err);
int nc_flow_is_ours(nc_flow *f, const json_t *tag); /* a tag of this installation */
/* One guest's report into its VM. */
void nc_flow_saw_guest(nc_flow *f, const json_t *guest);

/* ---- vm_unseen.c: VMs of which a look told nothing ---- */
#define NC_GUEST_MISSING "GuestMissing" /* the condition */
/* After a complete answer to what guests there are: nc_hash of the ids in our tags and of the native
 * ids; seq as of before it was asked. Blocking. */
nc_code nc_vms_unseen(
	nc_flow *f, const char *provider, const nc_nummap *listed, uint64_t seq, nc_error *err);
/* It has been seen: 1 = that is news, and the VM must be put. */
int nc_vm_guest_is_there(nc_vm *vm);
int nc_flow_host_is_up(const nc_root *r, const char *id); /* as its driver said last */

/* ---- vmreq.c: what drivers are asked about a VM; JSON into the arena ---- */
nc_code nc_vmreq_create(nc_opctx *c, const nc_vm *vm, nc_bytes *ret, nc_error *err);
nc_code nc_vmreq_power(
	nc_opctx *c, const nc_vm *vm, const char *action, nc_bytes *ret, nc_error *err);
nc_code nc_vmreq_update(nc_opctx *c, const nc_vm *vm, nc_bytes *ret, nc_error *err);
nc_code nc_vmreq_destroy(nc_opctx *c, const nc_vm *vm, nc_bytes *ret, nc_error *err);
/* Read power, native_id, addresses … of a result into the VM. */
nc_code nc_vmres_apply(nc_opctx *c, nc_vm *vm, nc_bytes result, nc_error *err);
nc_vm_power nc_vmres_power(const json_t *result);
nc_code nc_vmres_addresses(nc_vm *vm, const json_t *result, int64_t now_ms, nc_error *err);
/* Fill provider and target of a call from where the VM is. */
nc_code nc_vm_call(nc_opctx *c, const nc_vm *vm, const char *verb, nc_op_call *call, nc_error *err);

/* ---- the operations, one table a file ---- */
extern const nc_op_type nc_flow_vm_create, nc_flow_vm_power[], nc_flow_vm_resize, nc_flow_vm_delete,
	nc_flow_vm_purge, nc_flow_provider_create, nc_flow_provider_delete, nc_flow_orphan_delete;
extern const nc_op_type nc_flow_network_create, nc_flow_network_delete, nc_flow_volume_create,
	nc_flow_volume_resize, nc_flow_volume_delete, nc_flow_vm_disk[3], nc_flow_vm_nic[3],
	nc_flow_snapshot[3], nc_flow_vm_migrate, nc_flow_schedule_fire, nc_flow_volume_snapshot[2];
extern const nc_op_type nc_flow_provider_update;
/* vcpus and memory_mib of a request, within the bounds of the kind; what is left out stays. */
nc_code nc_vm_read_size(const json_t *in, int64_t *vcpus, int64_t *memory_mib, nc_error *err);
/* The first steps of a start: claim what has waited for it, and tell the driver. */
nc_code nc_vm_claim_pending(nc_opctx *c, nc_error *err);
nc_code nc_vm_unclaim_pending(nc_opctx *c, nc_error *err);
nc_code nc_vm_prepare_pending(nc_opctx *c, nc_op_call *call, nc_error *err);
nc_code nc_vm_finish_pending(nc_opctx *c, nc_bytes result, nc_error *err);
/* A VM's operation did not succeed: free of it, back to where it was or in error, and an event. */
void nc_vm_op_failed(nc_opctx *c, nc_vm *vm, const char *event);
void nc_vm_op_failed_as(nc_opctx *c, nc_vm *vm, const char *event, nc_vm_effect effect);
/* In a step: the volume has, and its project is counted, another size. */
nc_code nc_volume_claim(nc_opctx *c, const char *volume, int64_t size_gib, nc_error *err);
/* The snapshots of a VM that goes for good: they lay in it. */
nc_code nc_snapshots_forget(nc_opctx *c, const nc_object *vm, nc_error *err);
/* Native identity: the same for every attempt at one incarnation. */
void nc_vm_uuid(const char *id, uint64_t incarnation, char out[37]);
void nc_vm_place_req(const nc_vm *vm, nc_place_req *req);
/* Hosts that this operation has tried: ids, in the turn's arena. */
uint32_t nc_op_tried(nc_opctx *c, const char **list, uint32_t max);
nc_code nc_op_keep_decision(nc_opctx *c, const char *id, const nc_buf *decision, nc_error *err);
/* An idle VM's guest is on a host (the driver's name of it): ends a move whose end is not known, and
 * follows one that was made behind our back. 1 = it has been written. Blocking; the keeper. */
int nc_vm_seen_on(nc_flow *f, nc_vm *vm, const char *seen);
/* And what it must have besides room; borrowed from the turn. */
nc_code nc_vm_place_needs(nc_opctx *c, const nc_vm *vm, nc_place_req *req, nc_error *err);
extern const size_t nc_flow_n_vm_power;

/* ---- commit.c: from an act to one record ---- */
typedef struct nc_stage { /* what an act wants written */
	nc_act *a;
	nc_txn *txn;
	nc_object *object; /* put, and shown; or NULL */
	nc_operation *op;  /* started; or NULL */
	const char *event; /* "vm.created"; NULL = none */
	int is_delete;     /* the object goes */
	int is_unchanged;  /* the goal holds already: write nothing */
} nc_stage;
/* Takes txn. Puts object and operation, seals secrets, adds event and idempotency, commits; on dry
 * run writes nothing. NC_OK: the answer is in the act. NC_ACT_PENDING, of an act with `on_durable`:
 * the record is handed over, and the act with it. */
nc_code nc_stage_commit(nc_stage *s, int http_status, nc_error *err);
/* Shred the sealed values of an object that goes for good. */
nc_code nc_act_forget_secrets(nc_flow *f, nc_txn *t, nc_object *obj, nc_error *err);
/* A new operation of this kind on obj, staged. */
nc_code nc_stage_operation(nc_stage *s, const char *kind, const json_t *request, nc_error *err);
/* On a dry run: whether there is a host for it, or room for the size. Acts; else they do nothing. */
nc_code nc_vm_try_place(
	nc_stage *s, const nc_root *r, const nc_vm *vm, nc_place_req *req, nc_error *err);
nc_code nc_vm_try_resize(
	nc_stage *s, const nc_root *r, int64_t vcpus, int64_t memory_mib, nc_error *err);
void nc_flow_event(nc_txn *t, const nc_object *obj, const char *type, const char *actor,
	const char *op_id, const char *decision_id);

#endif
