/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_ARENA_H
#define NC_BASE_ARENA_H

#include <stddef.h>

#include "base/cleanup.h"

/*
 * Memory of one request or operation, freed as one, with a byte limit. Overflow and failure are
 * sticky, all further allocations give NULL: nc_arena_failed says so once at the end. Owned by one
 * thread at a time. In sanitized builds each allocation is a malloc of its own, so overruns are
 * seen.
 */
typedef struct nc_arena nc_arena;

nc_arena *nc_arena_new(size_t limit_bytes);
void nc_arena_free(nc_arena *a);
NC_DEFINE_CLEANUP(nc_arena *, nc_arena_free);
void nc_arena_reset(nc_arena *a); /* frees everything in it, clears the failure */

void *nc_arena_alloc(nc_arena *a, size_t n); /* zeroed, aligned 16; NULL past the limit */
void *nc_arena_calloc(nc_arena *a, size_t count, size_t size); /* the product may not overflow */
char *nc_arena_strdup(nc_arena *a, const char *s);
char *nc_arena_strndup(nc_arena *a, const char *s, size_t n);
void *nc_arena_memdup(nc_arena *a, const void *p, size_t n);
char *nc_arena_printf(nc_arena *a, const char *fmt, ...) nc_printf(2, 3);
int nc_arena_failed(const nc_arena *a);
size_t nc_arena_used(const nc_arena *a);

#define nc_arena_new_array(a, type, n) ((type *)nc_arena_calloc((a), (n), sizeof(type)))

#endif
