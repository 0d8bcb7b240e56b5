/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries pages from the two write-ahead logs into their files on a thread of its own, so that no
 * append waits for it. SQLite starts a log over only at a moment when all of it has been copied,
 * and under steady writing the thread never sees one; so when a log has grown long, the writer is
 * asked to copy the rest itself, which by then is little. Where the thread gets no time or the disk
 * is too slow for it, the writer is held up at a length past which the log shall not grow, and
 * copies for itself. Lives with the open files. Must never block a reader, nor a writer before
 * that length: every checkpoint is passive.
 */
#include "checkpoint.h"

#include <string.h>

#include "error.h"

#define LOG_STEP_BYTES     (4u << 20)
#define LOG_FINISH_BYTES   (12u << 20)
#define LOG_MOST_BYTES     (20u << 20)
#define STATE_STEP_BYTES   (8u << 20)
#define STATE_FINISH_BYTES (24u << 20)
#define STATE_MOST_BYTES   (48u << 20)

void ss_checkpointer_init(ss_checkpointer *p, ss_checkpoint_failed failed, void *arg)
{
	memset(p, 0, sizeof(*p));
	pthread_mutex_init(&p->checkpoint_lock, NULL);
	pthread_cond_init(&p->checkpoint_due, NULL);
	pthread_cond_init(&p->checkpoint_over, NULL);
	p->failed = failed;
	p->failed_arg = arg;
}

void ss_checkpointer_done(ss_checkpointer *p)
{
	pthread_cond_destroy(&p->checkpoint_over);
	pthread_cond_destroy(&p->checkpoint_due);
	pthread_mutex_destroy(&p->checkpoint_lock);
}

/* SQLite calls this after each commit of a watched connection, on the writer's thread. */
static int count_pages(void *arg, sqlite3 *db, const char *name, int pages)
{
	(void)db, (void)name;
	ss_wal *w = arg;
	ss_checkpointer *p = w->owner;
	pthread_mutex_lock(&p->checkpoint_lock);
	if ((uint32_t)pages < w->pages) /* started over */
		w->due_at = w->step_pages;
	w->pages = (uint32_t)pages;
	if (w->pages >= w->due_at)
		pthread_cond_signal(&p->checkpoint_due);
	pthread_mutex_unlock(&p->checkpoint_lock);
	return SQLITE_OK;
}

static void tell_failure(ss_checkpointer *p, ss_conn *c, int rc)
{
	if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
		return; /* someone else does it */
	nc_error err = { .struct_size = sizeof(err) };
	ss_fail_db(&err, c->db, "checkpoint the store", c->path);
	p->failed(p->failed_arg, rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC, &err);
}

/* Copies what can be copied; true when the log was left with something in it, and is long. */
static bool copy_pages(ss_checkpointer *p, ss_wal *w, ss_conn *c)
{
	int pages = 0, copied = 0;
	int rc = ss_conn_checkpoint(c, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
	if (rc != SQLITE_OK) {
		tell_failure(p, c, rc);
		return false;
	}
	return copied < pages && (uint32_t)pages >= w->finish_pages;
}

static ss_wal *find_due(ss_checkpointer *p)
{
	for (size_t i = 0; i < SS_FILES; i++) {
		if (p->wal[i].pages >= p->wal[i].due_at)
			return &p->wal[i];
	}
	return NULL;
}

static void *run(void *arg)
{
	ss_checkpointer *p = arg;
	pthread_mutex_lock(&p->checkpoint_lock);
	while (!p->is_stopping) {
		ss_wal *w = find_due(p);
		if (!w) {
			pthread_cond_wait(&p->checkpoint_due, &p->checkpoint_lock);
			continue;
		}
		/* Set before the copying: on failure it is tried again only a step later. */
		w->due_at = w->pages + w->step_pages;
		w->is_copying = true;
		pthread_mutex_unlock(&p->checkpoint_lock);
		bool is_left = copy_pages(p, w, w->conn);
		pthread_mutex_lock(&p->checkpoint_lock);
		w->is_copying = false;
		w->is_finish_wanted = is_left;
		pthread_cond_broadcast(&p->checkpoint_over);
	}
	pthread_mutex_unlock(&p->checkpoint_lock);
	return NULL;
}

static uint32_t page_size(ss_conn *c)
{
	sqlite3_stmt *st = NULL;
	int64_t bytes = 0;
	if (sqlite3_prepare_v2(c->db, "PRAGMA page_size", -1, &st, NULL) == SQLITE_OK &&
		sqlite3_step(st) == SQLITE_ROW)
		bytes = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return bytes ? (uint32_t)bytes : 4096;
}

nc_code ss_checkpointer_start(ss_checkpointer *p, const ss_conn_opts opts[SS_FILES], nc_error *err)
{
	static const uint32_t step[] = { LOG_STEP_BYTES, STATE_STEP_BYTES };
	static const uint32_t finish[] = { LOG_FINISH_BYTES, STATE_FINISH_BYTES };
	static const uint32_t most[] = { LOG_MOST_BYTES, STATE_MOST_BYTES };
	p->is_stopping = false;
	nc_code code = NC_OK;
	for (size_t i = 0; i < SS_FILES && code == NC_OK; i++) {
		p->wal[i] = (ss_wal){ .owner = p };
		code = ss_conn_open(&opts[i], &p->wal[i].conn, err);
		if (code != NC_OK)
			break;
		uint32_t page = page_size(p->wal[i].conn);
		p->wal[i].step_pages = p->wal[i].due_at = step[i] / page;
		p->wal[i].finish_pages = finish[i] / page;
		p->wal[i].most_pages = most[i] / page;
	}
	if (code == NC_OK && pthread_create(&p->thread, NULL, run, p) != 0)
		code = ss_fail(err, NC_E_NOMEM, "Allow the daemon more threads.",
			"could not start the store's checkpoint thread");
	p->is_running = code == NC_OK;
	if (code != NC_OK)
		ss_checkpointer_stop(p);
	return code;
}

void ss_checkpointer_stop(ss_checkpointer *p)
{
	if (p->is_running) {
		pthread_mutex_lock(&p->checkpoint_lock);
		p->is_stopping = true;
		pthread_cond_signal(&p->checkpoint_due);
		pthread_mutex_unlock(&p->checkpoint_lock);
		pthread_join(p->thread, NULL);
		p->is_running = false;
	}
	for (size_t i = 0; i < SS_FILES; i++)
		ss_conn_closep(&p->wal[i].conn);
}

void ss_checkpointer_watch(ss_checkpointer *p, ss_file file, ss_conn *c)
{
	sqlite3_wal_hook(c->db, count_pages, &p->wal[file]);
}

void ss_checkpointer_finish(ss_checkpointer *p, ss_file file, ss_conn *c)
{
	ss_wal *w = &p->wal[file];
	pthread_mutex_lock(&p->checkpoint_lock);
	while (w->pages >= w->most_pages && w->is_copying)
		pthread_cond_wait(&p->checkpoint_over, &p->checkpoint_lock);
	bool is_wanted = w->is_finish_wanted || w->pages >= w->most_pages;
	w->is_finish_wanted = false;
	pthread_mutex_unlock(&p->checkpoint_lock);
	if (is_wanted)
		copy_pages(p, w, c);
}
