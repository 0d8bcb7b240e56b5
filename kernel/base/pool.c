/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"

/*
 * Threads are started when a job finds none idle, and stay until the pool ends. They are detached
 * and counted: nc_pool_free waits for the count, so that a thread may be forfeited even then. The
 * pool's memory goes with the last of its owner and its threads, since a forfeited thread comes
 * back long after. No job runs under pool_lock.
 */

typedef struct worker {
	nc_list link; /* in nc_pool.workers until forfeited */
	nc_pool *pool;
	const nc_job *job; /* NULL: idle */
	uint64_t started;  /* when it took the job, counted in jobs */
	int is_forfeited;
} worker;

struct nc_pool {
	pthread_mutex_t pool_lock; /* guards everything below but name and max_threads */
	pthread_cond_t has_work, has_ended;
	nc_list queue;   /* nc_job */
	nc_list workers; /* not the forfeited */
	size_t n_queued, n_threads, n_idle, n_forfeited, refs;
	uint64_t n_started;
	int is_stopping;
	unsigned max_threads;
	char name[16];
};

nc_code nc_pool_new(const char *name, unsigned max_threads, nc_pool **ret, nc_error *err)
{
	if (max_threads == 0)
		return nc_err(err, NC_E_INVAL, "pool %s must have at least one thread", name);
	nc_pool *p = nc_calloc(1, sizeof(*p));
	if (!p)
		return nc_err_nomem(err);
	pthread_mutex_init(&p->pool_lock, NULL); /* the default kinds of both can't fail */
	pthread_cond_init(&p->has_work, NULL);
	pthread_cond_init(&p->has_ended, NULL);
	nc_list_init(&p->queue);
	nc_list_init(&p->workers);
	p->refs = 1;
	p->max_threads = max_threads;
	snprintf(p->name, sizeof(p->name), "%.15s", name);
	*ret = p;
	return NC_OK;
}

/* Gives up one reference and the lock. */
static void unlock_and_unref(nc_pool *p)
{
	int is_last = --p->refs == 0;
	pthread_mutex_unlock(&p->pool_lock);
	if (!is_last)
		return;
	pthread_cond_destroy(&p->has_work);
	pthread_cond_destroy(&p->has_ended);
	pthread_mutex_destroy(&p->pool_lock);
	nc_free(p);
}

/* The next job, or NULL when the pool ends. */
static nc_job *wait_for_job(nc_pool *p, worker *w)
{
	p->n_idle++;
	while (p->n_queued == 0 && !p->is_stopping)
		pthread_cond_wait(&p->has_work, &p->pool_lock);
	p->n_idle--;
	if (p->n_queued == 0)
		return NULL;
	nc_job *job = NC_LIST_ENTRY(p->queue.next, nc_job, link);
	nc_list_del(&job->link);
	p->n_queued--;
	w->job = job;
	w->started = ++p->n_started;
	return job;
}

static void *worker_main(void *arg)
{
	worker *w = arg;
	nc_pool *p = w->pool;
	pthread_mutex_lock(&p->pool_lock);
	while (!w->is_forfeited) {
		nc_job *job = wait_for_job(p, w);
		if (!job)
			break;
		pthread_mutex_unlock(&p->pool_lock);
		job->run(job); /* the job may be gone from here on */
		pthread_mutex_lock(&p->pool_lock);
		w->job = NULL;
	}
	if (w->is_forfeited) {
		p->n_forfeited--;
	} else {
		nc_list_del(&w->link);
		p->n_threads--;
	}
	pthread_cond_broadcast(&p->has_ended);
	nc_free(w);
	unlock_and_unref(p);
	return NULL;
}

/* One more thread, if there may be; under pool_lock, which keeps it from running ahead. */
static void start_worker(nc_pool *p)
{
	if (p->n_threads >= p->max_threads)
		return;
	worker *w = nc_calloc(1, sizeof(*w));
	if (!w)
		return;
	w->pool = p;
	uint64_t tid;
	if (nc_thread_start(&tid, p->name, worker_main, w) != 0) {
		nc_free(w);
		return;
	}
	nc_thread_detach(tid);
	nc_list_add_tail(&p->workers, &w->link);
	p->n_threads++;
	p->refs++;
}

nc_code nc_pool_submit(nc_pool *p, nc_job *job)
{
	nc_code rc = NC_OK;
	pthread_mutex_lock(&p->pool_lock);
	if (!p->is_stopping && p->n_idle <= p->n_queued)
		start_worker(p);
	if (p->is_stopping || p->n_threads == 0) {
		rc = NC_E_UNAVAILABLE;
	} else {
		nc_list_add_tail(&p->queue, &job->link);
		p->n_queued++;
		pthread_cond_signal(&p->has_work);
	}
	pthread_mutex_unlock(&p->pool_lock);
	return rc;
}

void nc_pool_forfeit(nc_pool *p, const nc_job *job)
{
	worker *found = NULL;
	pthread_mutex_lock(&p->pool_lock);
	NC_LIST_EACH (n, &p->workers) {
		worker *w = NC_LIST_ENTRY(n, worker, link);
		/* A thread just back from a job that freed itself may still name its memory,
		 * where a newer job lies now. */
		if (w->job == job && (!found || w->started > found->started))
			found = w;
	}
	if (found) {
		found->is_forfeited = 1;
		nc_list_del(&found->link);
		p->n_threads--;
		p->n_forfeited++;
		if (p->n_queued > p->n_idle)
			start_worker(p);
		pthread_cond_broadcast(&p->has_ended);
	}
	pthread_mutex_unlock(&p->pool_lock);
}

/* Jobs that no thread is left for, after the last was forfeited and none could be started: the
 * caller runs them, they were accepted. */
static void run_left_over(nc_pool *p)
{
	while (p->n_queued) {
		nc_job *job = NC_LIST_ENTRY(p->queue.next, nc_job, link);
		nc_list_del(&job->link);
		p->n_queued--;
		pthread_mutex_unlock(&p->pool_lock);
		job->run(job);
		pthread_mutex_lock(&p->pool_lock);
	}
}

void nc_pool_free(nc_pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->pool_lock);
	p->is_stopping = 1;
	pthread_cond_broadcast(&p->has_work);
	while (p->n_threads)
		pthread_cond_wait(&p->has_ended, &p->pool_lock);
	run_left_over(p);
	unlock_and_unref(p);
}

static size_t read_count(nc_pool *p, const size_t *count)
{
	pthread_mutex_lock(&p->pool_lock);
	size_t n = *count;
	pthread_mutex_unlock(&p->pool_lock);
	return n;
}

size_t nc_pool_queued(nc_pool *p)
{
	return read_count(p, &p->n_queued);
}

size_t nc_pool_running(nc_pool *p)
{
	size_t n = 0;
	pthread_mutex_lock(&p->pool_lock);
	NC_LIST_EACH (l, &p->workers)
		n += NC_LIST_ENTRY(l, worker, link)->job != NULL;
	pthread_mutex_unlock(&p->pool_lock);
	return n;
}

size_t nc_pool_forfeited(nc_pool *p)
{
	return read_count(p, &p->n_forfeited);
}
