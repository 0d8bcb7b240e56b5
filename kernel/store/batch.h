/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_BATCH_H
#define NC_STORE_BATCH_H

#include "store/txn_internal.h"

/*
 * What one append made durable. Made by the sequencer; then shared, and no longer changed, by the
 * materialiser's list and the readers of lanes; freed by whoever lets go last.
 */
struct nc_db_batch {
	nc_msg msg;        /* back to the sequencer when materialised */
	nc_db_batch *next; /* materialiser's list (its lock), then the root it dies with */
	uint32_t refs;
	uint64_t first, last; /* seq; last = first - 1 while empty */
	nc_txn *head, *tail;
	uint32_t n;
	size_t bytes;       /* of the records */
	uint8_t is_waiting; /* in the materialiser's list (its lock) */
	uint8_t goes_cold;  /* something leaves memory once it is materialised */
	uint8_t says_who;   /* holds an epoch record */
};

nc_db_batch *nc_batch_new(uint64_t first); /* one reference; NULL = no memory */
void nc_batch_ref(nc_db_batch *b);
void nc_batch_unref(nc_db_batch *b);
void nc_batch_add(nc_db_batch *b, nc_txn *t);
nc_txn *nc_batch_pop(nc_db_batch *b); /* the last one, now the caller's; NULL = empty */

#endif
