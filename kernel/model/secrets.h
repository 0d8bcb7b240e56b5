/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_SECRETS_H
#define NC_MODEL_SECRETS_H

#include "base/secret.h"
#include "model/internal.h"
#include "model/model.h"

/*
 * Values of secret fields lie sealed in their own kind (secret_value), apart from the object, which
 * shows only {set, version, digest}. The keys are the caller's: out of backups, out of the store.
 */
typedef struct nc_seal_key {
	const char *id;     /* which one, in the clear: for rotation */
	uint8_t seal[32];   /* AES-256-GCM */
	uint8_t digest[32]; /* of the digests; the same for all versions of an installation */
} nc_seal_key;

/* "<object id>.<field>": the id of the sealed value. */
void nc_secret_handle(const char *object_id, const char *field, char out[NC_DB_ID_MAX + 1]);

/*
 * Seal each fresh value of obj and put it (or delete the cleared ones) with the same transaction
 * as the object; version and digest are set, fresh is wiped. Call before nc_model_put. `r`: to
 * see which sealed values are there. NC_OK also when there is nothing to do.
 */
nc_code nc_secrets_put(
	nc_txn *t, const nc_root *r, nc_object *obj, const nc_seal_key *key, nc_error *err);
/* Delete every sealed value of an object that goes. */
void nc_secrets_delete(nc_txn *t, const nc_root *r, const nc_object *obj);
/* Open one. keys: the present one and former ones. The caller frees *ret, which wipes it. */
nc_code nc_secrets_open(const nc_root *r, const char *object_id, const char *field,
	const nc_seal_key *keys, size_t n_keys, nc_arena *a, nc_secret **ret, nc_error *err);

#endif
