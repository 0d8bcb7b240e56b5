/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_CHECKPOINT_H
#define SS_CHECKPOINT_H

#include <pthread.h>

#include "conn.h"
#include "schema.h"

/* What a checkpoint that failed is told to; any thread. `err` says what and why. */
typedef void (*ss_checkpoint_failed)(void *arg, bool is_sync_failure, const nc_error *err);

typedef struct ss_wal {
	struct ss_checkpointer *owner;
	ss_conn *conn;         /* of the thread */
	uint32_t pages;        /* in the write-ahead log as of the last commit */
	uint32_t due_at;       /* pages at which the thread copies next */
	uint32_t step_pages;   /* how many pages apart */
	uint32_t finish_pages; /* length past which the writer helps out */
	uint32_t most_pages;   /* and past which it waits to do so */
	bool is_finish_wanted;
	bool is_copying; /* by the thread, just now */
} ss_wal;

typedef struct ss_checkpointer {
	pthread_mutex_t checkpoint_lock; /* guards what follows but conn, owner and *_pages */
	pthread_cond_t checkpoint_due;
	pthread_cond_t checkpoint_over; /* the thread has copied */
	ss_wal wal[SS_FILES];
	bool is_stopping;
	bool is_running; /* owner thread of start and stop */
	pthread_t thread;
	ss_checkpoint_failed failed;
	void *failed_arg;
} ss_checkpointer;

void ss_checkpointer_init(ss_checkpointer *p, ss_checkpoint_failed failed, void *arg);
void ss_checkpointer_done(ss_checkpointer *p);
nc_code ss_checkpointer_start(ss_checkpointer *p, const ss_conn_opts opts[SS_FILES], nc_error *err);
void ss_checkpointer_stop(ss_checkpointer *p); /* joined, and its connections closed */
/* From now on the commits of this connection count. */
void ss_checkpointer_watch(ss_checkpointer *p, ss_file file, ss_conn *c);
/* A writer, between its transactions: copies the little that is left if the log has grown long,
 * so that the next transaction starts it over; all of it where the thread does not keep up. */
void ss_checkpointer_finish(ss_checkpointer *p, ss_file file, ss_conn *c);

#endif
