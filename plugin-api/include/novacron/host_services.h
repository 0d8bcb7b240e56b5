/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOVACRON_HOST_SERVICES_H
#define NOVACRON_HOST_SERVICES_H

/*
 * What the host offers through nc_host.get_extension. A plugin lists what it needs in its
 * manifest (`requires`, `wants`) and gets NULL for what it did not list.
 */

#include "novacron/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* nc.report/1: what the driver saw. Level-triggered, never blocks, coalesced per object; a lower
 * obs_seq is dropped; results carry obs_seq too; on overflow the kernel calls inventory. */
#define NC_EXT_REPORT "nc.report/1"
typedef struct nc_report {
	uint32_t struct_size, flags;
	nc_code (*report)(
		nc_host_ctx *, nc_bytes target, uint64_t obs_seq, nc_bytes json); /* any */
} nc_report;

/* nc.secrets/1: `handle` came in the configuration or a request in place of the value. The value
 * goes into the caller's buffer, which the caller clears. NC_E_DENIED: not in permissions. */
#define NC_EXT_SECRETS "nc.secrets/1"
typedef struct nc_secrets {
	uint32_t struct_size, flags;
	nc_code (*open)(nc_host_ctx *, nc_bytes handle, void *buf, size_t cap, size_t *ret_len,
		nc_error *); /* worker */
} nc_secrets;

/* nc.kv/1: a little durable memory of the instance's own: 1 MiB in all, 64 KiB a value. */
#define NC_EXT_KV       "nc.kv/1"
#define NC_KV_KEY_MAX   256u
#define NC_KV_VAL_MAX   (64u << 10)
#define NC_KV_TOTAL_MAX (1u << 20) /* keys and values together; past it NC_E_QUOTA */
typedef struct nc_kvstore {
	uint32_t struct_size, flags;
	nc_code (*put)(nc_host_ctx *, nc_bytes key, nc_bytes val, nc_error *); /* worker; durable */
	nc_code (*get)(nc_host_ctx *, nc_bytes key, nc_sink *, nc_error *);    /* worker */
	nc_code (*del)(nc_host_ctx *, nc_bytes key, nc_error *);               /* worker; durable */
	/* worker. A sink of the caller's own for get: cap bytes at most; free with sink_free. */
	nc_sink *(*sink_new)(nc_host_ctx *, size_t cap);
	nc_bytes (*sink_bytes)(nc_sink *);
	void (*sink_free)(nc_sink *);
} nc_kvstore;

/* nc.timer/1: callbacks on the control thread. An id is never 0. */
#define NC_EXT_TIMER "nc.timer/1"
typedef void (*nc_timer_fn)(nc_inst *, uint64_t timer, uint64_t user);
typedef struct nc_timer {
	uint32_t struct_size, flags;
	/* any. period_ns 0 = once. NC_E_UNAVAILABLE past 4096 timers. */
	nc_code (*start)(nc_host_ctx *, uint64_t after_ns, uint64_t period_ns, nc_timer_fn,
		uint64_t user, uint64_t *ret_timer);
	/* any. After it returns on the control thread the callback does not run again. */
	nc_code (*stop)(nc_host_ctx *, uint64_t timer);
} nc_timer;

/* nc.fdwatch/1: readiness on the control thread, level-triggered. The fd stays the plugin's and
 * must be removed before it is closed. */
#define NC_EXT_FDWATCH "nc.fdwatch/1"
enum { NC_FD_READ = 1, NC_FD_WRITE = 4, NC_FD_ERROR = 8, NC_FD_HANGUP = 16 };
typedef void (*nc_fd_fn)(nc_inst *, int32_t fd, uint32_t events, uint64_t user);
typedef struct nc_fdwatch {
	uint32_t struct_size, flags;
	nc_code (*add)(
		nc_host_ctx *, int32_t fd, uint32_t events, nc_fd_fn, uint64_t user); /* any */
	nc_code (*mod)(nc_host_ctx *, int32_t fd, uint32_t events);                   /* any */
	nc_code (*del)(nc_host_ctx *, int32_t fd);                                    /* any */
} nc_fdwatch;

/* nc.metrics/1: names get the prefix novacron_plugin_<id>_ and the label instance; at most 64
 * series an instance. `label` is one more, "key=value", or NULL. Gauges are kept as whole numbers. */
#define NC_EXT_METRICS "nc.metrics/1"
#define NC_METRICS_MAX 64u
typedef struct nc_metrics {
	uint32_t struct_size, flags;
	void (*counter_add)(
		nc_host_ctx *, const char *name, const char *label, uint64_t n);         /* any */
	void (*gauge_set)(nc_host_ctx *, const char *name, const char *label, double v); /* any */
} nc_metrics;

/* nc.threadcheck/1: which class the calling thread has for this instance. */
#define NC_EXT_THREADCHECK "nc.threadcheck/1"
enum { NC_THREAD_OTHER = 0, NC_THREAD_CONTROL = 1, NC_THREAD_WORKER = 2 };
typedef struct nc_threadcheck {
	uint32_t struct_size, flags;
	int32_t (*thread_class)(nc_host_ctx *); /* any */
} nc_threadcheck;

#ifdef __cplusplus
}
#endif
#endif
