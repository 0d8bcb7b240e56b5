/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/pack.h"

#include <string.h>

#include "base/alloc.h"

/*
 * Packing copies, and that is wanted: a call that hangs past its deadline may still read its arrays
 * when the caller's are long gone.
 */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "arrays are copied as they lie");

void nc_pack_stats(nc_buf *out, const nc_bytes *guests, uint32_t n)
{
	nc_buf_put_u32(out, n);
	for (uint32_t i = 0; i < n; i++)
		nc_buf_put_lstr(out, guests[i].ptr, guests[i].len);
}

nc_code nc_unpack_stats(nc_bytes packed, nc_unpacked_stats *ret)
{
	nc_cur c = nc_cur_of(packed);
	uint32_t n = nc_cur_u32(&c);
	*ret = (nc_unpacked_stats){ 0 };
	if (c.bad || n > packed.len)
		return NC_E_INVAL;
	ret->guests = nc_calloc(NC_MAX(n, 1u), sizeof(*ret->guests));
	if (!ret->guests)
		return NC_E_NOMEM;
	ret->n = n;
	for (uint32_t i = 0; i < n; i++)
		ret->guests[i] = nc_cur_lstr(&c);
	if (!c.bad && c.p == c.end)
		return NC_OK;
	nc_unpacked_stats_done(ret);
	return NC_E_INVAL;
}

void nc_unpacked_stats_done(nc_unpacked_stats *u)
{
	nc_free(u->guests);
	*u = (nc_unpacked_stats){ 0 };
}

void nc_pack_score(nc_buf *out, const nc_score_batch *b, uint32_t n_hosts)
{
	nc_buf_put_u32(out, b->n_req);
	nc_buf_put_u32(out, b->n_cand);
	nc_buf_put_u32(out, b->n_res);
	nc_buf_put_u32(out, n_hosts);
	nc_buf_put(out, b->req, sizeof(uint64_t) * b->n_req * b->n_res);
	nc_buf_put(out, b->free, sizeof(uint64_t) * n_hosts * b->n_res);
	nc_buf_put(out, b->cand_off, sizeof(uint32_t) * ((size_t)b->n_req + 1));
	nc_buf_put(out, b->cand, sizeof(uint32_t) * b->n_cand);
}

/* Every candidate is a host there is, and each request's candidates follow the former's. */
static int is_sound(const nc_score_batch *b, uint32_t n_hosts)
{
	if (b->cand_off[0] != 0 || b->cand_off[b->n_req] != b->n_cand)
		return 0;
	for (uint32_t i = 0; i < b->n_req; i++)
		if (b->cand_off[i] > b->cand_off[i + 1])
			return 0;
	for (uint32_t i = 0; i < b->n_cand; i++)
		if (b->cand[i] >= n_hosts)
			return 0;
	return 1;
}

nc_code nc_unpack_score(nc_bytes packed, nc_unpacked_score *ret)
{
	nc_cur c = nc_cur_of(packed);
	uint32_t n_req = nc_cur_u32(&c), n_cand = nc_cur_u32(&c), n_res = nc_cur_u32(&c);
	uint32_t n_hosts = nc_cur_u32(&c);
	*ret = (nc_unpacked_score){ 0 };
	const uint64_t most = NC_PACK_MAX;
	if (c.bad || n_req > most || n_cand > most || n_res > 64 || n_hosts > most)
		return NC_E_INVAL;
	uint64_t req = 8ull * n_req * n_res, free_rows = 8ull * n_hosts * n_res;
	uint64_t off = 4ull * (n_req + 1), cand = 4ull * n_cand;
	uint64_t total = req + free_rows + off + cand;
	if ((uint64_t)(c.end - c.p) != total)
		return NC_E_INVAL;
	char *block = nc_malloc(total + 8ull * n_cand + 8);
	if (!block)
		return NC_E_NOMEM;
	/* Scores first, then the words of 8 bytes: all stay aligned. */
	char *p = block + 8ull * n_cand;
	memcpy(p, c.p, total);
	ret->block = block;
	ret->batch = (nc_score_batch){ .struct_size = sizeof(nc_score_batch),
		.n_req = n_req,
		.n_cand = n_cand,
		.n_res = n_res,
		.req = (const void *)p,
		.free = (const void *)(p + req),
		.cand_off = (const void *)(p + req + free_rows),
		.cand = (const void *)(p + req + free_rows + off),
		.score = (void *)block };
	memset(block, 0, 8ull * n_cand);
	if (is_sound(&ret->batch, n_hosts))
		return NC_OK;
	nc_unpacked_score_done(ret);
	return NC_E_INVAL;
}

void nc_unpacked_score_done(nc_unpacked_score *u)
{
	nc_free(u->block);
	*u = (nc_unpacked_score){ 0 };
}
