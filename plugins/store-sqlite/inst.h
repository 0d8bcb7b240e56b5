/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_INST_H
#define SS_INST_H

#include "checkpoint.h"
#include "config.h"
#include "folder.h"
#include "gate.h"
#include "novacron/store.h"
#include "pool.h"
#include "tip.h"
#include "turn.h"

/*
 * One store. Locks, none of which is held while another is taken, nor across SQLite, the disk or a
 * callback: gate_lock, tip_lock, turn_lock, pool_lock, checkpoint_lock, trouble_lock.
 */
struct nc_inst {
	const nc_host *host; /* outlives the instance */
	ss_config config;    /* immutable */
	ss_folder folder;
	ss_gate gate;
	ss_tip tip;
	ss_turn turn;
	ss_pool pool;
	ss_checkpointer checkpointer;

	ss_conn *log;         /* of the thread that calls lead and append */
	ss_conn *state;       /* of the thread that calls materialise and trim, as are: */
	ss_conn *trimmer;     /* log.db once more: trims are not synced one by one */
	uint64_t durable_seq; /* applied_seq that is known to survive a power cut */

	pthread_mutex_t trouble_lock; /* guards all below; nothing else is taken under it */
	bool is_in_trouble;
	nc_error trouble;          /* the last failure of a write since one went well */
	bool is_state_damaged;     /* state.db is to be made anew at the next lead, */
	uint64_t rebuild_after_ns; /* not before */
};

/* Opens the files (files.c), to read alone where they can't be written or there is no room. On
 * failure everything is closed again. */
nc_code ss_files_open(nc_inst *inst, nc_error *err);
/* How the files are left: as they are, or copied together and tidy. */
typedef enum { SS_CLOSE_AS_IS, SS_CLOSE_CLEAN } ss_close_how;
void ss_files_close(nc_inst *inst, ss_close_how how);
/* After a break: makes sure that what the files show is on the disk, and opens them anew. Of a
 * read-only store: tries to open them for writing, and goes on with reading if that fails. */
nc_code ss_files_reopen(nc_inst *inst, nc_error *err);
/* For connections that read; the paths are the instance's. */
void ss_files_reader_opts(const nc_inst *inst, ss_conn_opts ret[SS_FILES]);

/* Takes the files out of use until the next lead. */
void ss_break(nc_inst *inst, const char *why);
void ss_note_failure(nc_inst *inst, const nc_error *err);
void ss_note_success(nc_inst *inst);
/* state.db has a page that can't be read, or a value that is not whole. */
void ss_note_damage(nc_inst *inst);
bool ss_is_rebuild_due(nc_inst *inst);
/* All that can be read of state.db into a new one, which records what could not (rebuild.c). Nobody
 * has the files open. On failure the old one stays, and it is tried again some time later. */
nc_code ss_rebuild_state(nc_inst *inst, nc_error *err);
nc_code ss_refuse_read_only(nc_inst *inst, nc_error *err); /* NC_OK when it is not */

extern const nc_store ss_store;                 /* store.c */
extern const nc_store_restore ss_store_restore; /* restore.c */

/* The slots of nc_store, one file each or two. */
nc_code ss_lead(
	nc_inst *, const char *node, uint32_t ttl_ms, uint64_t *epoch, uint64_t *head, nc_error *);
nc_code ss_append(
	nc_inst *, uint64_t epoch, uint64_t head, const nc_bytes *rec, uint32_t n, nc_error *);
nc_code ss_head(nc_inst *, nc_store_head *ret, nc_error *);
nc_code ss_read(nc_inst *, uint64_t after, uint32_t wait_ms, nc_rec_cb, void *, nc_error *);
nc_code ss_salvage(nc_inst *, uint64_t seq, nc_rec_cb, void *, nc_error *);
nc_code ss_materialise(
	nc_inst *, uint64_t epoch, uint64_t applied_seq, const nc_kv *, uint32_t n, nc_error *);
nc_code ss_scan(nc_inst *, uint32_t space, nc_bytes from, nc_bytes to, uint32_t max, nc_kv_cb,
	void *, nc_error *);
nc_code ss_get(nc_inst *, uint32_t space, nc_bytes key, nc_kv_cb, void *, nc_error *);
nc_code ss_trim(nc_inst *, uint64_t epoch, uint64_t upto_seq, nc_error *);
nc_code ss_backup(nc_inst *, nc_op, int32_t fd, nc_error *);
nc_code ss_check(nc_inst *, nc_fault_cb, void *, nc_error *);

#endif
