/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/metric.h"
#include "store/db_internal.h"
#include "store/sequencer.h"

/*
 * What becomes of transactions: published and answered when their batch is durable, their guards
 * undone and they refused when it is not. The sequencer's thread; the opener's for what it replays.
 */

static nc_metric txns_total = { .name = "novacron_store_txns_total",
	.type = NC_METRIC_COUNTER,
	.help = "transactions made durable" };
void nc_txn_answer(nc_txn *t, const nc_error *err)
{
	if (t->is_queued)
		atomic_fetch_sub_explicit(&t->db->queued, 1, memory_order_relaxed);
	if (t->done)
		t->done(t->arg, err ? 0 : t->seq, err);
}

void nc_txn_refuse(nc_txn *t, const nc_error *why)
{
	nc_txn_answer(t, why);
	nc_txn_destroy(t);
}

void nc_batch_fail(nc_db *db, nc_db_batch *b, uint32_t keep, const nc_error *why)
{
	nc_txn *failed = NULL;
	(void)db;
	while (b->n > keep) {
		nc_txn *t = nc_batch_pop(b);
		nc_txn_undo_guards(t);
		t->next = failed;
		failed = t;
	}
	for (nc_txn *t = failed, *next; t; t = next) {
		next = t->next;
		nc_txn_refuse(t, why);
	}
}

/* What was damaged is deleted now, or was found whole in the log. */
static void clear_damage(nc_db *db, const nc_db_batch *b)
{
	if (atomic_load_explicit(&db->damage.n, memory_order_relaxed) == 0)
		return;
	for (const nc_txn *t = b->head; t; t = t->next) {
		for (uint32_t i = 0; i < t->n_ops; i++)
			nc_damage_clear(db, t->ops[i].item->kind, nc_item_id_bytes(t->ops[i].item));
	}
}

void nc_batch_settle(nc_db *db, nc_db_batch *b)
{
	uint32_t n = b->n;
	nc_root *old = nc_tip_publish(db, b, NULL);
	clear_damage(db, b);
	if (db->hooks.published)
		db->hooks.published(db->hooks.ctx, b);
	for (nc_txn *t = b->head; t; t = t->next) {
		nc_buf_done(&t->record);
		nc_txn_finish_guards(t);
		nc_txn_answer(t, NULL);
	}
	nc_batch_unref(b);
	nc_tip_retire(old);
	nc_metric_add(&txns_total, n);
}

void nc_settle_register_metrics(void)
{
	nc_metric_register(&txns_total);
}
