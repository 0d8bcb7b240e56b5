/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOVACRON_STATE_H
#define NOVACRON_STATE_H

/* nc.state/1: hand-off between generations of one plugin. Blobs carry state_version (P12). */

#include "novacron/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NC_EXT_STATE "nc.state/1"

typedef struct nc_state {
	uint32_t struct_size;
	uint32_t flags;
	nc_code (*save)(nc_inst *, uint32_t *ret_version, nc_sink *, nc_error *); /* worker */
	nc_code (*load)(nc_inst *, uint32_t version, nc_bytes blob, nc_error *);  /* worker */
} nc_state;

#ifdef __cplusplus
}
#endif
#endif
