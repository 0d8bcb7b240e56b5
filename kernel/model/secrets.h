/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_SECRETS_H
#define NC_MODEL_SECRETS_H

#include "model/model.h"
#include "store/vault.h"

/*
 * Values of secret fields lie sealed in the vault, as items of their own (kind secret_value), apart
 * from the object, which shows only {set, version, digest}.
 */

/* "<object id>.<field>": the handle of the sealed value. */
void nc_secret_handle(const char *object_id, const char *field, char out[NC_DB_ID_MAX + 1]);

/*
 * Seal each fresh value of obj and put it (or delete the cleared ones) with the same transaction
 * as the object; version and digest are set, fresh is wiped. Call before nc_model_put. NC_OK also
 * when there is nothing to do.
 */
nc_code nc_secrets_put(nc_vault *v, nc_txn *t, nc_object *obj, nc_error *err);
/* Delete every sealed value of an object that goes. `r`: to see which there are. */
void nc_secrets_delete(nc_vault *v, nc_txn *t, const nc_root *r, const nc_object *obj);
/* Open one. The caller frees *ret, which wipes it. NC_E_NOTFOUND, and what nc_vault_get says. */
nc_code nc_secrets_open(
	nc_vault *v, const char *object_id, const char *field, nc_secret **ret, nc_error *err);

#endif
