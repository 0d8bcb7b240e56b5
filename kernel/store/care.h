/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_CARE_H
#define NC_STORE_CARE_H

/* What only the daemon's own upkeep and `novacron state` need of a store. */

#include "base/id.h"
#include "store/db.h"

/*
 * A copy was put in the place of the state: give the log a new log_id, so that cursors of the
 * former life get a gap, and take a new epoch. The installation id stays, and with it the claim to
 * what it owns outside. Before nc_db_open, which must not have the store open. NC_E_NOTFOUND: the
 * store holds no state yet.
 */
nc_code nc_db_mark_restored(const nc_store *table, nc_inst *inst, const char *node,
	char ret_log_id[NC_ULID_LEN + 1], nc_error *err);

/*
 * Go on without the records of the log that can't be read: `o` is opened, what they changed is left
 * as it was before, what follows from their loss is done, and all of it is written and the log
 * trimmed up to them, under a new log_id as after a restore. Each loss is passed as one line, as in
 * nc_db_damage; *ret_n counts the records, 0 = there are none, and nothing was done. The state must
 * not be open.
 */
nc_code nc_db_accept_loss(const nc_db_options *o, nc_fault_fn fn, void *ctx, uint64_t *ret_n,
	char ret_log_id[NC_ULID_LEN + 1], nc_error *err);

/*
 * What the store itself finds wrong with its files, told as nc_db_check tells it; of a state that is not
 * open, so nothing is compared with memory. Blocking.
 */
nc_code nc_db_check_files(
	const nc_db_options *o, nc_fault_fn fn, void *ctx, uint64_t *ret_faults, nc_error *err);

/*
 * Materialise and drop every record of the log up to `seq`, whatever log_keep_records says: what
 * they held must not stay readable. Blocking, workers only.
 */
nc_code nc_db_trim_log(nc_db *db, uint64_t seq, nc_error *err);

/*
 * Write the stale hot items of a kind anew (a new sealing key, an older shape), a bounded number in
 * each transaction, until a whole walk finds none. `rewrite` puts or deletes the item it is given,
 * which must still be at that revision when its turn comes; an item that was changed meanwhile is
 * looked at again. Both run on this thread, is_stale inside a read section. Blocking, workers only.
 */
typedef struct nc_rewrite {
	uint16_t kind;
	int (*is_stale)(void *stale_ctx, const nc_item *it);
	void *stale_ctx;
	nc_code (*rewrite)(void *ctx, nc_txn *t, const nc_item *it, nc_error *err);
	void *ctx;
} nc_rewrite;
nc_code nc_db_rewrite(nc_db *db, const nc_rewrite *r, nc_error *err);

#endif
