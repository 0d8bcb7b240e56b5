/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_ATOMICS_H
#define NC_BASE_ATOMICS_H

/*
 * The atomics that rooms above base/ may use, by purpose, so that no memory order is chosen there.
 *
 *   loose    a number that one thread writes and any reads: read whole, in no order with others
 *   beacon   what is set makes all that its setter wrote before visible to whoever sees it
 *   refs     how many hold a thing; who lets go last frees it and sees all that others wrote
 *   fences   of a seqlock: the writer takes the mark away, closes, writes, sets it again; a reader
 *            looks at the mark, reads, opens, and looks at it again
 */

#include <stdatomic.h>
#include <stdint.h>

typedef struct nc_loose64 {
	_Atomic int64_t v;
} nc_loose64;
typedef struct nc_loose32 {
	_Atomic uint32_t v;
} nc_loose32;

static inline int64_t nc_loose64_get(const nc_loose64 *a)
{
	return atomic_load_explicit(&a->v, memory_order_relaxed);
}
static inline void nc_loose64_set(nc_loose64 *a, int64_t v)
{
	atomic_store_explicit(&a->v, v, memory_order_relaxed);
}
static inline void nc_loose64_add(nc_loose64 *a, int64_t n) /* from any thread */
{
	atomic_fetch_add_explicit(&a->v, n, memory_order_relaxed);
}
static inline uint32_t nc_loose32_get(const nc_loose32 *a)
{
	return atomic_load_explicit(&a->v, memory_order_relaxed);
}
static inline void nc_loose32_set(nc_loose32 *a, uint32_t v)
{
	atomic_store_explicit(&a->v, v, memory_order_relaxed);
}

/* set is a release, get an acquire of the same variable: they pair. */
typedef struct nc_beacon32 {
	_Atomic uint32_t v;
} nc_beacon32;
typedef struct nc_beacon_ptr {
	_Atomic(void *) p;
} nc_beacon_ptr;

static inline uint32_t nc_beacon32_get(const nc_beacon32 *a)
{
	return atomic_load_explicit(&a->v, memory_order_acquire);
}
static inline void nc_beacon32_set(nc_beacon32 *a, uint32_t v)
{
	atomic_store_explicit(&a->v, v, memory_order_release);
}
static inline void *nc_beacon_ptr_get(const nc_beacon_ptr *a)
{
	return atomic_load_explicit(&a->p, memory_order_acquire);
}
static inline void nc_beacon_ptr_set(nc_beacon_ptr *a, void *p)
{
	atomic_store_explicit(&a->p, p, memory_order_release);
}

typedef struct nc_refs {
	_Atomic uint32_t n;
} nc_refs;
#define NC_REFS_ONE                                                                                \
	{                                                                                          \
		1                                                                                  \
	}

static inline void nc_refs_take(nc_refs *a)
{
	atomic_fetch_add_explicit(&a->n, 1, memory_order_relaxed);
}
/* 1 = that was the last. Each drop is a release, and the last an acquire of all others. */
static inline int nc_refs_drop(nc_refs *a)
{
	return atomic_fetch_sub_explicit(&a->n, 1, memory_order_acq_rel) == 1;
}

/* The writer's, between taking the mark away and the first write; pairs with open. */
static inline void nc_seqlock_close(void)
{
	atomic_thread_fence(memory_order_release);
}
/* The reader's, between its last read and its second look at the mark. */
static inline void nc_seqlock_open(void)
{
	atomic_thread_fence(memory_order_acquire);
}

#endif
