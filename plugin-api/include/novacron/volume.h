/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOVACRON_VOLUME_H
#define NOVACRON_VOLUME_H

/* nc.volume/1: disks that outlive guests, in pools (targets). */

#include "novacron/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NC_EXT_VOLUME "nc.volume/1"

typedef struct nc_volume {
	uint32_t struct_size;
	uint32_t flags;
	nc_query_fn inventory; /* one write a volume */
	nc_query_fn pools;     /* one write a pool: name, total and free bytes, traits */
	nc_verb_fn create;
	nc_verb_fn resize;
	nc_verb_fn snapshot;
	nc_verb_fn remove;
	nc_recover_fn recover;
} nc_volume;

#ifdef __cplusplus
}
#endif
#endif
