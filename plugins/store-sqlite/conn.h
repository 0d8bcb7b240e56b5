/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_CONN_H
#define SS_CONN_H

#include <sqlite3.h>

#include "config.h"
#include "novacron/abi.h"
#include "sql.h"
#include "util.h"

/* One SQLite connection to one of the two files, with its prepared statements. Used by one thread
 * at a time; who that is stands where the connection is kept. */
typedef struct ss_conn {
	sqlite3 *db;
	const char *path; /* borrowed */
	sqlite3_stmt *st[SS_STMT_COUNT];
} ss_conn;

typedef enum {
	SS_CREATE,    /* made if it is not there */
	SS_WRITE,     /* must be there */
	SS_READ,      /* of a file that someone may be writing */
	SS_IMMUTABLE, /* of a file that nobody can write: no lock, no log beside it */
} ss_access;

typedef struct ss_conn_opts {
	const char *path; /* outlives the connection */
	ss_access access;
	ss_sync sync;
	uint32_t cache_kib;
	uint32_t page_size; /* of a file that is made; 0 = as it is */
} ss_conn_opts;

nc_code ss_conn_open(const ss_conn_opts *o, ss_conn **ret, nc_error *err);
/* NULL is fine. Leaves the write-ahead log as it is. */
void ss_conn_close(ss_conn *c);
/* The same for the last connection of a file in good order: copies the write-ahead log into the
 * file and removes it. */
void ss_conn_finish(ss_conn *c);
void ss_conn_closep(ss_conn **c);

/* A statement, prepared at first use; hand it back with ss_stmt_done (a cleanup). */
nc_code ss_stmt(ss_conn *c, ss_stmt_id id, sqlite3_stmt **ret, nc_error *err);
void ss_stmt_donep(sqlite3_stmt **st);
/* Runs a statement that takes and gives nothing. Plain SQLite code. */
int ss_run(ss_conn *c, ss_stmt_id id);
void ss_bind_bytes(sqlite3_stmt *st, int at, nc_bytes b); /* empty is not NULL */
nc_bytes ss_column_bytes(sqlite3_stmt *st, int at);

/* A transaction that is undone unless committed: `_cleanup_(ss_txn_endp) ss_conn *txn = NULL;` */
nc_code ss_txn_begin(ss_conn *c, ss_stmt_id how, ss_conn **ret_txn, nc_error *err);
void ss_txn_endp(ss_conn **txn);
/* *ret_unknown: nobody knows whether it happened. Ends *txn when it did. */
nc_code ss_txn_commit(ss_conn **txn, const char *doing, bool *ret_unknown, nc_error *err);

nc_code ss_conn_use_wal(ss_conn *c, nc_error *err); /* kept in the file */
nc_code ss_conn_set_sync(ss_conn *c, ss_sync sync, nc_error *err);
/* Copies the write-ahead log into the file as far as can be done beside readers and writers. */
int ss_conn_checkpoint(ss_conn *c, int mode, int *ret_pages, int *ret_copied);

#endif
