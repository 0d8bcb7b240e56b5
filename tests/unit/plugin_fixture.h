/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_PLUGIN_FIXTURE_H
#define NC_TESTS_PLUGIN_FIXTURE_H

#include <pthread.h>

#include "base/buf.h"
#include "plugin/plugin.h"

/* A loader over the test plugins, with hooks that count, and calls that can be waited for. */
typedef struct fixture {
	nc_plugins *plugins;
	char *state_dir;
	pthread_mutex_t lock; /* guards what the hooks fill in */
	pthread_cond_t changed;
	unsigned reports, overflows, lost, back, stuck, events;
	char last_event[2048], last_event_type[64], last_target[64];
	char kv_key[64], kv_val[64];
	nc_health_state worst; /* told last */
	char worst_why[512];
} fixture;

typedef struct fixture_options {
	const char *plugin; /* "test.good" */
	nc_isolation isolation;
	const char *state_dir; /* NULL: a fresh one */
	const char *path;      /* NULL: the test plugins of this build */
	int64_t grace_us, probe_timeout_us, restart_us;
	int64_t health_every_us, health_timeout_us; /* 0 = never asked */
} fixture_options;

/* Scans; NULL after a failed check. */
fixture *fixture_new(const fixture_options *opt);
void fixture_free(fixture *f);
/* One instance "one"; NULL after a failed check. */
nc_pinst *fixture_open(fixture *f, const char *plugin, const char *config);
/* Waits until *counter, one of f's, is at least n; 0 after ten seconds. */
int fixture_wait(fixture *f, const unsigned *counter, unsigned n);
int fixture_wait_for(fixture *f, const unsigned *counter, unsigned n, int64_t ms);
/* The number of strikes of a rule, from the status. */
int64_t fixture_strikes(fixture *f, const char *plugin, const char *rule);
/* Until there are n strikes of that rule; 0 after ten seconds. */
int fixture_wait_strikes(fixture *f, const char *plugin, const char *rule, int64_t n);
/* A member of the plugin's status, as JSON text. */
void fixture_status(fixture *f, const char *plugin, const char *member, char *out, size_t cap);

/* Whether the last event was of that type. */
int fixture_event_is(fixture *f, const char *type);
int fixture_wait_event(fixture *f, const char *type);
/* Until that is the worst told, with its why; what was told last in any case. */
int fixture_wait_worst(fixture *f, nc_health_state want, char *ret_why, size_t cap);

/* A call that keeps everything it was told. */
typedef struct waited {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int is_done, n_done, n_accepted, n_progress, n_objects;
	char progress[256]; /* "copy:100 copy:900 " */
	char token[64];
	uint64_t ticket;
	nc_call call;
	nc_code checkpoint_code; /* what the checkpoint is answered */
	int holds_checkpoint;    /* leave it to the test */
	nc_code code;
	int32_t outcome, recover_state;
	int was_sent;
	nc_error err;
	nc_buf result, objects;
} waited;
void waited_init(waited *w);
void waited_done(waited *w);
nc_call_spec waited_spec(waited *w, const char *verb, const char *target, const char *request);
/* Start; checks that it was taken. */
void waited_start(waited *w, nc_pinst *inst, const char *verb, const char *target,
	const char *request, int64_t deadline_ms);
/* Until done is called; 0 after twenty seconds. */
int waited_wait(waited *w);
/* Both, checked to end with that code; the result stays in w. */
void waited_run(waited *w, nc_pinst *inst, const char *verb, const char *target,
	const char *request, nc_code want);

#endif
