/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_PLUGIN_H
#define NC_PLUGIN_PLUGIN_H

#include <stddef.h>

#include "plugin/call.h"
#include "plugin/inst.h"
#include "plugin/verbs.h"

struct nc_buf;
struct nc_launcher;
struct nc_secret;

/*
 * The loader: finds plugins, decides what may load, proves it in another process, loads it here or
 * starts its host process, and keeps that alive. One supervisor thread owns all of this; the
 * functions below may come from any thread and wait for it where they must.
 */
typedef struct nc_plugins nc_plugins;

typedef enum nc_isolation {
	NC_ISO_MANIFEST,   /* what the manifest says */
	NC_ISO_PROCESS,    /* "process": in nc-plugin-host */
	NC_ISO_IN_PROCESS, /* "in_process": the operator trusts it with the daemon's memory */
} nc_isolation;

typedef struct nc_plugin_allow {
	const char *id;
	nc_isolation isolation;
} nc_plugin_allow;

typedef enum nc_plugin_state {
	NC_PLUGIN_AVAILABLE,    /* may be loaded */
	NC_PLUGIN_NOT_ALLOWED,  /* configuration does not name it */
	NC_PLUGIN_INCOMPATIBLE, /* ABI or platform */
	NC_PLUGIN_INVALID,      /* manifest, hashes or ownership of its files */
	NC_PLUGIN_QUARANTINED,
	NC_PLUGIN_LOADED, /* in this process, or its host process runs */
	NC_PLUGIN_LOST,   /* its host process died and is being restarted */
} nc_plugin_state;
const char *nc_plugin_state_name(nc_plugin_state state);

/* All strings are copied. */
typedef struct nc_plugins_options {
	const char *const *search_path; /* folders of plugin folders, first match of an id wins */
	size_t n_search;
	const nc_plugin_allow *allow;
	size_t n_allow;
	const char *state_dir;        /* made 0700: quarantine/, sentinel/, probed/ */
	const char *host_binary;      /* nc-plugin-host */
	const char *installation_id;  /* told to every instance */
	struct nc_launcher *launcher; /* NULL: hosts run with the daemon's rights */
	int64_t probe_timeout_us;     /* 0 = 5 s */
	int64_t grace_us;             /* deadline → forfeit; 0 = 2 s */
	int64_t strike_window_us;     /* three strikes within: 0 = 1 h */
	int64_t restart_us;           /* first back-off of a process that died; 0 = 1 s */
	int64_t health_every_us;   /* instances are asked for their health; 0 = 30 s, < 0 = never */
	int64_t health_timeout_us; /* how long that may take; 0 = 5 s */
} nc_plugins_options;

/*
 * What higher rooms offer and want to hear. Any may be NULL. No lock is held; those marked (io)
 * come from threads that serve every plugin and must not block, the others may.
 */
typedef struct nc_plugin_hooks {
	void *user;
	/* (io) nc.report/1, in order of arrival for one instance. Coalescing by object and dropping
	 * a lower obs_seq is the receiver's, who knows the objects. */
	void (*report)(
		void *user, nc_pinst *inst, nc_bytes target, uint64_t obs_seq, nc_bytes json);
	/* (io) Reports of this instance were lost: call inventory. Once per gap. */
	void (*report_overflow)(void *user, nc_pinst *inst);
	/* nc.secrets/1, permission already checked. *ret is the caller's (nc_secret_free). */
	nc_code (*secret_open)(
		void *user, nc_pinst *inst, nc_bytes handle, struct nc_secret **ret, nc_error *err);
	/* nc.kv/1. Durable on return. get: appended to *out, NC_E_NOTFOUND. put: NC_E_QUOTA when
	 * the instance's keys and values would pass NC_KV_TOTAL_MAX together. */
	nc_code (*kv_put)(void *user, nc_pinst *inst, nc_bytes key, nc_bytes val, nc_error *err);
	nc_code (*kv_get)(
		void *user, nc_pinst *inst, nc_bytes key, struct nc_buf *out, nc_error *err);
	nc_code (*kv_del)(void *user, nc_pinst *inst, nc_bytes key, nc_error *err);
	/* (io) Something an operator wants to read: type "plugin.quarantined", JSON object. */
	void (*event)(void *user, const char *type, nc_bytes json);
	/* (io) The instance's process died; each of its calls that had been sent has ended or is
	 * about to end NC_UNKNOWN. Then it is back and takes calls. */
	void (*host_lost)(void *user, nc_pinst *inst, const char *why);
	void (*host_back)(void *user, nc_pinst *inst);
	/* (io) A call passed deadline and grace, in its function or accepted: open the breaker. Before its
	 * end is told. */
	void (*target_stuck)(void *user, nc_pinst *inst, nc_bytes target, const char *verb);
	/* What instances say of themselves has changed, or one is still ill: the worst of all, and which it
	 * is with its message. Any thread; must not block. */
	void (*health)(void *user, nc_health_state worst, const char *why);
} nc_plugin_hooks;

nc_code nc_plugins_new(const nc_plugins_options *opt, nc_plugins **ret, nc_error *err);
/* Closes what is open, ends every host process, joins every thread but forfeited ones. */
void nc_plugins_free(nc_plugins *p);
NC_DEFINE_CLEANUP(nc_plugins *, nc_plugins_free);
/* Register or replace the hooks; the table is copied. Not from a hook: waits for `event` to return. */
void nc_plugins_set_hooks(nc_plugins *p, const nc_plugin_hooks *hooks);

/* Read every manifest on the search path, without dlopen. A plugin that is wrong is listed with its
 * reason and fails nothing; NC_OK unless memory or a search folder that is there can't be read. */
nc_code nc_plugins_scan(nc_plugins *p, nc_error *err);
/* Verify, probe and load one plugin. Loaded already: NC_OK. NC_E_DENIED (not allowed),
 * NC_E_UNSUPPORTED (incompatible, says both versions and the fix), NC_E_UNAVAILABLE (quarantined,
 * with the reason and how to release), NC_E_PROTO (the probe or the load refused it: rule). */
nc_code nc_plugins_load(nc_plugins *p, const char *id, nc_error *err);
/* End a plugin: closes its instances (drain_us each) and its process; in process the code stays. */
nc_code nc_plugins_stop(nc_plugins *p, const char *id, int64_t drain_us, nc_error *err);

/* One object per plugin: state, reason, version, capabilities, generation, isolation, pid, restarts,
 * strikes by rule, instances with what runs and what blocks. `id` NULL = an array of all. */
nc_code nc_plugins_render(nc_plugins *p, const char *id, struct nc_buf *out, nc_error *err);
/* The configuration schema of a plugin that was found, loaded or not: JSON text. */
nc_code nc_plugins_schema(nc_plugins *p, const char *id, struct nc_buf *out, nc_error *err);

/* Whether a configuration fits, without an instance: a JSON array of {field, problem, expected,
 * value?} is appended to *out, empty when it does. */
nc_code nc_plugins_validate(
	nc_plugins *p, const char *id, nc_bytes config, struct nc_buf *out, nc_error *err);

/* Quarantine by hand, or lift it. The records are files in state_dir/quarantine. */
nc_code nc_plugins_quarantine(nc_plugins *p, const char *id, const char *reason, nc_error *err);
nc_code nc_plugins_release(nc_plugins *p, const char *id, nc_error *err);

/* Not in this version: NC_E_UNSUPPORTED with a hint. `verb`: "reload", "install", "upgrade" … */
nc_code nc_plugins_manage(nc_plugins *p, const char *verb, const char *arg, nc_error *err);

#endif
