/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_LOADER_INTERNAL_H
#define NC_PLUGIN_LOADER_INTERNAL_H

#include <jansson.h>
#include <pthread.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/queue.h"
#include "plugin/image.h"
#include "plugin/loop.h"
#include "plugin/manifest.h"
#include "plugin/plugin.h"
#include "plugin/rules.h"

/*
 * Inside the loader. Three threads of its own: the supervisor loop (search path, dlopen, starting
 * and restarting of processes, quarantine), the io loop (sockets of the processes, deadlines) and a
 * small pool for what may block (answers to secrets and kv, closing from callbacks).
 */

typedef struct nc_found nc_found;
typedef struct nc_hostproc nc_hostproc;

#define NC_CRASHES_OUT     5
#define NC_CRASH_WINDOW_US (INT64_C(600) * 1000000)
#define NC_DEATHS_OUT      3 /* starts in a row that died in one phase */

/* A plugin that was found on the search path. Lives until the loader ends, at the same address. */
struct nc_found {
	nc_plugins *p;
	nc_list link;
	char id[NC_PLUGIN_ID_MAX + 1];
	char *folder;
	nc_manifest *manifest; /* NULL when it could not be read */
	char *schema_text;
	json_t *schema;
	nc_isolation isolation; /* resolved */
	uint32_t scan;          /* that saw it last; supervisor */
	char manifest_sha[65];  /* of its text; with the manifest it is replaced under p->lock */

	/* under p->lock: */
	nc_plugin_state state;
	nc_error why; /* why it is not available */
	/* intact.c: what the files on disk were last found to be, and the stamp they had then */
	int is_changed;
	char files_stamp[65];
	nc_error files_why; /* code NC_OK: those of the manifest */
	int is_loading, is_stopping;
	uint32_t generation;
	nc_image *image;      /* in process */
	int code_memfd;       /* else: its sealed bytes, for each start … */
	nc_hostproc *process; /* … and what runs now, a reference */
	nc_list insts;        /* nc_pinst.found_link */
	/* exclusive and in process: names of instances that were closed and did not end; NULL = none */
	nc_map *left_behind;
	nc_strikes strikes;
	uint32_t n_alarms;
	int64_t alarm_us; /* the last that was told */
	char last_strike[200];
	int64_t crashes_us[NC_CRASHES_OUT]; /* oldest first */
	uint32_t n_restarts, restart_step;
	uint64_t restart_timer;
	uint32_t walk;  /* io loop: stamps instances it has been at */
	char phase[48]; /* sentinel: what earlier starts died in, and how often */
	int deaths, n_armed;
	nc_task restart_task, quarantine_task; /* of the supervisor's */
	char quarantine_reason[300];
	int is_quarantine_posted;
};

struct nc_plugins {
	char **search_path;
	size_t n_search;
	nc_plugin_allow *allow;
	size_t n_allow;
	char *state_dir, *host_binary, *installation_id;
	struct nc_launcher *launcher;
	int64_t probe_timeout_us, grace_us, strike_window_us, restart_us;
	int64_t health_every_us, health_timeout_us;
	uid_t uid;     /* beside root, who may own plugins */
	uint32_t scan; /* counts scans; supervisor */
	nc_loop *super, *io;
	nc_pool *services;
	nc_map *sentinels; /* id → what the last start left; read once */

	pthread_mutex_t lock; /* guards what follows and the marked part of every nc_found */
	pthread_cond_t has_changed;
	nc_plugin_hooks hooks;
	nc_list found;
	nc_map *instances; /* name → nc_pinst */
	int is_ending, n_loading, n_events;
};

/* loader.c */
nc_loop *nc_plugins_io(nc_plugins *p);
nc_plugin_hooks nc_plugins_hooks(nc_plugins *p);
nc_found *nc_found_get(nc_plugins *p, const char *id); /* takes the lock */
nc_found *nc_found_at(nc_plugins *p, size_t k);        /* the k-th; the same */
void nc_plugins_close_soon(nc_pinst *inst); /* on the service pool; takes the reference */
void nc_plugins_event(nc_plugins *p, const char *type, nc_bytes json);

/* scan.c; on the supervisor */
nc_code nc_scan(nc_plugins *p, nc_error *err);
nc_code nc_found_assess(nc_found *f, nc_error *err); /* NC_OK: may be loaded, or is */
void nc_found_free(nc_found *f);

/* intact.c; blocks, any thread */
/* Memory, descriptors or threads: nothing that was found wrong with anybody. */
int nc_is_want_of_means(const nc_error *err);
/* Whether the files on disk are those of the manifest; hashes only what was touched since. What was
 * changed makes a plugin that is not loaded NC_PLUGIN_INVALID until it is whole again. */
nc_code nc_found_look_at_files(nc_found *f, nc_error *err);
int nc_is_change(nc_code rc); /* that code of theirs: changed, not just out of reach */
/* The verdict of a load that has read them anyway. */
void nc_found_note_files(nc_found *f, nc_code rc, const nc_error *why);

/* judge.c: strikes, crashes, quarantine */
void nc_found_strike(nc_found *f, const char *inst, nc_rule rule, const char *what);
void nc_found_late(void *found, const char *function); /* nc_rt_options.late */
/* Its process ended by itself. Returns the back-off until the next start, or -1: quarantined. */
int64_t nc_found_crashed(nc_found *f, const char *how);
/* There is no process for want of memory, descriptors or rights: the same, and nothing is counted. */
int64_t nc_found_not_its_fault(nc_found *f, const nc_error *why);
void nc_found_quarantine_soon(nc_found *f, const char *reason); /* any thread */
void nc_found_quarantine_now(nc_found *f, const char *reason);  /* waits for the supervisor */
nc_code nc_found_quarantine(nc_found *f, const char *reason, nc_error *err); /* supervisor */

/* sentinel.c */
nc_code nc_sentinels_read(nc_plugins *p, nc_error *err);
nc_code nc_sentinel_arm(nc_found *f, const char *phase, nc_error *err);
void nc_sentinel_disarm(nc_found *f, const char *phase);
void nc_sentinel_recall(nc_found *f); /* what earlier starts died in, into a new record */
void nc_sentinels_done(nc_plugins *p);
/* Records of the fatal-signal handler → quarantine records; then watch again. */
nc_code nc_crashes_read(nc_plugins *p, nc_error *err);

/* quarantine.c */
int nc_quarantine_has(nc_plugins *p, const char *id, char *ret_reason, size_t cap);
nc_code nc_quarantine_put(nc_plugins *p, const char *id, const char *reason, nc_error *err);
nc_code nc_quarantine_lift(nc_plugins *p, const char *id, nc_error *err);

/* probe.c; blocks, any thread */
nc_code nc_probe(nc_found *f, int memfd, nc_error *err);

/* restart.c: on the io loop */
/* The next instance that this walk has not seen; the caller unrefs. Instances may come and go
 * meanwhile. One walk at a time. */
nc_pinst *nc_found_next_inst(nc_found *f, uint32_t walk);
/* blameless: an error of ours ended it, NULL when it ended by itself or was killed for what it did */
void nc_found_process_gone(nc_found *f, nc_hostproc *h, const char *how, const nc_error *blameless);
void nc_found_process_ready(nc_found *f, nc_hostproc *h);
void nc_restart_cancel(nc_found *f);

#endif
