/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_MEMSTORE_H
#define NC_TESTS_MEMSTORE_H

#include <stdint.h>

#include "novacron/store.h"

/*
 * A store in memory with the two promises of a real one: an appended record is durable, what was
 * materialised may be lost back to an earlier applied_seq in a power cut. Faults on order. Its own
 * memory is the C library's, so that failing allocations hit the kernel's code alone. Any thread.
 */
typedef struct nc_inst memstore;

extern const nc_store memstore_table;
memstore *memstore_new(void);
void memstore_free(memstore *m);

typedef enum {
	MS_LEAD,
	MS_APPEND,
	MS_HEAD,
	MS_READ,
	MS_MATERIALISE,
	MS_SCAN,
	MS_GET,
	MS_TRIM,
	MS_CALLS,
	MS_ANY = MS_CALLS
} memstore_call;

typedef enum {
	MS_WELL,
	MS_REFUSE,       /* an error, nothing happened */
	MS_FULL,         /* the same as a full disk says it */
	MS_DAMAGED,      /* the same as a file that is broken */
	MS_UNKNOWN_DONE, /* outcome unknown; it did happen */
	MS_UNKNOWN_LOST  /* outcome unknown; it did not */
} memstore_fault;

/* The n-th call of that kind from now on (1 = the next) fails so; then `count` more (0 = only it). */
void memstore_fail(memstore *m, memstore_call call, uint64_t nth, uint64_t count, memstore_fault f);
int memstore_has_failed(memstore *m); /* since the last memstore_fail */
void memstore_heal(memstore *m);
/* From now on every call fails; power() brings it back as a power cut would leave it: all records,
 * but of the materialise calls since the last trim only the first `keep` (UINT64_MAX = all). */
void memstore_cut(memstore *m);
void memstore_power(memstore *m, uint64_t keep);
/* Remember how it is, and make it so again; no trim may lie between. */
void memstore_mark(memstore *m);
void memstore_rewind(memstore *m);
uint64_t memstore_unsynced(memstore *m); /* materialise calls that a power cut may take */

/* Called at the start of each call, on its thread, without a lock. NULL = none. */
typedef void (*memstore_hook)(void *arg, memstore_call call);
void memstore_set_hook(memstore *m, memstore_hook hook, void *arg);
void memstore_set_delay_us(memstore *m, uint32_t append_us);
uint64_t memstore_calls(memstore *m, memstore_call call);

/* Another leader comes and appends a record; what led before is fenced off. */
void memstore_usurp(memstore *m, const nc_bytes *rec, uint32_t n);
void memstore_damage_value(memstore *m, uint32_t space, nc_bytes key);
/* Nothing from this key on, in as many rows, can be read. */
void memstore_lose_rows(memstore *m, uint32_t space, nc_bytes from, uint32_t n);
void memstore_damage_record(memstore *m, uint64_t seq);    /* its bytes can be had */
void memstore_lose_record(memstore *m, uint64_t seq);      /* they can't */
void memstore_flip(memstore *m, uint64_t seq, size_t bit); /* of a record */
size_t memstore_record_len(memstore *m, uint64_t seq);
void memstore_set_value(memstore *m, uint32_t space, nc_bytes key, nc_bytes val, uint64_t rev);
int memstore_contains(memstore *m, nc_bytes what); /* in a record that is kept, or in a value */
uint64_t memstore_head(memstore *m);
uint64_t memstore_trimmed(memstore *m);
uint64_t memstore_count(memstore *m, uint32_t space);
uint32_t memstore_largest_batch(memstore *m); /* records in one append */

#endif
