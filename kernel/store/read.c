/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "store/db_internal.h"

/*
 * Read sections. A thread is registered with QSBR at its first one and unregistered when it ends;
 * between sections it is offline, so it may block as it likes. A section costs two stores and a
 * fence. Threads that registered themselves are left as they are: they quiesce on their own.
 *
 * No memory to register: the section then holds a lock, which the sequencer takes once between
 * publishing a root and retiring the old one. Slow, but it neither fails nor frees early.
 */

typedef struct section {
	nc_qsbr_reader *reader; /* ours; NULL = none, or the thread's own affair */
	uint32_t depth;
	uint8_t has_lock; /* without_lock, taken by the outermost */
} section;

static _Thread_local section here;
static pthread_key_t at_exit_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int has_key;
static pthread_mutex_t without_lock = PTHREAD_MUTEX_INITIALIZER;

static void thread_ends(void *p)
{
	section *s = p;
	nc_qsbr_unregister(s->reader);
	s->reader = NULL;
}

static void make_key(void)
{
	has_key = pthread_key_create(&at_exit_key, thread_ends) == 0;
}

/* 0, or -1 when this thread has to go without. */
static int enter_online(void)
{
	nc_qsbr_reader *self = nc_qsbr_self();
	if (self && self == here.reader) {
		nc_qsbr_online(self);
		return 0;
	}
	if (self)
		return 0;
	pthread_once(&once, make_key);
	if (!has_key || pthread_setspecific(at_exit_key, &here) != 0)
		return -1;
	here.reader = nc_qsbr_register();
	return here.reader ? 0 : -1;
}

const nc_root *nc_db_read_begin(nc_db *db)
{
	if (here.depth++ == 0 && enter_online() != 0) {
		pthread_mutex_lock(&without_lock);
		here.has_lock = 1;
	}
	return nc_db_published(db);
}

void nc_db_read_end(nc_db *db)
{
	(void)db; /* one domain for all */
	if (here.depth == 0 || --here.depth > 0)
		return; /* a self-registered thread may have skipped some, or have none to end */
	if (here.has_lock) {
		here.has_lock = 0;
		pthread_mutex_unlock(&without_lock);
	} else if (here.reader) {
		nc_qsbr_offline(here.reader);
	}
}

void nc_read_wait_unregistered(void)
{
	pthread_mutex_lock(&without_lock);
	pthread_mutex_unlock(&without_lock);
}

const nc_root *nc_db_root(nc_db *db)
{
	return nc_db_published(db);
}
