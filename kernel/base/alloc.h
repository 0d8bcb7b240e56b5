/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_ALLOC_H
#define NC_BASE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/*
 * The one allocator. NULL on failure, which every caller handles; tests make the N-th allocation
 * fail. Installed into jansson (nc_alloc_install) and whatever else takes one.
 */
void *nc_malloc(size_t n) nc_must_use;
void *nc_calloc(size_t count, size_t size) nc_must_use;
void *nc_realloc(void *p, size_t n) nc_must_use; /* p stays valid on failure */
void nc_free(void *p);
char *nc_strdup(const char *s) nc_must_use;
char *nc_strndup(const char *s, size_t n) nc_must_use;
void *nc_memdup(const void *p, size_t n) nc_must_use;
char *nc_asprintf(const char *fmt, ...) nc_printf(1, 2) nc_must_use;

/* Set jansson's allocator to ours. Once, before any other thread. */
void nc_alloc_install(void);

/* How many allocations of this thread have failed so far, really or by order. Compared before and
 * after a call, it tells a library's vague "failed" from out of memory. */
uint64_t nc_alloc_failures(void);

/*
 * Fault injection, per thread. After nc_alloc_fail_at(n) the n-th allocation of this thread from
 * now (1 = the next) fails, and every following one if sticky. 0 turns it off and leaves
 * nc_alloc_has_failed to be read.
 */
typedef enum { NC_FAIL_ONCE, NC_FAIL_STICKY } nc_fail_mode;
void nc_alloc_fail_at(uint64_t n, nc_fail_mode mode);
int nc_alloc_has_failed(void); /* whether the armed failure has happened */

#endif
