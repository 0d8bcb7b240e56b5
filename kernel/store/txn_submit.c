/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "store/db_internal.h"

/*
 * Handing a transaction over, and waiting for it. Any thread.
 */

void nc_txn_submit(nc_txn *t, nc_txn_done done, void *arg)
{
	if (!t) {
		nc_error err = NC_ERROR_INIT;
		nc_err_nomem(&err);
		if (done)
			done(arg, 0, &err);
		return;
	}
	t->done = done;
	t->arg = arg;
	nc_txn_seal(t, NC_REC_TXN, NULL);
	t->is_queued = 1;
	atomic_fetch_add_explicit(&t->db->queued, 1, memory_order_relaxed);
	nc_mpsc_push(&t->db->s.queue, &t->msg.node);
}

/* On the waiter's stack. */
typedef struct waiter {
	pthread_mutex_t wait_lock; /* guards all below */
	pthread_cond_t answered;
	int is_answered;
	uint64_t seq;
	nc_code code;
	nc_error *err;
} waiter;

static void wake(void *arg, uint64_t seq, const nc_error *err)
{
	waiter *w = arg;
	pthread_mutex_lock(&w->wait_lock);
	w->seq = seq;
	w->code = err ? err->code : NC_OK;
	if (err)
		nc_err_copy(w->err, err);
	w->is_answered = 1;
	pthread_cond_signal(
		&w->answered); /* before the unlock: the waiter's stack is gone after it */
	pthread_mutex_unlock(&w->wait_lock);
}

nc_code nc_txn_commit(nc_txn *t, uint64_t *ret_seq, nc_error *err)
{
	waiter w = { .wait_lock = PTHREAD_MUTEX_INITIALIZER,
		.answered = PTHREAD_COND_INITIALIZER,
		.err = err };
	nc_assert(!nc_sequencer_is_me());
	nc_txn_submit(t, wake, &w);
	pthread_mutex_lock(&w.wait_lock);
	while (!w.is_answered)
		pthread_cond_wait(&w.answered, &w.wait_lock);
	pthread_mutex_unlock(&w.wait_lock);
	pthread_cond_destroy(&w.answered);
	pthread_mutex_destroy(&w.wait_lock);
	if (w.code == NC_OK && ret_seq)
		*ret_seq = w.seq;
	return w.code;
}
