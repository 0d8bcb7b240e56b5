/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_WAIT_H
#define NC_BASE_WAIT_H

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/clock.h"

/* Condition variables with a deadline on nc_clock_mono_us. */
static inline void nc_cond_init(pthread_cond_t *c)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

/* 0 when the deadline has passed, else look again whether what is waited for has happened. */
static inline int nc_cond_wait_until(pthread_cond_t *c, pthread_mutex_t *lock, int64_t until_us)
{
	struct timespec ts;
	int64_t left_us = until_us - nc_clock_mono_us();
	if (left_us <= 0)
		return 0;
	left_us = left_us > INT64_C(86400000000) ? INT64_C(86400000000) : left_us;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	int64_t ns = ts.tv_nsec + left_us % 1000000 * 1000;
	ts.tv_sec += (time_t)(left_us / 1000000 + ns / 1000000000);
	ts.tv_nsec = ns % 1000000000;
	(void)pthread_cond_timedwait(c, lock, &ts);
	return 1;
}

#endif
