/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_NUMMAP_H
#define NC_BASE_NUMMAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "novacron/abi.h"

/*
 * Numbers to numbers, 16 bytes a slot: what is remembered of very many things, each known by the
 * nc_hash() of its name. Two names that share a hash are one here, which among a million of them
 * happens once in ten million times: only for what does no harm then. One thread at a time.
 */
typedef struct nc_nummap nc_nummap;
nc_nummap *nc_nummap_new(void);
void nc_nummap_free(nc_nummap *m); /* NULL allowed */
NC_DEFINE_CLEANUP(nc_nummap *, nc_nummap_free);
/* Replaces; val is not 0. NC_OK or NC_E_NOMEM. */
nc_code nc_nummap_put(nc_nummap *m, uint64_t key, uint64_t val);
uint64_t nc_nummap_get(const nc_nummap *m, uint64_t key); /* 0 = not there */
size_t nc_nummap_count(const nc_nummap *m);
void nc_nummap_clear(nc_nummap *m);

#endif
