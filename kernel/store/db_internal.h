/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_DB_INTERNAL_H
#define NC_STORE_DB_INTERNAL_H

#include <stdatomic.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/qsbr.h"
#include "store/batch.h"
#include "store/damage.h"
#include "store/health.h"
#include "store/pending.h"
#include "store/value.h"

/*
 * A database as its files share it. Three threads work on it, and each member stands under who
 * may touch it:
 *   everyone       what is fixed at open, and the published root
 *   the sequencer  tip, forest, log position (before it starts: the opener; after it: the closer)
 *   the materialiser, through db->pending, which has its own lock
 */

#define NC_PENDING_MAX ((size_t)256 << 20) /* bytes of records; more holds the sequencer up */
#define NC_LEASE_MS    10000u

typedef struct nc_sequencer {
	nc_mpsc queue; /* any thread pushes */
	uint64_t thread;
	nc_txn *waiting, *waiting_tail;      /* taken from the queue, not yet looked at */
	nc_db_batch *applied, *applied_tail; /* materialised; cold items to evict */
	nc_forest forest;
	nc_root *tip;        /* what the batch under way makes; NULL = none under way */
	uint64_t head;       /* seq of the last record known to be durable */
	nc_bytes *group;     /* group_max records, for append */
	nc_db_batch *limbo;  /* appended, with an unknown outcome; tip is as if it had worked */
	int64_t renew_at_us; /* the lease */
	int64_t retry_at_us, retry_delay_us;
	uint8_t is_broken; /* the store takes no appends: refuse, and retry */
	uint8_t is_closing;
	_Atomic uint8_t is_hurried; /* relaxed: nobody can wait for the store to tell */
	_Atomic uint8_t goes_cold[NC_DB_KINDS_MAX]; /* relaxed: the cold space may hold some */
} nc_sequencer;

struct nc_db {
	/* fixed at open */
	const nc_store *store;
	nc_inst *inst;
	char node[64];
	nc_schema schema;
	nc_db_hooks hooks;
	uint32_t group_max;
	uint64_t log_keep;
	int64_t gather_us;
	nc_identity identity;

	uint8_t is_open;      /* nc_db_open is past loading */
	uint8_t accepts_loss; /* goes on without records that can't be read */
	uint8_t is_barred;    /* doesn't: served and not written. Set by the opener alone */

	/* Release by the sequencer when a root is complete, acquire by readers. The counters are
	 * relaxed: they say no more than themselves. */
	_Atomic(nc_root *) root;
	_Atomic uint64_t seq, epoch, trimmed, queued;
	_Atomic int64_t leads_until_us; /* relaxed; 0 = somebody else leads, or nobody knows yet */

	nc_sequencer s;
	nc_pending pending;
	nc_health health;
	nc_damage damage;
};

extern const char nc_newer_hint[];

/* ---- item from the store (shape.c) ---- */
/* Parse, bring to today's shape. rev 0 = as in the value. NC_E_PROTO, NC_E_UNSUPPORTED, NC_E_NOMEM */
nc_code nc_item_load(nc_db *db, uint16_t kind, nc_bytes id, nc_bytes value, uint64_t rev,
	nc_item **ret, nc_error *err);

/* ---- the tip (tip.c): the sequencer's ---- */
nc_code nc_tip_begin(nc_db *db, nc_error *err); /* a copy of the published root, if there is none */
void nc_tip_reset(nc_db *db);                   /* back to the published root */
/* All of the transaction's changes with its seq as their rev. NC_E_NOMEM: reset. */
nc_code nc_tip_apply(nc_db *db, nc_db_batch *b, nc_txn *t);
/* Take the cold items of materialised batches out. NC_E_NOMEM: reset. */
nc_code nc_tip_evict(nc_db *db, nc_db_batch *applied);
/* What every reader sees from here on. b (NULL = only evictions) is counted for what it needs;
 * `evicted` (chain) is taken over. Returns the root it replaced, to be given to nc_tip_retire
 * once the hooks have seen the old items. Never fails. */
nc_root *nc_tip_publish(nc_db *db, nc_db_batch *b, nc_db_batch *evicted);
void nc_tip_retire(nc_root *old);

/* Until no reader that had to go without a registration has a former root (read.c). */
void nc_read_wait_unregistered(void);

/* ---- the sequencer ---- */
nc_code nc_sequencer_init(nc_db *db, nc_error *err);
nc_code nc_sequencer_start(nc_db *db, nc_error *err);
void nc_sequencer_stop(nc_db *db); /* answers what is queued, joins */
void nc_sequencer_done(nc_db *db);
int nc_sequencer_is_me(void);
/* Publish a durable batch, run hooks, guards and done callbacks. */
void nc_batch_settle(nc_db *db, nc_db_batch *b);
/* Undo the guards of a batch from the end back to `keep` transactions, answer those with why. */
void nc_batch_fail(nc_db *db, nc_db_batch *b, uint32_t keep, const nc_error *why);

/* ---- the lease, and what follows a failed append (reopen.c): the sequencer's ---- */
void nc_store_broke(nc_db *db, const nc_error *why);
void nc_store_retry(nc_db *db);
void nc_lease_taken(nc_db *db);
/* And nothing that others may have written meanwhile is unknown here. */
void nc_lease_holds(nc_db *db);
/* What a writer is told of it: NC_E_UNAVAILABLE, may be tried again. */
void nc_refusal(nc_error *ret, const nc_error *why);

/* ---- the log read back (replay.c): the sequencer's, the opener's ---- */
/* Records after db->s.head up to `upto`: applied, published in bounded batches. Where it fails,
 * what came before is published and db->s.head says how far it got. */
nc_code nc_replay(nc_db *db, uint64_t upto, nc_error *err);

/* ---- records of the log that can't be read (hole.c): the opener's ---- */
/* What stands for the record in an empty batch: a transaction that takes out of memory whatever
 * is seen to have been changed by it. */
nc_code nc_hole_take(nc_db *db, nc_db_batch *b, uint64_t seq, const nc_error *why, nc_error *err);
/* Into a transaction behind a hole, before it is applied: the removal of those whose unique keys it
 * takes, which a lost record must have taken from them. NC_E_NOMEM. */
nc_code nc_hole_free_keys(nc_db *db, nc_txn *t);
/* Once that is published: what was taken out is listed. */
nc_code nc_hole_list(nc_db *db, nc_error *err);

/* ---- who this state is (identity.c) ---- */
/* From the meta space; an empty log_id: not there (yet). NC_E_UNSUPPORTED: a newer format. */
nc_code nc_identity_load(nc_db *db, nc_error *err);
/* From an epoch record. */
nc_code nc_identity_seen(nc_db *db, const nc_identity *id, nc_error *err);
/* An epoch record as seq head + 1, durable on return. */
nc_code nc_epoch_append(nc_db *db, uint64_t epoch, uint64_t head, nc_error *err);

/* ---- loading (load.c, repair.c): the opener's ---- */
nc_code nc_load_items(nc_db *db, nc_error *err);
/* Damaged items whose records the log still has: put back, and written again. */
nc_code nc_repair(nc_db *db, nc_error *err);

static inline const nc_root *nc_db_published(nc_db *db)
{
	return atomic_load_explicit(&db->root, memory_order_acquire);
}

#endif
