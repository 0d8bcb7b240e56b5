/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/ed25519.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/cleanup.h"
#include "base/err.h"

/* OpenSSL's, with its objects made for each call: they are cheap beside the curve. No state. */

static void key_done(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}

static void ctx_done(EVP_MD_CTX **c)
{
	EVP_MD_CTX_free(*c);
}

static nc_code no_memory(nc_error *err)
{
	ERR_clear_error();
	return nc_err_nomem(err);
}

nc_code nc_ed25519_public(
	const uint8_t seed[NC_ED25519_SEED], uint8_t out[NC_ED25519_PUBLIC], nc_error *err)
{
	_cleanup_(key_done) EVP_PKEY *key =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, NC_ED25519_SEED);
	size_t n = NC_ED25519_PUBLIC;

	if (!key || EVP_PKEY_get_raw_public_key(key, out, &n) != 1)
		return no_memory(err);
	return NC_OK;
}

nc_code nc_ed25519_sign(const uint8_t seed[NC_ED25519_SEED], nc_bytes message,
	uint8_t out[NC_ED25519_SIGNATURE], nc_error *err)
{
	_cleanup_(key_done) EVP_PKEY *key =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, NC_ED25519_SEED);
	_cleanup_(ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = NC_ED25519_SIGNATURE;

	if (!key || !ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
		EVP_DigestSign(ctx, out, &n, message.ptr, message.len) != 1)
		return no_memory(err);
	return NC_OK;
}

nc_code nc_ed25519_verify(const uint8_t public_key[NC_ED25519_PUBLIC], nc_bytes message,
	nc_bytes signature, nc_error *err)
{
	_cleanup_(key_done) EVP_PKEY *key =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, NC_ED25519_PUBLIC);
	_cleanup_(ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!key || !ctx || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1)
		return no_memory(err);
	int is_theirs =
		signature.len == NC_ED25519_SIGNATURE &&
		EVP_DigestVerify(ctx, signature.ptr, signature.len, message.ptr, message.len) == 1;
	ERR_clear_error();
	return is_theirs ? NC_OK : nc_err(err, NC_E_DENIED, "the signature is not of this key");
}
