/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <poll.h>
#include <sched.h>
#include <string.h>

#include "base/clock.h"
#include "base/pool.h"
#include "base/queue.h"

/* The list, and the queue of many producers: order, wakes, nothing lost. */

typedef struct item {
	nc_qnode node;
	size_t producer, n;
} item;

static int is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	return poll(&p, 1, 0) == 1;
}

static void a_list_survives_deletion_while_walked(void)
{
	nc_list head, nodes[5];
	nc_list_init(&head);
	CHECK(nc_list_is_empty(&head));
	for (size_t i = 0; i < 5; i++)
		nc_list_add_tail(&head, &nodes[i]);
	size_t i = 0;
	NC_LIST_EACH (n, &head) {
		CHECK(n == &nodes[i]);
		if (i++ % 2 == 0)
			nc_list_del(n);
	}
	CHECK_UINT(i, 5);
	CHECK(head.next == &nodes[1] && head.prev == &nodes[3]);
	nc_list_del(&nodes[0]); /* twice is allowed */
	CHECK(head.next == &nodes[1]);
}

static void what_is_pushed_comes_out_in_order(void)
{
	nc_mpsc q;
	item items[4];
	REQUIRE(nc_mpsc_init(&q) == 0);
	CHECK(nc_mpsc_pop_all(&q) == NULL);
	CHECK(!is_readable(q.wake_fd));
	for (size_t i = 0; i < 4; i++)
		nc_mpsc_push(&q, &items[i].node);
	CHECK(is_readable(q.wake_fd));
	nc_qnode *n = nc_mpsc_pop_all(&q);
	for (size_t i = 0; i < 4; i++, n = n->next)
		REQUIRE(n == &items[i].node);
	CHECK(n == NULL);
	CHECK(!is_readable(q.wake_fd));
	nc_mpsc_push(&q, &items[2].node);
	CHECK(is_readable(q.wake_fd));
	CHECK(nc_mpsc_pop_all(&q) == &items[2].node);
	nc_mpsc_done(&q);
	CHECK_INT(q.wake_fd, -1);
}

static void waiting_ends_at_the_time_out(void)
{
	nc_mpsc q;
	item one;
	REQUIRE(nc_mpsc_init(&q) == 0);
	int64_t before = nc_clock_mono_us();
	nc_mpsc_wait(&q, 3000);
	CHECK(nc_clock_mono_us() - before >= 3000);
	nc_mpsc_wait(&q, 0);
	nc_mpsc_push(&q, &one.node);
	nc_mpsc_wait(&q, -1);
	CHECK(nc_mpsc_pop_all(&q) == &one.node);
	nc_mpsc_done(&q);
}

static void a_wake_left_over_is_not_an_item(void)
{
	nc_mpsc q;
	item one;
	REQUIRE(nc_mpsc_init(&q) == 0);
	nc_mpsc_push(&q, &one.node);
	/* As if the chain had been taken between a push and its wake. */
	CHECK(atomic_exchange(&q.head, NULL) == &one.node);
	CHECK(is_readable(q.wake_fd));
	int64_t before = nc_clock_mono_us();
	nc_mpsc_wait(&q, 3000);
	CHECK(nc_clock_mono_us() - before >= 3000);
	CHECK(!is_readable(q.wake_fd));
	nc_mpsc_done(&q);
}

static void without_an_eventfd_the_consumer_polls(void)
{
	nc_mpsc q = { .wake_fd = -1 };
	item one;
	int64_t before = nc_clock_mono_us();
	nc_mpsc_wait(&q, 3000);
	CHECK(nc_clock_mono_us() - before >= 3000);
	nc_mpsc_push(&q, &one.node);
	nc_mpsc_wait(&q, -1);
	CHECK(nc_mpsc_pop_all(&q) == &one.node);
	nc_mpsc_done(&q);
}

static void done_with_items(void *arg)
{
	static item one;
	nc_mpsc_push(arg, &one.node);
	nc_mpsc_done(arg);
}

static void ending_a_queue_that_holds_items_is_an_assertion(void)
{
	nc_mpsc q;
	REQUIRE(nc_mpsc_init(&q) == 0);
	CHECK(nc_test_aborts(done_with_items, &q));
	nc_mpsc_done(&q);
}

enum { PRODUCERS = 4, PER_PRODUCER = 20000 };
static nc_mpsc shared;
static item pushed[PRODUCERS][PER_PRODUCER];

static void *produce(void *arg)
{
	size_t who = *(size_t *)arg;
	for (size_t i = 0; i < PER_PRODUCER; i++) {
		pushed[who][i].producer = who;
		pushed[who][i].n = i;
		nc_mpsc_push(&shared, &pushed[who][i].node);
		/* Now and then hit the moment in which the consumer takes the chain. */
		for (int spin = 0; i % 8 == 0 && spin < 5000 && shared.head; spin++)
			sched_yield();
	}
	return NULL;
}

static void producers_lose_nothing_and_keep_their_order(void)
{
	uint64_t tids[PRODUCERS];
	size_t numbers[PRODUCERS], next[PRODUCERS] = { 0 }, total = 0;
	REQUIRE(nc_mpsc_init(&shared) == 0);
	CHECK(!is_readable(shared.wake_fd));
	for (size_t i = 0; i < PRODUCERS; i++) {
		numbers[i] = i;
		REQUIRE(nc_thread_start(&tids[i], "produce", produce, &numbers[i]) == 0);
	}
	while (total < (size_t)PRODUCERS * PER_PRODUCER) {
		/* As an epoll loop does, which looks at nothing but the descriptor. */
		struct pollfd p = { .fd = shared.wake_fd, .events = POLLIN };
		REQUIRE(poll(&p, 1, 5000) == 1);
		for (nc_qnode *n = nc_mpsc_pop_all(&shared); n; n = n->next, total++) {
			item *it = NC_CONTAINER(n, item, node);
			REQUIRE(it->n == next[it->producer]++);
		}
	}
	for (size_t i = 0; i < PRODUCERS; i++)
		nc_thread_join(tids[i]);
	CHECK(nc_mpsc_pop_all(&shared) == NULL);
	nc_mpsc_done(&shared);
}

NC_TESTS(queue){
	T(a_list_survives_deletion_while_walked),
	T(what_is_pushed_comes_out_in_order),
	T(waiting_ends_at_the_time_out),
	T(a_wake_left_over_is_not_an_item),
	T(without_an_eventfd_the_consumer_polls),
	T(ending_a_queue_that_holds_items_is_an_assertion),
	T(producers_lose_nothing_and_keep_their_order),
};
