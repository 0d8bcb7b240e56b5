/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/pool.h"
#include "base/qsbr.h"

/* Reclamation: not before every reader has been quiescent, and then. */

static int freed;

static void count_free(void *p)
{
	(void)p;
	freed++;
}

static void without_readers_memory_goes_at_the_next_poll(void)
{
	freed = 0;
	nc_qsbr_retire(&freed, count_free);
	nc_qsbr_retire(&freed, count_free);
	CHECK_INT(freed, 0);
	nc_qsbr_poll();
	CHECK_INT(freed, 2);
	nc_qsbr_poll();
	CHECK_INT(freed, 2);
}

static void a_reader_holds_what_was_retired_since_it_was_quiescent(void)
{
	nc_qsbr_reader *r = nc_qsbr_register();
	REQUIRE(r);
	freed = 0;
	nc_qsbr_retire(&freed, count_free);
	nc_qsbr_poll();
	CHECK_INT(freed, 0);
	nc_qsbr_quiesce(r);
	nc_qsbr_retire(&freed, count_free);
	nc_qsbr_poll();
	CHECK_INT(freed, 1);
	nc_qsbr_offline(r);
	nc_qsbr_poll();
	CHECK_INT(freed, 2);
	nc_qsbr_retire(&freed, count_free);
	nc_qsbr_online(r);
	nc_qsbr_poll();
	CHECK_INT(freed, 3); /* it came online after the retiring */
	nc_qsbr_retire(&freed, count_free);
	nc_qsbr_poll();
	CHECK_INT(freed, 3);
	nc_qsbr_unregister(r);
	nc_qsbr_poll();
	CHECK_INT(freed, 4);
}

static void a_writer_that_reads_does_not_wait_for_itself(void)
{
	nc_qsbr_reader *r = nc_qsbr_register();
	REQUIRE(r);
	freed = 0;
	nc_qsbr_retire(&freed, count_free);
	nc_qsbr_synchronize();
	CHECK_INT(freed, 1);
	nc_qsbr_offline(r);
	nc_qsbr_synchronize();
	nc_qsbr_retire(&freed, count_free);
	nc_qsbr_poll();
	CHECK_INT(freed, 2); /* still offline: synchronize must not have woken it */
	nc_qsbr_unregister(r);
}

static void retire_again(void *p)
{
	freed++;
	if (freed < 3)
		nc_qsbr_retire(p, retire_again);
}

static void freeing_may_retire_more(void)
{
	freed = 0;
	nc_qsbr_retire(&freed, retire_again);
	for (int i = 0; i < 5; i++)
		nc_qsbr_poll();
	CHECK_INT(freed, 3);
}

static void without_memory_it_waits_and_frees_at_once(void)
{
	freed = 0;
	nc_alloc_fail_at(1, NC_FAIL_ONCE);
	nc_qsbr_retire(&freed, count_free);
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK_INT(freed, 1);
	nc_alloc_fail_at(1, NC_FAIL_ONCE);
	nc_qsbr_reader *r = nc_qsbr_register();
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK(r == NULL);
	nc_qsbr_unregister(r);
}

static atomic_int is_reading, is_quiescent;
static int was_quiescent;

static void note_quiescence(void *p)
{
	(void)p;
	was_quiescent = atomic_load(&is_quiescent);
}

static void *read_for_a_while(void *arg)
{
	(void)arg;
	nc_qsbr_reader *r = nc_qsbr_register();
	nc_assert(r);
	atomic_store(&is_reading, 1);
	nc_clock_sleep_us(5000);
	atomic_store(&is_quiescent, 1);
	nc_qsbr_unregister(r);
	return NULL;
}

static void without_memory_it_still_waits_for_the_readers(void)
{
	uint64_t tid;
	REQUIRE(nc_thread_start(&tid, "read", read_for_a_while, NULL) == 0);
	while (!atomic_load(&is_reading))
		nc_clock_sleep_us(100);
	nc_alloc_fail_at(1, NC_FAIL_ONCE);
	nc_qsbr_retire(&was_quiescent, note_quiescence);
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	CHECK(was_quiescent);
	nc_thread_join(tid);
}

static atomic_uint turns;
static unsigned turns_at[2];

static void note_turn(void *p)
{
	turns_at[1] = atomic_load(&turns);
	(void)p;
}

static void note_turn_and_retire(void *p)
{
	turns_at[0] = atomic_load(&turns);
	nc_qsbr_retire(p, note_turn);
}

static atomic_int is_turning, stop_turning;

static void *take_turns(void *arg)
{
	(void)arg;
	nc_qsbr_reader *r = nc_qsbr_register();
	nc_assert(r);
	atomic_store(&is_turning, 1);
	while (!atomic_load(&stop_turning)) {
		nc_clock_sleep_us(500);
		atomic_fetch_add(&turns, 1);
		nc_qsbr_quiesce(r);
	}
	nc_qsbr_unregister(r);
	return NULL;
}

static void what_is_retired_while_freeing_waits_for_its_own_turn(void)
{
	uint64_t tid;
	REQUIRE(nc_thread_start(&tid, "turns", take_turns, NULL) == 0);
	while (!atomic_load(&is_turning))
		nc_clock_sleep_us(100);
	nc_qsbr_retire(&turns, note_turn_and_retire);
	nc_qsbr_synchronize();
	CHECK(turns_at[0] > 0);
	CHECK(turns_at[1] > turns_at[0]);
	atomic_store(&stop_turning, 1);
	nc_thread_join(tid);
}

/* A value published behind one pointer; a reader that sees a freed one reads `dead`. */
typedef struct version {
	uint64_t alive, n;
} version;
static const uint64_t alive = 0x616c697665, dead = 0x64656164;
static _Atomic(version *) current;
static atomic_int stop, wrong, reads;

static void free_version(void *p)
{
	version *v = p;
	v->alive = dead;
	nc_free(v);
}

static version *new_version(uint64_t n)
{
	version *v = nc_malloc(sizeof(*v));
	nc_assert(v);
	*v = (version){ alive, n };
	return v;
}

static void *read_on(void *arg)
{
	(void)arg;
	nc_qsbr_reader *r = nc_qsbr_register();
	nc_assert(r);
	uint64_t last = 0;
	for (unsigned turn = 0; !atomic_load_explicit(&stop, memory_order_relaxed); turn++) {
		version *v = atomic_load_explicit(&current, memory_order_acquire);
		if (v->alive != alive || v->n < last)
			atomic_store(&wrong, 1);
		last = v->n;
		atomic_fetch_add_explicit(&reads, 1, memory_order_relaxed);
		if (turn % 64 == 0) {
			nc_qsbr_offline(r);
			nc_clock_sleep_us(50);
			nc_qsbr_online(r);
		} else {
			nc_qsbr_quiesce(r);
		}
	}
	nc_qsbr_unregister(r);
	return NULL;
}

static void readers_never_see_freed_memory(void)
{
	enum { READERS = 3, VERSIONS = 4000 };
	uint64_t tids[READERS];
	atomic_store(&current, new_version(0));
	for (size_t i = 0; i < READERS; i++)
		REQUIRE(nc_thread_start(&tids[i], "read", read_on, NULL) == 0);
	while (atomic_load(&reads) < 100)
		nc_clock_sleep_us(100);
	for (uint64_t n = 1; n <= VERSIONS; n++) {
		version *old =
			atomic_exchange_explicit(&current, new_version(n), memory_order_acq_rel);
		if (n % 97 == 0)
			nc_alloc_fail_at(1, NC_FAIL_ONCE);
		nc_qsbr_retire(old, free_version);
		nc_alloc_fail_at(0, NC_FAIL_ONCE);
		if (n % 16 == 0)
			nc_qsbr_poll();
	}
	nc_qsbr_synchronize();
	atomic_store(&stop, 1);
	for (size_t i = 0; i < READERS; i++)
		nc_thread_join(tids[i]);
	CHECK(!atomic_load(&wrong));
	free_version(atomic_load(&current));
}

NC_TESTS(qsbr){
	T(without_readers_memory_goes_at_the_next_poll),
	T(a_reader_holds_what_was_retired_since_it_was_quiescent),
	T(a_writer_that_reads_does_not_wait_for_itself),
	T(freeing_may_retire_more),
	T(without_memory_it_still_waits_for_the_readers),
	T(what_is_retired_while_freeing_waits_for_its_own_turn),
	T(without_memory_it_waits_and_frees_at_once),
	T(readers_never_see_freed_memory),
};
