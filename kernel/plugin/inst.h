/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_INST_H
#define NC_PLUGIN_INST_H

#include "plugin/call.h"

struct nc_buf;
struct nc_inst;
struct nc_plugins;
struct nc_store;

/*
 * One configured provider or account: an instance of a loaded plugin. Refcounted, any thread.
 * After its process has died it comes back by itself with the configuration it had.
 */
typedef enum nc_pinst_state {
	NC_PINST_OPENING,
	NC_PINST_ACTIVE, /* takes calls */
	NC_PINST_LOST,   /* its process died and is being brought back; calls: NC_E_UNAVAILABLE */
	NC_PINST_FAILED, /* will not come back by itself: quarantine, create failed or hung */
	NC_PINST_CLOSED
} nc_pinst_state;

typedef struct nc_pinst_spec {
	const char *plugin; /* id of a loaded plugin */
	const char *name;   /* the instance's: "[a-z0-9][a-z0-9._-]{0,62}", unique */
	nc_bytes config;    /* JSON object; validated, defaults filled in */
	uint32_t max_concurrency, max_per_target; /* 0 = the manifest's; may only lower them */
	int64_t create_timeout_us;                /* 0 = 30 s */
} nc_pinst_spec;

/*
 * Validate the configuration, create the instance, wait until it is there. x-secret fields given
 * in plain are kept as secrets here and reach the plugin as handles. NC_E_INVAL: every fault, one
 * a line ("field: what is wrong; what would be right"). The caller owns one reference.
 */
nc_code nc_pinst_open(
	struct nc_plugins *p, const nc_pinst_spec *spec, nc_pinst **ret, nc_error *err);
/*
 * Drain and end it: queued calls end unsent, running ones are told NC_DETACH and have drain_us to
 * answer, what is left ends NC_UNKNOWN. The reference stays the caller's. Idempotent; waits.
 */
void nc_pinst_close(nc_pinst *inst, int64_t drain_us);
nc_pinst *nc_pinst_ref(nc_pinst *inst);
void nc_pinst_unref(nc_pinst *inst); /* the last one closes it, without drain */
NC_DEFINE_CLEANUP(nc_pinst *, nc_pinst_unref);
/* By instance name; the caller owns a reference. NULL when there is none. */
nc_pinst *nc_pinst_find(struct nc_plugins *p, const char *name);

/* Apply a changed configuration, one change at a time; waits for the plugin. NC_OK: it is in force, and
 * an instance that is made anew gets it. NC_E_CONFLICT names the fields that need close and open
 * (x-reload "recreate"), NC_E_UNSUPPORTED: the plugin can change nothing while it is open; NC_E_INVAL:
 * it does not fit the schema, or the plugin won't have it; NC_E_UNAVAILABLE: its process is down, try
 * again. In all of these the former configuration stays in force. */
nc_code nc_pinst_reconfigure(nc_pinst *inst, nc_bytes config, nc_error *err);
/* How it last said it is: the loader asks each instance now and then. UNKNOWN: not asked yet, lost, or it
 * has no health of its own. Its message, or why there is none, into why. */
typedef enum nc_health_state {
	NC_HEALTH_UNKNOWN,
	NC_HEALTH_HEALTHY,
	NC_HEALTH_DEGRADED,
	NC_HEALTH_UNHEALTHY
} nc_health_state;
nc_health_state nc_pinst_get_health(nc_pinst *inst, char *why, size_t cap);
const char *nc_health_state_name(nc_health_state state);
/* Ask now, and wait: the plugin's own health document (JSON), appended to *out. NC_E_UNSUPPORTED when
 * it has none. */
nc_code nc_pinst_health(nc_pinst *inst, int64_t timeout_us, struct nc_buf *out, nc_error *err);

const char *nc_pinst_name(const nc_pinst *inst);
const char *nc_pinst_plugin_id(const nc_pinst *inst);
const char *nc_pinst_plugin_version(const nc_pinst *inst);
/* The i-th of what its manifest says it can do, extensions first, then features; NULL behind the last. */
const char *nc_pinst_capability(const nc_pinst *inst, size_t i);
nc_pinst_state nc_pinst_get_state(nc_pinst *inst);
const char *nc_pinst_state_name(nc_pinst_state state);
/* Whether the verb would be sent at all. NC_E_UNSUPPORTED names plugin, verb and what to do. */
int nc_pinst_can(nc_pinst *inst, const char *verb);
nc_code nc_pinst_require(nc_pinst *inst, const char *verb, nc_error *err);
/* Whether the manifest's `features` lists it ("compute.tpm"): a request field behind a feature that
 * is not declared must not be sent. */
int nc_pinst_has_feature(nc_pinst *inst, const char *feature);
nc_code nc_pinst_require_feature(nc_pinst *inst, const char *feature, nc_error *err);

/*
 * The table of nc.store/1, for store/ alone: it calls the slots itself with *ret_self, from its own
 * threads. Missing slots are NULL. A crash in one is laid at the plugin's door. Valid as long as the
 * reference is held and the instance open.
 */
nc_code nc_pinst_store(nc_pinst *inst, const struct nc_store **ret_table, struct nc_inst **ret_self,
	nc_error *err);
/* The plugin's own table of an extension that no verb stands for, in process only. Check each slot
 * with NC_HAS. NC_E_UNSUPPORTED. */
nc_code nc_pinst_extension(nc_pinst *inst, const char *ext, const void **ret_table,
	struct nc_inst **ret_self, nc_error *err);

#endif
