/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/cleanup.h"

/*
 * Two clocks of the kernel behind one switch. While frozen, readings come from two atomics that
 * only nc_clock_advance_us moves; sleepers wait on a condition. The switch is for tests: nothing
 * in the product turns it. Any thread.
 */

static pthread_mutex_t turn_lock = PTHREAD_MUTEX_INITIALIZER; /* guards moves and turn_cond */
static pthread_cond_t turn_cond = PTHREAD_COND_INITIALIZER;
static atomic_int is_frozen; /* release after the two below are set, pairs with reads */
static _Atomic int64_t frozen_mono_ns;
static _Atomic int64_t frozen_wall_us;

static int64_t real_ns(clockid_t id)
{
	struct timespec ts;
	int rc = clock_gettime(id, &ts);
	nc_assert(rc == 0);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t mono_ns(void)
{
	if (atomic_load_explicit(&is_frozen, memory_order_acquire))
		return atomic_load_explicit(&frozen_mono_ns, memory_order_relaxed);
	return real_ns(CLOCK_MONOTONIC);
}

int64_t nc_clock_mono_us(void)
{
	return mono_ns() / 1000;
}

uint64_t nc_clock_mono_ns(void)
{
	return (uint64_t)mono_ns();
}

int64_t nc_clock_wall_ms(void)
{
	if (atomic_load_explicit(&is_frozen, memory_order_acquire))
		return atomic_load_explicit(&frozen_wall_us, memory_order_relaxed) / 1000;
	return real_ns(CLOCK_REALTIME) / 1000000;
}

static void sleep_real(int64_t us)
{
	int64_t until = real_ns(CLOCK_MONOTONIC) + us * 1000;
	struct timespec ts = { .tv_sec = until / 1000000000, .tv_nsec = until % 1000000000 };
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

void nc_clock_sleep_us(int64_t us)
{
	const int64_t year_us = (int64_t)365 * 86400 * 1000000;
	if (us <= 0)
		return;
	us = NC_MIN(us, year_us);
	if (!atomic_load_explicit(&is_frozen, memory_order_acquire)) {
		sleep_real(us);
		return;
	}
	pthread_mutex_lock(&turn_lock);
	int64_t until = frozen_mono_ns + us * 1000;
	while (is_frozen && frozen_mono_ns < until)
		pthread_cond_wait(&turn_cond, &turn_lock);
	pthread_mutex_unlock(&turn_lock);
}

void nc_clock_freeze(void)
{
	pthread_mutex_lock(&turn_lock);
	if (!is_frozen) {
		frozen_mono_ns = real_ns(CLOCK_MONOTONIC);
		frozen_wall_us = real_ns(CLOCK_REALTIME) / 1000;
		atomic_store_explicit(&is_frozen, 1, memory_order_release);
	}
	pthread_mutex_unlock(&turn_lock);
}

void nc_clock_advance_us(int64_t us)
{
	nc_assert(us >= 0);
	pthread_mutex_lock(&turn_lock);
	nc_assert(is_frozen);
	frozen_mono_ns += us * 1000;
	frozen_wall_us += us;
	pthread_cond_broadcast(&turn_cond);
	pthread_mutex_unlock(&turn_lock);
}

void nc_clock_release(void)
{
	pthread_mutex_lock(&turn_lock);
	is_frozen = 0;
	pthread_cond_broadcast(&turn_cond);
	pthread_mutex_unlock(&turn_lock);
}
