/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_KIT_HOST_H
#define NC_KIT_HOST_H

#include <pthread.h>

#include "kit.h"
#include "novacron/host_services.h"

/*
 * The kit's own host: it keeps the contract to the letter, remembers all that was said to it, and
 * reports what breaks a rule the first time it does. One a child, never freed: a plugin that
 * calls after destroy must find somebody at home.
 */
typedef struct kit_op {
	nc_op op;
	const char *verb; /* for findings */
	char key[NC_OP_KEY_MAX + 1];
	uint64_t deadline_ns;
	bool is_query;
	/* The rest is under the host's lock. */
	int32_t stop_reason;
	uint64_t stopped_ns;
	bool is_accepted, is_refused, is_complete, is_lost;
	unsigned n_complete;
	int32_t outcome;
	nc_error err;
	char *result;
	size_t result_len;
	uint64_t completed_ns;
	unsigned n_events; /* host calls about it */
	unsigned stop_at;  /* stop at that one; 0 = never */
	int32_t stop_at_reason;
} kit_op;

struct nc_sink {
	struct nc_host_ctx *host;
	char *text; /* one after the other, each NUL-ended */
	size_t len, cap;
	size_t n;            /* objects */
	size_t refuse_after; /* objects that are taken; SIZE_MAX: all */
	unsigned n_refused;
};

enum { KIT_OPS_MAX = 32768, KIT_TIMERS_MAX = 4096, KIT_FDS_MAX = 256 };
typedef struct kit_timer {
	uint64_t id, due_ns, period_ns, user;
	nc_timer_fn fn;
} kit_timer;
typedef struct kit_fd {
	int fd;
	uint32_t events;
	nc_fd_fn fn;
	uint64_t user;
} kit_fd;

typedef struct nc_host_ctx {
	nc_host table;
	const kit_folder *folder;
	const nc_plugin *plugin;
	nc_inst *inst;
	bool offers_nothing; /* P3: the host has none of what it only wants */

	pthread_mutex_t lock;
	pthread_cond_t changed;
	kit_op *ops[KIT_OPS_MAX]; /* place = handle minus 1 */
	size_t n_ops;
	bool is_gone;            /* destroy has returned */
	uint32_t told;           /* rules already found broken, one bit each */
	unsigned threads_before; /* create */
	unsigned n_accepted, n_secrets, n_reports, n_checkpoints, n_outputs;
	kit_op *stop_queue[64]; /* for the stopper */
	size_t n_stops, n_stops_done;
	json_t *kv;

	/* Control: one thread, timers, descriptors, and what is posted to it. */
	pthread_t control;
	int wake[2];
	kit_timer timers[KIT_TIMERS_MAX];
	size_t n_timers;
	uint64_t last_timer;
	kit_fd fds[KIT_FDS_MAX];
	size_t n_fds;
	struct kit_post *posts, **last_post;
} kit_host;

/* Find a rule broken, once a rule and child. Any thread, not with the lock. */
void kit_broken(kit_host *h, const char *rule, const char *verb, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* A text that goes out: it must not hold a canary (P10). */
void kit_output(kit_host *h, const char *where, const void *p, size_t n);
void kit_output_error(kit_host *h, const char *where, const nc_error *err);
/* Called at each host call: P5. */
void kit_called(kit_host *h, const char *what);

/* A host for the plugin; `entry` was loaded. Exits the child when it can't be made. */
kit_host *kit_host_new(const kit_folder *f, const nc_plugin *plugin);
/* nc_plugin.create, destroy; the error is printed into `err`. */
nc_code kit_host_create(kit_host *h, const char *config, nc_error *err);
void kit_host_destroy(kit_host *h);
const void *kit_host_extension(kit_host *h, const char *id); /* the plugin's; NULL: none */

/* Operations. The caller keeps no lock. */
kit_op *kit_op_new(kit_host *h, const char *verb, const char *key);
/* By its handle; NULL: no operation has it. */
kit_op *kit_op_find(kit_host *h, nc_op op);
/* After the start function returned. False: it was refused. */
bool kit_op_started(kit_host *h, kit_op *op, nc_code rc, const nc_error *err);
/* Until it has been stopped, or is complete without; a stop at a host call may be long in coming. */
bool kit_op_wait_stopped(kit_host *h, kit_op *op, unsigned ms);
bool kit_op_wait(kit_host *h, kit_op *op, unsigned ms);    /* false: not complete by then */
void kit_op_stop(kit_host *h, kit_op *op, int32_t reason); /* flag and op_stop, on this thread */
/* The completion will be dropped, as if it had never been heard. */
void kit_op_lose(kit_host *h, kit_op *op);

struct nc_sink *kit_sink_new(kit_host *h);
void kit_sink_free(struct nc_sink *s);
const char *kit_sink_first(const struct nc_sink *s);                    /* NULL: none */
const char *kit_sink_next(const struct nc_sink *s, const char *object); /* NULL: no more */

/* Run fn on the control thread and wait for it. */
void kit_control_run(kit_host *h, void (*fn)(kit_host *, void *), void *arg);
void kit_control_start(kit_host *h);
/* Run a continuation there, later. */
void kit_control_cont(kit_host *h, nc_cont cont, nc_op op, nc_code code, uint64_t user);
extern const nc_timer kit_timer_table;
extern const nc_fdwatch kit_fdwatch_table;
const void *kit_service(kit_host *h, const char *id); /* services.c */

#define KIT_CANARY "canary-5f27c1e9b0d84a63"
extern _Thread_local int32_t kit_thread_class;
unsigned kit_count_threads(const char *tasks); /* a folder like /proc/self/task */
#define KIT_OWN_THREADS "/proc/self/task"

#endif
