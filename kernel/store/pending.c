/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pending.h"

#include <time.h>

#include "base/log.h"
#include "base/pool.h"
#include "store/db_internal.h"

/*
 * The materialiser's list, desk and thread. The sequencer puts batches at the end; the thread lets
 * them gather a little, so that an object changed ten times is written once, writes a bounded run
 * of them, takes them off and sends them back to the sequencer. A store that fails is tried again
 * with growing pauses, and nothing is lost meanwhile: the log has it. The lock is held for list
 * work only, never across a call of the store.
 */

enum { RUN_BYTES = 4 << 20, RETRY_MIN_US = 50000, RETRY_MAX_US = 2000000 };

void nc_pending_init(nc_pending *p)
{
	pthread_condattr_t monotonic;
	*p = (nc_pending){ .is_gone = 1 };
	for (uint32_t lane = 0; lane <= NC_LANE_LAST; lane++)
		p->lane_oldest[lane] = 1;
	nc_list_init(&p->chores);
	pthread_mutex_init(&p->pending_lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&p->work, &monotonic);
	pthread_cond_init(&p->progress, NULL);
	pthread_condattr_destroy(&monotonic);
}

void nc_pending_done(nc_pending *p)
{
	for (nc_db_batch *b = p->head, *next; b; b = next) {
		next = b->next;
		nc_batch_unref(b);
	}
	p->head = p->tail = NULL;
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->progress);
	pthread_mutex_destroy(&p->pending_lock);
}

void nc_pending_add(nc_db *db, nc_db_batch *b)
{
	nc_pending *p = &db->pending;
	nc_batch_ref(b);
	b->next = NULL;
	b->is_waiting = 1;
	pthread_mutex_lock(&p->pending_lock);
	if (p->tail) {
		p->tail->next = b;
	} else {
		p->head = b;
		p->since_us = nc_clock_mono_us();
		pthread_cond_signal(&p->work);
	}
	p->tail = b;
	p->bytes += b->bytes;
	if (p->bytes > RUN_BYTES)
		pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->pending_lock);
}

void nc_pending_bar(nc_db *db, uint64_t seq)
{
	pthread_mutex_lock(&db->pending.pending_lock);
	db->pending.barred_from = seq;
	pthread_mutex_unlock(&db->pending.pending_lock);
}

/* Whether the batch may be written. Under the lock. */
static int may_write(const nc_pending *p, const nc_db_batch *b)
{
	return b && (p->barred_from == 0 || b->last < p->barred_from);
}

size_t nc_pending_bytes(nc_db *db)
{
	pthread_mutex_lock(&db->pending.pending_lock);
	size_t bytes = db->pending.bytes;
	pthread_mutex_unlock(&db->pending.pending_lock);
	return bytes;
}

uint64_t nc_pending_applied(nc_db *db)
{
	pthread_mutex_lock(&db->pending.pending_lock);
	uint64_t applied = db->pending.applied;
	pthread_mutex_unlock(&db->pending.pending_lock);
	return applied;
}

nc_db_batch *nc_pending_after(
	nc_db *db, uint64_t seq, const nc_db_batch *prev, uint64_t *ret_applied)
{
	nc_pending *p = &db->pending;
	pthread_mutex_lock(&p->pending_lock);
	*ret_applied = p->applied;
	nc_db_batch *b = prev && prev->is_waiting ? prev->next : p->head;
	while (b && b->last <= seq)
		b = b->next;
	if (b)
		nc_batch_ref(b);
	pthread_mutex_unlock(&p->pending_lock);
	return b;
}

nc_code nc_pending_chore(nc_db *db, nc_chore *c, nc_error *err)
{
	nc_pending *p = &db->pending;
	nc_err_clear(&c->err);
	pthread_mutex_lock(&p->pending_lock);
	int is_taken = !p->is_gone && !p->is_stopping;
	if (is_taken) {
		nc_list_add_tail(&p->chores, &c->link);
		pthread_cond_signal(&p->work);
	}
	while (is_taken && !c->is_over)
		pthread_cond_wait(&p->progress, &p->pending_lock);
	pthread_mutex_unlock(&p->pending_lock);
	if (!is_taken)
		return nc_err(err, NC_E_UNAVAILABLE, "the state is being closed");
	nc_err_copy(err, &c->err);
	return c->err.code;
}

nc_code nc_db_flush(nc_db *db, nc_error *err)
{
	nc_pending *p = &db->pending;
	uint64_t upto = nc_db_seq(db);
	pthread_mutex_lock(&p->pending_lock);
	uint64_t failures = p->failures;
	p->hurry++;
	pthread_cond_signal(&p->work);
	while (p->applied < upto && p->failures == failures && !p->is_gone &&
		(!p->head || may_write(p, p->head)))
		pthread_cond_wait(&p->progress, &p->pending_lock);
	p->hurry--;
	int is_applied = p->applied >= upto;
	pthread_mutex_unlock(&p->pending_lock);
	if (is_applied)
		return NC_OK;
	nc_error why = NC_ERROR_INIT;
	nc_err(&why, NC_E_UNAVAILABLE, "the store failed");
	if (!nc_health_is_ill(db, NC_ILL_OBJECTS, &why))
		nc_health_is_ill(db, NC_ILL_LOG, &why);
	nc_err_copy(err, &why);
	return nc_err_wrap(err, why.code, "could not write all objects");
}

/* ---- the thread ---- */

typedef struct pace {
	int64_t retry_at_us, delay_us; /* after a failure; 0 = none */
} pace;

/* When there is something to write, or INT64_MAX. Under the lock. */
static int64_t due_at(nc_db *db, const pace *t)
{
	const nc_pending *p = &db->pending;
	if (!may_write(p, p->head))
		return INT64_MAX;
	if (p->is_stopping)
		return 0;
	int64_t at = p->hurry || p->bytes > RUN_BYTES ? 0 : p->since_us + db->gather_us;
	return NC_MAX(at, t->retry_at_us);
}

static void sleep_until(nc_pending *p, int64_t left_us)
{
	struct timespec until;
	if (left_us == INT64_MAX) {
		pthread_cond_wait(&p->work, &p->pending_lock);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + left_us % 1000000 * 1000;
	until.tv_sec += left_us / 1000000 + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	pthread_cond_timedwait(&p->work, &p->pending_lock, &until);
}

/* How many of the waiting batches go into one run; under the lock. */
static uint32_t run_of(const nc_pending *p)
{
	uint32_t n = 0;
	size_t bytes = 0;
	for (const nc_db_batch *b = p->head; may_write(p, b); b = b->next, n++) {
		if (n > 0 && bytes + b->bytes > RUN_BYTES)
			break;
		bytes += b->bytes;
	}
	return n;
}

/* They are in the store: off the list, and back to the sequencer, which owns their references. */
static void send_back(nc_db *db, uint32_t n)
{
	nc_pending *p = &db->pending;
	pthread_mutex_lock(&p->pending_lock);
	nc_db_batch *first = p->head, *b = first, *last = NULL;
	for (uint32_t i = 0; i < n; i++, b = b->next) {
		b->is_waiting = 0;
		p->bytes -= b->bytes;
		p->applied = b->last;
		last = b;
	}
	last->next = NULL;
	p->head = b;
	if (!b)
		p->tail = NULL;
	p->since_us = nc_clock_mono_us();
	pthread_cond_broadcast(&p->progress);
	pthread_mutex_unlock(&p->pending_lock);
	while (first) {
		nc_db_batch *next = first->next;
		nc_mpsc_push(&db->s.queue, &first->msg.node);
		first = next;
	}
}

static void write_run(nc_db *db, pace *t, nc_db_batch *first, uint32_t n, uint64_t applied)
{
	nc_error err = NC_ERROR_INIT;
	nc_code code = nc_materialise(db, first, n, applied, &err);
	if (code == NC_OK) {
		send_back(db, n);
		nc_health_set(db, NC_ILL_OBJECTS, NULL);
		*t = (pace){ 0, 0 };
		return;
	}
	if (err.code == NC_OK)
		nc_err(&err, code, "the store failed without saying why");
	if (code == NC_E_CONFLICT && t->delay_us == 0) {
		/* An epoch that the sequencer is about to renew; the second time it is an illness. */
		t->delay_us = RETRY_MIN_US;
		t->retry_at_us = nc_clock_mono_us() + t->delay_us;
		return;
	}
	nc_health_set(db, NC_ILL_OBJECTS, &err);
	t->delay_us = NC_MIN(NC_MAX(t->delay_us * 2, (int64_t)RETRY_MIN_US), (int64_t)RETRY_MAX_US);
	t->retry_at_us = nc_clock_mono_us() + t->delay_us;
	pthread_mutex_lock(&db->pending.pending_lock);
	db->pending.failures++;
	pthread_cond_broadcast(&db->pending.progress);
	pthread_mutex_unlock(&db->pending.pending_lock);
}

/* One step of the first chore, so that a long one doesn't hold up what is to be written. */
static void do_chore(nc_db *db, nc_chore *c)
{
	nc_pending *p = &db->pending;
	nc_code code = c->step(db, c, &c->err);
	if (code != NC_OK && c->err.code == NC_OK)
		nc_err(&c->err, code, "the store failed without saying why");
	if (code == NC_OK && !c->is_done)
		return;
	pthread_mutex_lock(&p->pending_lock);
	nc_list_del(&c->link);
	c->is_over = 1;
	pthread_cond_broadcast(&p->progress);
	pthread_mutex_unlock(&p->pending_lock);
}

/* Under the lock, which it lets go for the work. */
static void work(nc_db *db, pace *t, int is_due)
{
	nc_pending *p = &db->pending;
	nc_db_batch *first = p->head;
	uint32_t n = is_due ? run_of(p) : 0;
	uint64_t applied = p->applied;
	int may_trim = p->backups == 0;
	nc_chore *c =
		nc_list_is_empty(&p->chores) ? NULL : NC_LIST_ENTRY(p->chores.next, nc_chore, link);
	pthread_mutex_unlock(&p->pending_lock);
	if (n > 0)
		write_run(db, t, first, n, applied);
	if (n > 0 && may_trim)
		nc_trim_log_if_due(db, nc_pending_applied(db));
	if (c)
		do_chore(db, c);
	pthread_mutex_lock(&p->pending_lock);
}

static void *materialiser_main(void *arg)
{
	nc_db *db = arg;
	nc_pending *p = &db->pending;
	pace t = { 0, 0 };
	int is_last_try = 0;
	nc_thread_yield_to_others();
	pthread_mutex_lock(&p->pending_lock);
	for (;;) {
		if (p->is_stopping && !is_last_try) {
			is_last_try = 1;
			t = (pace){ 0, 0 };
		}
		int64_t at = due_at(db, &t), now = nc_clock_mono_us();
		int is_idle = nc_list_is_empty(&p->chores);
		if (is_last_try && is_idle && (!may_write(p, p->head) || t.delay_us > 0))
			break; /* nothing left that may be written, or the store fails: the log has it */
		if (at <= now || !is_idle)
			work(db, &t, at <= now);
		else
			sleep_until(p, at == INT64_MAX ? at : at - now);
	}
	p->is_gone = 1;
	pthread_cond_broadcast(&p->progress);
	if (p->head)
		nc_log(L_WARN, "store.objects.behind", F_U64("applied", p->applied),
			F_U64("seq", p->tail->last));
	pthread_mutex_unlock(&p->pending_lock);
	return NULL;
}

nc_code nc_materialiser_start(nc_db *db, nc_error *err)
{
	nc_pending *p = &db->pending;
	p->is_gone = 0;
	int errnum = nc_thread_start(&p->thread, "nc-materialise", materialiser_main, db);
	if (errnum) {
		p->is_gone = 1;
		return nc_err_errno(err, errnum, "could not start the materialiser");
	}
	return NC_OK;
}

void nc_materialiser_stop(nc_db *db)
{
	nc_pending *p = &db->pending;
	if (p->is_gone)
		return; /* never started */
	pthread_mutex_lock(&p->pending_lock);
	p->is_stopping = 1;
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->pending_lock);
	nc_thread_join(p->thread);
}
