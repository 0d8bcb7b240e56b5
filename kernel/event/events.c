/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live fan-out: the sequencer writes the events of a batch into the ring and says that there are
 * news; the waker tells those who are asleep. Process lifetime. The waker calls wake functions with
 * subs_lock held, a few at a time, which is what makes nc_sub_free final; the sequencer takes the
 * lock for two lines.
 */
#include "base/alloc.h"
#include "base/err.h"
#include "base/pool.h"
#include "event/internal.h"

#define WAKES_AT_ONCE 64
#define RING_MIN      16u

/* ---- the waker; lock held ---- */

static void wake_some(nc_list *waking)
{
	for (int i = 0; i < WAKES_AT_ONCE && !nc_list_is_empty(waking); i++) {
		nc_sub *s = NC_LIST_ENTRY(waking->next, nc_sub, link);
		nc_list_del(&s->link);
		s->wake(s->arg);
	}
}

static void take_all(nc_list *from, nc_list *to)
{
	nc_list_init(to);
	if (nc_list_is_empty(from))
		return;
	*to = *from;
	to->next->prev = to->prev->next = to;
	nc_list_init(from);
}

/* Who falls asleep meanwhile has seen the news, or looks again by itself. */
static void wake_all(nc_events *ev)
{
	nc_list waking;

	take_all(&ev->asleep, &waking);
	while (!nc_list_is_empty(&waking)) {
		wake_some(&waking);
		pthread_mutex_unlock(&ev->subs_lock);
		pthread_mutex_lock(&ev->subs_lock);
	}
}

static void *waker_main(void *arg)
{
	nc_events *ev = arg;

	pthread_mutex_lock(&ev->subs_lock);
	while (!ev->is_stopping) {
		if (!ev->has_news) {
			pthread_cond_wait(&ev->stir, &ev->subs_lock);
			continue;
		}
		ev->has_news = 0;
		wake_all(ev);
	}
	pthread_mutex_unlock(&ev->subs_lock);
	return NULL;
}

/* ---- the publish hook ---- */

void nc_events_publish(nc_events *ev, const nc_db_batch *b)
{
	if (!nc_ring_publish(&ev->ring, b))
		return;
	pthread_mutex_lock(&ev->subs_lock);
	ev->has_news = 1;
	if (!nc_list_is_empty(&ev->asleep))
		pthread_cond_signal(&ev->stir);
	pthread_mutex_unlock(&ev->subs_lock);
}

/* ---- life ---- */

void nc_events_free(nc_events *ev)
{
	if (!ev)
		return;
	nc_assert(!ev->n_subs);
	pthread_mutex_lock(&ev->subs_lock);
	ev->is_stopping = 1;
	pthread_cond_signal(&ev->stir);
	pthread_mutex_unlock(&ev->subs_lock);
	if (ev->has_waker)
		nc_thread_join(ev->waker);
	nc_ring_done(&ev->ring);
	pthread_mutex_destroy(&ev->subs_lock);
	pthread_cond_destroy(&ev->stir);
	nc_free(ev);
}
NC_DEFINE_CLEANUP(nc_events *, nc_events_free);

nc_code nc_events_new(nc_db *db, uint32_t ring_events, nc_events **ret, nc_error *err)
{
	nc_events *fresh = nc_calloc(1, sizeof(*fresh));

	if (!fresh)
		return nc_err_nomem(err);
	fresh->db = db;
	nc_list_init(&fresh->asleep);
	pthread_mutex_init(&fresh->subs_lock, NULL);
	pthread_cond_init(&fresh->stir, NULL);
	_cleanup_(nc_events_freep) nc_events *ev = fresh;
	nc_code rc = nc_ring_init(&ev->ring, NC_MAX(ring_events, RING_MIN), nc_db_seq(db), err);
	if (rc != NC_OK)
		return rc;
	int e = nc_thread_start(&ev->waker, "nc-events", waker_main, ev);
	if (e)
		return nc_err_errno(err, e, "could not start the waker of subscribers");
	ev->has_waker = 1;
	*ret = nc_steal(&ev);
	return NC_OK;
}
