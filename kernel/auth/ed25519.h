/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_AUTH_ED25519_H
#define NC_AUTH_ED25519_H

#include <stdint.h>

#include "base/buf.h"

/* Signatures with Ed25519 (RFC 8032). Pure functions; any thread. */
#define NC_ED25519_SEED      32
#define NC_ED25519_PUBLIC    32
#define NC_ED25519_SIGNATURE 64

/* NC_E_NOMEM, and nothing else. */
nc_code nc_ed25519_public(
	const uint8_t seed[NC_ED25519_SEED], uint8_t out[NC_ED25519_PUBLIC], nc_error *err);
nc_code nc_ed25519_sign(const uint8_t seed[NC_ED25519_SEED], nc_bytes message,
	uint8_t out[NC_ED25519_SIGNATURE], nc_error *err);
/* NC_E_DENIED: it is not theirs. */
nc_code nc_ed25519_verify(const uint8_t public_key[NC_ED25519_PUBLIC], nc_bytes message,
	nc_bytes signature, nc_error *err);

#endif
