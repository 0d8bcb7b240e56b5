/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An online backup: both files are copied into the folder, the state first, so that the log copy
 * holds all that the state copy has seen; the copies are checked, lose their names and are streamed.
 * Trims wait for the copying, not for the stream. On a thread of the caller's, beside all other
 * calls. The copies hold what the store holds: they are the owner's alone and never outlive it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "container.h"
#include "copy.h"
#include "error.h"
#include "inst.h"

#define NAMES_MAX 64 /* backups at the same time */

typedef struct copies {
	char path[SS_FILES][SS_PATH_MAX]; /* empty: no name */
	int fd[SS_FILES];
	uint64_t length[SS_FILES];
	ss_container info;
} copies;

static void drop_names(copies *c)
{
	for (size_t i = 0; i < SS_FILES; i++) {
		if (c->path[i][0])
			unlink(c->path[i]);
		c->path[i][0] = '\0';
	}
}

static void copies_donep(copies *c)
{
	drop_names(c);
	for (size_t i = 0; i < SS_FILES; i++)
		ss_closep(&c->fd[i]);
}

/* What the copy says about itself; nobody writes it. */
static nc_code read_info(ss_file file, const char *path, ss_container *info, nc_error *err)
{
	_cleanup_(ss_conn_closep) ss_conn *c = NULL;
	ss_conn_opts o = { .path = path, .access = SS_IMMUTABLE, .cache_kib = 256 };
	ss_meta tip = { 0 }, trim = { 0 }, applied = { 0 };
	nc_code code = ss_conn_open(&o, &c, err);
	if (code != NC_OK)
		return code;
	if (file == SS_STATE_FILE) {
		code = ss_meta_get(c, SS_META_APPLIED, &applied, err);
		info->applied = applied.a;
		return code;
	}
	code = ss_meta_get(c, SS_META_TIP, &tip, err);
	if (code == NC_OK)
		code = ss_meta_get(c, SS_META_TRIM, &trim, err);
	info->epoch = tip.a;
	info->head = tip.b;
	info->trimmed = trim.a;
	return code;
}

static nc_code take_in(ss_file file, const char *path, copies *c, nc_error *err)
{
	struct stat st;
	c->fd[file] = open(path, O_RDONLY | O_CLOEXEC);
	if (c->fd[file] < 0 || fstat(c->fd[file], &st) < 0)
		return ss_fail_errno(err, errno, "open", path);
	c->length[file] = (uint64_t)st.st_size;
	return read_info(file, path, &c->info, err);
}

static nc_code copy_one(nc_inst *inst, ss_file file, copies *c, nc_error *err)
{
	_cleanup_(ss_conn_closep) ss_conn *from = NULL;
	char path[SS_PATH_MAX], name[64];
	ss_conn_opts o[SS_FILES];
	ss_files_reader_opts(inst, o);
	nc_code code = ss_conn_open(&o[file], &from, err);
	if (code != NC_OK)
		return code;
	code = NC_E_EXISTS;
	for (int i = 0; i < NAMES_MAX && code == NC_E_EXISTS; i++) {
		snprintf(name, sizeof(name), "backup-%d-%s" SS_TEMP_SUFFIX, i, ss_file_names[file]);
		ss_folder_path(inst->folder.dir, name, path);
		code = ss_copy_db(from, path, err);
	}
	if (code != NC_OK)
		return code;
	snprintf(c->path[file], SS_PATH_MAX, "%s", path);
	return take_in(file, path, c, err);
}

static nc_code copy_both(nc_inst *inst, copies *c, nc_error *err)
{
	_cleanup_(ss_turn_copy_endp) ss_unused ss_turn *copy = ss_turn_copy_begin(&inst->turn);
	nc_code code = copy_one(inst, SS_STATE_FILE, c, err);
	return code == NC_OK ? copy_one(inst, SS_LOG_FILE, c, err) : code;
}

/* A backup that could not be restored is worse than none. Losses that are on record are known. */
static nc_code check_copies(nc_inst *inst, const copies *c, nc_error *err)
{
	_cleanup_(ss_conn_closep) ss_conn *log = NULL;
	_cleanup_(ss_conn_closep) ss_conn *state = NULL;
	ss_conn_opts o = {
		.path = c->path[SS_LOG_FILE], .access = SS_IMMUTABLE, .cache_kib = 2048
	};
	char what[200] = "";
	uint64_t faults = 0;
	nc_code code = ss_conn_open(&o, &log, err);
	o.path = c->path[SS_STATE_FILE];
	if (code == NC_OK)
		code = ss_conn_open(&o, &state, err);
	if (code != NC_OK)
		return code;
	ss_checked files = { .log = log, .state = state };
	ss_check_until(log, &inst->gate);
	ss_check_until(state, &inst->gate);
	code = ss_check_files(&files, ss_first_fault, what, &faults, err);
	if (!what[0])
		return code;
	bool is_of_log =
		strncmp(what, "record", 6) == 0 || strstr(what, ss_file_names[SS_LOG_FILE]);
	if (!is_of_log)
		ss_note_damage(inst);
	return ss_fail(err, NC_E_PROTO,
		is_of_log
			? "Run `novacron state check`. Applied records go when the log is trimmed: "
			  "`novacron state rotate-key` does that."
			: "Run `novacron state check`. It is mended within seconds: try again.",
		"the store is damaged, so there is no backup of it: %.200s", what);
}

static bool is_unwanted(void *arg)
{
	return !ss_gate_is_open(arg);
}

static nc_code stream(nc_inst *inst, nc_op op, int fd, copies *c, nc_error *err)
{
	ss_pipe p = {
		.fd = fd,
		.host = inst->host,
		.op = op,
		.is_stopped = is_unwanted,
		.arg = &inst->gate,
		.expected = c->length[SS_LOG_FILE] + c->length[SS_STATE_FILE],
	};
	c->info.files = SS_FILES;
	c->info.schema = SS_SCHEMA_VERSION;
	c->info.created_ms = (uint64_t)ss_wall_ms();
	nc_code code = ss_container_write_header(&p, &c->info, err);
	for (size_t i = 0; i < SS_FILES && code == NC_OK; i++)
		code = ss_container_write_file(&p, ss_file_names[i], c->fd[i], c->length[i], err);
	return code == NC_OK ? ss_container_write_end(&p, &c->info, err) : code;
}

nc_code ss_backup(nc_inst *inst, nc_op op, int32_t fd, nc_error *err)
{
	_cleanup_(ss_gate_leavep) ss_gate *inside = NULL;
	_cleanup_(copies_donep) copies c = { .fd = { -1, -1 } };
	nc_code code = ss_gate_enter(&inst->gate, &inside, err);
	if (code == NC_OK)
		code = ss_refuse_read_only(inst, err);
	if (code == NC_OK)
		code = copy_both(inst, &c, err);
	if (code == NC_OK)
		code = check_copies(inst, &c, err);
	drop_names(&c);
	return code == NC_OK ? stream(inst, op, fd, &c, err) : code;
}
