/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens and closes the two databases with all their connections: at create, at destroy, and in
 * between when a failed sync has put in doubt what they hold. While this runs nobody is inside the
 * gate. Must never leave a connection open on failure.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "inst.h"

/* By trial: 2 KB records go two to a 4 KiB page's one, and 16 KiB pages make a single append
 * dearer; values of 2-4 KB overflow smaller pages of an index tree. */
#define LOG_PAGE   8192
#define STATE_PAGE 16384

#define SMALL_CACHE_KIB 256 /* connections that stream or copy */

static void files_opts(
	const nc_inst *inst, ss_access access, uint32_t cache_kib, ss_conn_opts ret[SS_FILES])
{
	bool is_off = inst->config.synchronous == SS_SYNC_OFF;
	for (size_t i = 0; i < SS_FILES; i++) {
		ret[i] = (ss_conn_opts){
			.path = inst->folder.path[i],
			.access = access,
			.sync = is_off ? SS_SYNC_OFF : SS_SYNC_NORMAL,
			.cache_kib = cache_kib,
		};
	}
}

/* SQLite would make it readable by all, and gives its mode to the files beside it. */
static nc_code make_private(const char *path, nc_error *err)
{
	_cleanup_(ss_closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? ss_fail_errno(err, errno, "open", path) : NC_OK;
}

static nc_code open_writers(nc_inst *inst, nc_error *err)
{
	bool is_off = inst->config.synchronous == SS_SYNC_OFF;
	ss_conn_opts o[SS_FILES];
	files_opts(inst, SS_CREATE, inst->config.log_cache_kib, o);
	o[SS_LOG_FILE].sync = is_off ? SS_SYNC_OFF : SS_SYNC_FULL;
	o[SS_LOG_FILE].page_size = LOG_PAGE;
	o[SS_STATE_FILE].page_size = STATE_PAGE;
	o[SS_STATE_FILE].cache_kib = inst->config.state_cache_kib;
	nc_code code = NC_OK;
	for (size_t i = 0; i < SS_FILES && code == NC_OK; i++)
		code = make_private(o[i].path, err);
	if (code == NC_OK)
		code = ss_conn_open(&o[SS_LOG_FILE], &inst->log, err);
	if (code == NC_OK)
		code = ss_schema_prepare(inst->log, SS_LOG_FILE, err);
	if (code == NC_OK)
		code = ss_conn_open(&o[SS_STATE_FILE], &inst->state, err);
	if (code == NC_OK)
		code = ss_schema_prepare(inst->state, SS_STATE_FILE, err);
	if (code != NC_OK)
		return code;
	o[SS_LOG_FILE].access = SS_WRITE;
	o[SS_LOG_FILE].sync = is_off ? SS_SYNC_OFF : SS_SYNC_NORMAL;
	o[SS_LOG_FILE].cache_kib = SMALL_CACHE_KIB;
	return ss_conn_open(&o[SS_LOG_FILE], &inst->trimmer, err);
}

static nc_code start_checkpointer(nc_inst *inst, nc_error *err)
{
	ss_conn_opts o[SS_FILES];
	files_opts(inst, SS_WRITE, SMALL_CACHE_KIB, o);
	nc_code code = ss_checkpointer_start(&inst->checkpointer, o, err);
	if (code != NC_OK)
		return code;
	ss_checkpointer_watch(&inst->checkpointer, SS_LOG_FILE, inst->log);
	ss_checkpointer_watch(&inst->checkpointer, SS_LOG_FILE, inst->trimmer);
	ss_checkpointer_watch(&inst->checkpointer, SS_STATE_FILE, inst->state);
	return NC_OK;
}

static bool has_wal(const char *path)
{
	char wal[SS_PATH_MAX + 8];
	snprintf(wal, sizeof(wal), "%s-wal", path);
	struct stat st;
	return stat(wal, &st) == 0 && st.st_size > 0;
}

void ss_files_reader_opts(const nc_inst *inst, ss_conn_opts ret[SS_FILES])
{
	files_opts(inst, SS_READ, inst->config.reader_cache_kib, ret);
	/* With its log beside it even a file nobody can write needs the ways of a live one. */
	for (size_t i = 0; i < SS_FILES; i++) {
		if (inst->folder.is_read_only && !has_wal(ret[i].path))
			ret[i].access = SS_IMMUTABLE;
	}
}

static nc_code open_readers(nc_inst *inst, nc_error *err)
{
	ss_conn_opts o[SS_FILES];
	ss_files_reader_opts(inst, o);
	nc_code code = ss_pool_open(&inst->pool, inst->config.readers, o, err);
	for (size_t i = 0; i < SS_FILES && code == NC_OK; i++)
		code = ss_schema_check(inst->pool.reader[0].conn[i], err);
	return code;
}

static nc_code read_head(nc_inst *inst, nc_error *err)
{
	ss_meta tip;
	nc_code code = ss_meta_get(inst->pool.reader[0].conn[SS_LOG_FILE], SS_META_TIP, &tip, err);
	if (code == NC_E_PROTO) { /* lead will refuse it; what can be read is served */
		tip.b = 0;
		code = NC_OK;
	}
	if (code == NC_OK)
		ss_tip_set_head(&inst->tip, tip.b);
	return code;
}

/*
 * After a failed sync, in this process or one before it, the kernel may show pages that are not on
 * the disk and that no later sync will write. Copying the whole log into the file writes all of it
 * anew, and its sync tells. Only room may be lacking for that: reads go on without.
 */
static nc_code settle(nc_inst *inst, ss_conn *c, nc_error *err)
{
	int pages, copied;
	int rc = ss_conn_checkpoint(c, SQLITE_CHECKPOINT_TRUNCATE, &pages, &copied);
	if (rc == SQLITE_OK)
		return NC_OK;
	nc_code code = ss_fail_db(err, c->db, "settle the store", c->path);
	if (ss_is_outcome_unknown(c->db, rc) || ss_gate_is_broken(&inst->gate))
		return code;
	if (err)
		ss_note_failure(inst, err);
	return NC_OK;
}

static nc_code open_files(nc_inst *inst, nc_error *err)
{
	nc_code code = NC_OK;
	if (!inst->folder.is_read_only)
		code = open_writers(inst, err);
	if (code == NC_OK && !inst->folder.is_read_only)
		code = settle(inst, inst->log, err);
	if (code == NC_OK && !inst->folder.is_read_only)
		code = settle(inst, inst->state, err);
	if (code == NC_OK)
		code = open_readers(inst, err);
	if (code == NC_OK)
		code = read_head(inst, err);
	if (code == NC_OK && !inst->folder.is_read_only)
		code = start_checkpointer(inst, err);
	inst->durable_seq = 0;
	if (code != NC_OK)
		ss_files_close(inst, SS_CLOSE_AS_IS);
	return code;
}

void ss_files_close(nc_inst *inst, ss_close_how how)
{
	ss_tip_step_down(&inst->tip);
	ss_checkpointer_stop(&inst->checkpointer);
	ss_pool_close(&inst->pool);
	ss_conn_closep(&inst->trimmer);
	void (*close_last)(ss_conn *) = how == SS_CLOSE_CLEAN ? ss_conn_finish : ss_conn_close;
	close_last(ss_steal(&inst->log));
	close_last(ss_steal(&inst->state));
}

/* Want of room or of rights keeps nobody from reading what is there. `why` is told to whoever
 * wants to write. */
static nc_code open_to_read(nc_inst *inst, nc_code code, const nc_error *why)
{
	nc_error unheard = { .struct_size = sizeof(unheard) };
	if (!ss_is_refusal(why))
		return code;
	inst->folder.is_read_only = true;
	if (open_files(inst, &unheard) != NC_OK)
		return code;
	ss_note_failure(inst, why);
	return NC_OK;
}

nc_code ss_files_open(nc_inst *inst, nc_error *err)
{
	nc_error unheard = { .struct_size = sizeof(unheard) };
	err = err ? err : &unheard;
	nc_code code = open_files(inst, err);
	if (code == NC_OK || inst->folder.is_read_only)
		return code;
	code = open_to_read(inst, code, err);
	inst->folder.is_read_only = code == NC_OK;
	return code;
}

nc_code ss_files_reopen(nc_inst *inst, nc_error *err)
{
	bool was_read_only = inst->folder.is_read_only;
	/* Not after a failed sync: first it must be clear what the files hold. */
	bool rebuilds =
		!was_read_only && !ss_gate_is_broken(&inst->gate) && ss_is_rebuild_due(inst);
	nc_error unheard = { .struct_size = sizeof(unheard) };
	ss_gate_reopen_begin(&inst->gate);
	ss_gate_break(&inst->gate, "its files could not be opened anew");
	ss_files_close(inst, SS_CLOSE_AS_IS);
	if (rebuilds && ss_rebuild_state(inst, &unheard) != NC_OK)
		ss_note_failure(inst, &unheard);
	nc_code code = was_read_only ? ss_folder_begin_writing(&inst->folder, err) : NC_OK;
	if (code == NC_OK)
		code = open_files(inst, err);
	if (code != NC_OK && was_read_only)
		code = open_to_read(inst, code, err);
	ss_gate_reopen_done(&inst->gate, code == NC_OK);
	return code;
}
