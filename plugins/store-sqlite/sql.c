/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQL of the store, all of it. Values are always bound; the pragmas of conn.c, which take no
 * parameters, are fixed texts there. Constant, any thread.
 */
#include "sql.h"

static const char *const texts[SS_STMT_COUNT] = {
	[SS_BEGIN_READ] = "BEGIN",
	[SS_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[SS_COMMIT] = "COMMIT",
	[SS_ROLLBACK] = "ROLLBACK",

	/* meta: k is an ss_meta_key */
	[SS_META_GET] = "SELECT a, b, t, crc FROM meta WHERE k = ?1",
	[SS_META_PUT] = ("INSERT INTO meta (k, a, b, t, crc) VALUES (?1, ?2, ?3, ?4, ?5)"
			 " ON CONFLICT (k) DO UPDATE SET a = excluded.a, b = excluded.b,"
			 " t = excluded.t, crc = excluded.crc"),
	/* The fence: moves the head only from where the caller believes it to be. */
	[SS_TIP_MOVE] = "UPDATE meta SET b = ?4, crc = ?5 WHERE k = ?1 AND a = ?2 AND b = ?3",

	/* rec, of log.db */
	[SS_REC_PUT] = "INSERT INTO rec (seq, crc, data) VALUES (?1, ?2, ?3)",
	[SS_REC_READ] = "SELECT seq, crc, data FROM rec WHERE seq >= ?1 ORDER BY seq LIMIT ?2",
	[SS_REC_PROBE] = "SELECT seq FROM rec WHERE seq >= ?1 ORDER BY seq LIMIT 1",
	[SS_REC_LAST] = "SELECT seq FROM rec ORDER BY seq DESC LIMIT 1",
	[SS_REC_SIZES] = "SELECT seq, length(data) FROM rec WHERE seq <= ?1 ORDER BY seq LIMIT ?2",
	[SS_REC_DROP] = "DELETE FROM rec WHERE seq <= ?1",

	/* kv, of state.db */
	[SS_KV_PUT] = ("INSERT INTO kv (space, key, val, rev, crc) VALUES (?1, ?2, ?3, ?4, ?5)"
		       " ON CONFLICT (space, key) DO UPDATE SET val = excluded.val,"
		       " rev = excluded.rev, crc = excluded.crc"),
	[SS_KV_DEL] = "DELETE FROM kv WHERE space = ?1 AND key = ?2",
	[SS_KV_SCAN] = ("SELECT key, val, rev, crc FROM kv WHERE space = ?1 AND key >= ?2"
			" ORDER BY key"),
	[SS_KV_PROBE] = "SELECT key FROM kv WHERE space = ?1 AND key >= ?2 ORDER BY key LIMIT 1",
	[SS_SPACE_NEXT] = "SELECT space FROM kv WHERE space >= ?1 ORDER BY space LIMIT 1",

	[SS_INTEGRITY] = "PRAGMA integrity_check(100)",
};

const char *ss_sql(ss_stmt_id id)
{
	return texts[id];
}

#define CREATE_META                                                                                \
	"CREATE TABLE meta (k INTEGER PRIMARY KEY, a INTEGER NOT NULL, b INTEGER NOT NULL,"        \
	" t TEXT NOT NULL, crc INTEGER NOT NULL) STRICT;"

const char ss_sql_create_log[] =
	CREATE_META "CREATE TABLE rec (seq INTEGER PRIMARY KEY, crc INTEGER NOT NULL,"
		    " data BLOB NOT NULL) STRICT;";

const char ss_sql_create_state[] =
	CREATE_META "CREATE TABLE kv (space INTEGER NOT NULL, key BLOB NOT NULL, val BLOB NOT NULL,"
		    " rev INTEGER NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (space, key))"
		    " STRICT, WITHOUT ROWID;";
