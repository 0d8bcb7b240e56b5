/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts a backup in place of a folder's store. Under the folder's lock, on the caller's thread:
 * receive beside, verify everything, lift the epoch above what was there, and only then swap.
 * Whatever goes wrong before the swap leaves the folder's store as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "container.h"
#include "error.h"
#include "inst.h"
#include "swap.h"

typedef struct incoming {
	char part[SS_FILES][SS_PATH_MAX];  /* while it is received and verified */
	char ready[SS_FILES][SS_PATH_MAX]; /* what swap.c looks for */
} incoming;

static void name_incoming(const ss_folder *f, incoming *in)
{
	for (size_t i = 0; i < SS_FILES; i++) {
		char name[64];
		snprintf(name, sizeof(name), SS_INCOMING_PREFIX "%s", ss_file_names[i]);
		ss_folder_path(f->dir, name, in->ready[i]);
		snprintf(name, sizeof(name), SS_INCOMING_PREFIX "%s" SS_TEMP_SUFFIX,
			ss_file_names[i]);
		ss_folder_path(f->dir, name, in->part[i]);
	}
}

static void remove_parts(const incoming *in)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	for (size_t i = 0; i < SS_FILES; i++) {
		for (size_t k = 0; k < SS_LEN(ends); k++) {
			char path[SS_PATH_MAX + 16];
			snprintf(path, sizeof(path), "%s%s", in->part[i], ends[k]);
			unlink(path);
		}
	}
}

static nc_code receive_file(ss_pipe *p, const char *name, const char *path, nc_error *err)
{
	_cleanup_(ss_closep) int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return ss_fail_errno(err, errno, "create", path);
	return ss_container_read_file(p, name, fd, err);
}

static nc_code receive(nc_inst *inst, int fd, const incoming *in, ss_container *ret, nc_error *err)
{
	ss_pipe p = { .fd = fd, .host = inst->host };
	nc_code code = ss_container_read_header(&p, ret, err);
	if (code == NC_OK && ret->files != SS_FILES)
		return ss_fail(
			err, NC_E_PROTO, "", "a backup of %u files, not %d", ret->files, SS_FILES);
	for (size_t i = 0; i < SS_FILES && code == NC_OK; i++)
		code = receive_file(&p, ss_file_names[i], in->part[i], err);
	return code == NC_OK ? ss_container_read_end(&p, ret, err) : code;
}

/* Everything into the file itself, since only the file is put in place. */
static nc_code settle(ss_conn *c, nc_error *err)
{
	int pages, copied;
	if (ss_conn_checkpoint(c, SQLITE_CHECKPOINT_TRUNCATE, &pages, &copied) != SQLITE_OK)
		return ss_fail_db(err, c->db, "write the restored store", c->path);
	return NC_OK;
}

static nc_code open_part(const char *path, ss_conn **ret, nc_error *err)
{
	ss_conn_opts o = { .path = path, .access = SS_WRITE, .cache_kib = 2048 };
	return ss_conn_open(&o, ret, err);
}

/* A backup of an older version becomes one of this version before it is looked at. */
static nc_code migrate(const incoming *in, const ss_container *info, nc_error *err)
{
	nc_code code = NC_OK;
	if (info->schema == SS_SCHEMA_VERSION)
		return NC_OK;
	for (size_t i = 0; i < SS_FILES && code == NC_OK; i++) {
		ss_conn *c = NULL;
		code = open_part(in->part[i], &c, err);
		if (code == NC_OK)
			code = ss_schema_prepare(c, (ss_file)i, err);
		if (code == NC_OK)
			code = settle(c, err);
		ss_conn_finish(c);
	}
	return code;
}

static nc_code verify_contents(
	ss_conn *log, ss_conn *state, const ss_container *info, nc_error *err)
{
	char what[200] = "";
	uint64_t faults = 0;
	ss_meta tip, applied;
	ss_checked files = { .log = log, .state = state };
	nc_code code = ss_check_files(&files, ss_first_fault, what, &faults, err);
	if (what[0])
		return ss_fail(err, NC_E_PROTO, "Restore another backup.",
			"the backup holds a damaged store: %s", what);
	if (code == NC_OK)
		code = ss_meta_get(log, SS_META_TIP, &tip, err);
	if (code == NC_OK)
		code = ss_meta_get(state, SS_META_APPLIED, &applied, err);
	if (code == NC_OK &&
		(tip.a != info->epoch || tip.b != info->head || applied.a != info->applied))
		return ss_fail(err, NC_E_PROTO, "Restore another backup.",
			"the backup's header says head %llu, its log %llu",
			(unsigned long long)info->head, (unsigned long long)tip.b);
	return code;
}

static nc_code verify(const incoming *in, const ss_container *info, nc_error *err)
{
	_cleanup_(ss_conn_closep) ss_conn *log = NULL;
	_cleanup_(ss_conn_closep) ss_conn *state = NULL;
	ss_conn_opts o = { .access = SS_IMMUTABLE, .cache_kib = 2048 };
	o.path = in->part[SS_LOG_FILE];
	nc_code code = ss_conn_open(&o, &log, err);
	if (code == NC_OK)
		code = ss_schema_check(log, err);
	o.path = in->part[SS_STATE_FILE];
	if (code == NC_OK)
		code = ss_conn_open(&o, &state, err);
	if (code == NC_OK)
		code = ss_schema_check(state, err);
	return code == NC_OK ? verify_contents(log, state, info, err) : code;
}

/* The epoch of what is there, as far as it can be told: it may be missing, or the very damage. */
static uint64_t epoch_there(const ss_folder *f)
{
	_cleanup_(ss_conn_closep) ss_conn *c = NULL;
	ss_meta tip = { 0 };
	ss_conn_opts o = { .path = f->path[SS_LOG_FILE], .access = SS_WRITE, .cache_kib = 256 };
	if (access(o.path, F_OK) < 0 || ss_conn_open(&o, &c, NULL) != NC_OK ||
		ss_meta_get(c, SS_META_TIP, &tip, NULL) != NC_OK)
		return 0;
	return tip.a;
}

static nc_code lift_epoch(const char *path, uint64_t epoch, nc_error *err)
{
	ss_conn *c = NULL;
	ss_meta tip;
	nc_code code = open_part(path, &c, err);
	if (code == NC_OK)
		code = ss_meta_get(c, SS_META_TIP, &tip, err);
	if (code == NC_OK && tip.a < epoch) {
		tip.a = epoch;
		code = ss_meta_put(c, SS_META_TIP, &tip, err);
	}
	if (code == NC_OK)
		code = settle(c, err);
	ss_conn_finish(c);
	return code;
}

static nc_code put_in_place(const ss_folder *f, const incoming *in, nc_error *err)
{
	nc_code code = NC_OK;
	for (size_t i = 0; i < SS_FILES && code == NC_OK; i++) {
		code = ss_folder_sync_file(in->part[i], err);
		if (code == NC_OK && rename(in->part[i], in->ready[i]) < 0)
			code = ss_fail_errno(err, errno, "rename", in->part[i]);
	}
	if (code == NC_OK)
		code = ss_swap_begin(f->dir, err);
	return code == NC_OK ? ss_swap_finish(f->dir, err) : code;
}

static nc_code restore_into(nc_inst *inst, int fd, const ss_folder *f, nc_error *err)
{
	incoming in;
	ss_container info;
	name_incoming(f, &in);
	nc_code code = receive(inst, fd, &in, &info, err);
	if (code == NC_OK)
		code = migrate(&in, &info, err);
	if (code == NC_OK)
		code = verify(&in, &info, err);
	if (code == NC_OK)
		code = lift_epoch(in.part[SS_LOG_FILE], epoch_there(f), err);
	if (code == NC_OK)
		code = put_in_place(f, &in, err);
	remove_parts(&in);
	return code;
}

static nc_code restore(nc_inst *inst, int32_t fd, const char *folder, nc_error *err)
{
	_cleanup_(ss_freep) ss_folder *f = ss_calloc(sizeof(*f));
	if (!f)
		return ss_fail_nomem(err, "restore the store");
	nc_code code = ss_folder_open(f, folder, err);
	if (code != NC_OK)
		return code;
	if (f->is_read_only)
		code = ss_fail(err, NC_E_UNAVAILABLE,
			"Make the folder and its files writable, on a disk mounted read-write.",
			"store \"%.200s\" is read-only", folder);
	if (code == NC_OK)
		code = restore_into(inst, fd, f, err);
	ss_folder_close(f);
	return code;
}

const nc_store_restore ss_store_restore = {
	.struct_size = sizeof(nc_store_restore),
	.restore = restore,
};
