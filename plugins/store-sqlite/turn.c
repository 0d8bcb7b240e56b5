/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two orders among those who write the log: append before trim, and no trim during a copy.
 * SQLite alone would let the losers poll its lock. The turn is a flag under the lock, so no lock
 * is held while SQLite works. Lives in the instance; any thread.
 */
#include "turn.h"

#include <string.h>

/* Appends that may go before a waiting trim: one that comes back to back would starve it. */
#define PASSES_MAX 8

void ss_turn_init(ss_turn *t)
{
	memset(t, 0, sizeof(*t));
	pthread_mutex_init(&t->turn_lock, NULL);
	pthread_cond_init(&t->turn_cond, NULL);
}

void ss_turn_done(ss_turn *t)
{
	pthread_cond_destroy(&t->turn_cond);
	pthread_mutex_destroy(&t->turn_lock);
}

static bool is_trim_due(const ss_turn *t)
{
	return t->is_trim_waiting && t->passed >= PASSES_MAX;
}

ss_turn *ss_turn_take_append(ss_turn *t)
{
	pthread_mutex_lock(&t->turn_lock);
	t->appends_waiting++;
	while (t->is_taken || is_trim_due(t))
		pthread_cond_wait(&t->turn_cond, &t->turn_lock);
	t->appends_waiting--;
	t->passed++;
	t->is_taken = true;
	pthread_mutex_unlock(&t->turn_lock);
	return t;
}

ss_turn *ss_turn_take_trim(ss_turn *t)
{
	pthread_mutex_lock(&t->turn_lock);
	t->is_trim_waiting = true;
	t->passed = 0;
	while (t->is_taken || (t->appends_waiting && !is_trim_due(t)))
		pthread_cond_wait(&t->turn_cond, &t->turn_lock);
	t->is_trim_waiting = false;
	t->is_taken = true;
	pthread_mutex_unlock(&t->turn_lock);
	return t;
}

void ss_turn_givep(ss_turn **t)
{
	if (!*t)
		return;
	pthread_mutex_lock(&(*t)->turn_lock);
	(*t)->is_taken = false;
	pthread_cond_broadcast(&(*t)->turn_cond);
	pthread_mutex_unlock(&(*t)->turn_lock);
	*t = NULL;
}

ss_turn *ss_turn_trim_begin(ss_turn *t)
{
	pthread_mutex_lock(&t->turn_lock);
	while (t->copies)
		pthread_cond_wait(&t->turn_cond, &t->turn_lock);
	t->is_trimming = true;
	pthread_mutex_unlock(&t->turn_lock);
	return t;
}

void ss_turn_trim_endp(ss_turn **t)
{
	if (!*t)
		return;
	pthread_mutex_lock(&(*t)->turn_lock);
	(*t)->is_trimming = false;
	pthread_cond_broadcast(&(*t)->turn_cond);
	pthread_mutex_unlock(&(*t)->turn_lock);
	*t = NULL;
}

ss_turn *ss_turn_copy_begin(ss_turn *t)
{
	pthread_mutex_lock(&t->turn_lock);
	while (t->is_trimming)
		pthread_cond_wait(&t->turn_cond, &t->turn_lock);
	t->copies++;
	pthread_mutex_unlock(&t->turn_lock);
	return t;
}

void ss_turn_copy_endp(ss_turn **t)
{
	if (!*t)
		return;
	pthread_mutex_lock(&(*t)->turn_lock);
	t[0]->copies--;
	pthread_cond_broadcast(&(*t)->turn_cond);
	pthread_mutex_unlock(&(*t)->turn_lock);
	*t = NULL;
}
