/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What version a file has, and what a new one is made of. Called while the files are opened, by
 * one thread, under the folder's lock. Must never touch a newer file.
 */
#include "schema.h"

#include "error.h"
#include "meta.h"
#include "migrate.h"

/* ---- version ---- */

/* One number from one of our own texts; *ret is untouched when there is no row. */
static nc_code query_number(ss_conn *c, const char *sql, int64_t *ret, nc_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(c->db, sql, -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(st, 0);
	nc_code code = NC_OK;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		code = ss_fail_db(err, c->db, "read the schema version", c->path);
	sqlite3_finalize(st);
	return code;
}

static nc_code read_version(ss_conn *c, bool *ret_is_empty, int64_t *ret_version, nc_error *err)
{
	int64_t tables = 0, version = -1;
	nc_code code = query_number(c, "SELECT count(*) FROM sqlite_schema", &tables, err);
	if (code != NC_OK)
		return code;
	*ret_is_empty = tables == 0;
	if (!tables)
		return NC_OK;
	/* All versions keep it in this row, whatever else changes. */
	code = query_number(c, "SELECT a FROM meta WHERE k = 1", &version, err);
	if (code != NC_OK)
		return code;
	if (version < 0)
		return ss_fail(err, NC_E_PROTO, "Restore the last backup.",
			"\"%.200s\" does not tell its schema version", c->path);
	*ret_version = version;
	return NC_OK;
}

static nc_code refuse_newer(ss_conn *c, int64_t version, nc_error *err)
{
	if (version <= SS_SCHEMA_VERSION)
		return NC_OK;
	return ss_fail(err, NC_E_UNSUPPORTED,
		"Start the NovaCron that wrote it, or restore a backup made by this version.",
		"\"%.160s\" has schema version %lld, this build knows up to %u", c->path,
		(long long)version, SS_SCHEMA_VERSION);
}

nc_code ss_schema_check(ss_conn *c, nc_error *err)
{
	bool is_empty = false;
	int64_t version = 0;
	nc_code code = read_version(c, &is_empty, &version, err);
	if (code == NC_OK && is_empty)
		return ss_fail(err, NC_E_PROTO, "", "\"%.200s\" holds no store", c->path);
	if (code == NC_OK)
		code = refuse_newer(c, version, err);
	if (code == NC_OK && version < SS_SCHEMA_VERSION)
		return ss_fail(err, NC_E_UNSUPPORTED,
			"Open it once where it can be written, so that it is migrated.",
			"\"%.160s\" has schema version %lld, older than %u", c->path,
			(long long)version, SS_SCHEMA_VERSION);
	return code;
}

/* ---- making ---- */

static nc_code run_script(ss_conn *c, const char *sql, nc_error *err)
{
	if (sqlite3_exec(c->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return ss_fail_db(err, c->db, "create the store", c->path);
	return NC_OK;
}

static nc_code put_first_rows(ss_conn *c, ss_file file, nc_error *err)
{
	static const ss_meta_key log_rows[] = { SS_META_TIP, SS_META_TRIM, SS_META_LEASE };
	static const ss_meta_key state_rows[] = { SS_META_APPLIED };
	const ss_meta_key *rows = file == SS_LOG_FILE ? log_rows : state_rows;
	size_t n = file == SS_LOG_FILE ? SS_LEN(log_rows) : SS_LEN(state_rows);
	ss_meta zero = { 0 };
	ss_meta version = { .a = SS_SCHEMA_VERSION };
	nc_code code = ss_meta_put(c, SS_META_SCHEMA, &version, err);
	for (size_t i = 0; i < n && code == NC_OK; i++)
		code = ss_meta_put(c, rows[i], &zero, err);
	return code;
}

static nc_code create_tables(ss_conn *c, ss_file file, nc_error *err)
{
	_cleanup_(ss_txn_endp) ss_conn *txn = NULL;
	bool is_unknown;
	nc_code code = ss_txn_begin(c, SS_BEGIN_WRITE, &txn, err);
	if (code == NC_OK)
		code = run_script(
			c, file == SS_LOG_FILE ? ss_sql_create_log : ss_sql_create_state, err);
	if (code == NC_OK)
		code = put_first_rows(c, file, err);
	if (code == NC_OK)
		code = ss_txn_commit(&txn, "create the store", &is_unknown, err);
	return code;
}

nc_code ss_schema_prepare(ss_conn *c, ss_file file, nc_error *err)
{
	bool is_empty = false;
	int64_t version = 0;
	nc_code code = read_version(c, &is_empty, &version, err);
	if (code != NC_OK)
		return code;
	code = is_empty ? NC_OK : refuse_newer(c, version, err);
	if (code == NC_OK)
		code = ss_conn_use_wal(c, err);
	if (code == NC_OK && is_empty)
		return create_tables(c, file, err);
	if (code == NC_OK && version < SS_SCHEMA_VERSION)
		code = ss_migrate(c, file, version, err);
	return code;
}
