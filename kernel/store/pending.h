/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_PENDING_H
#define NC_STORE_PENDING_H

#include <pthread.h>

#include "base/queue.h"
#include "store/batch.h"

/*
 * What is durable in the log and not yet in the store's spaces: batches in order of seq, and the
 * thread that writes them there. Also the desk for what else this thread alone may ask of the
 * store: trims.
 */
typedef struct nc_chore nc_chore;
struct nc_chore { /* on the asker's stack; the thread's while it is in the list */
	nc_list link;
	/* One bounded step, without the lock. NC_OK and !is_done: again. */
	nc_code (*step)(nc_db *db, nc_chore *c, nc_error *err);
	uint64_t seq;
	uint32_t lane;
	uint8_t is_done; /* by step: no more to do */
	uint8_t is_over; /* pending_lock: the asker may go on */
	nc_error err;
};

typedef struct nc_pending {
	pthread_mutex_t pending_lock; /* guards all below */
	pthread_cond_t work;          /* the materialiser waits */
	pthread_cond_t progress;      /* those who wait for it */
	nc_db_batch *head, *tail;
	size_t bytes;
	int64_t since_us; /* when head came: the gathering starts */
	uint64_t applied;
	uint64_t barred_from; /* this record and those behind it are not written; 0 = none */
	uint64_t lane_oldest[NC_LANE_LAST + 1];
	uint32_t hurry;    /* how many wait for a flush: no gathering */
	uint32_t backups;  /* under way: no trims, which would wait for them */
	uint64_t failures; /* times that the store refused */
	nc_list chores;
	uint8_t is_stopping;
	uint8_t is_gone; /* no thread: nothing more comes */
	uint64_t thread;
} nc_pending;

void nc_pending_init(nc_pending *p);
void nc_pending_done(nc_pending *p); /* what is left is let go: the log has it */
/* Takes a reference. The sequencer, before the root is published. */
void nc_pending_add(nc_db *db, nc_db_batch *b);
/* Nothing from this record on is written to the store's spaces; a batch begins with it. */
void nc_pending_bar(nc_db *db, uint64_t seq);
size_t nc_pending_bytes(nc_db *db);
uint64_t nc_pending_applied(nc_db *db);
/*
 * The batch with the first records after seq that is not materialised, with a reference, or NULL;
 * *ret_applied is what was materialised at that moment. `prev` (may be NULL) is the one given
 * before.
 */
nc_db_batch *nc_pending_after(
	nc_db *db, uint64_t seq, const nc_db_batch *prev, uint64_t *ret_applied);
/* Runs on the materialiser's thread; waits until it is over. */
nc_code nc_pending_chore(nc_db *db, nc_chore *c, nc_error *err);

nc_code nc_materialiser_start(nc_db *db, nc_error *err);
void nc_materialiser_stop(nc_db *db); /* writes what is left if the store lets it, joins */
/* Write these batches into the store's spaces (materialise.c). The thread's. */
nc_code nc_materialise(nc_db *db, nc_db_batch *first, uint32_t n, uint64_t applied, nc_error *err);
/* Trim the log, if it has grown enough (trim.c). The thread's. */
void nc_trim_log_if_due(nc_db *db, uint64_t applied);

#endif
