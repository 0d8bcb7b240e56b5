/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_POOLS_H
#define NC_FLOW_POOLS_H

#include "base/map.h"
#include "flow/internal.h"

/* Pools that several hosts share become pool objects, with what room they have. Blocking; a provider
 * without nc.volume/1 has none. */
nc_code nc_flow_find_pools(nc_flow *f, const char *provider, nc_error *err);
/* The provider's pool objects by what its driver calls them, in the arena. NULL: no memory. */
nc_map *nc_pools_by_target(const nc_root *r, const char *provider, nc_arena *a);
/* The pools that a host was seen to reach; whether they are others than before. */
int nc_pools_fill_host(nc_host_obj *h, const json_t *seen, const nc_map *known);

#endif
