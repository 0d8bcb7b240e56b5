/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "plugin/pack.h"

/* The packed requests that go over the wire: what is taken can be walked to its end. */

static void walk_score(nc_score_batch *b)
{
	for (uint32_t i = 0; i < b->n_req; i++) {
		for (uint32_t c = b->cand_off[i]; c < b->cand_off[i + 1]; c++) {
			uint64_t sum = 0;
			for (uint32_t r = 0; r < b->n_res; r++)
				sum += b->req[(size_t)i * b->n_res + r] ^
				       b->free[(size_t)b->cand[c] * b->n_res + r];
			b->score[c] = (double)(sum & 0xff);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	nc_unpacked_stats stats;
	nc_unpacked_score score;
	nc_bytes raw = { data, size };
	if (nc_unpack_stats(raw, &stats) == NC_OK) {
		_cleanup_(nc_buf_done) nc_buf again;
		nc_buf_init(&again, size + 64);
		nc_pack_stats(&again, stats.guests, stats.n);
		nc_assert(nc_bytes_eq(nc_buf_bytes(&again), raw));
		nc_unpacked_stats_done(&stats);
	}
	if (nc_unpack_score(raw, &score) == NC_OK) {
		walk_score(&score.batch);
		nc_unpacked_score_done(&score);
	}
	return 0;
}
