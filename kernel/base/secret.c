/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"

/*
 * Secrets in memory. The bytes lie in pages of their own, locked and left out of core dumps where
 * the kernel permits (the lock has a limit per user; a refusal is not an error), and are zeroed
 * before the pages go. Immutable once made, so any thread may read. Never logged.
 */

struct nc_secret {
	void *bytes;
	size_t len, mapped;
};

nc_secret *nc_secret_new(nc_bytes value)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	if (value.len > SIZE_MAX - page)
		return NULL;
	nc_secret *s = nc_malloc(sizeof(*s));
	if (!s)
		return NULL;
	s->len = value.len;
	s->mapped = (value.len / page + 1) * page;
	s->bytes =
		mmap(NULL, s->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->bytes == MAP_FAILED) {
		nc_free(s);
		return NULL;
	}
	(void)mlock(s->bytes, s->mapped);
	(void)madvise(s->bytes, s->mapped, MADV_DONTDUMP);
	if (value.len)
		memcpy(s->bytes, value.ptr, value.len);
	return s;
}

void nc_secret_free(nc_secret *s)
{
	if (!s)
		return;
	OPENSSL_cleanse(s->bytes, s->len);
	munmap(s->bytes, s->mapped); /* unlocks too */
	nc_free(s);
}

nc_bytes nc_secret_get(const nc_secret *s)
{
	return (nc_bytes){ s->bytes, s->len };
}

int nc_secret_eq(nc_bytes a, nc_bytes b)
{
	return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}

void nc_zero(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}
