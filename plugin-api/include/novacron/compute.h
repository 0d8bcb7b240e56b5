/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOVACRON_COMPUTE_H
#define NOVACRON_COMPUTE_H

/* nc.compute/1: virtual machines on the hosts (targets) of one provider. */

#include "novacron/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NC_EXT_COMPUTE "nc.compute/1"

typedef struct nc_compute {
	uint32_t struct_size;
	uint32_t flags;
	nc_query_fn
		inventory; /* one write a guest: compute.guest.json; every guest that is there */
	nc_query_fn fingerprint; /* one write a host: compute.host.json; empty target = all hosts */
	nc_verb_fn create;       /* idempotent by op_key and by native identity (uuid, tag) */
	nc_verb_fn update;       /* resize, rename, metadata */
	nc_verb_fn power;        /* start stop restart reset pause resume suspend wake nmi */
	nc_verb_fn destroy;      /* goal already reached = NC_DONE with changed:false */
	nc_recover_fn recover;
} nc_compute;

#ifdef __cplusplus
}
#endif
#endif
