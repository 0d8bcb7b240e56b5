/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_TXN_INTERNAL_H
#define NC_STORE_TXN_INTERNAL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/queue.h"
#include "store/item.h"
#include "store/record.h"
#include "store/root.h"

/* What the sequencer's queue carries; the first member of whatever is pushed. */
typedef enum { NC_MSG_TXN, NC_MSG_APPLIED, NC_MSG_CLOSE } nc_msg_type;
typedef struct nc_msg {
	nc_qnode node;
	nc_msg_type type;
} nc_msg;

typedef struct nc_txn_op {
	nc_item *item; /* to put, or the tomb of what is to be deleted; a reference of ours */
	/* set when applied; references that the trees held, dropped when no reader has them */
	const nc_item *was, *old_tomb;
	uint8_t is_in_trees;  /* item (or tomb) went into the tip's trees */
	uint8_t is_evicted;   /* and left them again once materialised */
	uint8_t clears_other; /* the store may hold the id in the other of objects and cold */
	uint8_t names_differ;
	uint8_t is_superseded; /* while sealing */
} nc_txn_op;

enum { NC_TXN_FEW_OPS = 16 }; /* up to here looking at each is quicker than an order */

typedef enum { NC_EXPECT_REV, NC_EXPECT_EXISTS, NC_EXPECT_UNUSED } nc_expect_type;
typedef struct nc_expect {
	nc_expect_type type;
	uint16_t kind, index;
	uint16_t len;
	char bytes[NC_DB_KEY_MAX > NC_DB_ID_MAX ? NC_DB_KEY_MAX : NC_DB_ID_MAX];
	uint64_t rev;
} nc_expect;

/* Built by one thread, the sequencer's from submit on, its batch's once accepted. */
struct nc_txn {
	nc_msg msg;
	nc_txn *next, *prev; /* in the batch, in order of seq */
	nc_db *db;
	nc_txn_op *ops;
	uint32_t n_ops, cap_ops;
	uint32_t *by_id; /* ops in order of (kind, id), or NULL: few enough to look at each */
	nc_expect *expects;
	uint32_t n_expects, cap_expects;
	nc_guard guards[NC_DB_GUARDS_MAX];
	uint32_t n_guards, n_held; /* held: whose check said yes, neither undone nor done */
	nc_buf lanes;              /* lane u8 | lstr, over and over */
	uint32_t n_entries;
	nc_buf record; /* whole from submit on, but for its stamp; gone once durable */
	uint64_t seq;
	nc_txn_done done;
	void *arg;
	uint8_t is_queued; /* was submitted; a replayed one was not */
	nc_error err;      /* sticky while building, then why it was refused */
};

static inline int nc_op_is_del(const nc_txn_op *op)
{
	return (op->item->flags & NC_ITEM_TOMB) != 0;
}
nc_bytes nc_expect_bytes(const nc_expect *e);
/* The txn's own change of this item, or NULL. */
const nc_txn_op *nc_txn_own_op(const nc_txn *t, uint16_t kind, nc_bytes id);
/* Entries of one lane in order, n from 0; another code than NC_OK of fn ends it and is passed up. */
nc_code nc_txn_entries(const nc_txn *t, uint32_t lane, nc_entry_fn fn, void *ctx);

/* Takes the item, also on failure. */
void nc_txn_put_item(nc_txn *t, nc_item *it);
/* Checks the whole and writes the record; on an error t->err is set. */
void nc_txn_seal(nc_txn *t, uint8_t type, const nc_identity *identity);
/* What a record of the log says, as a transaction with its seq but without a record of its own. */
nc_code nc_txn_from_record(nc_db *db, const nc_record *r, nc_txn **ret, nc_error *err);

/* What the tip says to it: expectations, unique keys, damaged ids. Sequencer. */
nc_code nc_txn_check(const nc_txn *t, const nc_root *tip, nc_error *err);

nc_code nc_txn_hold_guards(nc_txn *t, const nc_root *tip, nc_error *err);
void nc_txn_undo_guards(nc_txn *t);
void nc_txn_finish_guards(nc_txn *t);
/* Calls done; the transaction stays. */
void nc_txn_answer(nc_txn *t, const nc_error *err);
void nc_txn_destroy(nc_txn *t);

#endif
