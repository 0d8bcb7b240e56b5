/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_KVS_H
#define NC_STORE_KVS_H

#include "base/buf.h"
#include "store/db.h"

/*
 * Puts and deletes on their way to one materialise call, bounded in bytes. The materialiser's
 * thread.
 */
typedef struct nc_kvs {
	nc_db *db;
	nc_kv *list;
	uint32_t n, cap;
	nc_buf data;      /* reserved whole, so that what points into it stays */
	size_t bytes;     /* keys and values, also those that lie elsewhere */
	uint64_t applied; /* before: what a run that isn't the last one says */
} nc_kvs;

nc_code nc_kvs_init(nc_kvs *k, nc_db *db, uint64_t applied, nc_error *err);
void nc_kvs_done(nc_kvs *k);
/* Make room for `n` entries with so many bytes in all, writing out what is there if need be. */
nc_code nc_kvs_room(nc_kvs *k, uint32_t n, size_t bytes, nc_error *err);
/* Within the room. The key is copied; the value is borrowed until the next flush. */
void nc_kvs_put(nc_kvs *k, uint32_t space, nc_bytes key, nc_bytes val, uint64_t rev);
void nc_kvs_del(nc_kvs *k, uint32_t space, nc_bytes key, uint64_t rev);
/* Where to write a value: what is put behind `from` is it, see nc_kvs_since. */
static inline size_t nc_kvs_mark(const nc_kvs *k)
{
	return k->data.len;
}
nc_bytes nc_kvs_since(const nc_kvs *k, size_t from);
/* One materialise call. */
nc_code nc_kvs_flush(nc_kvs *k, uint64_t applied, nc_error *err);

#endif
