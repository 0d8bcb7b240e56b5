/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections, statements and transactions over SQLite's C interface. A connection belongs to one
 * thread at a time and is opened without SQLite's own mutexes. Must never run SQL that is not in
 * sql.c, the pragmas below and what schema.c creates.
 */
#include "conn.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "error.h"

#define BUSY_STEP_US 200
#define BUSY_STEPS   10000 /* two seconds: only a stranger holds our files longer */

/* SQLite's own waits grow to 100 ms, which a tail latency would show. */
static int wait_a_little(void *unused, int count)
{
	(void)unused;
	if (count >= BUSY_STEPS)
		return 0;
	nanosleep(&(struct timespec){ 0, BUSY_STEP_US * 1000L }, NULL);
	return 1;
}

static int run_text(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* Pragmas take no parameters; `value` is a number of ours. */
static int run_number(sqlite3 *db, const char *pragma, int64_t value)
{
	char sql[96];
	snprintf(sql, sizeof(sql), "PRAGMA %s = %lld", pragma, (long long)value);
	return run_text(db, sql);
}

static const char *const sync_texts[] = {
	[SS_SYNC_FULL] = "PRAGMA synchronous = FULL",
	[SS_SYNC_NORMAL] = "PRAGMA synchronous = NORMAL",
	[SS_SYNC_OFF] = "PRAGMA synchronous = OFF",
};

static int set_up(sqlite3 *db, const ss_conn_opts *o)
{
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_handler(db, wait_a_little, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	/* Closing must not touch files whose state is in doubt; files.c checkpoints a clean end. */
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	int rc = run_number(db, "cache_size", -(int64_t)o->cache_kib);
	if (rc == SQLITE_OK && o->page_size)
		rc = run_number(db, "page_size", o->page_size);
	if (rc == SQLITE_OK)
		rc = run_text(db, sync_texts[o->sync]);
	/* A page is written at COMMIT or not at all: before it, any failure is a clean no. What is
	 * deleted is overwritten in both files: a rotation of the key trims the log so that what was
	 * sealed under the old one is nowhere. */
	if (rc == SQLITE_OK)
		rc = run_text(db, "PRAGMA cache_spill = OFF; PRAGMA cell_size_check = ON;"
				  "PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;"
				  "PRAGMA journal_size_limit = 67108864;"
				  "PRAGMA secure_delete = ON");
	return rc;
}

/* file:<path>?immutable=1, the path's bytes escaped. */
static char *immutable_uri(const char *path)
{
	sqlite3_str *s = sqlite3_str_new(NULL);
	sqlite3_str_appendall(s, "file:");
	for (const char *p = path; *p; p++) {
		if (strchr("?#%", *p))
			sqlite3_str_appendf(s, "%%%02X", (unsigned char)*p);
		else
			sqlite3_str_appendchar(s, 1, *p);
	}
	sqlite3_str_appendall(s, "?immutable=1");
	return sqlite3_str_finish(s);
}

static int open_db(const ss_conn_opts *o, sqlite3 **ret)
{
	static const int flags[] = {
		[SS_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		[SS_WRITE] = SQLITE_OPEN_READWRITE,
		[SS_READ] = SQLITE_OPEN_READONLY,
		[SS_IMMUTABLE] = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
	};
	int how = flags[o->access] | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	if (o->access != SS_IMMUTABLE)
		return sqlite3_open_v2(o->path, ret, how, NULL);
	_cleanup_(ss_freep) char *uri = immutable_uri(o->path);
	return uri ? sqlite3_open_v2(uri, ret, how, NULL) : SQLITE_NOMEM;
}

/* What ends a transaction must not need memory when it is wanted. */
static const ss_stmt_id at_open[] = { SS_BEGIN_READ, SS_BEGIN_WRITE, SS_COMMIT, SS_ROLLBACK };

static int prepare(ss_conn *c, ss_stmt_id id)
{
	if (c->st[id])
		return SQLITE_OK;
	return sqlite3_prepare_v3(
		c->db, ss_sql(id), -1, SQLITE_PREPARE_PERSISTENT, &c->st[id], NULL);
}

nc_code ss_conn_open(const ss_conn_opts *o, ss_conn **ret, nc_error *err)
{
	_cleanup_(ss_conn_closep) ss_conn *c = ss_calloc(sizeof(*c));
	if (!c)
		return ss_fail_nomem(err, "open the store");
	c->path = o->path;
	int rc = open_db(o, &c->db);
	if (rc == SQLITE_OK)
		rc = set_up(c->db, o);
	if (rc != SQLITE_OK)
		return ss_fail_db(err, c->db, "open the store", o->path);
	for (size_t i = 0; i < SS_LEN(at_open); i++) {
		if (prepare(c, at_open[i]) != SQLITE_OK)
			return ss_fail_db(err, c->db, "open the store", o->path);
	}
	*ret = ss_steal(&c);
	return NC_OK;
}

void ss_conn_close(ss_conn *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < SS_STMT_COUNT; i++)
		sqlite3_finalize(c->st[i]);
	sqlite3_close_v2(c->db);
	sqlite3_free(c);
}

void ss_conn_finish(ss_conn *c)
{
	if (c)
		sqlite3_db_config(c->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	ss_conn_close(c);
}

void ss_conn_closep(ss_conn **c)
{
	ss_conn_close(*c);
	*c = NULL;
}

nc_code ss_stmt(ss_conn *c, ss_stmt_id id, sqlite3_stmt **ret, nc_error *err)
{
	if (prepare(c, id) != SQLITE_OK)
		return ss_fail_db(err, c->db, "prepare a statement", c->path);
	*ret = c->st[id];
	return NC_OK;
}

void ss_stmt_donep(sqlite3_stmt **st)
{
	if (!*st)
		return;
	sqlite3_reset(*st);
	sqlite3_clear_bindings(*st);
	*st = NULL;
}

int ss_run(ss_conn *c, ss_stmt_id id)
{
	int rc = prepare(c, id);
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(c->st[id]);
	if (rc == SQLITE_DONE || rc == SQLITE_ROW)
		return sqlite3_reset(c->st[id]);
	sqlite3_reset(c->st[id]);
	return rc;
}

void ss_bind_bytes(sqlite3_stmt *st, int at, nc_bytes b)
{
	sqlite3_bind_blob64(st, at, b.len ? b.ptr : "", b.len, SQLITE_STATIC);
}

nc_bytes ss_column_bytes(sqlite3_stmt *st, int at)
{
	const void *p = sqlite3_column_blob(st, at);
	size_t n = (size_t)sqlite3_column_bytes(st, at);
	return (nc_bytes){ p ? p : "", p ? n : 0 };
}

nc_code ss_txn_begin(ss_conn *c, ss_stmt_id how, ss_conn **ret_txn, nc_error *err)
{
	if (!sqlite3_get_autocommit(c->db))
		ss_run(c, SS_ROLLBACK); /* one that could not be ended before */
	if (ss_run(c, how) != SQLITE_OK)
		return ss_fail_db(err, c->db, "begin a transaction", c->path);
	*ret_txn = c;
	return NC_OK;
}

void ss_txn_endp(ss_conn **txn)
{
	if (*txn && !sqlite3_get_autocommit((*txn)->db))
		ss_run(*txn, SS_ROLLBACK);
	*txn = NULL;
}

nc_code ss_txn_commit(ss_conn **txn, const char *doing, bool *ret_unknown, nc_error *err)
{
	ss_conn *c = *txn;
	*ret_unknown = false;
	int rc = sqlite3_step(c->st[SS_COMMIT]);
	if (rc == SQLITE_DONE) {
		sqlite3_reset(c->st[SS_COMMIT]);
		*txn = NULL;
		return NC_OK;
	}
	*ret_unknown = ss_is_outcome_unknown(c->db, rc);
	nc_code code = ss_fail_db(err, c->db, doing, c->path);
	sqlite3_reset(c->st[SS_COMMIT]);
	if (*ret_unknown && err)
		err->flags |= NC_ERR_OUTCOME_UNKNOWN;
	return code;
}

nc_code ss_conn_use_wal(ss_conn *c, nc_error *err)
{
	if (run_text(c->db, "PRAGMA journal_mode = WAL") != SQLITE_OK)
		return ss_fail_db(err, c->db, "open the store", c->path);
	return NC_OK;
}

nc_code ss_conn_set_sync(ss_conn *c, ss_sync sync, nc_error *err)
{
	if (run_text(c->db, sync_texts[sync]) != SQLITE_OK)
		return ss_fail_db(err, c->db, "change how the store is synced", c->path);
	return NC_OK;
}

int ss_conn_checkpoint(ss_conn *c, int mode, int *ret_pages, int *ret_copied)
{
	return sqlite3_wal_checkpoint_v2(c->db, NULL, mode, ret_pages, ret_copied);
}
