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
 *
 * or, made beforehand for a state that has no secrets yet, one bare key: 64 hex and a newline.
 */
#define NC_KEYFILE_ID_LEN   16
#define NC_KEYFILE_KEYS_MAX 4

typedef struct nc_keyfile_key {
	char id[NC_KEYFILE_ID_LEN + 1];
	nc_secret *raw; /* 32 bytes */
} nc_keyfile_key;

typedef struct nc_keyfile {
	char installation[NC_ULID_LEN + 1]; /* empty: a bare key */
	nc_secret *digest;                  /* 32 bytes */
	nc_keyfile_key keys[NC_KEYFILE_KEYS_MAX];
	uint32_t n;
} nc_keyfile;

void nc_keyfile_done(nc_keyfile *r); /* cleanup form */
nc_code nc_keyfile_key_make(nc_keyfile_key *ret, nc_error *err);
/* A new one for this installation. */
nc_code nc_keyfile_make(nc_keyfile *ret, const char *installation, nc_error *err);
/* NC_E_NOTFOUND: no such file. NC_E_DENIED: others may read it. NC_E_PROTO: not a key file. */
nc_code nc_keyfile_load(nc_keyfile *ret, const char *path, nc_error *err);
/* Replaces the file as one, durable on return; what lay in the old one is overwritten. */
nc_code nc_keyfile_save(const nc_keyfile *r, const char *path, nc_error *err);

#endif
