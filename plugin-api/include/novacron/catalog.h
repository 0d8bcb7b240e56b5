/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOVACRON_CATALOG_H
#define NOVACRON_CATALOG_H

/* nc.catalog/1: what a provider sells: instance types, images, prices. Queries only. */

#include "novacron/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NC_EXT_CATALOG "nc.catalog/1"

typedef struct nc_catalog {
	uint32_t struct_size;
	uint32_t flags;
	nc_query_fn types;
	nc_query_fn images;
	nc_query_fn prices;
} nc_catalog;

#ifdef __cplusplus
}
#endif
#endif
