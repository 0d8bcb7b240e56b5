/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fixed set of read connections to both files. Opened and closed with the files; between the
 * two any thread takes one for the length of a call. A caller that waits for the log to grow must
 * not hold one meanwhile.
 */
#include "pool.h"

#include <string.h>

void ss_pool_init(ss_pool *p)
{
	memset(p, 0, sizeof(*p));
	pthread_mutex_init(&p->pool_lock, NULL);
	pthread_cond_init(&p->pool_freed, NULL);
}

void ss_pool_done(ss_pool *p)
{
	pthread_cond_destroy(&p->pool_freed);
	pthread_mutex_destroy(&p->pool_lock);
}

nc_code ss_pool_open(ss_pool *p, uint32_t n, const ss_conn_opts opts[SS_FILES], nc_error *err)
{
	nc_code code = NC_OK;
	p->n = SS_MIN(n, SS_READERS_MAX);
	for (uint32_t i = 0; i < p->n; i++) {
		p->reader[i].pool = p;
		for (size_t f = 0; f < SS_FILES && code == NC_OK; f++)
			code = ss_conn_open(&opts[f], &p->reader[i].conn[f], err);
	}
	if (code != NC_OK)
		ss_pool_close(p);
	return code;
}

void ss_pool_close(ss_pool *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		for (size_t f = 0; f < SS_FILES; f++)
			ss_conn_closep(&p->reader[i].conn[f]);
	}
	p->n = 0;
}

static ss_reader *find_free(ss_pool *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		if (!p->reader[i].is_busy)
			return &p->reader[i];
	}
	return NULL;
}

ss_reader *ss_pool_take(ss_pool *p)
{
	ss_reader *r;
	pthread_mutex_lock(&p->pool_lock);
	while (!(r = find_free(p)))
		pthread_cond_wait(&p->pool_freed, &p->pool_lock);
	r->is_busy = true;
	pthread_mutex_unlock(&p->pool_lock);
	return r;
}

void ss_pool_givep(ss_reader **r)
{
	if (!*r)
		return;
	ss_pool *p = (*r)->pool;
	pthread_mutex_lock(&p->pool_lock);
	(*r)->is_busy = false;
	pthread_cond_signal(&p->pool_freed);
	pthread_mutex_unlock(&p->pool_lock);
	*r = NULL;
}
