/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/log.h"
#include "store/db_internal.h"
#include "store/value.h"

/*
 * Reading what was appended: the older part from the store, the newer from the batches that the
 * materialiser has before it, without a gap between them. Entries of the store are taken page by
 * page and passed on outside of its call, so the receiver may take its time. Workers.
 */

enum { PAGE_ENTRIES = 256, PAGE_BYTES = 1 << 20 };

typedef struct lane_read {
	nc_db *db;
	uint32_t lane;
	uint64_t seq; /* everything up to (seq, n) is behind us */
	uint32_t n;
	uint64_t left; /* that may still be passed on */
	nc_entry_fn fn;
	void *ctx;
} lane_read;

static nc_code pass_on(void *arg, uint64_t seq, uint32_t n, nc_bytes entry)
{
	lane_read *r = arg;
	if (seq < r->seq || (seq == r->seq && n <= r->n))
		return NC_OK;
	r->seq = seq;
	r->n = n;
	r->left--;
	nc_code code = r->fn(r->ctx, seq, n, entry);
	return code != NC_OK ? code : r->left > 0 ? NC_OK : NC_E_CANCELLED;
}

typedef struct page {
	struct {
		uint64_t seq;
		uint32_t n;
		int is_good;
		size_t off, len;
	} at[PAGE_ENTRIES];
	uint32_t count;
	nc_buf data;
} page;

static nc_code onto_page(void *arg, const nc_kv *kv)
{
	page *p = arg;
	if (kv->flags & NC_KV_LOST) {
		nc_log(L_ERROR, "store.entries.lost", F_U64("space", kv->space));
		return NC_OK;
	}
	if (p->count == PAGE_ENTRIES || (p->count > 0 && p->data.len + kv->val.len > PAGE_BYTES))
		return NC_E_CANCELLED;
	uint64_t seq;
	uint32_t n;
	if (nc_lane_key_parse(kv->key, &seq, &n) != 0)
		return NC_OK; /* check names it */
	p->at[p->count].seq = seq;
	p->at[p->count].n = n;
	p->at[p->count].is_good = kv->val.ptr && !(kv->flags & NC_KV_CORRUPT);
	p->at[p->count].off = p->data.len;
	p->at[p->count].len = kv->val.len;
	p->count++;
	if (kv->val.ptr)
		nc_buf_put(&p->data, kv->val.ptr, kv->val.len);
	return nc_buf_failed(&p->data) ? p->data.error : NC_OK;
}

static nc_code pass_page(lane_read *r, const page *p)
{
	nc_code code = NC_OK;
	for (uint32_t i = 0; i < p->count && code == NC_OK; i++) {
		nc_bytes entry = { p->data.ptr + p->at[i].off, p->at[i].len };
		if (p->at[i].is_good)
			code = pass_on(r, p->at[i].seq, p->at[i].n, entry);
		else
			nc_log(L_ERROR, "store.entry.damaged", F_U64("lane", r->lane),
				F_U64("seq", p->at[i].seq), F_U64("n", p->at[i].n));
	}
	return code;
}

/* What lies in the store, up to applied. */
static nc_code read_stored(lane_read *r, uint64_t applied, page *p, nc_error *err)
{
	nc_db *db = r->db;
	char from_mem[NC_LANE_KEY_LEN], to_mem[NC_LANE_KEY_LEN];
	nc_bytes to = nc_lane_key(applied + 1, 0, to_mem);
	for (;;) {
		int is_whole = r->n == UINT32_MAX;
		nc_bytes from = nc_lane_key(
			is_whole ? r->seq + 1 : r->seq, is_whole ? 0 : r->n + 1, from_mem);
		p->count = 0;
		nc_buf_reset(&p->data);
		nc_code code = db->store->scan(db->inst, nc_lane_space(r->lane), from, to,
			PAGE_ENTRIES, onto_page, p, err);
		if (nc_buf_failed(&p->data))
			return nc_err_nomem(err);
		if (code != NC_OK && code != NC_E_CANCELLED)
			return code;
		int is_last = code == NC_OK && p->count < PAGE_ENTRIES;
		uint64_t seq = p->count ? p->at[p->count - 1].seq : applied;
		uint32_t n = p->count ? p->at[p->count - 1].n : UINT32_MAX;
		code = pass_page(r, p);
		if (code != NC_OK)
			return code;
		r->seq = is_last ? applied : seq;
		r->n = is_last ? UINT32_MAX : n;
		if (is_last)
			return NC_OK;
	}
}

static nc_code read_batch(lane_read *r, const nc_db_batch *b)
{
	nc_code code = NC_OK;
	for (const nc_txn *t = b->head; t && code == NC_OK; t = t->next)
		code = nc_txn_entries(t, r->lane, pass_on, r);
	if (code == NC_OK) {
		r->seq = b->last;
		r->n = UINT32_MAX;
	}
	return code;
}

static nc_code read_all(lane_read *r, page *p, nc_error *err)
{
	nc_db_batch *b = NULL, *next;
	nc_code code = NC_OK;
	do {
		uint64_t applied;
		uint64_t done = r->n == UINT32_MAX || r->seq == 0 ? r->seq : r->seq - 1;
		next = nc_pending_after(r->db, done, b, &applied);
		if (b)
			nc_batch_unref(b);
		b = next;
		if (done < applied)
			code = read_stored(r, applied, p, err);
		if (b && code == NC_OK)
			code = read_batch(r, b);
	} while (b && code == NC_OK);
	if (b)
		nc_batch_unref(b);
	return code;
}

nc_code nc_db_read_lane(nc_db *db, uint32_t lane, uint64_t after_seq, uint32_t after_n,
	uint32_t max, nc_entry_fn fn, void *ctx, nc_error *err)
{
	if (lane == 0 || lane > NC_LANE_LAST)
		return nc_err(err, NC_E_INVAL, "there is no lane %u", lane);
	_cleanup_(nc_freep) page *p = nc_malloc(sizeof(*p));
	if (!p)
		return nc_err_nomem(err);
	nc_buf_init(&p->data, PAGE_BYTES + NC_STORE_VAL_MAX);
	lane_read r = { db, lane, after_seq, after_n, max ? max : UINT64_MAX, fn, ctx };
	nc_code code = read_all(&r, p, err);
	nc_buf_done(&p->data);
	return code == NC_E_CANCELLED && r.left == 0 ? NC_OK : code;
}
