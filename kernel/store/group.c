/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/metric.h"
#include "store/db_internal.h"
#include "store/sequencer.h"

/*
 * One group: each waiting transaction is checked against the tip, numbered and applied to it, and
 * all of them are appended with one call. The sequencer's thread.
 *
 * What is refused because of a transaction of the same group is answered with the group, since
 * until that one is durable the reason is not.
 */

static nc_metric appends_total = { .name = "novacron_store_appends_total",
	.type = NC_METRIC_COUNTER,
	.help = "appends to the log, each one or more transactions" };
static nc_metric append_seconds = { .name = "novacron_store_append_duration_seconds",
	.type = NC_METRIC_HISTOGRAM,
	.help = "time of one append to the log" };

typedef struct group {
	nc_db_batch *batch;
	nc_txn *refused; /* newest first; because of others in the batch */
	int64_t now_ms;
} group;

static void set_aside(group *g, nc_txn *t)
{
	t->next = g->refused;
	g->refused = t;
}

/* Their own reason counts only if what it rests on became durable. */
static void answer_refused(group *g, const nc_error *batch_failed)
{
	nc_txn *t = NULL;
	while (g->refused) {
		nc_txn *next = g->refused->next;
		g->refused->next = t;
		t = g->refused;
		g->refused = next;
	}
	for (nc_txn *next; t; t = next) {
		next = t->next;
		nc_txn_refuse(t, batch_failed ? batch_failed : &t->err);
	}
}

/* Out of memory within a transaction: the tip again, without it. If even that can't be had, the
 * whole group fails; none of it has been appended. */
static void rebuild_tip(nc_db *db, group *g, const nc_error *why)
{
	nc_code code = NC_OK;
	nc_tip_reset(db);
	for (nc_txn *t = g->batch->head; t && code == NC_OK; t = t->next)
		code = nc_tip_apply(db, g->batch, t);
	if (code == NC_OK)
		return;
	nc_batch_fail(db, g->batch, 0, why);
	answer_refused(g, why); /* what their own reasons rest on is gone */
	nc_tip_reset(db);
}

static void admit(nc_db *db, group *g, nc_txn *t)
{
	nc_code code = t->err.code;
	if (code == NC_OK)
		code = nc_txn_check(t, db->s.tip, &t->err);
	if (code == NC_OK)
		code = nc_txn_hold_guards(t, db->s.tip, &t->err);
	if (code != NC_OK) {
		if (t->err.code == NC_OK)
			nc_err(&t->err, code, "refused by a guard");
		if (g->batch->n == 0)
			nc_txn_refuse(t, &t->err);
		else
			set_aside(g, t);
		return;
	}
	t->seq = g->batch->last + 1;
	if (nc_tip_apply(db, g->batch, t) != NC_OK) {
		nc_err_nomem(&t->err);
		nc_txn_undo_guards(t);
		rebuild_tip(db, g, &t->err);
		nc_txn_refuse(t, &t->err);
		return;
	}
	nc_record_stamp(&t->record, t->seq, atomic_load_explicit(&db->epoch, memory_order_relaxed),
		g->now_ms);
	nc_batch_add(g->batch, t);
}

static void form_group(nc_db *db, group *g)
{
	while (db->s.waiting && g->batch->n < db->group_max) {
		if (g->batch->n > 0 &&
			g->batch->bytes + db->s.waiting->record.len > NC_STORE_BATCH_MAX)
			break;
		admit(db, g, nc_waiting_take(db));
	}
}

static nc_code append(nc_db *db, const nc_db_batch *b, nc_error *err)
{
	uint32_t n = 0;
	for (nc_txn *t = b->head; t; t = t->next)
		db->s.group[n++] = nc_buf_bytes(&t->record);
	int64_t from = nc_clock_mono_us();
	nc_code code =
		db->store->append(db->inst, atomic_load_explicit(&db->epoch, memory_order_relaxed),
			db->s.head, db->s.group, n, err);
	nc_metric_observe_us(&append_seconds, nc_clock_mono_us() - from);
	nc_metric_add(&appends_total, 1);
	return code;
}

/* Not durable, or nobody knows: then it waits in limbo, answered when the store has told. */
static void group_failed(nc_db *db, group *g, const nc_error *why)
{
	nc_error later = NC_ERROR_INIT;
	nc_refusal(&later, why);
	if (why->flags & NC_ERR_OUTCOME_UNKNOWN) {
		db->s.limbo = g->batch;
	} else {
		nc_batch_fail(db, g->batch, 0, &later);
		nc_batch_unref(g->batch);
		nc_tip_reset(db);
	}
	answer_refused(g, &later);
	nc_store_broke(db, why);
}

void nc_group_run(nc_db *db)
{
	nc_error err = NC_ERROR_INIT;
	group g = { .now_ms = nc_clock_wall_ms() };
	g.batch = nc_batch_new(db->s.head + 1);
	if (!g.batch || nc_tip_begin(db, &err) != NC_OK) {
		nc_err_nomem(&err);
		if (g.batch)
			nc_batch_unref(g.batch);
		nc_txn_refuse(nc_waiting_take(db), &err);
		return;
	}
	form_group(db, &g);
	if (g.batch->n == 0) {
		answer_refused(&g, NULL);
		nc_batch_unref(g.batch);
		return;
	}
	nc_code code = append(db, g.batch, &err);
	if (code == NC_OK) {
		db->s.head = g.batch->last;
		nc_batch_settle(db, g.batch);
		answer_refused(&g, NULL);
		return;
	}
	if (err.code == NC_OK)
		nc_err(&err, code, "the store failed without saying why");
	group_failed(db, &g, &err);
}

void nc_group_register_metrics(void)
{
	nc_metric_register(&appends_total);
	nc_metric_register(&append_seconds);
}
