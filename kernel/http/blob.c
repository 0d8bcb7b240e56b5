/* SPDX-License-Identifier: Apache-2.0 */
#include "http/blob.h"

#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"

/*
 * One allocation when the bytes are copied (they follow the header), a small one when they are
 * wrapped. Any thread. The bytes never change once a second holder can see them.
 */

struct nc_blob {
	/* Taking is relaxed: the taker holds a reference already. Dropping releases, and whoever
	 * drops the last acquires, so that all reading happens before the free. */
	atomic_uint refs;
	nc_bytes bytes;
	void (*release)(void *user); /* NULL: the bytes follow in the same block */
	void *user;
	char data[];
};

nc_blob *nc_blob_alloc(size_t n, char **ret_p)
{
	if (n > SIZE_MAX / 2)
		return NULL;
	nc_blob *b = nc_malloc(sizeof(*b) + n);
	if (!b)
		return NULL;
	atomic_init(&b->refs, 1);
	b->bytes = (nc_bytes){ b->data, n };
	b->release = NULL;
	b->user = NULL;
	*ret_p = b->data;
	return b;
}

nc_blob *nc_blob_new(nc_bytes bytes)
{
	char *p;
	nc_blob *b = nc_blob_alloc(bytes.len, &p);
	if (b && bytes.len)
		memcpy(p, bytes.ptr, bytes.len);
	return b;
}

nc_blob *nc_blob_wrap(nc_bytes bytes, void (*release)(void *user), void *user)
{
	char *unused_p;
	nc_blob *b = nc_blob_alloc(0, &unused_p);
	if (!b)
		return NULL;
	b->bytes = bytes;
	b->release = release;
	b->user = user;
	return b;
}

nc_blob *nc_blob_ref(nc_blob *b)
{
	unsigned before = atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	nc_assert(before > 0 && before < UINT32_MAX);
	return b;
}

void nc_blob_unref(nc_blob *b)
{
	if (!b)
		return;
	unsigned before = atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel);
	nc_assert(before > 0);
	if (before > 1)
		return;
	if (b->release)
		b->release(b->user);
	nc_free(b);
}

nc_bytes nc_blob_bytes(const nc_blob *b)
{
	return b->bytes;
}
