/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_STORE_UTIL_H
#define NC_TESTS_STORE_UTIL_H

#include "base/buf.h"
#include "memstore.h"
#include "store/care.h"
#include "store/db.h"
#include "testing.h"

/* What the tests of the store have in common: three kinds, and short words for what they do. */

enum { K_VM = 1, K_OP = 2, K_NET = 3, K_SECRET = 4 };
enum { VM_NAME = 0, VM_STATUS = 1, VM_LABEL = 2, VM_NET = 3 };
enum { OP_STATE = 0 };
extern const nc_kind_def su_kinds[4];

/* Options over a memstore, quick to materialise. */
nc_db_options su_options(memstore *m);
nc_db *su_open(memstore *m); /* checks that it works; NULL when not */

/* A vm with these keys (NULL = none); body says what it likes. */
void su_put_vm(nc_txn *t, const char *id, const char *name, const char *status, const char *label,
	const char *body);
void su_put_op(nc_txn *t, const char *id, const char *state, const char *body, nc_warmth w);
/* One transaction each; what commit says. */
nc_code su_vm(nc_db *db, const char *id, const char *name, const char *status, nc_error *err);
nc_code su_del(nc_db *db, uint16_t kind, const char *id, nc_error *err);
nc_code su_commit(nc_txn *t, uint64_t *ret_seq);

/* Body of an item in memory, copied into `out`, or "" */
const char *su_body(nc_db *db, uint16_t kind, const char *id, char out[64]);
uint64_t su_rev(nc_db *db, uint16_t kind, const char *id);
int su_is_found(nc_db *db, const char *name, const char *id); /* vm by its name */
/* The same through nc_db_get, cold ones too. */
nc_code su_get(nc_db *db, uint16_t kind, const char *id, char out[64], nc_error *err);
/* Faults that nc_db_check finds, each printed. */
uint64_t su_faults(nc_db *db);
/* Until a condition holds, for at most ten seconds. */
int su_wait(int (*holds)(void *arg), void *arg);

#endif
