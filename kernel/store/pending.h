/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_PENDING_H
#define NC_STORE_PENDING_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/queue.h"
#include "store/batch.h"

/*
 * What is durable in the log and not yet in the store's spaces: batches in order of seq, and the
 * thread that writes them there. Also the desk for everything else that this thread alone may ask
 * of the store: trims.
 */
typedef struct nc_chore nc_chore; /* on the asker's stack; see pending.c */

typedef struct nc_pending {
	pthread_mutex_t pending_lock; /* guards all below */
	pthread_cond_t work;	      /* the materialiser waits */
	pthread_cond_t progress;      /* those who wait for it */
	nc_db_batch *head, *tail;
	size_t bytes;
	int64_t since_us; /* when head was put; the gathering starts */
	uint64_t applied;
	uint64_t lane_oldest[NC_LANE_LAST + 1];
	uint32_t hurry;	  /* how many wait for a flush: no gathering */
	uint32_t backups; /* under way: no trims, which would wait for them */
	nc_list chores;
	uint8_t is_stopping;
	uint8_t is_gone; /* the thread has ended: nothing more comes */
	uint64_t thread;
	uint64_t failures; /* times that the store failed the materialiser */
} nc_pending;

void nc_pending_init(nc_pending *p);
void nc_pending_done(nc_pending *p); /* what is left is let go: the log has it */
/* Takes a reference. Sequencer, before the root is published. */
void nc_pending_add(nc_db *db, nc_db_batch *b);
size_t nc_pending_bytes(nc_db *db);
uint64_t nc_pending_applied(const nc_db *db);

/* The batch with records after seq that is not materialised yet, with a reference, or NULL; *ret_applied
 * is what was materialised at that moment. `prev` (may be NULL): the batch given before. */
nc_db_batch *nc_pending_after(
	nc_db *db, uint64_t seq, const nc_db_batch *prev, uint64_t *ret_applied);

nc_code nc_materialiser_start(nc_db *db, nc_error *err);
void nc_materialiser_stop(nc_db *db); /* writes what is left if the store lets it, joins */

#endif
