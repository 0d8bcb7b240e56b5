/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_BLOB_H
#define NC_HTTP_BLOB_H

#include "base/cleanup.h"
#include "novacron/abi.h"

/*
 * Immutable bytes with a reference count: one copy serves any number of connections on any number
 * of threads. Whoever holds a reference may read; the last unref frees, on whatever thread.
 */
typedef struct nc_blob nc_blob;

/* A copy of `bytes`. The caller owns one reference; NULL = no memory. */
nc_blob *nc_blob_new(nc_bytes bytes);
/* Room for n bytes, to be filled through *ret_p before the blob is shown to anyone else. */
nc_blob *nc_blob_alloc(size_t n, char **ret_p);
/*
 * Bytes that live elsewhere: `release(user)` runs once, with the last reference, on any thread.
 * When this returns NULL (no memory) release has not been called and the caller keeps the bytes.
 */
nc_blob *nc_blob_wrap(nc_bytes bytes, void (*release)(void *user), void *user);
nc_blob *nc_blob_ref(nc_blob *b); /* returns b */
void nc_blob_unref(nc_blob *b);   /* NULL allowed */
NC_DEFINE_CLEANUP(nc_blob *, nc_blob_unref);
nc_bytes nc_blob_bytes(const nc_blob *b); /* borrowed while a reference is held */

#endif
