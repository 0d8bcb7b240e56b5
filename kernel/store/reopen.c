/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "store/db_internal.h"

/*
 * When the store has failed an append or the lease is gone: refuse writers, and try to lead again,
 * at once and then with growing pauses. One way back for every cause (a full disk, a lost
 * connection, an I/O error at fsync, another leader): lead, make a record of the epoch durable,
 * and read what lies before it. That record settles what lay open: a batch with an unknown outcome
 * counts if its very bytes are there, and what somebody else has written meanwhile is applied.
 * The sequencer's thread.
 */

enum { RETRY_MIN_US = 50000, RETRY_MAX_US = 1000000 };

void nc_refusal(nc_error *ret, const nc_error *why)
{
	nc_err(ret, NC_E_UNAVAILABLE, "the state can't be written now: %s", why->message);
	nc_err_hint(ret, NC_E_UNAVAILABLE, "%s",
		why->hint[0] ? why->hint : "try again; reading goes on meanwhile");
	ret->native = why->native;
	ret->flags = NC_ERR_RETRYABLE;
	ret->retry_after_ms = RETRY_MAX_US / 1000;
}

void nc_lease_taken(nc_db *db)
{
	db->s.renew_at_us = nc_clock_mono_us() + (int64_t)NC_LEASE_MS * 1000 / 3;
}

/* Others count on while this machine sleeps, so its own clock won't do. */
static int64_t time_of_all_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void nc_lease_holds(nc_db *db)
{
	int64_t until = time_of_all_us() + (int64_t)NC_LEASE_MS * 1000;
	atomic_store_explicit(&db->leads_until_us, until, memory_order_relaxed);
}

int nc_db_leads(const nc_db *db)
{
	return time_of_all_us() < atomic_load_explicit(&db->leads_until_us, memory_order_relaxed);
}

void nc_store_broke(nc_db *db, const nc_error *why)
{
	if (why->code == NC_E_CONFLICT) /* fenced off */
		atomic_store_explicit(&db->leads_until_us, 0, memory_order_relaxed);
	db->s.is_broken = 1;
	db->s.retry_delay_us = 0;
	db->s.retry_at_us = nc_clock_mono_us();
	nc_health_set(db, NC_ILL_LOG, why);
}

/* How many of the batch's records lie in the log, from the first on. */
typedef struct compare {
	const nc_txn *next;
	uint32_t n_same;
} compare;

static nc_code compare_record(void *arg, uint64_t seq, nc_bytes rec)
{
	compare *c = arg;
	if (!c->next || c->next->seq != seq || !nc_bytes_eq(nc_buf_bytes(&c->next->record), rec))
		return NC_E_CANCELLED; /* somebody else's: over */
	c->next = c->next->next;
	c->n_same++;
	return NC_OK;
}

/* The tip with the first `keep` transactions of the batch alone. */
static nc_code cut_tip(nc_db *db, nc_db_batch *b, uint32_t keep)
{
	nc_code code = NC_OK;
	nc_tip_reset(db);
	for (nc_txn *t = b->head; t && keep > 0 && code == NC_OK; t = t->next, keep--)
		code = nc_tip_apply(db, b, t);
	return code;
}

static nc_code settle_limbo(nc_db *db, nc_error *err)
{
	nc_db_batch *b = db->s.limbo;
	compare c = { .next = b->head };
	nc_code code = db->store->read(db->inst, db->s.head, 0, compare_record, &c, err);
	if (code != NC_OK && code != NC_E_CANCELLED)
		return code;
	if (c.n_same < b->n && cut_tip(db, b, c.n_same) != NC_OK)
		return nc_err_nomem(err); /* applied anew at the next try */
	nc_error lost = NC_ERROR_INIT, why = NC_ERROR_INIT;
	nc_err(&why, NC_E_UNAVAILABLE,
		"the store had failed, and what it was writing is not there");
	nc_refusal(&lost, &why);
	nc_log(L_WARN, "store.outcome.settled", F_U64("written", c.n_same),
		F_U64("lost", b->n - c.n_same));
	nc_batch_fail(db, b, c.n_same, &lost);
	db->s.limbo = NULL;
	if (b->n == 0) {
		nc_batch_unref(b);
		return NC_OK;
	}
	db->s.head = b->last;
	nc_batch_settle(db, b);
	return NC_OK;
}

static nc_code reopen(nc_db *db, nc_error *err)
{
	uint64_t epoch = 0, head = 0;
	nc_code code = db->store->lead(db->inst, db->node, NC_LEASE_MS, &epoch, &head, err);
	if (code != NC_OK)
		return code;
	nc_lease_taken(db);
	if (head < db->s.head) {
		nc_err(err, NC_E_PROTO,
			"the store has lost records: it ends at %llu, %llu were durable",
			(unsigned long long)head, (unsigned long long)db->s.head);
		return nc_err_hint(err, NC_E_PROTO,
			"stop the daemon, save a copy of its data, and restore a backup");
	}
	code = nc_epoch_append(db, epoch, head, err);
	if (code != NC_OK)
		return code;
	atomic_store_explicit(&db->epoch, epoch, memory_order_relaxed);
	if (db->s.limbo)
		code = settle_limbo(db, err);
	if (code == NC_OK)
		code = nc_replay(db, head + 1, err);
	return code;
}

void nc_db_hurry(nc_db *db)
{
	atomic_store_explicit(&db->s.is_hurried, 1, memory_order_relaxed);
}

static int is_hurried(nc_db *db)
{
	return db->s.is_closing || atomic_load_explicit(&db->s.is_hurried, memory_order_relaxed);
}

/* Nobody can wait, and the store won't tell: whoever asks must look after the next open. */
static void give_up_limbo(nc_db *db, const nc_error *why)
{
	nc_error unknown = NC_ERROR_INIT;
	nc_refusal(&unknown, why);
	unknown.flags |= NC_ERR_OUTCOME_UNKNOWN;
	nc_batch_fail(db, db->s.limbo, 0, &unknown);
	nc_batch_unref(db->s.limbo);
	db->s.limbo = NULL;
	nc_tip_reset(db);
}

void nc_store_retry(nc_db *db)
{
	nc_error err = NC_ERROR_INIT;
	if (db->is_barred) { /* no trying again mends what is lost */
		db->s.retry_at_us = nc_clock_mono_us() + RETRY_MAX_US;
		return;
	}
	int is_due = db->s.is_closing || (db->s.limbo && is_hurried(db));
	if (!is_due && nc_clock_mono_us() < db->s.retry_at_us)
		return;
	nc_code code = reopen(db, &err);
	if (code == NC_OK) {
		db->s.is_broken = 0;
		nc_lease_holds(db);
		nc_health_set(db, NC_ILL_LOG, NULL);
		return;
	}
	if (err.code == NC_OK)
		nc_err(&err, code, "the store failed without saying why");
	nc_health_set(db, NC_ILL_LOG, &err);
	if (db->s.limbo && is_hurried(db))
		give_up_limbo(db, &err);
	db->s.retry_delay_us = NC_MIN(
		NC_MAX(db->s.retry_delay_us * 2, (int64_t)RETRY_MIN_US), (int64_t)RETRY_MAX_US);
	db->s.retry_at_us = nc_clock_mono_us() + db->s.retry_delay_us;
}
