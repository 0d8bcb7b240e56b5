/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <string.h>

#include "base/err.h"
#include "base/id.h"
#include "base/secret.h"

/*
 * Sealing values for the store: AES-256-GCM, a random nonce in front, the tag behind. Any thread.
 * Never lets unproven bytes out, and never leaves anything in OpenSSL's error queue: the thread's
 * next TLS call would take it for its own.
 */

enum { NONCE_LEN = 12, TAG_LEN = 16, SEAL_MAX = 1 << 30 };
_Static_assert(NC_SEAL_OVERHEAD == NONCE_LEN + TAG_LEN, "sealed = nonce | ciphertext | tag");

/*
 * The cipher, looked up once and kept: a look-up costs more than sealing a password, and one that
 * ran out of memory half-way was seen to give a cipher that then refused what it had sealed.
 */
static _Atomic(EVP_CIPHER *) aes_256_gcm; /* acq_rel when set, pairs with the acquire below */

static const EVP_CIPHER *get_cipher(void)
{
	EVP_CIPHER *c = atomic_load_explicit(&aes_256_gcm, memory_order_acquire);
	if (c)
		return c;
	c = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (!c)
		return NULL;
	EVP_CIPHER *first = NULL;
	if (atomic_compare_exchange_strong_explicit(
		    &aes_256_gcm, &first, c, memory_order_acq_rel, memory_order_acquire))
		return c;
	EVP_CIPHER_free(c); /* another thread was first */
	return first;
}

nc_code nc_seal_init(nc_error *err)
{
	if (get_cipher())
		return NC_OK;
	ERR_clear_error();
	return nc_err(err, NC_E_UNSUPPORTED, "this OpenSSL has no AES-256-GCM");
}

/* A context with key and nonce in it; NULL is out of memory, all that can go wrong up to here. */
static EVP_CIPHER_CTX *ctx_new(int is_encrypting, const uint8_t key[32], const uint8_t *nonce)
{
	const EVP_CIPHER *cipher = get_cipher();
	EVP_CIPHER_CTX *ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;
	if (ctx && EVP_CipherInit_ex(ctx, cipher, NULL, key, nonce, is_encrypting) == 1)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

static void ctx_freep(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
	ERR_clear_error();
}

static int gcm_encrypt(EVP_CIPHER_CTX *ctx, nc_bytes aad, nc_bytes plain, uint8_t *to)
{
	int n;
	if (aad.len && EVP_EncryptUpdate(ctx, NULL, &n, aad.ptr, (int)aad.len) != 1)
		return -1;
	if (plain.len && EVP_EncryptUpdate(ctx, to, &n, plain.ptr, (int)plain.len) != 1)
		return -1;
	if (EVP_EncryptFinal_ex(ctx, to + plain.len, &n) != 1)
		return -1;
	int ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN, to + plain.len);
	return ok == 1 ? 0 : -1;
}

nc_code nc_seal(const uint8_t key[32], nc_bytes aad, nc_bytes plain, void *out, size_t cap,
	size_t *ret_len, nc_error *err)
{
	if (plain.len > SEAL_MAX || aad.len > SEAL_MAX)
		return nc_err(err, NC_E_INVAL, "%zu bytes are too many to seal", plain.len);
	if (cap < plain.len + NC_SEAL_OVERHEAD)
		return nc_err(err, NC_E_INVAL, "%zu bytes don't hold %zu sealed", cap, plain.len);
	uint8_t *nonce = out;
	nc_random_bytes(nonce, NONCE_LEN);
	_cleanup_(ctx_freep) EVP_CIPHER_CTX *ctx = ctx_new(1, key, nonce);
	if (!ctx)
		return nc_err_nomem(err);
	if (gcm_encrypt(ctx, aad, plain, nonce + NONCE_LEN) != 0) {
		OPENSSL_cleanse(out, plain.len + NC_SEAL_OVERHEAD);
		return nc_err(err, NC_E_INTERNAL, "could not seal %zu bytes", plain.len);
	}
	*ret_len = plain.len + NC_SEAL_OVERHEAD;
	return NC_OK;
}

/* 1 opened, 0 not the key or the bytes, -1 the library failed. */
static int gcm_decrypt(
	EVP_CIPHER_CTX *ctx, nc_bytes aad, const uint8_t *from, size_t len, uint8_t *out)
{
	uint8_t tag[TAG_LEN], none[TAG_LEN];
	int n;
	memcpy(tag, from + len, TAG_LEN);
	if (aad.len && EVP_DecryptUpdate(ctx, NULL, &n, aad.ptr, (int)aad.len) != 1)
		return -1;
	if (len && EVP_DecryptUpdate(ctx, out, &n, from, (int)len) != 1)
		return -1;
	if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) != 1)
		return -1;
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
	const uint8_t *nonce = sealed.ptr;
	_cleanup_(ctx_freep) EVP_CIPHER_CTX *ctx = ctx_new(0, key, nonce);
	if (!ctx)
		return nc_err_nomem(err);
	int opened = gcm_decrypt(ctx, aad, nonce + NONCE_LEN, len, out);
	if (opened != 1)
		OPENSSL_cleanse(out, len); /* unproven bytes never leave */
	if (opened < 0)
		return nc_err(err, NC_E_INTERNAL, "could not open %zu sealed bytes", sealed.len);
	if (opened == 0)
		return nc_err(err, NC_E_DENIED,
			"sealed value of %zu bytes doesn't open: other key, or changed",
			sealed.len);
	*ret_len = len;
	return NC_OK;
}
