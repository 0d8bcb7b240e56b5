/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_SECRET_H
#define NC_BASE_SECRET_H

#include "base/cleanup.h"
#include "novacron/abi.h"

/* Secret bytes: kept out of core dumps where the kernel lets us, zeroed when freed, no %s. */
typedef struct nc_secret nc_secret;
nc_secret *nc_secret_new(nc_bytes value); /* copies; NULL = no memory */
void nc_secret_free(nc_secret *s);
NC_DEFINE_CLEANUP(nc_secret *, nc_secret_free);
nc_bytes nc_secret_get(const nc_secret *s);
int nc_secret_eq(nc_bytes a, nc_bytes b); /* constant time in the contents */
void nc_zero(void *p, size_t n);

/*
 * AES-256-GCM with a random nonce. sealed = nonce(12) | ciphertext | tag(16). NC_E_NOMEM, or
 * NC_E_INVAL where out is too small. Call nc_seal_init at start: OpenSSL crashes where its very
 * first use runs out of memory.
 */
#define NC_SEAL_OVERHEAD 28
nc_code nc_seal_init(nc_error *err);
nc_code nc_seal(const uint8_t key[32], nc_bytes aad, nc_bytes plain, void *out, size_t cap,
	size_t *ret_len, nc_error *err);
/* NC_E_DENIED when the key or the bytes are not the ones that sealed it. */
nc_code nc_unseal(const uint8_t key[32], nc_bytes aad, nc_bytes sealed, void *out, size_t cap,
	size_t *ret_len, nc_error *err);

#endif
