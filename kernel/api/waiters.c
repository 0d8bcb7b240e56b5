/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Those who wait: for an operation to end, or to look again whether an event has come. A waiting job
 * holds no thread: the publish hook puts it back on the pool, of those who wait for an operation, or
 * the time-out, of all. One thread counts the time.
 *
 * `wait_lock` guards the map and the list; nothing is called with it held. Publishing runs on the
 * sequencer's thread and only moves jobs.
 */
#include <string.h>

#include "api/internal.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/wait.h"

typedef struct waiter {
	nc_list link; /* in all, or in a due list */
	nc_api_job *job;
	void (*finish)(nc_api_job *j);
	int64_t until_us;
} waiter;

struct nc_waiters {
	nc_api *api;
	pthread_mutex_t wait_lock;
	pthread_cond_t changed;
	nc_list all;
	size_t n_all;
	uint64_t thread;
	int is_stopping, has_thread;
};

static void run_finish(nc_job *job)
{
	nc_api_job *j = NC_CONTAINER(job, nc_api_job, job);
	void (*finish)(nc_api_job *) = j->finish;

	finish(j);
	nc_job_unref(j);
}

static void dispatch(waiter *w)
{
	nc_api_job *j = w->job;

	j->finish = w->finish;
	j->job.run = run_finish;
	nc_free(w);
	nc_job_submit(j);
}

static void dispatch_all(nc_list *due)
{
	NC_LIST_EACH (n, due) {
		nc_list_del(n);
		dispatch(NC_LIST_ENTRY(n, waiter, link));
	}
}

static void take(nc_waiters *w, waiter *x, nc_list *due)
{
	x->job->is_cut = w->is_stopping;
	nc_list_del(&x->link);
	nc_list_add_tail(due, &x->link);
	w->n_all--;
}

/* Lock held: what is due now; returns when the next one is. */
static int64_t collect_due(nc_waiters *w, int64_t now, nc_list *due)
{
	int64_t next = now + 1000000;

	NC_LIST_EACH (n, &w->all) {
		waiter *x = NC_LIST_ENTRY(n, waiter, link);
		if (x->until_us <= now || w->is_stopping)
			take(w, x, due);
		else
			next = NC_MIN(next, x->until_us);
	}
	return next;
}

static void *clock_main(void *arg)
{
	nc_waiters *w = arg;

	pthread_mutex_lock(&w->wait_lock);
	while (!w->is_stopping) {
		nc_list due;
		nc_list_init(&due);
		int64_t now = nc_clock_mono_us();
		int64_t next_us = collect_due(w, now, &due);
		if (nc_list_is_empty(&due)) {
			(void)nc_cond_wait_until(&w->changed, &w->wait_lock, next_us);
			continue;
		}
		pthread_mutex_unlock(&w->wait_lock);
		dispatch_all(&due);
		pthread_mutex_lock(&w->wait_lock);
	}
	pthread_mutex_unlock(&w->wait_lock);
	return NULL;
}

nc_code nc_waiters_new(nc_api *api, nc_waiters **ret, nc_error *err)
{
	nc_waiters *w = nc_calloc(1, sizeof(*w));

	if (!w)
		return nc_err_nomem(err);
	w->api = api;
	nc_list_init(&w->all);
	pthread_mutex_init(&w->wait_lock, NULL);
	nc_cond_init(&w->changed);
	int e = nc_thread_start(&w->thread, "nc-waiters", clock_main, w);
	w->has_thread = !e;
	if (e) {
		nc_waiters_free(w);
		return nc_err_errno(err, e, "could not start a thread");
	}
	*ret = w;
	return NC_OK;
}

void nc_waiters_drain(nc_waiters *w)
{
	nc_list due;

	nc_list_init(&due);
	pthread_mutex_lock(&w->wait_lock);
	w->is_stopping = 1;
	collect_due(w, 0, &due);
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->wait_lock);
	if (w->has_thread)
		nc_thread_join(w->thread);
	w->has_thread = 0;
	dispatch_all(&due);
}

void nc_waiters_free(nc_waiters *w)
{
	if (!w)
		return;
	nc_waiters_drain(w);
	pthread_mutex_destroy(&w->wait_lock);
	pthread_cond_destroy(&w->changed);
	nc_free(w);
}

static int has_ended(nc_waiters *w, const char *id)
{
	const nc_root *r = nc_db_read_begin(w->api->o.db);
	const nc_item *it = nc_root_get(r, NC_KIND_OPERATION, nc_str(id));
	nc_bytes status = it ? nc_item_key(it, NC_IX_STATUS) : (nc_bytes){ 0 };
	int is_live = it && (nc_bytes_eq(status, nc_str("pending")) ||
				    nc_bytes_eq(status, nc_str("running")) ||
				    nc_bytes_eq(status, nc_str("waiting")) ||
				    nc_bytes_eq(status, nc_str("canceling")));

	nc_db_read_end(w->api->o.db);
	return !is_live;
}

void nc_waiters_add(nc_waiters *w, nc_api_job *j, const char *operation, int64_t timeout_us,
	void (*finish)(nc_api_job *j))
{
	waiter *x = nc_calloc(1, sizeof(*x));

	nc_job_ref(j);
	snprintf(j->waits_for, sizeof(j->waits_for), "%s", operation);
	if (!x) { /* no waiting without memory: answer what there is */
		j->finish = finish;
		j->job.run = run_finish;
		nc_job_submit(j);
		return;
	}
	x->job = j;
	x->finish = finish;
	x->until_us = nc_clock_mono_us() + timeout_us;
	pthread_mutex_lock(&w->wait_lock);
	int is_late = w->is_stopping;
	if (is_late) {
		j->is_cut = 1;
	} else {
		nc_list_add_tail(&w->all, &x->link);
		w->n_all++;
		pthread_cond_signal(&w->changed);
	}
	pthread_mutex_unlock(&w->wait_lock);
	if (is_late) {
		dispatch(x);
		return;
	}
	/* It may have ended before we stood in the list. */
	if (!strncmp(operation, "op_", 3) && has_ended(w, operation))
		nc_waiters_wake(w, operation);
}

void nc_waiters_wake(nc_waiters *w, const char *what)
{
	nc_list due;

	nc_list_init(&due);
	pthread_mutex_lock(&w->wait_lock);
	NC_LIST_EACH (n, &w->all) {
		waiter *x = NC_LIST_ENTRY(n, waiter, link);
		if (!strcmp(x->job->waits_for, what))
			take(w, x, &due);
	}
	pthread_mutex_unlock(&w->wait_lock);
	dispatch_all(&due);
}

static void on_change(
	void *ctx, uint64_t seq, uint16_t kind, const nc_item *was, const nc_item *now)
{
	nc_waiters *w = ctx;

	(void)seq;
	if (kind != NC_KIND_OPERATION || !was)
		return;
	if (!now || has_ended(w, nc_item_id(now)))
		nc_waiters_wake(w, nc_item_id(was));
}

void nc_waiters_published(nc_waiters *w, const nc_db_batch *b)
{
	pthread_mutex_lock(&w->wait_lock);
	size_t n = w->n_all;
	pthread_mutex_unlock(&w->wait_lock);
	if (n)
		nc_db_batch_changes(b, on_change, w);
}
