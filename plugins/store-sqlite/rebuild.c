/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A damaged state.db made anew: what can be read goes row by row into a file beside, and where
 * something can't, a row that records the loss takes its place, so that it is still told after
 * this. The new file is whole and synced before it takes the old one's name; the old one is kept
 * as state.db.damaged. Called by lead while nobody has the files open. Must never leave a
 * write-ahead log beside a file that it is not of.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crc32c.h"
#include "error.h"
#include "inst.h"
#include "walk.h"

#define STATE_PAGE   16384
#define COMMIT_BYTES (8u << 20)
#define SPACES_MAX   1024
#define TRY_AGAIN_NS (60ull * 1000000000)

typedef struct rebuild {
	ss_conn *from, *to;
	ss_conn *txn;     /* of `to` */
	const ss_walk *w; /* the space that is being read */
	uint64_t bytes;   /* since the last commit */
	uint64_t rows, lost;
	bool is_kept; /* the old file */
	nc_error *err;
} rebuild;

/* ---- rows ---- */

static nc_code put_row(rebuild *b, const nc_kv *kv, uint32_t crc)
{
	_cleanup_(ss_stmt_donep) sqlite3_stmt *st = NULL;
	nc_code code = ss_stmt(b->to, SS_KV_PUT, &st, b->err);
	if (code != NC_OK)
		return code;
	sqlite3_bind_int64(st, 1, kv->space);
	ss_bind_bytes(st, 2, kv->key);
	ss_bind_bytes(st, 3, kv->val);
	sqlite3_bind_int64(st, 4, (int64_t)kv->rev);
	sqlite3_bind_int64(st, 5, crc);
	if (sqlite3_step(st) != SQLITE_DONE)
		return ss_fail_db(b->err, b->to->db, "rebuild the state", b->to->path);
	b->bytes += kv->key.len + kv->val.len;
	b->rows++;
	return NC_OK;
}

/* What is not committed stays in memory, so there is only so much of it. */
static nc_code commit_now(rebuild *b)
{
	bool is_unknown;
	b->bytes = 0;
	nc_code code = ss_txn_commit(&b->txn, "rebuild the state", &is_unknown, b->err);
	return code == NC_OK ? ss_txn_begin(b->to, SS_BEGIN_WRITE, &b->txn, b->err) : code;
}

static nc_code take_row(void *arg, const nc_kv *kv)
{
	rebuild *b = arg;
	nc_kv row = *kv;
	uint32_t crc;
	if (kv->flags == NC_KV_LOST && kv->key.len == 0)
		row.key = (nc_bytes){ "", 1 }; /* the least key there is */
	if (kv->flags)
		crc = ss_crc_lost(kv->flags == NC_KV_LOST ? SS_LOST_RANGE : SS_LOST_VALUE,
			kv->space, row.key, kv->rev);
	else
		crc = ss_crc_kv(kv->space, kv->key, kv->rev, kv->val);
	b->lost += kv->flags != 0;
	nc_code code = put_row(b, &row, crc);
	return code == NC_OK && b->bytes >= COMMIT_BYTES ? commit_now(b) : code;
}

static nc_code take_space(rebuild *b, uint32_t space)
{
	ss_walk w = { .c = b->from, .space = space, .left = UINT32_MAX, .cb = take_row, .arg = b };
	return ss_walk_space(&w, b->err);
}

/* Spaces that nobody can tell whether they were there: each may have lost keys. Kernels number
 * them from 1 on, so the first of them are enough. */
static nc_code take_lost_spaces(rebuild *b, uint64_t first, uint64_t end)
{
	nc_code code = NC_OK;
	end = SS_MIN(end, first + SPACES_MAX);
	for (uint64_t space = first; space < end && code == NC_OK; space++) {
		nc_kv lost = { .space = (uint32_t)space, .flags = NC_KV_LOST, .key = { "", 0 } };
		code = take_row(b, &lost);
	}
	return code;
}

static nc_code take_all(rebuild *b)
{
	ss_meta applied;
	nc_code code = ss_meta_get(b->from, SS_META_APPLIED, &applied, b->err);
	if (code == NC_OK)
		code = ss_txn_begin(b->to, SS_BEGIN_WRITE, &b->txn, b->err);
	if (code == NC_OK)
		code = ss_meta_put(b->to, SS_META_APPLIED, &applied, b->err);
	for (uint64_t space = 0, lost; code == NC_OK; space++) {
		int rc = ss_walk_next_space(b->from, &space, &lost);
		if (rc == SQLITE_DONE)
			break;
		if (rc != SQLITE_ROW)
			return ss_fail_db(b->err, b->from->db, "walk the state", b->from->path);
		if (lost > 1)
			code = take_lost_spaces(b, space + 1 - lost, space);
		if (code == NC_OK)
			code = take_space(b, (uint32_t)space);
	}
	bool is_unknown;
	return code == NC_OK ? ss_txn_commit(&b->txn, "rebuild the state", &is_unknown, b->err)
			     : code;
}

/* ---- files ---- */

static void remove_with_logs(const char *path)
{
	static const char *const ends[] = { "-wal", "-shm", "-journal", "" };
	char name[SS_PATH_MAX + 16];
	for (size_t i = 0; i < SS_LEN(ends); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

static nc_code open_new(const char *path, ss_conn **ret, nc_error *err)
{
	ss_conn_opts o = {
		.path = path,
		.access = SS_CREATE,
		.sync = SS_SYNC_NORMAL,
		.cache_kib = 4096,
		.page_size = STATE_PAGE,
	};
	remove_with_logs(path);
	nc_code code = ss_conn_open(&o, ret, err);
	return code == NC_OK ? ss_schema_prepare(*ret, SS_STATE_FILE, err) : code;
}

/* All of the write-ahead log into the file, so that the log can go. */
static nc_code settle(ss_conn *c, nc_error *err)
{
	int pages, copied;
	if (ss_conn_checkpoint(c, SQLITE_CHECKPOINT_TRUNCATE, &pages, &copied) != SQLITE_OK)
		return ss_fail_db(err, c->db, "settle the state", c->path);
	return NC_OK;
}

static nc_code open_old(const char *path, ss_conn **ret, nc_error *err)
{
	ss_conn_opts o = { .path = path, .access = SS_WRITE, .cache_kib = 4096 };
	nc_code code = ss_conn_open(&o, ret, err);
	return code == NC_OK ? settle(*ret, err) : code;
}

static nc_code fill(const char *old_path, const char *new_path, rebuild *b)
{
	nc_code code = open_old(old_path, &b->from, b->err);
	if (code == NC_OK)
		code = open_new(new_path, &b->to, b->err);
	if (code == NC_OK)
		code = take_all(b);
	ss_txn_endp(&b->txn);
	if (code == NC_OK)
		code = settle(b->to, b->err);
	ss_conn_finish(ss_steal(&b->to));
	ss_conn_finish(ss_steal(&b->from));
	return code == NC_OK ? ss_folder_sync_file(new_path, b->err) : code;
}

static nc_code swap(const ss_folder *f, const char *path, rebuild *b)
{
	char kept[SS_PATH_MAX], log[SS_PATH_MAX + 16];
	const char *name = f->path[SS_STATE_FILE];
	snprintf(log, sizeof(log), "%s-wal", name);
	if (access(log, F_OK) == 0) /* closing the last connection removes it */
		return ss_fail(b->err, NC_E_INTERNAL, "", "\"%.160s\" is still there", log);
	ss_folder_path(f->dir, "state.db.damaged", kept);
	unlink(kept);
	b->is_kept = link(name, kept) == 0; /* nothing depends on it */
	if (rename(path, name) < 0)
		return ss_fail_errno(b->err, errno, "rename", path);
	return ss_folder_sync_dir(f->dir, b->err);
}

static void tell(nc_inst *inst, const rebuild *b)
{
	char json[128];
	int n = snprintf(json, sizeof(json), "{\"rows\":%llu,\"lost\":%llu,\"old_kept\":%s}",
		(unsigned long long)b->rows, (unsigned long long)b->lost,
		b->is_kept ? "true" : "false");
	inst->host->log(
		inst->host->ctx, NC_LOG_WARN, "store.state.rebuilt", (nc_bytes){ json, (size_t)n });
}

nc_code ss_rebuild_state(nc_inst *inst, nc_error *err)
{
	char path[SS_PATH_MAX];
	rebuild b = { .err = err };
	ss_folder_path(inst->folder.dir, "state.db-rebuilt" SS_TEMP_SUFFIX, path);
	nc_code code = fill(inst->folder.path[SS_STATE_FILE], path, &b);
	if (code == NC_OK)
		code = swap(&inst->folder, path, &b);
	if (code != NC_OK)
		remove_with_logs(path);
	else
		tell(inst, &b);
	pthread_mutex_lock(&inst->trouble_lock);
	inst->is_state_damaged = code != NC_OK;
	inst->rebuild_after_ns = ss_now_ns() + TRY_AGAIN_NS;
	pthread_mutex_unlock(&inst->trouble_lock);
	return code;
}
