/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/pool.h"

/* The pool: order, limits, forfeited threads, and its end. */

static nc_pool *pool_of(unsigned max)
{
	nc_pool *p = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_pool_new("test", max, &p, &err), &err);
	return p;
}

typedef struct counted_job {
	nc_job job;
	size_t n;
} counted_job;

static atomic_size_t ran;
static atomic_int out_of_order;

static void count_in_order(nc_job *job)
{
	size_t n = NC_CONTAINER(job, counted_job, job)->n;
	if (atomic_fetch_add(&ran, 1) != n)
		atomic_store(&out_of_order, 1);
}

static void one_thread_runs_jobs_first_come_first_served(void)
{
	static counted_job jobs[2000];
	nc_pool *p = pool_of(1);
	REQUIRE(p);
	atomic_store(&ran, 0);
	for (size_t i = 0; i < NC_LEN(jobs); i++) {
		jobs[i] = (counted_job){ .job.run = count_in_order, .n = i };
		CHECK_CODE(nc_pool_submit(p, &jobs[i].job), NC_OK);
	}
	nc_pool_free(p); /* runs what is queued */
	CHECK_UINT(atomic_load(&ran), NC_LEN(jobs));
	CHECK(!atomic_load(&out_of_order));
}

static void free_itself(nc_job *job)
{
	atomic_fetch_add(&ran, 1);
	nc_free(NC_CONTAINER(job, counted_job, job));
}

static void many_threads_run_every_job_once(void)
{
	nc_pool *p = pool_of(4);
	REQUIRE(p);
	atomic_store(&ran, 0);
	for (size_t i = 0; i < 5000; i++) {
		counted_job *j = nc_calloc(1, sizeof(*j));
		REQUIRE(j);
		j->job.run = free_itself;
		CHECK_CODE(nc_pool_submit(p, &j->job), NC_OK);
		CHECK(nc_pool_running(p) <= 4);
	}
	nc_pool_free(p);
	CHECK_UINT(atomic_load(&ran), 5000);
}

/* A job that says it runs and then waits to be let go. */
typedef struct held_job {
	nc_job job;
	sem_t started, go;
	atomic_int ended;
} held_job;

static void hold(nc_job *job)
{
	held_job *h = NC_CONTAINER(job, held_job, job);
	sem_post(&h->started);
	while (sem_wait(&h->go) != 0)
		;
	atomic_store(&h->ended, 1);
}

static void held_init(held_job *h)
{
	memset(h, 0, sizeof(*h));
	h->job.run = hold;
	sem_init(&h->started, 0, 0);
	sem_init(&h->go, 0, 0);
}

static void wait_started(held_job *h)
{
	while (sem_wait(&h->started) != 0)
		;
}

static int has_started(held_job *h)
{
	return sem_trywait(&h->started) == 0;
}

static void a_pool_never_runs_more_than_its_maximum(void)
{
	static held_job h[3];
	nc_pool *p = pool_of(2);
	REQUIRE(p);
	for (size_t i = 0; i < 3; i++) {
		held_init(&h[i]);
		CHECK_CODE(nc_pool_submit(p, &h[i].job), NC_OK);
	}
	wait_started(&h[0]);
	wait_started(&h[1]);
	nc_clock_sleep_us(2000);
	CHECK(!has_started(&h[2]));
	CHECK_UINT(nc_pool_running(p), 2);
	CHECK_UINT(nc_pool_queued(p), 1);
	sem_post(&h[1].go);
	wait_started(&h[2]);
	sem_post(&h[0].go);
	sem_post(&h[2].go);
	nc_pool_free(p);
	CHECK(h[0].ended && h[1].ended && h[2].ended);
}

static void a_forfeited_thread_is_replaced_and_ends_with_its_job(void)
{
	static held_job hung, next;
	nc_pool *p = pool_of(1);
	REQUIRE(p);
	held_init(&hung);
	held_init(&next);
	CHECK_CODE(nc_pool_submit(p, &hung.job), NC_OK);
	wait_started(&hung);
	CHECK_CODE(nc_pool_submit(p, &next.job), NC_OK);
	nc_pool_forfeit(p, &next.job); /* not running: nothing happens */
	CHECK_UINT(nc_pool_forfeited(p), 0);
	nc_pool_forfeit(p, &hung.job);
	nc_pool_forfeit(p, &hung.job); /* once is enough */
	CHECK_UINT(nc_pool_forfeited(p), 1);
	wait_started(&next); /* in the place of the hung one */
	CHECK_UINT(nc_pool_running(p), 1);
	sem_post(&next.go);
	sem_post(&hung.go);
	while (nc_pool_forfeited(p))
		nc_clock_sleep_us(100);
	CHECK(hung.ended);
	nc_pool_free(p);
}

static sem_t go_first, go_second, both_started;
static atomic_int n_twice;

static void run_twice(nc_job *job)
{
	(void)job;
	sem_t *go = atomic_fetch_add(&n_twice, 1) == 0 ? &go_first : &go_second;
	sem_post(&both_started);
	while (sem_wait(go) != 0)
		;
}

/* The same memory, used again for a second job while a thread still names it as its first. */
static void of_two_jobs_at_one_address_the_newer_is_forfeited(void)
{
	static nc_job job = { .run = run_twice };
	nc_pool *p = pool_of(2);
	REQUIRE(p);
	sem_init(&go_first, 0, 0);
	sem_init(&go_second, 0, 0);
	sem_init(&both_started, 0, 0);
	for (int i = 0; i < 2; i++) {
		CHECK_CODE(nc_pool_submit(p, &job), NC_OK);
		while (sem_wait(&both_started) != 0)
			;
	}
	nc_pool_forfeit(p, &job);
	CHECK_UINT(nc_pool_forfeited(p), 1);
	sem_post(&go_second);
	for (int i = 0; i < 3000 && nc_pool_forfeited(p); i++)
		nc_clock_sleep_us(1000);
	CHECK_UINT(nc_pool_forfeited(p), 0);
	sem_post(&go_first);
	nc_pool_free(p);
}

static void a_pool_ends_without_its_forfeited_threads(void)
{
	static held_job hung;
	nc_pool *p = pool_of(2);
	REQUIRE(p);
	held_init(&hung);
	CHECK_CODE(nc_pool_submit(p, &hung.job), NC_OK);
	wait_started(&hung);
	nc_pool_forfeit(p, &hung.job);
	nc_pool_free(p);
	CHECK(!hung.ended);
	sem_post(&hung.go); /* comes back to a pool that only it still holds */
	while (!atomic_load(&hung.ended))
		nc_clock_sleep_us(100);
	nc_clock_sleep_us(2000);
}

typedef struct late_forfeit {
	nc_pool *pool;
	held_job *job;
} late_forfeit;

static void *forfeit_late(void *arg)
{
	late_forfeit *l = arg;
	nc_clock_sleep_us(3000);
	nc_pool_forfeit(l->pool, &l->job->job);
	return NULL;
}

static void a_thread_may_be_forfeited_while_the_pool_ends(void)
{
	static held_job hung;
	late_forfeit late = { pool_of(1), &hung };
	uint64_t tid;
	REQUIRE(late.pool);
	held_init(&hung);
	CHECK_CODE(nc_pool_submit(late.pool, &hung.job), NC_OK);
	wait_started(&hung);
	REQUIRE(nc_thread_start(&tid, "late", forfeit_late, &late) == 0);
	nc_pool_free(late.pool);
	nc_thread_join(tid);
	CHECK(!hung.ended);
	sem_post(&hung.go);
	while (!atomic_load(&hung.ended))
		nc_clock_sleep_us(100);
	nc_clock_sleep_us(2000);
}

static atomic_int slow_ended;

static void be_slow(nc_job *job)
{
	(void)job;
	nc_clock_sleep_us(5000);
	atomic_store(&slow_ended, 1);
}

static void ending_waits_for_the_job_under_way(void)
{
	static nc_job slow = { .run = be_slow };
	nc_pool *p = pool_of(1);
	REQUIRE(p);
	CHECK_CODE(nc_pool_submit(p, &slow), NC_OK);
	while (nc_pool_queued(p)) /* taken, not yet ended */
		nc_clock_sleep_us(100);
	nc_pool_free(p);
	CHECK(atomic_load(&slow_ended));
}

typedef struct resubmit {
	nc_job job;
	nc_pool *pool;
	counted_job second;
	nc_code rc;
} resubmit;

static void submit_while_ending(nc_job *job)
{
	resubmit *r = NC_CONTAINER(job, resubmit, job);
	nc_clock_sleep_us(3000);
	r->rc = nc_pool_submit(r->pool, &r->second.job);
}

static void an_ending_pool_takes_no_jobs(void)
{
	static resubmit r;
	r = (resubmit){ .job.run = submit_while_ending, .pool = pool_of(1) };
	REQUIRE(r.pool);
	r.second.job.run = count_in_order;
	CHECK_CODE(nc_pool_submit(r.pool, &r.job), NC_OK);
	nc_pool_free(r.pool);
	CHECK_CODE(r.rc, NC_E_UNAVAILABLE);
}

static void without_memory_a_job_is_refused_or_waits_for_a_thread_there_is(void)
{
	static held_job first;
	static counted_job second;
	nc_pool *p = NULL;
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		_cleanup_(nc_pool_freep) nc_pool *q = NULL;
		rc = nc_pool_new("torture", 1, &q, NULL);
		CHECK((rc == NC_OK) == (q != NULL));
	}
	CHECK_CODE(nc_pool_new("none", 0, &p, NULL), NC_E_INVAL);
	p = pool_of(2);
	REQUIRE(p);
	held_init(&first);
	nc_alloc_fail_at(1, NC_FAIL_STICKY);
	rc = nc_pool_submit(p, &first.job);
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK_CODE(rc, NC_E_UNAVAILABLE);
	CHECK_CODE(nc_pool_submit(p, &first.job), NC_OK);
	wait_started(&first);
	atomic_store(&ran, 0);
	second = (counted_job){ .job.run = count_in_order };
	nc_alloc_fail_at(1, NC_FAIL_STICKY);
	rc = nc_pool_submit(p, &second.job);
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK_CODE(rc, NC_OK);
	CHECK_UINT(nc_pool_queued(p), 1);
	sem_post(&first.go);
	nc_pool_free(p);
	CHECK_UINT(atomic_load(&ran), 1);
}

static void jobs_left_without_a_thread_are_run_at_the_end(void)
{
	static held_job hung;
	static counted_job left;
	nc_pool *p = pool_of(1);
	REQUIRE(p);
	held_init(&hung);
	CHECK_CODE(nc_pool_submit(p, &hung.job), NC_OK);
	wait_started(&hung);
	atomic_store(&ran, 0);
	left = (counted_job){ .job.run = count_in_order };
	CHECK_CODE(nc_pool_submit(p, &left.job), NC_OK);
	nc_alloc_fail_at(1, NC_FAIL_STICKY); /* no thread in the hung one's place */
	nc_pool_forfeit(p, &hung.job);
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK_UINT(nc_pool_queued(p), 1);
	nc_pool_free(p);
	CHECK_UINT(atomic_load(&ran), 1);
	sem_post(&hung.go);
	while (!atomic_load(&hung.ended))
		nc_clock_sleep_us(100);
	nc_clock_sleep_us(2000);
}

/* Runs first: later the C library keeps stacks for new threads, and no memory is asked for. */
static void without_any_thread_a_job_is_refused(void)
{
	static counted_job job = { .job.run = count_in_order };
	struct rlimit former;
	if (NC_SANITIZED) /* their shadow lies beyond any limit */
		return;
	nc_pool *p = pool_of(2);
	REQUIRE(p);
	getrlimit(RLIMIT_AS, &former);
	struct rlimit none = { 1 << 20, former.rlim_max };
	setrlimit(RLIMIT_AS, &none);
	nc_code rc = nc_pool_submit(p, &job.job);
	setrlimit(RLIMIT_AS, &former);
	CHECK_CODE(rc, NC_E_UNAVAILABLE);
	nc_pool_free(p);
	nc_pool_free(NULL);
}

typedef struct thread_facts {
	char name[16];
	sigset_t mask;
} thread_facts;

static void *note_facts(void *arg)
{
	thread_facts *f = arg;
	pthread_sigmask(SIG_SETMASK, NULL, &f->mask);
	/* the creator names it, perhaps after it has started */
	for (int i = 0; i < 1000; i++) {
		pthread_getname_np(pthread_self(), f->name, sizeof(f->name));
		if (strncmp(f->name, "a-rather", 8) == 0)
			break;
		nc_clock_sleep_us(1000);
	}
	return NULL;
}

static void threads_have_names_and_blocked_signals(void)
{
	thread_facts f;
	uint64_t tid;
	REQUIRE(nc_thread_start(&tid, "a-rather-long-name", note_facts, &f) == 0);
	nc_thread_join(tid);
	CHECK_STR(f.name, "a-rather-long-n");
	CHECK(sigismember(&f.mask, SIGTERM) == 1 && sigismember(&f.mask, SIGHUP) == 1);
	CHECK(sigismember(&f.mask, SIGSEGV) == 0 && sigismember(&f.mask, SIGBUS) == 0);
	sigset_t own;
	pthread_sigmask(SIG_SETMASK, NULL, &own);
	CHECK(sigismember(&own, SIGTERM) == 0);
}

NC_TESTS(pool){
	T(without_any_thread_a_job_is_refused),
	T(one_thread_runs_jobs_first_come_first_served),
	T(many_threads_run_every_job_once),
	T(a_pool_never_runs_more_than_its_maximum),
	T(a_forfeited_thread_is_replaced_and_ends_with_its_job),
	T(of_two_jobs_at_one_address_the_newer_is_forfeited),
	T(a_pool_ends_without_its_forfeited_threads),
	T(a_thread_may_be_forfeited_while_the_pool_ends),
	T(ending_waits_for_the_job_under_way),
	T(an_ending_pool_takes_no_jobs),
	T(without_memory_a_job_is_refused_or_waits_for_a_thread_there_is),
	T(jobs_left_without_a_thread_are_run_at_the_end),
	T(threads_have_names_and_blocked_signals),
};
