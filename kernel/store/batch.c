/* SPDX-License-Identifier: Apache-2.0 */
#include "store/batch.h"

#include "base/alloc.h"

/*
 * The batch, and what the publish hook may look at. Counted, because three parties use it at
 * their own pace: the sequencer until no reader has what it replaced, the materialiser until it is
 * in the store, readers of lanes while they pass entries on.
 */

nc_db_batch *nc_batch_new(uint64_t first)
{
	nc_db_batch *b = nc_calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->msg.type = NC_MSG_APPLIED;
	b->refs = 1;
	b->first = first;
	b->last = first - 1;
	return b;
}

void nc_batch_ref(nc_db_batch *b)
{
	__atomic_fetch_add(&b->refs, 1, __ATOMIC_RELAXED);
}

void nc_batch_unref(nc_db_batch *b)
{
	/* release pairs with acquire: the last one sees all that the others did */
	if (__atomic_fetch_sub(&b->refs, 1, __ATOMIC_ACQ_REL) != 1)
		return;
	for (nc_txn *t = b->head, *next; t; t = next) {
		next = t->next;
		nc_txn_destroy(t);
	}
	nc_free(b);
}

void nc_batch_add(nc_db_batch *b, nc_txn *t)
{
	t->next = NULL;
	t->prev = b->tail;
	if (b->tail)
		b->tail->next = t;
	else
		b->head = t;
	b->tail = t;
	b->n++;
	b->last = t->seq;
	b->bytes += t->record.len;
}

nc_txn *nc_batch_pop(nc_db_batch *b)
{
	nc_txn *t = b->tail;
	if (!t)
		return NULL;
	b->tail = t->prev;
	if (b->tail)
		b->tail->next = NULL;
	else
		b->head = NULL;
	b->n--;
	b->last--;
	b->bytes -= t->record.len;
	t->next = t->prev = NULL;
	return t;
}

uint64_t nc_db_batch_first(const nc_db_batch *b)
{
	return b->first;
}

uint64_t nc_db_batch_last(const nc_db_batch *b)
{
	return b->last;
}

void nc_db_batch_entries(const nc_db_batch *b, uint32_t lane, nc_entry_fn fn, void *ctx)
{
	nc_code code = NC_OK;
	for (const nc_txn *t = b->head; t && code == NC_OK; t = t->next)
		code = nc_txn_entries(t, lane, fn, ctx);
}

void nc_db_batch_changes(const nc_db_batch *b, nc_change_fn fn, void *ctx)
{
	for (const nc_txn *t = b->head; t; t = t->next) {
		for (uint32_t i = 0; i < t->n_ops; i++) {
			const nc_txn_op *op = &t->ops[i];
			const nc_item *now = nc_op_is_del(op) ? NULL : op->item;
			if (now || op->was)
				fn(ctx, t->seq, op->item->kind, op->was, now);
		}
	}
}
