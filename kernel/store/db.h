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

#define NC_DB_KINDS_MAX   64
#define NC_DB_INDEXES_MAX 16
#define NC_DB_ID_MAX      47
#define NC_DB_KEY_MAX     200

typedef struct nc_index_def {
	const char *name; /* "name", "status", "label": for messages and list filters */
	uint8_t is_unique;
} nc_index_def;

typedef struct nc_kind_def {
	uint16_t number; /* 1..63, persisted, never reused */
	uint16_t n_indexes;
	const char *name; /* "vm" */
	const nc_index_def *indexes;
	uint16_t shape; /* version of the body's form; older ones go through hooks.upgrade */
} nc_kind_def;

/* ---- items: one version of one object, immutable once published ---- */

typedef struct nc_key { /* an index entry of an item; an index may have several (labels) */
	uint16_t index;
	uint16_t len;
	const char *ptr;
} nc_key;

#define NC_DB_ITEM_KEYS_MAX 256 /* of one item, over all its indexes */

typedef struct nc_item {
	uint64_t rev; /* seq of the record that put it: what expectations compare */
	uint32_t body_len;
	uint16_t kind, shape;
	uint16_t n_keys;
	uint16_t id_len;
	uint32_t refs, body_off, flags; /* of store/ alone */
	/* then, in the same block: id NUL, keys, body NUL; use the accessors */
} nc_item;
const char *nc_item_id(const nc_item *it);               /* NUL-terminated */
nc_bytes nc_item_body(const nc_item *it);                /* a NUL follows */
nc_bytes nc_item_key(const nc_item *it, uint16_t index); /* smallest of that index, or empty */
/*
 * One block; rev 0. Keys are sorted, equal ones are kept once. NULL = no memory, or past one of the
 * limits above (nc_txn_put says which). Freed by store/ once handed over.
 */
nc_item *nc_item_new(uint16_t kind, uint16_t shape, nc_bytes id, const nc_key *keys,
	uint32_t n_keys, nc_bytes body);
void nc_item_free(nc_item *it);

/* ---- opening ---- */

typedef struct nc_db_batch nc_db_batch; /* what one append made durable; for the publish hook */

typedef struct nc_db_hooks {
	void *ctx;
	/* Sequencer thread, after the root is published, before the done callbacks. Must be quick
	 * and must not commit. Not called for what nc_db_open found: that is in the first root. */
	void (*published)(void *ctx, const nc_db_batch *b);
	/* Any thread, nc_db_open's too: health changed to degraded (reads go on, why is set) or back
	 * to well (why is NULL). Must be quick. */
	void (*health)(void *ctx, int is_degraded, const nc_error *why);
	/* An item of an older shape was read: on NC_OK *ret (nc_item_new, same kind and id) stands in
	 * its place, with the rev of the old. NULL = older shapes are refused. Any thread. */
	nc_code (*upgrade)(void *ctx, const nc_item *old, nc_item **ret, nc_error *);
} nc_db_hooks;

typedef struct nc_db_options {
	const nc_store *table; /* of the store plugin, */
	nc_inst *inst;         /* borrowed until nc_db_close */
	const char *node;
	const nc_kind_def *kinds; /* borrowed until nc_db_close */
	uint32_t n_kinds;
	uint32_t materialise_delay_ms; /* how long it may gather; 0 = 200 */
	uint64_t log_keep_records;     /* trim leaves at least so many; 0 = 100,000 */
	uint32_t group_max;            /* transactions an append; 0 = 1024 */
	uint32_t accepts_loss;         /* see nc_db_accept_loss (care.h) */
	nc_db_hooks hooks;
} nc_db_options;

/*
 * Lead, load the items, replay the log after applied_seq and check that it ends at the head, make
 * the new epoch's record durable, publish. Damaged values are left out, named in nc_db_damage and
 * in the log. With a record of the log that can't be read and is not materialised the state is
 * served and not written (hole.c). NC_E_BUSY: another node leads. NC_E_UNSUPPORTED: written by a
 * newer version.
 */
nc_code nc_db_open(const nc_db_options *o, nc_db **ret, nc_error *err); /* one a process */
/* The end is near: from now on whose outcome a failing store does not tell is answered so
 * (NC_ERR_OUTCOME_UNKNOWN) rather than held until it does, so that nobody's wait holds up a stop.
 * Any thread. */
void nc_db_hurry(nc_db *db);
/* Answers every transaction submitted before, materialises what is left. No reader may hold a
 * root, no thread may be in a call, and every nc_txn_submit must have returned. A store that
 * fails doesn't hold it up: the log has everything. */
void nc_db_close(nc_db *db);
NC_DEFINE_CLEANUP(nc_db *, nc_db_close);

const char *nc_db_log_id(const nc_db *db); /* ULID; a restore makes a new one */
const char *nc_db_installation(const nc_db *db);
uint64_t nc_db_epoch(const nc_db *db);
uint64_t nc_db_seq(const nc_db *db); /* published */
/* Whether its lease holds, as far as this node knows. Who does not lead tells no driver to do anything;
 * hooks.health is called when it is lost. Any thread. */
int nc_db_leads(const nc_db *db);
uint64_t nc_db_applied(nc_db *db); /* materialised */

/* ---- reading: no lock, no count; what is borrowed lives until the matching read_end ---- */

/* Any thread; nests (an inner one may see a newer root). Between the two the thread must not wait
 * for a transaction, nor for anything that has no end of its own: what is replaced meanwhile is kept
 * for all readers. Reading one cold value is short enough. */
const nc_root *nc_db_read_begin(nc_db *db);
void nc_db_read_end(nc_db *db);
/* The published root alone, in one load, for who needs no section: the sequencer's thread, until it
 * publishes the next; and a thread that registered itself (nc_qsbr_register), until it quiesces, of
 * which there is none outside the tests. */
const nc_root *nc_db_root(nc_db *db);

uint64_t nc_root_seq(const nc_root *r);
uint64_t nc_root_count(const nc_root *r, uint16_t kind);
const nc_item *nc_root_get(const nc_root *r, uint16_t kind, nc_bytes id);
/* The first item with this key, which in a unique index is the only one; NULL = none. */
const nc_item *nc_root_find(const nc_root *r, uint16_t kind, uint16_t index, nc_bytes key);
/* How many items have this key in this index, counting to `cap` at most. */
uint64_t nc_root_count_key(
	const nc_root *r, uint16_t kind, uint16_t index, nc_bytes key, uint64_t cap);

/* Ordered walk over an index by (key, id); index NC_BY_ID walks ids and takes the id alone. On the
 * caller's stack, good as long as the root. */
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
/*
 * Ascending: the first to come is the first entry >= (key, id); both empty: the very first.
 * Descending: the last entry <= (key, id), where an empty id means the last of that key; both
 * empty: the very last.
 */
void nc_walk_init(nc_walk *w, const nc_root *r, uint16_t kind, uint16_t index, nc_bytes key,
	nc_bytes id, nc_order order);
const nc_item *nc_walk_next(nc_walk *w, nc_bytes *ret_key /* may be NULL */);

/* Cold items (finished operations, decisions) live in the store alone: blocking, workers only.
 * Looks in memory first. `fn` sees the item once, outside of any read section, and its code is
 * passed up. NC_E_NOTFOUND; NC_E_PROTO: it is there, but damaged. */
typedef nc_code (*nc_item_fn)(void *ctx, const nc_item *it);
nc_code nc_db_get(nc_db *db, uint16_t kind, nc_bytes id, nc_item_fn fn, void *ctx, nc_error *err);
/* Cold and hot items of a kind by id, after `after`, at most max (0 = all); another code than NC_OK
 * of fn ends the walk and is passed up. Damaged ones are left out. Pages: not one instant. */
nc_code nc_db_scan(nc_db *db, uint16_t kind, nc_bytes after, uint32_t max, nc_item_fn fn, void *ctx,
	nc_error *err);

/*
 * Appended entries (events, audit) after (seq, n), in order, at most max (0 = all), blocking,
 * workers only. n is the entry's place among those of its lane in its record, from 0; n UINT32_MAX
 * = after the whole record. What is gone before nc_db_lane_oldest is passed over in silence.
 */
enum { NC_LANE_EVENT = 1, NC_LANE_AUDIT = 2, NC_LANE_LAST = NC_LANE_AUDIT };
typedef nc_code (*nc_entry_fn)(void *ctx, uint64_t seq, uint32_t n, nc_bytes entry);
nc_code nc_db_read_lane(nc_db *db, uint32_t lane, uint64_t after_seq, uint32_t after_n,
	uint32_t max, nc_entry_fn fn, void *ctx, nc_error *err);
uint64_t nc_db_lane_oldest(nc_db *db, uint32_t lane); /* seq before which entries are gone */
/* Retention: drop lane entries before seq, in bounded steps; blocking, workers only. */
nc_code nc_db_trim_lane(nc_db *db, uint32_t lane, uint64_t before_seq, nc_error *err);

/* ---- writing ---- */

/*
 * A transaction: built by one thread, then submitted. All or nothing. What goes wrong while
 * building (no memory, a limit) is sticky and comes out of submit. NULL is a transaction that had
 * no memory at all: every call takes it, submit answers it with NC_E_NOMEM at once and in place.
 *
 * Expectations are about the state before the transaction, in memory: a cold item that has left
 * it counts as absent, so kinds that go cold never reuse an id. Several changes of one item: the
 * last one counts.
 */
nc_txn *nc_txn_new(nc_db *db);
void nc_txn_free(nc_txn *t); /* only if never submitted */
NC_DEFINE_CLEANUP(nc_txn *, nc_txn_free);

/* The item must still have this rev; rev 0: must not exist. NC_E_CONFLICT otherwise. */
void nc_txn_expect(nc_txn *t, uint16_t kind, nc_bytes id, uint64_t rev);
/* No item may have this key in this index ("no vm uses this network"), other than those that this
 * transaction itself puts or deletes. NC_E_CONFLICT names one that has. */
void nc_txn_expect_unused(nc_txn *t, uint16_t kind, uint16_t index, nc_bytes key);
/* The item must exist (a referenced object still there), or be put here, and not be deleted here.
 * NC_E_NOTFOUND otherwise. */
void nc_txn_expect_exists(nc_txn *t, uint16_t kind, nc_bytes id);
typedef enum { NC_HOT, NC_COLD } nc_warmth; /* COLD: leaves memory once materialised */
/* Bytes are copied. Unique keys are checked by the sequencer, as they are after the transaction (so
 * two items may swap names): NC_E_EXISTS names index and key. The shape is the kind's. */
void nc_txn_put(nc_txn *t, uint16_t kind, nc_bytes id, const nc_key *keys, uint32_t n_keys,
	nc_bytes body, nc_warmth warmth);
/* Cold, damaged and absent ones too: what is not there stays so. */
void nc_txn_del(nc_txn *t, uint16_t kind, nc_bytes id);
void nc_txn_append(nc_txn *t, uint32_t lane, nc_bytes entry);
/* Run on the sequencer thread after the expectations hold, against the tip before the transaction:
 * `check` may refuse and must not block; `undo` is called if the record does not become durable
 * after all, in the reverse order of the checks; `done` when it is, before the transaction's own.
 * undo and done may be NULL. Exactly one of refuse, undo, done, or none of them where it never came
 * to the check. `free` (may be NULL) runs once in any case, when the transaction is freed, on any
 * thread. This is how the scheduler's ledger claims. At most NC_DB_GUARDS_MAX. */
#define NC_DB_GUARDS_MAX 8
typedef struct nc_guard {
	nc_code (*check)(void *arg, const nc_root *tip, nc_error *err);
	void (*undo)(void *arg);
	void (*done)(void *arg, uint64_t seq);
	void (*free)(void *arg);
	void *arg;
} nc_guard;
void nc_txn_guard(nc_txn *t, const nc_guard *g); /* takes g->arg, also when it can't be added */

/* Takes the transaction. `done` (may be NULL) runs once on the sequencer thread and must be quick:
 * after the record is durable and published (seq), or with why not. An error flagged
 * NC_ERR_OUTCOME_UNKNOWN means what it says: the next open will know. A refusal may rest on a
 * transaction of the same group; then it too is answered only when that one is durable. */
typedef void (*nc_txn_done)(void *arg, uint64_t seq, const nc_error *err /* NULL = ok */);
void nc_txn_submit(nc_txn *t, nc_txn_done done, void *arg);
/* Submit and wait. Never on a reactor, on the sequencer or in a read section. */
nc_code nc_txn_commit(nc_txn *t, uint64_t *ret_seq, nc_error *err);

/* ---- what the publish hook may look at; nothing of it outlives the hook ---- */
uint64_t nc_db_batch_first(const nc_db_batch *b); /* seq */
uint64_t nc_db_batch_last(const nc_db_batch *b);
/* Each lane entry of the batch in order. */
void nc_db_batch_entries(const nc_db_batch *b, uint32_t lane, nc_entry_fn fn, void *ctx);
/* Each item change: now NULL = deleted, was NULL = new, or cold and no longer in memory. */
typedef void (*nc_change_fn)(
	void *ctx, uint64_t seq, uint16_t kind, const nc_item *was, const nc_item *now);
void nc_db_batch_changes(const nc_db_batch *b, nc_change_fn fn, void *ctx);

/* ---- care ---- */
typedef struct nc_db_health {
	int is_degraded; /* writes are refused, or objects can't be written: why says it */
	nc_error why;
	uint64_t seq, applied, trimmed;
	uint64_t queued;  /* transactions not answered yet */
	uint64_t waiting; /* bytes that the materialiser has before it */
	uint64_t damaged;
} nc_db_health;
void nc_db_get_health(nc_db *db, nc_db_health *ret);
/* Online; streams to fd. Blocking, workers only. */
nc_code nc_db_backup(nc_db *db, int fd, nc_error *err);
/* Everything: plugin's CRCs, log against items, indexes against bodies' keys. Each fault is passed
 * as one line. NC_OK: the check could be made, whatever it found. Blocking, workers only. */
typedef void (*nc_fault_fn)(void *ctx, const char *what);
nc_code nc_db_check(nc_db *db, nc_fault_fn fn, void *ctx, uint64_t *ret_faults, nc_error *err);
/* Each value that could not be read, as one line naming kind, id and, where known, name. */
void nc_db_damage(nc_db *db, nc_fault_fn fn, void *ctx);
/* Wait until everything published so far is materialised; fails when the store does. */
nc_code nc_db_flush(nc_db *db, nc_error *err);

#endif
