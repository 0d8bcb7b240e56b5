/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_MAP_H
#define NC_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "novacron/abi.h"

/*
 * Hash map from bytes (copied) to a borrowed pointer; open addressing, keyed hash (SipHash-1-3 with
 * a random key: keys may come from outside). One thread at a time.
 */
typedef struct nc_map nc_map;
nc_map *nc_map_new(void);
void nc_map_free(nc_map *m); /* not the values */
NC_DEFINE_CLEANUP(nc_map *, nc_map_free);
/* Replaces; *ret_old (may be NULL) gets the former value or NULL. NC_OK or NC_E_NOMEM. */
nc_code nc_map_put(nc_map *m, nc_bytes key, void *val, void **ret_old);
void *nc_map_get(const nc_map *m, nc_bytes key);
void *nc_map_del(nc_map *m, nc_bytes key); /* the value that was there, or NULL */
size_t nc_map_count(const nc_map *m);
/* Start with *it = 0; order is arbitrary; the map must not change meanwhile except by deleting
 * the key just returned. */
int nc_map_next(const nc_map *m, size_t *it, nc_bytes *ret_key, void **ret_val);
uint64_t nc_hash(nc_bytes b); /* under the random key of this process; any thread */
uint64_t nc_siphash13(const uint64_t key[2], nc_bytes b);

#endif
