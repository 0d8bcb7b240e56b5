/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_POOL_H
#define NC_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/queue.h"
#include "novacron/abi.h"

/*
 * A pool of named threads that run jobs first come first served. A thread that does not come back
 * can be forfeited: the pool starts another in its place, the forfeited one ends when its job
 * does. Any thread may submit.
 */
typedef struct nc_pool nc_pool;
typedef struct nc_job {
	nc_list link;
	void (*run)(struct nc_job *job);
} nc_job;

nc_code nc_pool_new(const char *name, unsigned max_threads, nc_pool **ret, nc_error *err);
/* Stops taking jobs, runs what is queued, waits for every thread but the forfeited. */
void nc_pool_free(nc_pool *p);
NC_DEFINE_CLEANUP(nc_pool *, nc_pool_free);
/* Job memory is the caller's, who may free it in run. Threads are started on demand. NC_OK, or
 * NC_E_UNAVAILABLE when stopping or when no thread at all can be had. */
nc_code nc_pool_submit(nc_pool *p, nc_job *job);
/* From any thread: the thread now running `job` no longer counts against max_threads. No-op where
 * no thread runs it. */
void nc_pool_forfeit(nc_pool *p, const nc_job *job);
size_t nc_pool_queued(nc_pool *p);
size_t nc_pool_running(nc_pool *p); /* without the forfeited */
size_t nc_pool_forfeited(nc_pool *p);

/* Start a named thread with signals blocked but for those a fault raises; 0 or errno. */
int nc_thread_start(uint64_t *ret_tid_storage, const char *name, void *(*fn)(void *), void *arg);
/* The calling thread works in the background: where there is not enough of the processor for all,
 * those that somebody waits for come first. Best effort. */
void nc_thread_yield_to_others(void);
void nc_thread_join(uint64_t tid_storage);
void nc_thread_detach(uint64_t tid_storage);

#endif
