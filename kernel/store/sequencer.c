/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sequencer.h"
#include "base/alloc.h"
#include "base/pool.h"
#include "store/db_internal.h"

/*
 * The sequencer's thread: takes what has queued up, lets a group be made of it (group.c), renews
 * the lease, and leads again when the store has failed (reopen.c). While an append blocks, the
 * next group gathers by itself: nothing ever waits for company. Holds no lock of its own; never
 * waits for the materialiser. Guards, hooks and answers run on it and must be quick. Of readers it
 * waits only for those that had no memory to register (nc_tip_retire).
 */

static _Thread_local int is_sequencer;

int nc_sequencer_is_me(void)
{
	return is_sequencer;
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

nc_txn *nc_waiting_take(nc_db *db)
{
	nc_txn *t = db->s.waiting;
	db->s.waiting = t->next;
	if (!t->next)
		db->s.waiting_tail = NULL;
	t->next = NULL;
	return t;
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
		nc_txn_refuse(nc_waiting_take(db), &later);
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
		head == db->s.head) {
		nc_lease_holds(db);
		return;
	}
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
		nc_group_run(db);
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
	nc_group_register_metrics();
	nc_settle_register_metrics();
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
