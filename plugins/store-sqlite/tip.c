/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log's end and the lease, in memory. The folder's lock keeps other processes out, so the
 * lease decides only among callers of this instance, and a fresh process owes nothing to the
 * lease of a dead one. Lives in the instance; any thread.
 */
#include "tip.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "error.h"

void ss_tip_init(ss_tip *t)
{
	memset(t, 0, sizeof(*t));
	pthread_mutex_init(&t->tip_lock, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&t->tip_moved, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

void ss_tip_done(ss_tip *t)
{
	pthread_cond_destroy(&t->tip_moved);
	pthread_mutex_destroy(&t->tip_lock);
}

void ss_tip_set_head(ss_tip *t, uint64_t head)
{
	pthread_mutex_lock(&t->tip_lock);
	t->head = head;
	pthread_cond_broadcast(&t->tip_moved);
	pthread_mutex_unlock(&t->tip_lock);
}

uint64_t ss_tip_head(ss_tip *t)
{
	pthread_mutex_lock(&t->tip_lock);
	uint64_t head = t->head;
	pthread_mutex_unlock(&t->tip_lock);
	return head;
}

static struct timespec deadline_in(uint32_t ms)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

uint64_t ss_tip_wakes(ss_tip *t)
{
	pthread_mutex_lock(&t->tip_lock);
	uint64_t wakes = t->wakes;
	pthread_mutex_unlock(&t->tip_lock);
	return wakes;
}

void ss_tip_wait(ss_tip *t, uint64_t after, uint64_t wakes, uint32_t wait_ms)
{
	struct timespec deadline = deadline_in(wait_ms);
	pthread_mutex_lock(&t->tip_lock);
	while (t->head <= after && t->wakes == wakes) {
		if (pthread_cond_timedwait(&t->tip_moved, &t->tip_lock, &deadline) == ETIMEDOUT)
			break;
	}
	pthread_mutex_unlock(&t->tip_lock);
}

void ss_tip_wake(ss_tip *t)
{
	pthread_mutex_lock(&t->tip_lock);
	t->wakes++;
	pthread_cond_broadcast(&t->tip_moved);
	pthread_mutex_unlock(&t->tip_lock);
}

nc_code ss_tip_fence(ss_tip *t, uint64_t epoch, nc_error *err)
{
	pthread_mutex_lock(&t->tip_lock);
	uint64_t ours = t->epoch;
	pthread_mutex_unlock(&t->tip_lock);
	if (epoch && epoch == ours)
		return NC_OK;
	if (!ours)
		return ss_fail(err, NC_E_CONFLICT, "Lead first.",
			"nobody leads the store since it was opened; epoch %llu is void",
			(unsigned long long)epoch);
	return ss_fail(err, NC_E_CONFLICT, "Stop writing: another leads.",
		"epoch %llu is not the leader's, which is %llu", (unsigned long long)epoch,
		(unsigned long long)ours);
}

nc_code ss_tip_renew(
	ss_tip *t, const char *node, uint32_t ttl_ms, uint64_t *ret_epoch, nc_error *err)
{
	nc_code code = NC_OK;
	uint64_t now = ss_now_ns();
	uint64_t epoch = 0;
	pthread_mutex_lock(&t->tip_lock);
	if (t->epoch && now < t->lease_until_ns) {
		if (!strcmp(t->node, node)) {
			t->lease_until_ns = now + (uint64_t)ttl_ms * 1000000u;
			epoch = t->epoch;
		} else {
			uint64_t left_ms = (t->lease_until_ns - now) / 1000000u + 1;
			code = ss_fail(err, NC_E_BUSY, "Wait until its lease runs out.",
				"node \"%.200s\" leads for another %llu ms", t->node,
				(unsigned long long)left_ms);
			if (err) {
				err->flags = NC_ERR_RETRYABLE;
				err->retry_after_ms = (uint32_t)SS_MIN(left_ms, UINT32_MAX);
			}
		}
	}
	pthread_mutex_unlock(&t->tip_lock);
	*ret_epoch = epoch;
	return code;
}

void ss_tip_lead(ss_tip *t, const char *node, uint32_t ttl_ms, uint64_t epoch, uint64_t head)
{
	pthread_mutex_lock(&t->tip_lock);
	t->epoch = epoch;
	t->head = head;
	t->lease_until_ns = ss_now_ns() + (uint64_t)ttl_ms * 1000000u;
	snprintf(t->node, sizeof(t->node), "%s", node);
	pthread_cond_broadcast(&t->tip_moved);
	pthread_mutex_unlock(&t->tip_lock);
}

void ss_tip_step_down(ss_tip *t)
{
	pthread_mutex_lock(&t->tip_lock);
	t->epoch = 0;
	t->lease_until_ns = 0;
	pthread_mutex_unlock(&t->tip_lock);
}
