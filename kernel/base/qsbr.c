/* SPDX-License-Identifier: Apache-2.0 */
#include "base/qsbr.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#include "base/alloc.h"
#include "base/queue.h"

/*
 * Epochs. retire moves the epoch on and notes it with the memory; a reader that quiesces copies
 * the epoch into its slot. Memory noted at epoch e is free once no slot holds a number below e,
 * where 0 means offline. Readers touch only their own slot; the writer walks all of them under
 * readers_lock, which otherwise only threads that come and go take.
 *
 * Pairings: the writer unpublishes, then adds to `epoch` (release); quiesce loads it (acquire), so
 * whoever has seen e can't load what was unpublished before e. The slot's store (release) and the
 * writer's load (acquire) put every use of the memory before its free. online and the writer's
 * walk are each other's store-then-load, hence the two full fences.
 */

struct nc_qsbr_reader {
	nc_list link;          /* readers_lock */
	_Atomic uint64_t seen; /* 0: offline */
};

typedef struct retired {
	struct retired *next;
	uint64_t epoch;
	void *p;
	void (*fn)(void *);
} retired;

static pthread_mutex_t readers_lock = PTHREAD_MUTEX_INITIALIZER;
static nc_list readers = { &readers, &readers };
static _Atomic uint64_t epoch = 1;
static _Thread_local nc_qsbr_reader *own_reader;

/* The writer's: oldest first. */
static retired *oldest, **newest_next = &oldest;

nc_qsbr_reader *nc_qsbr_register(void)
{
	nc_assert(!own_reader);
	nc_qsbr_reader *r = nc_calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	pthread_mutex_lock(&readers_lock);
	nc_list_add_tail(&readers, &r->link);
	pthread_mutex_unlock(&readers_lock);
	nc_qsbr_online(r);
	own_reader = r;
	return r;
}

void nc_qsbr_unregister(nc_qsbr_reader *r)
{
	if (!r)
		return;
	nc_assert(own_reader == r);
	own_reader = NULL;
	nc_qsbr_offline(r);
	pthread_mutex_lock(&readers_lock);
	nc_list_del(&r->link);
	pthread_mutex_unlock(&readers_lock);
	nc_free(r);
}

nc_qsbr_reader *nc_qsbr_self(void)
{
	return own_reader;
}

void nc_qsbr_quiesce(nc_qsbr_reader *r)
{
	uint64_t now = atomic_load_explicit(&epoch, memory_order_acquire);
	atomic_store_explicit(&r->seen, now, memory_order_release);
}

void nc_qsbr_offline(nc_qsbr_reader *r)
{
	atomic_store_explicit(&r->seen, 0, memory_order_release);
}

int nc_qsbr_is_online(const nc_qsbr_reader *r)
{
	return atomic_load_explicit(&r->seen, memory_order_relaxed) != 0;
}

void nc_qsbr_online(nc_qsbr_reader *r)
{
	nc_qsbr_quiesce(r);
	atomic_thread_fence(memory_order_seq_cst); /* before the first borrowed pointer is loaded */
}

/* The lowest epoch that some reader may still be in. */
static uint64_t lowest_seen(void)
{
	uint64_t lowest = UINT64_MAX;
	atomic_thread_fence(memory_order_seq_cst); /* after what is retired was unpublished */
	pthread_mutex_lock(&readers_lock);
	NC_LIST_EACH (n, &readers) {
		nc_qsbr_reader *r = NC_LIST_ENTRY(n, nc_qsbr_reader, link);
		uint64_t seen = atomic_load_explicit(&r->seen, memory_order_acquire);
		if (seen && seen < lowest)
			lowest = seen;
	}
	pthread_mutex_unlock(&readers_lock);
	return lowest;
}

static void free_up_to(uint64_t limit)
{
	while (oldest && oldest->epoch <= limit) {
		retired *r = oldest;
		oldest = r->next;
		if (!oldest)
			newest_next = &oldest;
		r->fn(r->p); /* may retire more */
		nc_free(r);
	}
}

void nc_qsbr_poll(void)
{
	if (!oldest)
		return;
	/* Not past now: what fn retires is not covered by the look at the readers before it. */
	uint64_t now = atomic_load_explicit(&epoch, memory_order_relaxed);
	uint64_t lowest = lowest_seen();
	free_up_to(NC_MIN(now, lowest));
}

/* Until every reader has been quiescent since the call; what was retired up to the epoch that it
 * gives is free then. */
static uint64_t wait_for_readers(void)
{
	uint64_t target = atomic_fetch_add_explicit(&epoch, 1, memory_order_acq_rel) + 1;
	struct timespec pause = { .tv_nsec = 20000 };
	if (own_reader && atomic_load_explicit(&own_reader->seen, memory_order_relaxed))
		nc_qsbr_quiesce(own_reader);
	while (lowest_seen() < target) {
		nanosleep(&pause, NULL); /* real time, also while the tests' clock stands */
		if (pause.tv_nsec < 1000000)
			pause.tv_nsec *= 2;
	}
	return target;
}

void nc_qsbr_retire(void *p, void (*fn)(void *))
{
	retired *r = nc_malloc(sizeof(*r));
	if (!r) {
		nc_qsbr_synchronize();
		fn(p);
		return;
	}
	*r = (retired){ .p = p, .fn = fn };
	r->epoch = atomic_fetch_add_explicit(&epoch, 1, memory_order_acq_rel) + 1;
	*newest_next = r;
	newest_next = &r->next;
}

void nc_qsbr_synchronize(void)
{
	do
		free_up_to(wait_for_readers());
	while (oldest); /* fn may have retired more */
}
