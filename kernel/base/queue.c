/* SPDX-License-Identifier: Apache-2.0 */
#include "base/queue.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

/*
 * A stack that producers push on and the consumer takes whole and turns round: nobody pops a
 * single node, so there is no ABA. The eventfd is written only by the push that found the queue
 * empty; pop_all empties it *before* it takes the chain, so a wake can be spurious, never lost.
 */

int nc_mpsc_init(nc_mpsc *q)
{
	atomic_init(&q->head, NULL);
	q->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return q->wake_fd < 0 ? errno : 0;
}

void nc_mpsc_done(nc_mpsc *q)
{
	nc_assert(atomic_load_explicit(&q->head, memory_order_acquire) == NULL);
	nc_closep(&q->wake_fd);
	q->wake_fd = -1;
}

static void wake(int fd)
{
	uint64_t one = 1;
	/* Nothing but EINTR can go wrong: the counter is far from full. */
	while (fd >= 0 && write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void drain(int fd)
{
	uint64_t count;
	while (fd >= 0 && read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

void nc_mpsc_push(nc_mpsc *q, nc_qnode *n)
{
	nc_qnode *head = atomic_load_explicit(&q->head, memory_order_relaxed);
	do
		n->next = head;
	while (!atomic_compare_exchange_weak_explicit(
		&q->head, &head, n, memory_order_release, memory_order_relaxed));
	/* release pairs with the acquire in pop_all; n may be gone from here on */
	if (!head)
		wake(q->wake_fd);
}

nc_qnode *nc_mpsc_pop_all(nc_mpsc *q)
{
	drain(q->wake_fd);
	nc_qnode *newest = atomic_exchange_explicit(&q->head, NULL, memory_order_acquire);
	nc_qnode *oldest = NULL;
	while (newest) {
		nc_qnode *older = newest->next;
		newest->next = oldest;
		oldest = newest;
		newest = older;
	}
	return oldest;
}

static int is_empty(nc_mpsc *q)
{
	return atomic_load_explicit(&q->head, memory_order_acquire) == NULL;
}

/* Milliseconds for poll, rounded up so that a short wait doesn't spin. */
static int poll_ms(int64_t us)
{
	const int64_t day_us = (int64_t)86400 * 1000000;
	return us < 0 ? -1 : (int)((NC_MIN(us, day_us) + 999) / 1000);
}

void nc_mpsc_wait(nc_mpsc *q, int64_t timeout_us)
{
	int64_t until = timeout_us < 0 ? 0 : nc_clock_mono_us() + timeout_us;
	int64_t left = timeout_us;
	while (is_empty(q)) {
		if (timeout_us >= 0 && left <= 0)
			return;
		struct pollfd p = { .fd = q->wake_fd, .events = POLLIN };
		/* without an eventfd: look every millisecond */
		int n = poll(&p, 1, q->wake_fd < 0 ? 1 : poll_ms(left));
		if (n > 0 && is_empty(q))
			drain(q->wake_fd); /* left over from a chain already taken */
		if (timeout_us >= 0)
			left = n == 0 && q->wake_fd >= 0 ? 0 : until - nc_clock_mono_us();
	}
}
