/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_MIDKEY_H
#define SS_MIDKEY_H

#include "novacron/store.h"
#include "util.h"

/* A key or a place between keys: room for the longest key and the byte that makes its successor. */
#define SS_PLACE_MAX (NC_STORE_KEY_MAX + 1)

typedef struct ss_place {
	size_t len;
	uint8_t bytes[SS_PLACE_MAX];
} ss_place;

nc_bytes ss_place_bytes(const ss_place *p);
void ss_place_set(ss_place *p, nc_bytes b);     /* at most SS_PLACE_MAX of them */
void ss_place_after(ss_place *p, nc_bytes key); /* the smallest place above a key */
void ss_place_last(ss_place *p);                /* above every key */
int ss_bytes_cmp(nc_bytes a, nc_bytes b);
/* A place strictly between `low` and `high`, about halfway; false when there is none. */
bool ss_place_between(const ss_place *low, const ss_place *high, ss_place *ret);

#endif
