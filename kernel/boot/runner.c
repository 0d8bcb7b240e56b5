/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The four phases. Each component of a phase that needs nothing unmet gets a thread; as each ends,
 * those that waited for it begin. Who fails is undone at once, by its own thread: what of it came
 * to be may not stay under those that are undone after it, or under its next try. A component that
 * exceeds the phase's ceiling fails the phase; its thread can't be ended from outside and the
 * process is about to be. `run_lock` guards the states; starts and stops run without it.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/pool.h"
#include "boot/component.h"
#include "obs/health.h"
#include "obs/timing.h"

#define ASK_EVERY_US 100000
#define GIVE_UP_US   5000000 /* what is starting when nobody wants it any more gets this long */

const char *const nc_phase_words[] = { "pre_init", "core_init", "service_init", "post_init" };

typedef enum { WAITING, STARTING, STARTED, FAILED, LEFT_OUT } state;

typedef struct part {
	nc_runner *r;
	const nc_component *c;
	state state;
	unsigned order; /* of having started: stops go the other way */
	uint64_t thread;
	int has_thread;
	nc_error err;
} part;

struct nc_runner {
	part *parts;
	unsigned n, n_started;
	void *ctx;
	nc_boot_limits limits;
	nc_boot_unwanted *is_unwanted; /* NULL = never */
	pthread_mutex_t run_lock;
	pthread_cond_t changed;
	atomic_int is_held;
};

static part *find(nc_runner *r, const char *name)
{
	for (unsigned i = 0; i < r->n; i++)
		if (!strcmp(r->parts[i].c->name, name))
			return &r->parts[i];
	return NULL;
}

static void check_table(nc_runner *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		const nc_component *c = r->parts[i].c;
		nc_assert(find(r, c->name) == &r->parts[i]);
		for (unsigned k = 0; k < NC_NEEDS_MAX && c->needs[k]; k++) {
			const part *need = find(r, c->needs[k]);
			/* earlier in the table: no circle can be */
			nc_assert(need && need < &r->parts[i] && need->c->phase <= c->phase);
			/* or a required one would be left out with what it needs */
			nc_assert(c->flags & NC_COMPONENT_OPTIONAL ||
				  !(need->c->flags & NC_COMPONENT_OPTIONAL));
		}
	}
}

nc_code nc_runner_new(const nc_component *table, unsigned n, void *ctx,
	const nc_boot_limits *limits, nc_runner **ret, nc_error *err)
{
	nc_runner *r = nc_calloc(1, sizeof(*r) + n * sizeof(part));
	pthread_condattr_t attr;

	if (!r)
		return nc_err_nomem(err);
	r->parts = (part *)(void *)(r + 1);
	r->n = n;
	r->ctx = ctx;
	r->limits = *limits;
	for (unsigned i = 0; i < n; i++)
		r->parts[i] = (part){ .r = r, .c = &table[i], .err = NC_ERROR_INIT };
	pthread_mutex_init(&r->run_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->changed, &attr);
	pthread_condattr_destroy(&attr);
	check_table(r);
	*ret = r;
	return NC_OK;
}

static void join_all(nc_runner *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		if (r->parts[i].has_thread)
			nc_thread_join(r->parts[i].thread);
		r->parts[i].has_thread = 0;
	}
}

void nc_runner_free(nc_runner *r)
{
	if (!r)
		return;
	join_all(r);
	pthread_mutex_destroy(&r->run_lock);
	pthread_cond_destroy(&r->changed);
	nc_free(r);
}

/* ---- one component, on its thread ---- */

static int is_given_up(const nc_runner *r)
{
	return r->is_unwanted && r->is_unwanted();
}

/* Not longer than somebody still wants the daemon. */
static void wait_for_retry(const nc_runner *r, int64_t us)
{
	int64_t until = nc_clock_mono_us() + us;

	for (int64_t left = us; left > 0 && !is_given_up(r); left = until - nc_clock_mono_us())
		nc_clock_sleep_us(NC_MIN(left, ASK_EVERY_US));
}

static nc_code try_start(part *p)
{
	unsigned tries = p->c->flags & NC_COMPONENT_RETRY ? p->r->limits.retries + 1 : 1;
	int64_t delay = p->r->limits.retry_delay_us;
	nc_code rc = NC_E_INTERNAL;

	for (unsigned i = 0; i < tries; i++) {
		nc_err_clear(&p->err);
		rc = p->c->start(p->r->ctx, &p->err);
		if (rc == NC_OK)
			return rc;
		nc_timing_error(p->c->name, nc_phase_words[p->c->phase]);
		if (p->c->stop)
			p->c->stop(p->r->ctx); /* the half that came to be */
		if (!(p->err.flags & NC_ERR_RETRYABLE) || i + 1 == tries || is_given_up(p->r) ||
			p->r->is_held)
			break;
		nc_log(L_WARN, "boot.component.retry", F_STR("component", p->c->name),
			F_ERR(&p->err));
		wait_for_retry(p->r, delay);
		delay *= 2;
	}
	return rc;
}

static void settle(part *p, nc_code rc, int64_t us)
{
	int is_optional = (p->c->flags & NC_COMPONENT_OPTIONAL) != 0;

	nc_timing_component(p->c->name, us);
	if (rc == NC_OK) {
		nc_obs_started(p->c->name);
		nc_log(L_DEBUG, "boot.component.started", F_STR("component", p->c->name),
			F_I64("us", us));
	} else {
		nc_obs_set(p->c->name, is_optional ? NC_OBS_DEGRADED : NC_OBS_UNHEALTHY,
			p->err.message);
		nc_log(is_optional ? L_WARN : L_ERROR, "boot.component.failed",
			F_STR("component", p->c->name), F_ERR(&p->err),
			F_STR("consequence", is_optional ? "going on without it" : "not starting"));
	}
	pthread_mutex_lock(&p->r->run_lock);
	p->state = rc == NC_OK ? STARTED : is_optional ? LEFT_OUT : FAILED;
	if (rc == NC_OK)
		p->order = ++p->r->n_started;
	pthread_cond_broadcast(&p->r->changed);
	pthread_mutex_unlock(&p->r->run_lock);
}

static void *part_main(void *arg)
{
	part *p = arg;
	int64_t t0 = nc_clock_mono_us();
	nc_code rc = try_start(p);

	settle(p, rc, nc_clock_mono_us() - t0);
	return NULL;
}

/* ---- a phase; run_lock held ---- */

static int needs_are_met(nc_runner *r, const nc_component *c, int *is_hopeless)
{
	for (unsigned k = 0; k < NC_NEEDS_MAX && c->needs[k]; k++) {
		state s = find(r, c->needs[k])->state;
		if (s == LEFT_OUT || s == FAILED)
			*is_hopeless = 1;
		if (s != STARTED)
			return 0;
	}
	return 1;
}

static unsigned count(const nc_runner *r, nc_phase phase, state s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n; i++)
		n += r->parts[i].c->phase == phase && r->parts[i].state == s;
	return n;
}

static void leave_out(part *p)
{
	nc_obs_set(p->c->name, NC_OBS_DEGRADED, "what it needs has not started");
	nc_log(L_WARN, "boot.component.left_out", F_STR("component", p->c->name),
		F_STR("consequence", "going on without it"));
	p->state = LEFT_OUT;
}

/* Begin what can begin until one has failed, each on a thread of its own; here and now where no
 * thread can be had, and then nobody looks at the ceiling until it is over. */
static void begin_ready(nc_runner *r, nc_phase phase)
{
	for (unsigned i = 0; i < r->n && !count(r, phase, FAILED); i++) {
		part *p = &r->parts[i];
		int is_hopeless = 0;
		if (p->c->phase != phase || p->state != WAITING)
			continue;
		if (!needs_are_met(r, p->c, &is_hopeless)) {
			if (is_hopeless)
				leave_out(p);
			continue;
		}
		p->state = STARTING;
		nc_obs_set(p->c->name, NC_OBS_STARTING, NULL);
		if (nc_thread_start(&p->thread, "nc-boot", part_main, p) == 0) {
			p->has_thread = 1;
			continue;
		}
		pthread_mutex_unlock(&r->run_lock);
		part_main(p);
		pthread_mutex_lock(&r->run_lock);
	}
}

static nc_code overdue(nc_runner *r, nc_phase phase, nc_error *err)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->parts[i].c->phase == phase && r->parts[i].state == STARTING) {
			nc_err(err, NC_E_TIMEOUT, "phase %s: %s has not started in time",
				nc_phase_words[phase], r->parts[i].c->name);
			return nc_err_hint(err, NC_E_TIMEOUT,
				"look at its log lines; boot.%s_timeout is the ceiling",
				nc_phase_words[phase]);
		}
	return nc_err(err, NC_E_INTERNAL, "phase %s is stuck", nc_phase_words[phase]);
}

static nc_code first_failure(nc_runner *r, nc_phase phase, nc_error *err)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->parts[i].c->phase == phase && r->parts[i].state == FAILED) {
			nc_err_copy(err, &r->parts[i].err);
			return nc_err_wrap(err, r->parts[i].err.code, "could not start %s",
				r->parts[i].c->name);
		}
	return NC_OK;
}

/* Until something has changed, or it is time to ask again whether anybody wants us. */
static void wait_a_little(nc_runner *r)
{
	int64_t us = nc_clock_mono_us() + ASK_EVERY_US;
	struct timespec until = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

	pthread_cond_timedwait(&r->changed, &r->run_lock, &until);
}

/* To the end of the phase, of what was begun before one failed, or of what was begun before nobody
 * wanted it any more. run_lock held. */
static nc_code run_parts(nc_runner *r, nc_phase phase, nc_error *err)
{
	int64_t until = nc_clock_mono_us() + r->limits.phase_us[phase];
	int is_giving_up = 0;

	for (;;) {
		if (!is_giving_up && is_given_up(r)) {
			is_giving_up = 1;
			until = NC_MIN(until, nc_clock_mono_us() + GIVE_UP_US);
		}
		if (!is_giving_up)
			begin_ready(r, phase);
		if (!count(r, phase, STARTING) &&
			(is_giving_up || count(r, phase, FAILED) || !count(r, phase, WAITING)))
			break;
		if (nc_clock_mono_us() >= until)
			return overdue(r, phase, err);
		wait_a_little(r);
	}
	if (is_giving_up)
		return nc_err(err, NC_E_CANCELLED, "told to stop while starting");
	return first_failure(r, phase, err);
}

static nc_code run_phase(nc_runner *r, nc_phase phase, nc_error *err)
{
	int64_t t0 = nc_clock_mono_us();

	pthread_mutex_lock(&r->run_lock);
	nc_code rc = run_parts(r, phase, err);
	pthread_mutex_unlock(&r->run_lock);
	if (rc != NC_E_TIMEOUT) /* then one of them is still at work, and the process ends */
		join_all(r);
	nc_timing_phase(nc_phase_words[phase], nc_clock_mono_us() - t0);
	return rc;
}

nc_code nc_runner_start(nc_runner *r, nc_phase last, nc_boot_unwanted *is_unwanted, nc_error *err)
{
	r->is_unwanted = is_unwanted;
	for (nc_phase p = NC_PHASE_PRE_INIT; p <= last; p++) {
		nc_code rc = run_phase(r, p, err);
		if (rc == NC_OK)
			continue;
		/* After a time-out a start is still at work: undoing under it would be worse. */
		if (rc != NC_E_TIMEOUT)
			nc_runner_stop(r);
		return rc;
	}
	return NC_OK;
}

static void stop_part(nc_runner *r, part *p)
{
	int64_t t0 = nc_clock_mono_us();

	if (p->c->stop)
		p->c->stop(r->ctx);
	p->state = WAITING;
	nc_log(L_DEBUG, "boot.component.stopped", F_STR("component", p->c->name),
		F_I64("us", nc_clock_mono_us() - t0));
}

void nc_runner_stop(nc_runner *r)
{
	for (unsigned order = r->n_started; order > 0; order--)
		for (unsigned i = 0; i < r->n && !r->is_held; i++)
			if (r->parts[i].state == STARTED && r->parts[i].order == order)
				stop_part(r, &r->parts[i]);
	r->n_started = 0;
}

void nc_runner_hold(nc_runner *r)
{
	atomic_store(&r->is_held, 1);
}

int nc_runner_is_held(const nc_runner *r)
{
	return r->is_held;
}
