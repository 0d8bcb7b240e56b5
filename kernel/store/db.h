/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_DB_H
#define NC_STORE_DB_H

/*
 * The kernel's state: a log of records, and what is derived from it in memory (the read model).
 *
 *   writers ──txn──▶ sequencer ──append──▶ store plugin (durable) ──▶ publish root ──▶ done()
 *                                                                └──▶ materialiser ──▶ plugin
 *
 * One sequencer thread checks each transaction against the tip, numbers it, groups what has
 * queued up meanwhile into one append, and only when that is durable publishes a new read root
 * and answers. The materialiser lags behind and writes items and appended entries into the
 * plugin's key-value spaces. Knows nothing of VMs: an item is a kind number, an id, index keys
 * and opaque bytes.
 */

#include <stdint.h>

#include "base/cleanup.h"
#include "novacron/abi.h"
#include "novacron/store.h"

typedef struct nc_db nc_db;
typedef struct nc_root nc_root; /* one published state: everything as of one seq */
typedef struct nc_txn nc_txn;

/* ---- what the higher room declares (model/ does, once, before open) ---- */

#define NC_DB_KINDS_MAX	  64
#define NC_DB_INDEXES_MAX 16
#define NC_DB_ID_MAX	  47
#define NC_DB_KEY_MAX	  200

typedef struct nc_index_def {
	const char *name; /* "name", "status", "label": for messages and list filters */
	uint8_t is_unique;
} nc_index_def;

typedef struct nc_kind_def {
	uint16_t number;   /* 1..63, persisted, never reused */
	uint16_t n_indexes;
	const char *name;  /* "vm" */
	const nc_index_def *indexes;
	uint16_t shape; /* version of the body's form; older ones go through hooks.upgrade */
} nc_kind_def;

/* ---- items: one version of one object, immutable once published ---- */

typedef struct nc_key { /* an index entry of an item; an index may have several (labels) */
	uint16_t index;
	uint16_t len;
	const char *ptr;
} nc_key;

typedef struct nc_item {
	uint64_t rev; /* seq of the record that put it: what expectations compare */
	uint32_t body_len;
	uint16_t kind, shape;
	uint16_t n_keys;
	uint16_t id_len;
	uint32_t refs; /* of store/ alone */
	/* then, in the same block: id NUL, keys, body NUL; use the accessors */
} nc_item;
const char *nc_item_id(const nc_item *it);
nc_bytes nc_item_body(const nc_item *it);
nc_bytes nc_item_key(const nc_item *it, uint16_t index); /* first of that index, or empty */
/* One block; rev 0. NULL = no memory. Freed by store/ once handed over. */
nc_item *nc_item_new(uint16_t kind, uint16_t shape, nc_bytes id, const nc_key *keys,
	uint32_t n_keys, nc_bytes body);
void nc_item_free(nc_item *it);

/* ---- opening ---- */

typedef struct nc_db_batch nc_db_batch; /* what one append made durable; for the publish hook */

typedef struct nc_db_hooks {
	void *ctx;
	/* Sequencer thread, after the root is published, before the done callbacks. Must be quick. */
	void (*published)(void *ctx, const nc_db_batch *b);
	/* Any thread: health changed. ok, degraded (reads go on), with why. */
	void (*health)(void *ctx, int is_degraded, const nc_error *why);
	/* An item of an older shape was read: on NC_OK *ret (nc_item_new) stands in its place. */
	nc_code (*upgrade)(void *ctx, const nc_item *old, nc_item **ret, nc_error *);
} nc_db_hooks;

typedef struct nc_db_options {
	const nc_store *table; /* of the store plugin, */
	nc_inst *inst;	       /* borrowed until nc_db_close */
	const char *node;
	const nc_kind_def *kinds;
	uint32_t n_kinds;
	uint32_t materialise_delay_ms; /* how long it may gather; 0 = 200 */
	uint64_t log_keep_records;     /* trim leaves at least so many; 0 = 100,000 */
	uint32_t group_max;	       /* transactions an append; 0 = 1024 */
	nc_db_hooks hooks;
} nc_db_options;

/*
 * Lead, check the tail, load the items, replay the log after applied_seq, make the new epoch's
 * record durable, publish. Damaged values are left out, named in nc_db_damage and in the log.
 */
nc_code nc_db_open(const nc_db_options *o, nc_db **ret, nc_error *err);
void nc_db_close(nc_db *db); /* drains, materialises what is left */

const char *nc_db_log_id(const nc_db *db); /* ULID; a restore makes a new one */
const char *nc_db_installation(const nc_db *db);
uint64_t nc_db_epoch(const nc_db *db);
uint64_t nc_db_seq(nc_db *db);	    /* published */
uint64_t nc_db_applied(nc_db *db); /* materialised */

/* ---- reading: no lock, no count; what is borrowed lives until the matching read_end ---- */

/* Any thread; nests. Between the two the thread must not block. Reactors that register
 * themselves (nc_qsbr_register) and quiesce once a turn may skip read_end. */
const nc_root *nc_db_read_begin(nc_db *db);
void nc_db_read_end(nc_db *db);

uint64_t nc_root_seq(const nc_root *r);
uint64_t nc_root_count(const nc_root *r, uint16_t kind);
const nc_item *nc_root_get(const nc_root *r, uint16_t kind, nc_bytes id);
/* By a unique index; NULL = none. */
const nc_item *nc_root_find(const nc_root *r, uint16_t kind, uint16_t index, nc_bytes key);
/* How many items have this key in this index, counting to `cap` at most. */
uint64_t nc_root_count_key(
	const nc_root *r, uint16_t kind, uint16_t index, nc_bytes key, uint64_t cap);

/* Ordered walk over an index by (key, id); index NC_BY_ID walks ids. On the caller's stack. */
#define NC_BY_ID 0xffffu
typedef struct nc_walk {
	const nc_root *root;
	uint16_t kind, index;
	uint16_t depth;
	uint16_t reverse;
	struct {
		const void *node;
		uint32_t pos;
	} at[12];
} nc_walk;
typedef enum { NC_ASCENDING, NC_DESCENDING } nc_order;
/* Position before the first entry >= (key, id), or, descending, <= it; empty key and id = the end. */
void nc_walk_init(nc_walk *w, const nc_root *r, uint16_t kind, uint16_t index, nc_bytes key,
	nc_bytes id, nc_order order);
const nc_item *nc_walk_next(nc_walk *w, nc_bytes *ret_key /* may be NULL */);

/* Cold items (finished operations, decisions) live in the store alone: blocking, workers only.
 * `fn` sees the item once; NC_E_NOTFOUND. Looks in memory first. */
typedef nc_code (*nc_item_fn)(void *ctx, const nc_item *it);
nc_code nc_db_get(nc_db *db, uint16_t kind, nc_bytes id, nc_item_fn fn, void *ctx, nc_error *err);
/* Cold and hot items of a kind by id, after `after`, at most max; NC_E_* of fn ends the walk. */
nc_code nc_db_scan(nc_db *db, uint16_t kind, nc_bytes after, uint32_t max, nc_item_fn fn, void *ctx,
	nc_error *err);

/* Appended entries (events, audit) after (seq, n), in order, blocking, workers only. */
enum { NC_LANE_EVENT = 1, NC_LANE_AUDIT = 2 };
typedef nc_code (*nc_entry_fn)(void *ctx, uint64_t seq, uint32_t n, nc_bytes entry);
nc_code nc_db_read_lane(nc_db *db, uint32_t lane, uint64_t after_seq, uint32_t after_n,
	uint32_t max, nc_entry_fn fn, void *ctx, nc_error *err);
uint64_t nc_db_lane_oldest(nc_db *db, uint32_t lane); /* seq before which entries are gone */
/* Retention: drop lane entries before seq (durably, in bounded steps). */
nc_code nc_db_trim_lane(nc_db *db, uint32_t lane, uint64_t before_seq, nc_error *err);

/* ---- writing ---- */

/* A transaction: built by one thread, then put. All or nothing. Failure to allocate while
 * building is sticky and comes out of submit. */
nc_txn *nc_txn_new(nc_db *db);
void nc_txn_free(nc_txn *t); /* only if never submitted */
NC_DEFINE_CLEANUP(nc_txn *, nc_txn_free);

/* The item must still have this rev; rev 0: must not exist. NC_E_CONFLICT otherwise. */
void nc_txn_expect(nc_txn *t, uint16_t kind, nc_bytes id, uint64_t rev);
/* No item may have this key in this index (references: "no vm uses this network"). */
void nc_txn_expect_unused(nc_txn *t, uint16_t kind, uint16_t index, nc_bytes key);
/* Any item must exist (a referenced object still there). NC_E_NOTFOUND otherwise. */
void nc_txn_expect_exists(nc_txn *t, uint16_t kind, nc_bytes id);
typedef enum { NC_HOT, NC_COLD } nc_warmth; /* COLD: leaves memory once materialised */
/* Bytes are copied. Unique keys are checked by the sequencer: NC_E_EXISTS names index and key. */
void nc_txn_put(nc_txn *t, uint16_t kind, nc_bytes id, const nc_key *keys, uint32_t n_keys,
	nc_bytes body, nc_warmth warmth);
void nc_txn_del(nc_txn *t, uint16_t kind, nc_bytes id);
void nc_txn_append(nc_txn *t, uint32_t lane, nc_bytes entry);
/* Run on the sequencer thread after the expectations hold, against the tip: `check` may refuse
 * and must not block; `undo` is called if the record does not become durable after all; `done`
 * (may be NULL) when it is. Exactly one of refuse, undo, done. This is how the scheduler's
 * ledger claims. At most 4. */
typedef struct nc_guard {
	nc_code (*check)(void *arg, const nc_root *tip, nc_error *err);
	void (*undo)(void *arg);
	void (*done)(void *arg, uint64_t seq);
	void *arg;
} nc_guard;
void nc_txn_guard(nc_txn *t, const nc_guard *g);

/* Takes the transaction. `done` runs once on the sequencer thread and must be quick: after the
 * record is durable and published (seq), or with why not. An error flagged
 * NC_ERR_OUTCOME_UNKNOWN means what it says. */
typedef void (*nc_txn_done)(void *arg, uint64_t seq, const nc_error *err /* NULL = ok */);
void nc_txn_submit(nc_txn *t, nc_txn_done done, void *arg);
/* Submit and wait. Never on a reactor or the sequencer. */
nc_code nc_txn_commit(nc_txn *t, uint64_t *ret_seq, nc_error *err);

/* ---- what the publish hook may look at ---- */
uint64_t nc_db_batch_first(const nc_db_batch *b); /* seq */
uint64_t nc_db_batch_last(const nc_db_batch *b);
/* Each lane entry of the batch in order. */
void nc_db_batch_entries(const nc_db_batch *b, uint32_t lane, nc_entry_fn fn, void *ctx);
/* Each item change: now NULL = deleted, was NULL = new. */
typedef void (*nc_change_fn)(
	void *ctx, uint64_t seq, uint16_t kind, const nc_item *was, const nc_item *now);
void nc_db_batch_changes(const nc_db_batch *b, nc_change_fn fn, void *ctx);

/* ---- care ---- */
typedef struct nc_db_health {
	int is_degraded;
	nc_error why;
	uint64_t seq, applied, trimmed, queued, damaged;
} nc_db_health;
void nc_db_get_health(nc_db *db, nc_db_health *ret);
/* Online; streams to fd. Blocking, workers only. */
nc_code nc_db_backup(nc_db *db, int fd, nc_error *err);
/* Everything: plugin's CRCs, log against items, indexes against bodies' keys. Each fault is passed
 * as one line. Blocking, workers only. */
typedef void (*nc_fault_fn)(void *ctx, const char *what);
nc_code nc_db_check(nc_db *db, nc_fault_fn fn, void *ctx, uint64_t *ret_faults, nc_error *err);
/* Wait until everything published is materialised. */
nc_code nc_db_flush(nc_db *db, nc_error *err);

#endif
