/* SPDX-License-Identifier: Apache-2.0 */
#include "store/kvs.h"

#include "base/alloc.h"
#include "store/db_internal.h"

/*
 * Gathers entries for the store and hands them over in calls of at most NC_STORE_BATCH_MAX bytes.
 * All but the last call of a run say the applied_seq from before it: were the run cut short, it is
 * replayed as a whole, and writing an object's later state early does no harm.
 */

enum { DATA_MAX = 6 << 20, ENTRIES_MAX = 1 << 16 };

nc_code nc_kvs_init(nc_kvs *k, nc_db *db, uint64_t applied, nc_error *err)
{
	*k = (nc_kvs){ .db = db, .applied = applied };
	nc_buf_init(&k->data, DATA_MAX);
	return nc_buf_reserve(&k->data, DATA_MAX) ? NC_OK : nc_err_nomem(err);
}

void nc_kvs_done(nc_kvs *k)
{
	nc_buf_done(&k->data);
	nc_free(k->list);
	k->list = NULL;
}

nc_code nc_kvs_flush(nc_kvs *k, uint64_t applied, nc_error *err)
{
	nc_db *db = k->db;
	nc_code code = db->store->materialise(db->inst,
		atomic_load_explicit(&db->epoch, memory_order_relaxed), applied, k->list, k->n,
		err);
	k->n = 0;
	k->bytes = 0;
	nc_buf_reset(&k->data);
	return code;
}

nc_code nc_kvs_room(nc_kvs *k, uint32_t n, size_t bytes, nc_error *err)
{
	if (k->n > 0 && (k->bytes + bytes > DATA_MAX || k->n + n > ENTRIES_MAX)) {
		nc_code code = nc_kvs_flush(k, k->applied, err);
		if (code != NC_OK)
			return code;
	}
	if (k->n + n <= k->cap)
		return NC_OK;
	uint32_t cap = NC_MAX(k->cap * 2, k->n + n + 64);
	nc_kv *list = nc_realloc(k->list, cap * sizeof(*list));
	if (!list)
		return nc_err_nomem(err);
	k->list = list;
	k->cap = cap;
	return NC_OK;
}

nc_bytes nc_kvs_since(const nc_kvs *k, size_t from)
{
	return (nc_bytes){ k->data.ptr + from, k->data.len - from };
}

static void add(nc_kvs *k, uint32_t space, nc_bytes key, nc_bytes val, uint64_t rev)
{
	size_t from = nc_kvs_mark(k);
	nc_assert(k->n < k->cap);
	nc_buf_put(&k->data, key.ptr, key.len);
	k->bytes += key.len + val.len;
	k->list[k->n++] =
		(nc_kv){ .space = space, .key = nc_kvs_since(k, from), .val = val, .rev = rev };
}

void nc_kvs_put(nc_kvs *k, uint32_t space, nc_bytes key, nc_bytes val, uint64_t rev)
{
	if (!val.ptr)
		val.ptr = ""; /* NULL would delete */
	add(k, space, key, val, rev);
}

void nc_kvs_del(nc_kvs *k, uint32_t space, nc_bytes key, uint64_t rev)
{
	add(k, space, key, (nc_bytes){ NULL, 0 }, rev);
}
