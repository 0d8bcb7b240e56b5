/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/id.h"

/*
 * Secrets in memory and sealed. The bytes lie in pages of their own, locked and left out of core
 * dumps where the kernel permits (the lock has a limit per user; a refusal is not an error), and
 * are zeroed before the pages go. Immutable once made, so any thread may read. Never logged.
 */

enum { NONCE_LEN = 12, TAG_LEN = 16, SEAL_MAX = 1 << 30 };
_Static_assert(NC_SEAL_OVERHEAD == NONCE_LEN + TAG_LEN, "sealed = nonce | ciphertext | tag");

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

static void ctx_freep(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

static int gcm_encrypt(
	EVP_CIPHER_CTX *ctx, const uint8_t key[32], nc_bytes aad, nc_bytes plain, uint8_t *nonce)
{
	uint8_t *text = nonce + NONCE_LEN;
	int n;
	nc_random_bytes(nonce, NONCE_LEN);
	if (EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) != 1)
		return -1;
	if (aad.len && EVP_EncryptUpdate(ctx, NULL, &n, aad.ptr, (int)aad.len) != 1)
		return -1;
	if (plain.len && EVP_EncryptUpdate(ctx, text, &n, plain.ptr, (int)plain.len) != 1)
		return -1;
	if (EVP_EncryptFinal_ex(ctx, text + plain.len, &n) != 1)
		return -1;
	int ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN, text + plain.len);
	return ok == 1 ? 0 : -1;
}

nc_code nc_seal(const uint8_t key[32], nc_bytes aad, nc_bytes plain, void *out, size_t cap,
	size_t *ret_len, nc_error *err)
{
	if (plain.len > SEAL_MAX || aad.len > SEAL_MAX)
		return nc_err(err, NC_E_INVAL, "%zu bytes are too many to seal", plain.len);
	if (cap < plain.len + NC_SEAL_OVERHEAD)
		return nc_err(err, NC_E_INVAL, "%zu bytes don't hold %zu sealed", cap, plain.len);
	_cleanup_(ctx_freep)
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	if (!ctx)
		return nc_err_nomem(err);
	if (gcm_encrypt(ctx, key, aad, plain, out) != 0) {
		OPENSSL_cleanse(out, plain.len + NC_SEAL_OVERHEAD);
		return nc_err(err, NC_E_INTERNAL, "could not seal %zu bytes", plain.len);
	}
	*ret_len = plain.len + NC_SEAL_OVERHEAD;
	return NC_OK;
}

/* 1 opened, 0 not the key or the bytes, -1 the library failed. */
static int gcm_decrypt(EVP_CIPHER_CTX *ctx, const uint8_t key[32], nc_bytes aad,
	const uint8_t *sealed, size_t text_len, uint8_t *out)
{
	uint8_t tag[TAG_LEN];
	int n;
	memcpy(tag, sealed + NONCE_LEN + text_len, TAG_LEN);
	if (EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, sealed) != 1)
		return -1;
	if (aad.len && EVP_DecryptUpdate(ctx, NULL, &n, aad.ptr, (int)aad.len) != 1)
		return -1;
	if (text_len && EVP_DecryptUpdate(ctx, out, &n, sealed + NONCE_LEN, (int)text_len) != 1)
		return -1;
	if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) != 1)
		return -1;
	uint8_t none[TAG_LEN];
	return EVP_DecryptFinal_ex(ctx, none, &n) == 1;
}

nc_code nc_unseal(const uint8_t key[32], nc_bytes aad, nc_bytes sealed, void *out, size_t cap,
	size_t *ret_len, nc_error *err)
{
	if (sealed.len < NC_SEAL_OVERHEAD)
		return nc_err(err, NC_E_DENIED, "sealed value of %zu bytes is cut", sealed.len);
	size_t len = sealed.len - NC_SEAL_OVERHEAD;
	if (len > SEAL_MAX || aad.len > SEAL_MAX || cap < len)
		return nc_err(err, NC_E_INVAL, "%zu bytes don't hold %zu unsealed", cap, len);
	_cleanup_(ctx_freep)
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	if (!ctx)
		return nc_err_nomem(err);
	int opened = gcm_decrypt(ctx, key, aad, sealed.ptr, len, out);
	if (opened != 1) {
		OPENSSL_cleanse(out, len); /* unproven bytes never leave */
		nc_code rc = opened == 0 ? NC_E_DENIED : NC_E_INTERNAL;
		return nc_err(err, rc, "could not open a sealed value of %zu bytes", sealed.len);
	}
	*ret_len = len;
	return NC_OK;
}
