/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_SLOTS_H
#define NC_PLUGIN_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/*
 * Numbered places with generations: what stands behind every handle of the ABI. A handle is
 * generation << 20 | index + 1, never 0, and never issued twice, so a stale one is told from a
 * live one for ever. Places don't move. One thread at a time (the owner's lock).
 */
typedef struct nc_slots {
	unsigned char **chunks;
	size_t n_chunks, elem_size, stride;
	uint32_t max, used, free_head; /* free_head: index + 1, 0 = none */
	uint32_t fresh;                /* places never used so far start here */
} nc_slots;

#define NC_SLOTS_MAX (1u << 20)

void nc_slots_init(nc_slots *s, size_t elem_size, uint32_t max);
void nc_slots_done(nc_slots *s);
/* A zeroed place, or NULL: no memory, or `max` in use. */
void *nc_slots_take(nc_slots *s, uint64_t *ret_handle);
void *nc_slots_get(const nc_slots *s, uint64_t handle); /* NULL: stale or never issued */
void nc_slots_release(nc_slots *s, uint64_t handle);
/* Whether the handle was live once: a stale one, not a made-up one. */
int nc_slots_was_issued(const nc_slots *s, uint64_t handle);
/* Start with *it = 0; NULL at the end. The current place may be released meanwhile. */
void *nc_slots_next(const nc_slots *s, uint32_t *it, uint64_t *ret_handle);

#endif
