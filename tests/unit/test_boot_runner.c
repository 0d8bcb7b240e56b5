/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "boot/component.h"
#include "obs/health.h"

/*
 * The runner over tables of components that only write down what was asked of them: "+a" is a's
 * start, "!a" one that failed, "-a" its stop.
 */
typedef struct world {
	pthread_mutex_t lock;
	char told[256];
	int failures[26]; /* how often each has yet to fail */
	int is_lasting;   /* and that trying again helps nothing */
	char holder;      /* whose stop finds that something hangs */
	sem_t met[2];     /* of two that wait for each other */
	sem_t go;         /* of one that starts when the test says so */
	nc_runner *r;
} world;

static world *w;

static atomic_int no_threads;

int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg)
{
	return atomic_load(&no_threads) ? EAGAIN : __real_pthread_create(t, a, fn, arg);
}

static void tell(char sign, char who)
{
	pthread_mutex_lock(&w->lock);
	size_t n = strlen(w->told);
	snprintf(w->told + n, sizeof(w->told) - n, "%s%c%c", n ? " " : "", sign, who);
	pthread_mutex_unlock(&w->lock);
}

static nc_code begin(char who, nc_error *err)
{
	if (w->failures[who - 'a'] > 0) {
		w->failures[who - 'a']--;
		tell('!', who);
		nc_err(err, NC_E_UNAVAILABLE, "%c does not want to", who);
		if (!w->is_lasting)
			err->flags |= NC_ERR_RETRYABLE;
		return NC_E_UNAVAILABLE;
	}
	tell('+', who);
	return NC_OK;
}

#define PART(x)                                                                                    \
	static nc_code start_##x(void *ctx, nc_error *err)                                         \
	{                                                                                          \
		(void)ctx;                                                                         \
		return begin(#x[0], err);                                                          \
	}                                                                                          \
	static void stop_##x(void *ctx)                                                            \
	{                                                                                          \
		(void)ctx;                                                                         \
		tell('-', #x[0]);                                                                  \
		if (w->holder == #x[0])                                                            \
			nc_runner_hold(w->r);                                                      \
	}                                                                                          \
	struct part_needs_semicolon
PART(a);
PART(b);
PART(c);
PART(d);

static int set_up(const nc_component *table, unsigned n)
{
	/* Ceilings that no test comes near, but the one of the ceiling. */
	nc_boot_limits limits = { .retries = 2, .retry_delay_us = 1 };
	nc_error err = NC_ERROR_INIT;

	for (unsigned p = 0; p < NC_PHASE_COUNT; p++)
		limits.phase_us[p] = 100 * 1000000LL;
	limits.phase_us[NC_PHASE_PRE_INIT] = 50000;
	w = nc_calloc(1, sizeof(*w));
	if (!CHECK(w != NULL))
		return 0;
	pthread_mutex_init(&w->lock, NULL);
	sem_init(&w->met[0], 0, 0);
	sem_init(&w->met[1], 0, 0);
	sem_init(&w->go, 0, 0);
	return CHECK_OK(nc_runner_new(table, n, w, &limits, &w->r, &err), &err);
}

static void tear_down(void)
{
	nc_runner_free(w->r);
	sem_destroy(&w->met[0]);
	sem_destroy(&w->met[1]);
	sem_destroy(&w->go);
	pthread_mutex_destroy(&w->lock);
	nc_free(w);
}

static nc_code run(nc_error *err)
{
	return nc_runner_start(w->r, NC_PHASE_POST_INIT, NULL, err);
}

static const nc_component chain[] = {
	{ "a", NC_PHASE_CORE_INIT, 0, { NULL }, start_a, stop_a },
	{ "b", NC_PHASE_CORE_INIT, NC_COMPONENT_RETRY, { "a" }, start_b, stop_b },
	{ "c", NC_PHASE_SERVICE_INIT, 0, { "b" }, start_c, stop_c },
	{ "d", NC_PHASE_SERVICE_INIT, 0, { "c" }, start_d, stop_d },
};

static void each_starts_after_what_it_needs_and_stops_before_it(void)
{
	nc_error err = NC_ERROR_INIT;

	REQUIRE(set_up(chain, NC_LEN(chain)));
	CHECK_OK(run(&err), &err);
	CHECK_STR(w->told, "+a +b +c +d");
	nc_runner_stop(w->r);
	CHECK_STR(w->told, "+a +b +c +d -d -c -b -a");
	nc_runner_stop(w->r); /* nothing is left to stop */
	CHECK_STR(w->told, "+a +b +c +d -d -c -b -a");
	tear_down();
}

static void who_fails_is_undone_before_what_it_needed(void)
{
	nc_error err = NC_ERROR_INIT;

	REQUIRE(set_up(chain, NC_LEN(chain)));
	w->failures['c' - 'a'] = 1;
	CHECK_CODE(run(&err), NC_E_UNAVAILABLE);
	CHECK_HAS(err.message, "could not start c");
	CHECK_HAS(err.message, "c does not want to");
	CHECK_STR(w->told, "+a +b !c -c -b -a");
	tear_down();
}

static void a_try_is_undone_before_the_next(void)
{
	nc_error err = NC_ERROR_INIT;

	REQUIRE(set_up(chain, NC_LEN(chain)));
	w->failures['b' - 'a'] = 2;
	CHECK_OK(run(&err), &err);
	CHECK_STR(w->told, "+a !b -b !b -b +b +c +d");
	nc_runner_stop(w->r);
	tear_down();
}

static void tries_have_an_end(void)
{
	nc_error err = NC_ERROR_INIT;

	REQUIRE(set_up(chain, NC_LEN(chain)));
	w->failures['b' - 'a'] = 4;
	CHECK_CODE(run(&err), NC_E_UNAVAILABLE);
	CHECK_STR(w->told, "+a !b -b !b -b !b -b -a");
	tear_down();
}

static void what_would_fail_again_is_not_tried_again(void)
{
	nc_error err = NC_ERROR_INIT;

	REQUIRE(set_up(chain, NC_LEN(chain)));
	w->is_lasting = 1;
	w->failures['b' - 'a'] = 1;
	CHECK_CODE(run(&err), NC_E_UNAVAILABLE);
	CHECK_STR(w->told, "+a !b -b -a");
	tear_down();
}

/* ---- where something hangs ---- */

static void what_a_hanging_thread_still_has_is_left_as_it_is(void)
{
	nc_error err = NC_ERROR_INIT;

	REQUIRE(set_up(chain, NC_LEN(chain)));
	CHECK_OK(run(&err), &err);
	w->holder = 'c';
	CHECK(!nc_runner_is_held(w->r));
	nc_runner_stop(w->r);
	CHECK(nc_runner_is_held(w->r));
	CHECK_STR(w->told, "+a +b +c +d -d -c");
	tear_down();
}

static void a_start_that_is_undone_is_held_alike(void)
{
	nc_error err = NC_ERROR_INIT;

	REQUIRE(set_up(chain, NC_LEN(chain)));
	w->holder = 'c';
	w->failures['d' - 'a'] = 1;
	CHECK_CODE(run(&err), NC_E_UNAVAILABLE);
	CHECK(nc_runner_is_held(w->r));
	CHECK_STR(w->told, "+a +b +c !d -d -c");
	tear_down();
}

static void what_is_held_by_its_own_undoing_is_not_tried_again(void)
{
	nc_error err = NC_ERROR_INIT;

	REQUIRE(set_up(chain, NC_LEN(chain)));
	w->holder = 'b';
	w->failures['b' - 'a'] = 1;
	CHECK_CODE(run(&err), NC_E_UNAVAILABLE);
	CHECK(nc_runner_is_held(w->r));
	CHECK_STR(w->told, "+a !b -b");
	tear_down();
}

/* ---- side by side ---- */

/* Comes back only when the other one has started too. */
static nc_code meet(char who, nc_error *err)
{
	unsigned i = who == 'b';

	sem_post(&w->met[i]);
	while (sem_wait(&w->met[!i]) < 0)
		;
	return begin(who, err);
}

static nc_code meet_a(void *ctx, nc_error *err)
{
	(void)ctx;
	return meet('a', err);
}

static nc_code meet_b(void *ctx, nc_error *err)
{
	(void)ctx;
	return meet('b', err);
}

static const nc_component pair[] = {
	{ "a", NC_PHASE_CORE_INIT, 0, { NULL }, meet_a, stop_a },
	{ "b", NC_PHASE_CORE_INIT, 0, { NULL }, meet_b, stop_b },
	{ "c", NC_PHASE_SERVICE_INIT, 0, { NULL }, start_c, stop_c },
};

static void what_needs_nothing_of_each_other_starts_side_by_side(void)
{
	nc_error err = NC_ERROR_INIT;

	REQUIRE(set_up(pair, NC_LEN(pair)));
	CHECK_OK(run(&err), &err);
	if (w->told[1] == 'a')
		CHECK_STR(w->told, "+a +b +c"); /* and a phase ends before the next */
	else
		CHECK_STR(w->told, "+b +a +c");
	nc_runner_stop(w->r);
	CHECK_HAS(w->told, "+c -c");
	tear_down();
}

static const nc_component half[] = {
	{ "a", NC_PHASE_CORE_INIT, 0, { NULL }, start_a, stop_a },
	{ "b", NC_PHASE_CORE_INIT, 0, { NULL }, start_b, stop_b },
	{ "c", NC_PHASE_CORE_INIT, 0, { "a" }, start_c, stop_c },
	{ "d", NC_PHASE_CORE_INIT, 0, { NULL }, start_d, stop_d },
};

/* Without a thread to be had they start one after another, so it is known what comes first. */
static void nothing_begins_once_one_has_failed(void)
{
	nc_error err = NC_ERROR_INIT;

	REQUIRE(set_up(half, NC_LEN(half)));
	w->failures['b' - 'a'] = 1;
	atomic_store(&no_threads, 1);
	CHECK_CODE(run(&err), NC_E_UNAVAILABLE);
	atomic_store(&no_threads, 0);
	CHECK_STR(w->told, "+a !b -b -a");
	tear_down();
}

static void without_threads_they_start_one_after_another(void)
{
	nc_error err = NC_ERROR_INIT;

	REQUIRE(set_up(half, NC_LEN(half)));
	atomic_store(&no_threads, 1);
	CHECK_OK(run(&err), &err);
	atomic_store(&no_threads, 0);
	CHECK_STR(w->told, "+a +b +c +d");
	nc_runner_stop(w->r);
	tear_down();
}

static const nc_component leave_out[] = {
	{ "a", NC_PHASE_CORE_INIT, NC_COMPONENT_OPTIONAL, { NULL }, start_a, stop_a },
	{ "b", NC_PHASE_CORE_INIT, 0, { NULL }, start_b, stop_b },
	{ "c", NC_PHASE_SERVICE_INIT, NC_COMPONENT_OPTIONAL, { "a", "b" }, start_c, stop_c },
	{ "d", NC_PHASE_SERVICE_INIT, 0, { "b" }, start_d, stop_d },
};

static void what_is_optional_may_fail_and_takes_along_what_needs_it(void)
{
	_cleanup_(nc_buf_done) nc_buf health;
	nc_error err = NC_ERROR_INIT;

	nc_buf_init(&health, 64u << 10);
	REQUIRE(set_up(leave_out, NC_LEN(leave_out)));
	w->failures[0] = 1;
	CHECK_OK(run(&err), &err);
	CHECK(!strstr(w->told, "+c"));
	CHECK_HAS(w->told, "-a");
	CHECK_HAS(w->told, "+d");
	nc_obs_render(&health);
	CHECK_HAS(health.ptr, "what it needs has not started");
	nc_runner_stop(w->r);
	CHECK_HAS(w->told, "-d -b");
	tear_down();
}

/* ---- a ceiling, and being told to stop ---- */

static nc_code start_when_told(void *ctx, nc_error *err)
{
	(void)ctx;
	while (sem_wait(&w->go) < 0)
		;
	return begin('b', err);
}

static const nc_component slow[] = {
	{ "a", NC_PHASE_PRE_INIT, 0, { NULL }, start_a, stop_a },
	{ "b", NC_PHASE_PRE_INIT, 0, { "a" }, start_when_told, stop_b },
	{ "c", NC_PHASE_CORE_INIT, 0, { "b" }, start_c, stop_c },
};

static void over_its_ceiling_a_phase_ends_and_nothing_is_undone(void)
{
	nc_error err = NC_ERROR_INIT;

	REQUIRE(set_up(slow, NC_LEN(slow)));
	CHECK_CODE(run(&err), NC_E_TIMEOUT);
	CHECK_HAS(err.message, "phase pre_init: b has not started in time");
	CHECK_HAS(err.hint, "boot.pre_init_timeout");
	CHECK_STR(w->told, "+a");
	sem_post(&w->go);
	tear_down();
}

static int always(void)
{
	return 1;
}

static int once_b_has_failed(void)
{
	pthread_mutex_lock(&w->lock);
	int it_is = strstr(w->told, "!b") != NULL;
	pthread_mutex_unlock(&w->lock);
	return it_is;
}

static void told_to_stop_it_undoes_what_it_has_and_begins_nothing(void)
{
	nc_error err = NC_ERROR_INIT;

	REQUIRE(set_up(chain, NC_LEN(chain)));
	CHECK_CODE(nc_runner_start(w->r, NC_PHASE_CORE_INIT, NULL, &err), NC_OK);
	CHECK_CODE(nc_runner_start(w->r, NC_PHASE_POST_INIT, always, &err), NC_E_CANCELLED);
	CHECK_STR(w->told, "+a +b -b -a");
	tear_down();
}

static void told_to_stop_it_does_not_try_again(void)
{
	nc_error err = NC_ERROR_INIT;

	REQUIRE(set_up(chain, NC_LEN(chain)));
	w->failures['b' - 'a'] = 1;
	CHECK_CODE(
		nc_runner_start(w->r, NC_PHASE_POST_INIT, once_b_has_failed, &err), NC_E_CANCELLED);
	CHECK_STR(w->told, "+a !b -b -a");
	tear_down();
}

NC_TESTS(boot_runner){ T(each_starts_after_what_it_needs_and_stops_before_it),
	T(who_fails_is_undone_before_what_it_needed), T(a_try_is_undone_before_the_next),
	T(tries_have_an_end), T(what_would_fail_again_is_not_tried_again),
	T(what_a_hanging_thread_still_has_is_left_as_it_is),
	T(a_start_that_is_undone_is_held_alike),
	T(what_is_held_by_its_own_undoing_is_not_tried_again),
	T(what_needs_nothing_of_each_other_starts_side_by_side),
	T(nothing_begins_once_one_has_failed), T(without_threads_they_start_one_after_another),
	T(what_is_optional_may_fail_and_takes_along_what_needs_it),
	T(over_its_ceiling_a_phase_ends_and_nothing_is_undone),
	T(told_to_stop_it_undoes_what_it_has_and_begins_nothing),
	T(told_to_stop_it_does_not_try_again) };
