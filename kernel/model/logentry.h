/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_LOGENTRY_H
#define NC_MODEL_LOGENTRY_H

#include "model/object.h"

/*
 * Events and audit records: entries of the log, never items. Here is their form alone, for schemas
 * and rendering; o.id is unused. Decisions are binary columns of sched/'s own, likewise.
 */
typedef struct nc_event_obj {
	nc_object o;
	uint64_t seq;
	int64_t ts_ms;
	const char *type;  /* "vm.started" */
	const char *topic; /* "vm" */
	const char *key;   /* id of the object */
	const char *actor, *op_id, *decision_id;
	uint64_t object_revision;
	nc_bytes data;
} nc_event_obj;

typedef struct nc_audit_obj {
	nc_object o;
	uint64_t seq;
	int64_t ts_ms;
	const char *actor, *action, *object, *verdict, *reason;
	const char *request_id, *operation, *decision, *plugin_version, *provider_request;
	const char *previous_hash, *hash;
} nc_audit_obj;

typedef struct nc_decision_obj {
	nc_object o;
	nc_bytes request;
	uint64_t policy_bundle_rev, ledger_generation;
	nc_bytes candidates; /* [{id, verdict, filter, reason, scores{}}] */
	nc_bytes filters;    /* counts */
	nc_bytes nearest_miss;
	const char *chosen;
	const char **alternates;
	size_t n_alternates;
} nc_decision_obj;

#endif
