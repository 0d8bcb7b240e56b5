/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/pool.h"
#include "store/db_internal.h"

/*
 * The sequencer: one thread that takes what has queued up, checks each transaction against the
 * tip, numbers and applies it, appends all of them at once, and publishes and answers when that is
 * durable. While an append blocks, the next group gathers by itself: nothing ever waits for
 * company. Holds no lock; never waits for a reader, a hook or the materialiser.
 *
 * What is refused because of a transaction of the same group is answered with the group, since
 * until that one is durable the reason is not.
 */

static nc_metric txns_total = { .name = "novacron_store_txns_total",
	.type = NC_METRIC_COUNTER,
	.help = "transactions made durable" };
static nc_metric appends_total = { .name = "novacron_store_appends_total",
	.type = NC_METRIC_COUNTER,
	.help = "appends to the log, each one or more transactions" };
static nc_metric append_seconds = { .name = "novacron_store_append_duration_seconds",
	.type = NC_METRIC_HISTOGRAM,
	.help = "time of one append to the log" };

static _Thread_local int is_sequencer;

int nc_sequencer_is_me(void)
{
	return is_sequencer;
}

/* ---- answering ---- */

void nc_txn_answer(nc_txn *t, const nc_error *err)
{
	if (t->is_queued)
		atomic_fetch_sub_explicit(&t->db->queued, 1, memory_order_relaxed);
	if (t->done)
		t->done(t->arg, err ? 0 : t->seq, err);
}

static void refuse(nc_txn *t, const nc_error *why)
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
		refuse(t, why);
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

/* ---- forming a group ---- */

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
		refuse(t, batch_failed ? batch_failed : &t->err);
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
			refuse(t, &t->err);
		else
			set_aside(g, t);
		return;
	}
	t->seq = g->batch->last + 1;
	if (nc_tip_apply(db, g->batch, t) != NC_OK) {
		nc_err_nomem(&t->err);
		nc_txn_undo_guards(t);
		rebuild_tip(db, g, &t->err);
		refuse(t, &t->err);
		return;
	}
	nc_record_stamp(&t->record, t->seq, atomic_load_explicit(&db->epoch, memory_order_relaxed),
		g->now_ms);
	nc_batch_add(g->batch, t);
}

static nc_txn *take_waiting(nc_db *db)
{
	nc_txn *t = db->s.waiting;
	db->s.waiting = t->next;
	if (!t->next)
		db->s.waiting_tail = NULL;
	t->next = NULL;
	return t;
}

static void form_group(nc_db *db, group *g)
{
	while (db->s.waiting && g->batch->n < db->group_max) {
		if (g->batch->n > 0 &&
			g->batch->bytes + db->s.waiting->record.len > NC_STORE_BATCH_MAX)
			break;
		admit(db, g, take_waiting(db));
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

static void run_group(nc_db *db)
{
	nc_error err = NC_ERROR_INIT;
	group g = { .now_ms = nc_clock_wall_ms() };
	g.batch = nc_batch_new(db->s.head + 1);
	if (!g.batch || nc_tip_begin(db, &err) != NC_OK) {
		nc_err_nomem(&err);
		if (g.batch)
			nc_batch_unref(g.batch);
		refuse(take_waiting(db), &err);
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

/* ---- the loop ---- */

static void put_waiting(nc_db *db, nc_txn *t)
{
	t->next = NULL;
	if (db->s.waiting_tail)
		db->s.waiting_tail->next = t;
	else
		db->s.waiting = t;
	db->s.waiting_tail = t;
}

static void put_applied(nc_db *db, nc_db_batch *b)
{
	if (!b->goes_cold) {
		nc_batch_unref(b);
		return;
	}
	b->next = NULL;
	if (db->s.applied_tail)
		db->s.applied_tail->next = b;
	else
		db->s.applied = b;
	db->s.applied_tail = b;
}

static void collect(nc_db *db)
{
	for (nc_qnode *n = nc_mpsc_pop_all(&db->s.queue), *next; n; n = next) {
		next = n->next;
		nc_msg *m = NC_CONTAINER(n, nc_msg, node);
		switch (m->type) {
		case NC_MSG_TXN:
			put_waiting(db, NC_CONTAINER(m, nc_txn, msg));
			break;
		case NC_MSG_APPLIED:
			put_applied(db, NC_CONTAINER(m, nc_db_batch, msg));
			break;
		case NC_MSG_CLOSE:
			db->s.is_closing = 1;
			break;
		}
	}
}

/* Between groups only: while one is in limbo the tip is its. Without memory, another time. */
static void evict(nc_db *db)
{
	if (!db->s.applied || db->s.limbo || nc_tip_begin(db, NULL) != NC_OK)
		return;
	if (nc_tip_evict(db, db->s.applied) != NC_OK) {
		nc_tip_reset(db);
		return;
	}
	nc_root *old = nc_tip_publish(db, NULL, db->s.applied);
	db->s.applied = db->s.applied_tail = NULL;
	nc_tip_retire(old);
}

static void refuse_waiting(nc_db *db, nc_ill ill)
{
	nc_error why = NC_ERROR_INIT, later = NC_ERROR_INIT;
	nc_health_is_ill(db, ill, &why);
	nc_refusal(&later, &why);
	while (db->s.waiting)
		refuse(take_waiting(db), &later);
}

/* Too much waits for the materialiser: hold back while it gets on, refuse when it doesn't. */
static int has_room(nc_db *db)
{
	if (nc_pending_bytes(db) <= NC_PENDING_MAX)
		return 1;
	if (nc_health_is_ill(db, NC_ILL_OBJECTS, NULL))
		refuse_waiting(db, NC_ILL_OBJECTS);
	return 0;
}

static int64_t time_to_wait(nc_db *db)
{
	const int64_t soon_us = 50000;
	int64_t now = nc_clock_mono_us();
	int64_t due = db->s.is_broken ? db->s.retry_at_us : db->s.renew_at_us;
	int64_t left = NC_MAX(due - now, (int64_t)0);
	if (db->s.waiting || db->s.applied)
		return NC_MIN(left, soon_us); /* held back, or without memory */
	return left;
}

static void renew_lease(nc_db *db)
{
	nc_error err = NC_ERROR_INIT;
	uint64_t epoch = 0, head = 0;
	if (nc_clock_mono_us() < db->s.renew_at_us)
		return;
	nc_code code = db->store->lead(db->inst, db->node, NC_LEASE_MS, &epoch, &head, &err);
	nc_lease_taken(db);
	if (code == NC_OK && epoch == atomic_load_explicit(&db->epoch, memory_order_relaxed) &&
		head == db->s.head)
		return;
	if (code == NC_OK)
		nc_err(&err, NC_E_CONFLICT, "the lease was lost: epoch %llu, head %llu",
			(unsigned long long)epoch, (unsigned long long)head);
	nc_store_broke(db, &err);
}

static void turn(nc_db *db)
{
	collect(db);
	evict(db);
	if (db->s.is_broken) {
		nc_store_retry(db);
		if (db->s.is_broken)
			refuse_waiting(db, NC_ILL_LOG);
	} else {
		renew_lease(db);
	}
	if (db->s.waiting && !db->s.is_broken && has_room(db))
		run_group(db);
	nc_qsbr_poll();
}

static void *sequencer_main(void *arg)
{
	nc_db *db = arg;
	is_sequencer = 1;
	for (;;) {
		turn(db);
		if (db->s.is_closing && !db->s.waiting && !db->s.limbo)
			break;
		if (!db->s.waiting || db->s.is_broken || nc_pending_bytes(db) > NC_PENDING_MAX)
			nc_mpsc_wait(&db->s.queue, time_to_wait(db));
	}
	return NULL;
}

nc_code nc_sequencer_init(nc_db *db, nc_error *err)
{
	nc_sequencer *s = &db->s;
	nc_forest_init(&s->forest);
	s->group = nc_calloc(db->group_max, sizeof(*s->group));
	if (!s->group)
		return nc_err_nomem(err);
	int errnum = nc_mpsc_init(&s->queue);
	if (errnum) {
		nc_free(nc_steal(&s->group));
		return nc_err_errno(err, errnum, "could not make the sequencer's queue");
	}
	nc_metric_register(&txns_total);
	nc_metric_register(&appends_total);
	nc_metric_register(&append_seconds);
	return NC_OK;
}

nc_code nc_sequencer_start(nc_db *db, nc_error *err)
{
	int errnum = nc_thread_start(&db->s.thread, "nc-sequencer", sequencer_main, db);
	if (errnum)
		return nc_err_errno(err, errnum, "could not start the sequencer");
	return NC_OK;
}

void nc_sequencer_stop(nc_db *db)
{
	nc_msg close = { .type = NC_MSG_CLOSE };
	nc_mpsc_push(&db->s.queue, &close.node);
	nc_thread_join(db->s.thread);
}

void nc_sequencer_done(nc_db *db)
{
	if (!db->s.group)
		return; /* never initialised */
	collect(db);
	for (nc_db_batch *b = db->s.applied, *next; b; b = next) {
		next = b->next;
		nc_batch_unref(b);
	}
	db->s.applied = db->s.applied_tail = NULL;
	nc_mpsc_done(&db->s.queue);
	nc_free(nc_steal(&db->s.group));
}
