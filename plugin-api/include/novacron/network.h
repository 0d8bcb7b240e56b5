/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOVACRON_NETWORK_H
#define NOVACRON_NETWORK_H

/* nc.network/1: networks and the ports guests are plugged into. */

#include "novacron/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NC_EXT_NETWORK "nc.network/1"

typedef struct nc_network {
	uint32_t struct_size;
	uint32_t flags;
	nc_query_fn inventory; /* one write a network */
	nc_verb_fn create;
	nc_verb_fn remove;
	nc_verb_fn port_create;
	nc_verb_fn port_remove;
	nc_recover_fn recover;
} nc_network;

#ifdef __cplusplus
}
#endif
#endif
