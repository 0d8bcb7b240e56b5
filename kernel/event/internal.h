/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_EVENT_INTERNAL_H
#define NC_EVENT_INTERNAL_H

/* Inside of event/. */

#include <pthread.h>

#include "base/queue.h"
#include "event/event.h"
#include "event/ring.h"

struct nc_events {
	nc_db *db;
	nc_ring ring;

	pthread_mutex_t subs_lock; /* guards all below; ring_lock is never taken under it */
	pthread_cond_t stir;       /* the waker's */
	nc_list asleep;            /* nc_sub.link: have found nothing and are owed a wake */
	size_t n_subs;
	int has_news, is_stopping, has_waker;
	uint64_t waker;
};

struct nc_sub {
	nc_events *ev;
	nc_list link; /* subs_lock: in ev->asleep, or among those being woken */
	nc_place at;
	int is_foreign; /* its cursor is of another log: a gap comes first */
	char **topics;
	uint32_t n_topics;
	char *project;
	void (*wake)(void *arg);
	void *arg;
};

#endif
