/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_POOL_H
#define SS_POOL_H

#include <pthread.h>

#include "conn.h"
#include "schema.h"

#define SS_READERS_MAX 64

/* Read connections, each used by one call at a time. Who finds none free waits. */
typedef struct ss_reader {
	ss_conn *conn[SS_FILES];
	struct ss_pool *pool;
	bool is_busy; /* under pool_lock */
} ss_reader;

typedef struct ss_pool {
	pthread_mutex_t pool_lock; /* guards is_busy; nothing else is taken under it */
	pthread_cond_t pool_freed;
	uint32_t n;
	ss_reader reader[SS_READERS_MAX];
} ss_pool;

void ss_pool_init(ss_pool *p);
void ss_pool_done(ss_pool *p);
nc_code ss_pool_open(ss_pool *p, uint32_t n, const ss_conn_opts opts[SS_FILES], nc_error *err);
void ss_pool_close(ss_pool *p); /* while nobody holds one */
ss_reader *ss_pool_take(ss_pool *p);
void ss_pool_givep(ss_reader **r);

#endif
