/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_VAULT_H
#define NC_STORE_VAULT_H

#include "base/secret.h"
#include "store/db.h"

/*
 * Secret values (passwords, user data, keys of clouds): sealed with AES-256-GCM under a key that
 * lies in a file of its own, which no backup of the state holds. A value is an item of its own,
 * put in the same transaction as the object that refers to it by its handle; what the log, the
 * store and memory hold is sealed, and it is opened only for the call that needs it.
 *
 * Each sealed value names the key that sealed it and is bound to its own id, so one can't be put
 * in another's place. Any thread, unless it says workers.
 */
typedef struct nc_vault nc_vault;

#define NC_VAULT_VALUE_MAX (64u << 10)

typedef struct nc_vault_options {
	nc_db *db;            /* borrowed until nc_vault_close */
	uint16_t kind;        /* of their items: declared, without indexes */
	const char *key_file; /* made with mode 0600 if it isn't there and nothing is sealed yet */
} nc_vault_options;

/*
 * NC_E_NOTFOUND: the key file is gone, or lacks a key that something is sealed with. NC_E_DENIED:
 * others may read it. NC_E_CONFLICT: it is of another installation. NC_E_PROTO: it is damaged. A
 * file that holds one bare key, made beforehand, becomes this installation's.
 */
nc_code nc_vault_open(const nc_vault_options *o, nc_vault **ret, nc_error *err);
void nc_vault_close(nc_vault *v); /* NULL is fine; every transaction given to put is answered */
NC_DEFINE_CLEANUP(nc_vault *, nc_vault_close);

/*
 * Seal a value into the transaction in the place of the one of this handle (1 to NC_DB_ID_MAX
 * bytes). The transaction is refused with NC_E_UNAVAILABLE (may be tried again) if the key is
 * rotated before it gets its turn; takes one of its guards, however many values it puts.
 */
nc_code nc_vault_put(nc_vault *v, nc_txn *t, const char *handle, nc_bytes value, nc_error *err);
/* Delete it: memory and objects space forget it when the transaction is durable and materialised;
 * the log keeps the sealed bytes until it is trimmed past them. */
void nc_vault_del(nc_vault *v, nc_txn *t, const char *handle);
/* Every handle that starts so. */
void nc_vault_del_all(nc_vault *v, nc_txn *t, const nc_root *r, const char *prefix);
/* The caller frees *ret. NC_E_NOTFOUND; NC_E_DENIED: it was tampered with; NC_E_PROTO: damaged. */
nc_code nc_vault_get(nc_vault *v, const char *handle, nc_secret **ret, nc_error *err);

/* What may be shown of a value, so that one sees whether it changed: an HMAC under a key of its
 * own, as hex. The same value gives the same digest for ever, also after a rotation. */
#define NC_VAULT_DIGEST_LEN 64
void nc_vault_digest(nc_vault *v, nc_bytes value, char out[NC_VAULT_DIGEST_LEN + 1]);

/*
 * Make a new key, seal every value anew with it, trim the log past the old ones, and only then drop
 * the old key from the file. May be cut off at any point: what is left to do is told by
 * nc_vault_is_rotating, also after a restart, and done by calling this again. Backups made before
 * open only with a copy of the key file from before. Blocking, workers only. *ret_n (may be NULL)
 * counts what was sealed anew. NC_E_BUSY: it is already under way.
 */
nc_code nc_vault_rotate(nc_vault *v, uint64_t *ret_n, nc_error *err);
int nc_vault_is_rotating(nc_vault *v);

#endif
