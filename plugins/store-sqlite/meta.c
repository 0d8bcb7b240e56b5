/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The meta table of a file: a few numbered rows that say what the rest of it means. Threads: as
 * the connection that is passed in. A row whose checksum is wrong is never believed.
 */
#include "meta.h"

#include <stdio.h>
#include <string.h>

#include "crc32c.h"
#include "error.h"

static const char *const names[] = {
	[SS_META_SCHEMA] = "schema version",
	[SS_META_TIP] = "epoch and head",
	[SS_META_TRIM] = "trimmed seq",
	[SS_META_LEASE] = "lease",
	[SS_META_APPLIED] = "applied seq",
};

static nc_code damaged(ss_conn *c, ss_meta_key k, const char *how, nc_error *err)
{
	return ss_fail(err, NC_E_PROTO, "Run `novacron state check` and restore the last backup.",
		"the %s in \"%.160s\" %s", names[k], c->path, how);
}

static uint32_t crc_of(ss_meta_key k, uint64_t a, uint64_t b, const char *t)
{
	return ss_crc_meta((uint32_t)k, a, b, (nc_bytes){ t, strlen(t) });
}

nc_code ss_meta_get(ss_conn *c, ss_meta_key k, ss_meta *ret, nc_error *err)
{
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	nc_code code = ss_stmt(c, SS_META_GET, &st, err);
	if (code != NC_OK)
		return code;
	sqlite3_bind_int64(st, 1, k);
	int rc = sqlite3_step(st);
	if (rc == SQLITE_DONE)
		return damaged(c, k, "is missing", err);
	if (rc != SQLITE_ROW)
		return ss_fail_db(err, c->db, "read the meta table", c->path);
	ss_meta m = { (uint64_t)sqlite3_column_int64(st, 0), (uint64_t)sqlite3_column_int64(st, 1),
		"" };
	const char *text = (const char *)sqlite3_column_text(st, 2);
	if (!text)
		return ss_fail_nomem(err, "read the meta table");
	snprintf(m.t, sizeof(m.t), "%s", text);
	if (crc_of(k, m.a, m.b, m.t) != (uint32_t)sqlite3_column_int64(st, 3))
		return damaged(c, k, "has a wrong checksum", err);
	*ret = m;
	return NC_OK;
}

nc_code ss_meta_put(ss_conn *c, ss_meta_key k, const ss_meta *m, nc_error *err)
{
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	nc_code code = ss_stmt(c, SS_META_PUT, &st, err);
	if (code != NC_OK)
		return code;
	sqlite3_bind_int64(st, 1, k);
	sqlite3_bind_int64(st, 2, (int64_t)m->a);
	sqlite3_bind_int64(st, 3, (int64_t)m->b);
	sqlite3_bind_text(st, 4, m->t, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 5, crc_of(k, m->a, m->b, m->t));
	if (sqlite3_step(st) != SQLITE_DONE)
		return ss_fail_db(err, c->db, "write the meta table", c->path);
	return NC_OK;
}

nc_code ss_meta_move_head(ss_conn *c, uint64_t epoch, uint64_t from, uint64_t to, nc_error *err)
{
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	nc_code code = ss_stmt(c, SS_TIP_MOVE, &st, err);
	if (code != NC_OK)
		return code;
	sqlite3_bind_int64(st, 1, SS_META_TIP);
	sqlite3_bind_int64(st, 2, (int64_t)epoch);
	sqlite3_bind_int64(st, 3, (int64_t)from);
	sqlite3_bind_int64(st, 4, (int64_t)to);
	sqlite3_bind_int64(st, 5, crc_of(SS_META_TIP, epoch, to, ""));
	if (sqlite3_step(st) != SQLITE_DONE)
		return ss_fail_db(err, c->db, "move the head of the log", c->path);
	if (sqlite3_changes(c->db) != 1)
		return ss_fail(err, NC_E_CONFLICT, "Lead again to learn epoch and head.",
			"the log is not at epoch %llu, head %llu", (unsigned long long)epoch,
			(unsigned long long)from);
	return NC_OK;
}
