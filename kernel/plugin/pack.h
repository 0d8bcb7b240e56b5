/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_PACK_H
#define NC_PLUGIN_PACK_H

#include "base/buf.h"
#include "novacron/companions.h"

/*
 * The packed form of the two typed shapes, so that queue and wire carry bytes for every verb alike.
 * Little-endian words; both ends are this product's.
 */
#define NC_PACK_MAX (16u << 20)

void nc_pack_stats(nc_buf *out, const nc_bytes *guests, uint32_t n);
void nc_pack_score(nc_buf *out, const nc_score_batch *batch, uint32_t n_hosts);

/* What was packed, in arrays of its own. NC_E_INVAL: not a packed request. */
typedef struct nc_unpacked_stats {
	nc_bytes *guests; /* into the packed bytes */
	uint32_t n;
} nc_unpacked_stats;
nc_code nc_unpack_stats(nc_bytes packed, nc_unpacked_stats *ret);
void nc_unpacked_stats_done(nc_unpacked_stats *u);

typedef struct nc_unpacked_score {
	nc_score_batch batch; /* its arrays lie in block */
	void *block;
} nc_unpacked_score;
nc_code nc_unpack_score(nc_bytes packed, nc_unpacked_score *ret);
void nc_unpacked_score_done(nc_unpacked_score *u);

#endif
