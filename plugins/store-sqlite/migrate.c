/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How files of older versions become today's. Each step of the table runs in one transaction with
 * the new version number, after a copy of the file was put beside and synced, so that whatever
 * goes wrong leaves a file that its own version can still open. Called while the files are opened,
 * by one thread, under the folder's lock.
 */
#include "migrate.h"

#include <errno.h>
#include <stdio.h>

#include "copy.h"
#include "crc32c.h"
#include "error.h"
#include "folder.h"
#include "meta.h"

static const struct migration {
	uint32_t from, to;
	ss_file file;
	const char *sql;
} migrations[] = {
	/* 0: before the first release, without checksums. */
	{ 0, 1, SS_LOG_FILE,
		"CREATE TABLE meta_1 (k INTEGER PRIMARY KEY, a INTEGER NOT NULL,"
		" b INTEGER NOT NULL, t TEXT NOT NULL, crc INTEGER NOT NULL) STRICT;"
		"INSERT INTO meta_1 SELECT k, a, b, t, nc_crc_meta(k, a, b, t) FROM meta;"
		"DROP TABLE meta; ALTER TABLE meta_1 RENAME TO meta;"
		"CREATE TABLE rec_1 (seq INTEGER PRIMARY KEY, crc INTEGER NOT NULL,"
		" data BLOB NOT NULL) STRICT;"
		"INSERT INTO rec_1 SELECT seq, nc_crc_record(seq, data), data FROM rec;"
		"DROP TABLE rec; ALTER TABLE rec_1 RENAME TO rec;" },
	{ 0, 1, SS_STATE_FILE,
		"CREATE TABLE meta_1 (k INTEGER PRIMARY KEY, a INTEGER NOT NULL,"
		" b INTEGER NOT NULL, t TEXT NOT NULL, crc INTEGER NOT NULL) STRICT;"
		"INSERT INTO meta_1 SELECT k, a, b, t, nc_crc_meta(k, a, b, t) FROM meta;"
		"DROP TABLE meta; ALTER TABLE meta_1 RENAME TO meta;"
		"CREATE TABLE kv_1 (space INTEGER NOT NULL, key BLOB NOT NULL, val BLOB NOT NULL,"
		" rev INTEGER NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (space, key))"
		" STRICT, WITHOUT ROWID;"
		"INSERT INTO kv_1 SELECT space, key, val, rev, nc_crc_kv(space, key, rev, val)"
		" FROM kv;"
		"DROP TABLE kv; ALTER TABLE kv_1 RENAME TO kv;" },
};

/* ---- checksums for migrations ---- */

static nc_bytes value_bytes(sqlite3_value *v)
{
	const void *p = sqlite3_value_blob(v);
	return (nc_bytes){ p, p ? (size_t)sqlite3_value_bytes(v) : 0 };
}

static void sql_crc_record(sqlite3_context *x, int n, sqlite3_value **v)
{
	(void)n;
	sqlite3_result_int64(
		x, ss_crc_record((uint64_t)sqlite3_value_int64(v[0]), value_bytes(v[1])));
}

static void sql_crc_kv(sqlite3_context *x, int n, sqlite3_value **v)
{
	(void)n;
	sqlite3_result_int64(x, ss_crc_kv((uint32_t)sqlite3_value_int64(v[0]), value_bytes(v[1]),
					(uint64_t)sqlite3_value_int64(v[2]), value_bytes(v[3])));
}

static void sql_crc_meta(sqlite3_context *x, int n, sqlite3_value **v)
{
	(void)n;
	sqlite3_result_int64(x, ss_crc_meta((uint32_t)sqlite3_value_int64(v[0]),
					(uint64_t)sqlite3_value_int64(v[1]),
					(uint64_t)sqlite3_value_int64(v[2]), value_bytes(v[3])));
}

static const struct sql_function {
	const char *name;
	int args;
	void (*fn)(sqlite3_context *, int, sqlite3_value **);
} functions[] = {
	{ "nc_crc_record", 2, sql_crc_record },
	{ "nc_crc_kv", 4, sql_crc_kv },
	{ "nc_crc_meta", 4, sql_crc_meta },
};

static nc_code add_functions(ss_conn *c, nc_error *err)
{
	for (size_t i = 0; i < SS_LEN(functions); i++) {
		if (sqlite3_create_function(c->db, functions[i].name, functions[i].args,
			    SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, functions[i].fn, NULL,
			    NULL) != SQLITE_OK)
			return ss_fail_db(err, c->db, "prepare the migration", c->path);
	}
	return NC_OK;
}

static const struct migration *find_migration(ss_file file, int64_t from)
{
	for (size_t i = 0; i < SS_LEN(migrations); i++) {
		if (migrations[i].file == file && migrations[i].from == from)
			return &migrations[i];
	}
	return NULL;
}

static nc_code copy_beside(ss_conn *c, int64_t version, nc_error *err)
{
	char path[SS_PATH_MAX], part[SS_PATH_MAX + sizeof(SS_TEMP_SUFFIX)];
	snprintf(path, sizeof(path), "%s.v%lld-%lld", c->path, (long long)version,
		(long long)ss_wall_ms());
	snprintf(part, sizeof(part), "%s" SS_TEMP_SUFFIX, path);
	nc_code code = ss_copy_db(c, part, err);
	if (code == NC_OK)
		code = ss_folder_sync_file(part, err);
	if (code == NC_OK && rename(part, path) < 0)
		code = ss_fail_errno(err, errno, "rename", part);
	if (code == NC_OK)
		code = ss_folder_sync_parent(path, err);
	return code;
}

static nc_code run_step_sql(ss_conn *c, const char *sql, nc_error *err)
{
	if (sqlite3_exec(c->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return ss_fail_db(err, c->db, "migrate the store", c->path);
	return NC_OK;
}

static nc_code migrate_step(ss_conn *c, const struct migration *m, nc_error *err)
{
	_cleanup_(ss_txn_endp) ss_conn *txn = NULL;
	bool is_unknown;
	ss_meta version = { .a = m->to };
	nc_code code = ss_txn_begin(c, SS_BEGIN_WRITE, &txn, err);
	if (code == NC_OK)
		code = run_step_sql(c, m->sql, err);
	if (code == NC_OK)
		code = ss_meta_put(c, SS_META_SCHEMA, &version, err);
	if (code == NC_OK)
		code = ss_txn_commit(&txn, "migrate the store", &is_unknown, err);
	return code;
}

nc_code ss_migrate(ss_conn *c, ss_file file, int64_t version, nc_error *err)
{
	nc_code code = add_functions(c, err);
	if (code == NC_OK)
		code = copy_beside(c, version, err);
	while (code == NC_OK && version < SS_SCHEMA_VERSION) {
		const struct migration *m = find_migration(file, version);
		if (!m)
			return ss_fail(err, NC_E_UNSUPPORTED, "Restore a newer backup.",
				"there is no way from schema version %lld of \"%.160s\"",
				(long long)version, c->path);
		code = migrate_step(c, m, err);
		version = m->to;
	}
	return code;
}
