/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_FLOW_H
#define NC_FLOW_FLOW_H

/*
 * What the product does, on top of the engines: the operations' steps (one file a family), the
 * providers that are open, and the acts that requests ask for. An act checks, stages one
 * transaction and commits it; what takes longer is an operation, which that transaction starts.
 *
 * The room between sched/ and auth/: it may use everything below, and knows nothing of HTTP.
 */

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "event/event.h"
#include "model/model.h"
#include "model/observed.h"
#include "op/op.h"
#include "plugin/plugin.h"
#include "sched/sched.h"
#include "store/db.h"
#include "store/vault.h"

typedef struct nc_flow nc_flow;

typedef struct nc_flow_settings { /* live: nc_flow_configure */
	int64_t deleted_retention_ms;
	int64_t shutdown_timeout_s;
	int64_t idempotency_ttl_ms;
	int64_t operation_retention_ms, event_retention_ms, log_retention_ms;
	int64_t inventory_every_us; /* of each provider; 0 = 60 s */
	char default_network[64];   /* by name, where a project has none of its own */
} nc_flow_settings;

typedef struct nc_flow_options {
	nc_db *db;
	nc_sched *sched;
	nc_plugins *plugins;
	nc_observed *observed;
	nc_events *events;
	nc_vault *vault;
	nc_flow_settings settings;
} nc_flow_options;

nc_code nc_flow_new(const nc_flow_options *o, nc_flow **ret, nc_error *err);
/* The driver side of the operation engine; and the engine, once it is there. */
const nc_op_driver *nc_flow_driver(nc_flow *f);
nc_code nc_flow_attach(nc_flow *f, nc_ops *ops, nc_error *err); /* registers every operation */
void nc_flow_configure(nc_flow *f, const nc_flow_settings *s);
/* Open the instances of all providers, side by side, the disabled too for what they have; then keep
 * looking after them: hosts found, guests observed, soft-deleted things purged, what is past its
 * retention dropped. A provider that fails is degraded and tried again; it fails nothing. */
nc_code nc_flow_start(nc_flow *f, nc_error *err);
/* NC_E_TIMEOUT: a thread hangs in a driver's call and still has the flow, and all it was given: none
 * of that may go away while the process lives. */
nc_code nc_flow_stop(nc_flow *f);
void nc_flow_free(nc_flow *f);
/* Look at the providers now rather than at the next round: a plugin was loaded or released. */
void nc_flow_look(nc_flow *f);
/* From the db's published hook: objects that are gone leave the observed table. */
void nc_flow_published(nc_flow *f, const nc_db_batch *b);
/* What plugins report goes here; for nc_plugins_set_hooks (user = the flow). */
void nc_flow_plugin_hooks(nc_flow *f, nc_plugin_hooks *hooks);
/* Some instance says something else of its health: to be seen at its provider. Any thread, quick. */
void nc_flow_saw_health(nc_flow *f);
/* What may be stored and shown of a text that may hold secrets, to compare it by: keyed, hex, the
 * same for ever. */
#define NC_FLOW_DIGEST_LEN 64
void nc_flow_digest(nc_flow *f, nc_bytes text, char out[NC_FLOW_DIGEST_LEN + 1]);
nc_observed *nc_flow_observed(nc_flow *f);

/* ---- acts ---- */

/*
 * Who asks for what, and what came of it. Built by api/ for one request, on its worker; and by a
 * schedule's firing for each VM, on the thread of schedules.
 *
 * Without `on_durable` an act returns when its record is durable. With it, an act that has a record
 * to write returns NC_ACT_PENDING as soon as that is handed over: from then on the act belongs to
 * on_durable, which is called exactly once, on the sequencer's thread, and must be quick. *why is
 * NULL, or the refusal; nc_act_again tells whether the act is to be done again.
 */
enum { NC_ACT_PENDING = 1 };
typedef struct nc_act {
	nc_flow *flow;
	nc_arena *arena;
	const char *actor;           /* "uid:0", a user's id */
	nc_reach reach;              /* the project it acts in */
	const char *idempotency_key; /* or NULL */
	const char *request_hash;    /* of method, path, query and body; with a key */
	const char *if_match;        /* or NULL */
	int is_dry_run;
	int begins_later; /* its operation begins with a record of its own */
	void (*on_durable)(struct nc_act *a, const nc_error *why);
	uint32_t
		n_tries; /* that lost a race; an act made anew for the same request goes on counting */
	uint64_t key_rev; /* flow/'s own: of a key that is there and may be used again */
	/* of what the kernel does by itself: */
	int is_once;        /* the key stays taken, however its operation ended */
	const char *parent; /* operation that this is part of, or NULL */
	const char *reason; /* for its reason_trail, or NULL */

	/* the answer */
	int http_status; /* 200, 201, 202, 204 */
	nc_buf *body;    /* JSON appended: the object, {operation, object}, {changed:false,…} */
	const char *operation; /* id, of a 202 */
	uint64_t seq;          /* at which it is durable */
	uint64_t revision;     /* of the object; 0 = none */
	int is_replay;         /* the answer of an earlier request with the same key */
	nc_faults faults;      /* all that is wrong, when NC_E_INVAL */
	nc_used_by used_by[16];
	uint64_t n_used_by;
	nc_candidates candidates;        /* of an ambiguous name */
	char decision[NC_DB_ID_MAX + 1]; /* placement that said no */
	nc_bytes
		placement; /* of a dry run that placed: the decision as it would be, for its body */
	char other_operation[NC_DB_ID_MAX +
			     1]; /* of a refusal: the one in the way, or that failed */
} nc_act;

/*
 * An attempt was refused. 1: somebody has changed the same thing meanwhile, so the act is to be done
 * again, from the start on a fresh root. 0: that is its answer, by now in the words of the request.
 * An act that blocks does all of this itself.
 */
int nc_act_again(nc_act *a, nc_error *why);

/* For what changes something and is no act: what an earlier request with the act's key was answered.
 * NC_E_EXISTS = so (in the act), NC_E_INVAL = the key was used for another request, NC_OK = there was
 * none: do it, and have the answer remembered. Blocking. */
nc_code nc_act_recall(nc_act *a, nc_error *err);
nc_code nc_act_remember(nc_act *a, int http_status, nc_bytes body, nc_error *err);

/* Plain objects of any kind: create, merge patch, replace, delete. A kind that needs more (vm,
 * provider, network, volume, snapshot, schedule) has its own row in a table, by which it may start an
 * operation. */
nc_code nc_act_create(nc_act *a, const nc_kind *kind, const json_t *body, nc_error *err);
nc_code nc_act_patch(
	nc_act *a, const nc_kind *kind, const char *ref, const json_t *body, nc_error *err);
nc_code nc_act_replace(
	nc_act *a, const nc_kind *kind, const char *ref, const json_t *body, nc_error *err);
typedef enum { NC_DELETE_SOFT, NC_DELETE_PURGE } nc_delete_how;
nc_code nc_act_delete(
	nc_act *a, const nc_kind *kind, const char *ref, nc_delete_how how, nc_error *err);

/* An action on an object: POST /vms/{id}/start. `body` may be NULL. NC_E_NOTFOUND: no such
 * action (hint lists them); NC_E_UNSUPPORTED: known, but no driver here serves it. */
nc_code nc_act_do(nc_act *a, const nc_kind *kind, const char *ref, const char *action,
	const json_t *body, nc_error *err);
/* Sub-resources: POST|PATCH|DELETE /vms/{id}/disks[/{disk}]. */
nc_code nc_act_sub(nc_act *a, const nc_kind *kind, const char *ref, const char *field,
	const char *sub_id /* NULL = add */, const json_t *body /* NULL = remove */, nc_error *err);

/* The actions of a kind, for routes, help and hints; NULL-ended. */
struct nc_stage;
typedef struct nc_action {
	const char *kind, *name; /* "vm", "start" */
	const char *doc;
	const char *permission; /* "vm.power.start" */
	/* flow/'s own: stages what the action does. */
	nc_code (*run)(struct nc_stage *s, const nc_root *r, const struct nc_action *self,
		const json_t *body, nc_error *err);
} nc_action;
const nc_action *nc_actions(void);

#endif
