/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_SEQUENCER_H
#define NC_STORE_SEQUENCER_H

#include "store/db.h"

/* What the sequencer's files share; all of it on its thread. */

/* The next of those that wait; there is one. */
nc_txn *nc_waiting_take(nc_db *db);
/* Answer and free. */
void nc_txn_refuse(nc_txn *t, const nc_error *why);
/* Make a group of those that wait, append, settle. Afterwards the store may be broken. */
void nc_group_run(nc_db *db);

void nc_group_register_metrics(void);
void nc_settle_register_metrics(void);

#endif
