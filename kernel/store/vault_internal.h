/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_VAULT_INTERNAL_H
#define NC_STORE_VAULT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "store/keyfile.h"
#include "store/vault.h"

/* What vault.c and vault_rotate.c share. */

#define NC_VAULT_HEAD 12 /* magic, id of the key */

typedef struct nc_vault_key {
	uint8_t id[8];
	nc_secret *raw;            /* keys_lock; NULL = retired */
	_Atomic uint8_t is_closed; /* seals no more: release when set, acquire in the guard */
} nc_vault_key;

struct nc_vault {
	nc_db *db;
	uint16_t kind;
	char *key_file;
	nc_secret *digest;
	pthread_mutex_t keys_lock; /* guards all below */
	nc_vault_key **keys;       /* the entries stay until close */
	uint32_t n_keys;
	nc_vault_key *active;
	int is_busy; /* a rotation is under way */
};

nc_vault_key *nc_vault_key_active(nc_vault *v);
/* Under the lock, or before other threads. */
nc_vault_key *nc_vault_key_find(nc_vault *v, const uint8_t id[8]);
nc_vault_key *nc_vault_key_add(nc_vault *v, const nc_keyfile_key *from, nc_error *err);
void nc_vault_key_drop(nc_vault *v, nc_vault_key *k); /* its bytes; takes the lock */

int nc_vault_key_id(nc_bytes body, uint8_t out[8]); /* 0, or -1: not sealed at all */
nc_code nc_vault_seal(nc_vault *v, const nc_vault_key *k, nc_bytes id, nc_bytes value, nc_buf *ret,
	nc_error *err);
nc_code nc_vault_unseal(nc_vault *v, const nc_item *it, nc_secret **ret, nc_error *err);

#endif
