/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_KEYFILE_H
#define NC_STORE_KEYFILE_H

#include "base/id.h"
#include "base/secret.h"

/*
 * The key file of a state's secrets, readable by its owner alone:
 *
 *   novacron-keys 1
 *   installation <ULID>
 *   digest <64 hex>                  what digests are keyed by; the same for ever
 *   key <id, 16 hex> <64 hex>        the first one seals; the others still open what they sealed
 *   end
 */
#define NC_KEY_ID_LEN 16
#define NC_KEYS_MAX   4

typedef struct nc_sealkey {
	char id[NC_KEY_ID_LEN + 1];
	nc_secret *raw; /* 32 bytes */
} nc_sealkey;

typedef struct nc_keyring {
	char installation[NC_ULID_LEN + 1];
	nc_secret *digest; /* 32 bytes */
	nc_sealkey keys[NC_KEYS_MAX];
	uint32_t n;
} nc_keyring;

void nc_keyring_done(nc_keyring *r); /* cleanup form */
nc_code nc_sealkey_make(nc_sealkey *ret, nc_error *err);
/* A new one for this installation. */
nc_code nc_keyring_make(nc_keyring *ret, const char *installation, nc_error *err);
/* NC_E_NOTFOUND: no such file. NC_E_DENIED: others may read it. NC_E_PROTO: not a key file. */
nc_code nc_keyring_load(nc_keyring *ret, const char *path, nc_error *err);
/* Replaces the file as one, durable on return. */
nc_code nc_keyring_save(const nc_keyring *r, const char *path, nc_error *err);

#endif
