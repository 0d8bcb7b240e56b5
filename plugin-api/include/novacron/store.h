/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOVACRON_STORE_H
#define NOVACRON_STORE_H

/*
 * nc.store/1: where the kernel's log and what is derived from it are kept. In-process only.
 * Two parts with two promises: the log (append: durable on return, fenced by epoch and head,
 * no gaps) and the table of key-values materialised from it (may lag, may be lost back to an
 * earlier applied_seq in a power cut, is then replayed from the log).
 *
 * One thread calls lead and append, one materialise and trim; head, read, scan, get, backup and
 * check may come from any worker at the same time. Every call may block. Callbacks run on the
 * calling thread, must not call back into the store, and end the walk by returning other than
 * NC_OK, which is passed up. What a callback is shown is borrowed until it returns.
 *
 * Failures: a full disk or a read-only file is NC_E_UNAVAILABLE with a hint; nothing of the call
 * was kept, reads go on. After an error flagged NC_ERR_OUTCOME_UNKNOWN (and after any failed
 * sync, whoever met it) every call answers NC_E_UNAVAILABLE until lead has opened the store anew.
 */

#include "novacron/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NC_EXT_STORE "nc.store/1"

#define NC_STORE_KEY_MAX   256u /* bytes of a key, at least 1 */
#define NC_STORE_VAL_MAX   (256u << 10)
#define NC_STORE_BATCH_MAX (8u << 20) /* records of an append, keys and values of a materialise */

typedef struct nc_kv {
	uint32_t space;
	uint32_t flags; /* 0; in a scan NC_KV_* */
	nc_bytes key;
	nc_bytes val; /* ptr NULL = delete */
	uint64_t rev; /* seq of the record it came from */
} nc_kv;

typedef struct nc_store_head {
	uint32_t struct_size;
	uint32_t _pad;
	uint64_t epoch;       /* 0 = nobody has led yet */
	uint64_t head;        /* seq of the last record; 0 = empty */
	uint64_t trimmed_seq; /* records up to here are gone from the log */
	uint64_t applied_seq; /* what materialise has reached, as read back from the store */
} nc_store_head;

typedef nc_code (*nc_rec_cb)(void *, uint64_t seq, nc_bytes rec);
typedef nc_code (*nc_kv_cb)(void *, const nc_kv *);
/* A fault that check found: what it held, and what is wrong with it. key.ptr NULL: a record of
 * the log (seq) or, seq 0, a whole file; else a key of a space, seq its rev. */
typedef nc_code (*nc_fault_cb)(
	void *, uint32_t space, nc_bytes key, uint64_t seq, const char *what);

typedef struct nc_store {
	uint32_t struct_size;
	uint32_t flags;
	/* Take the lease; a new epoch, larger than every one before, is durable on return.
	 * NC_E_BUSY: another node holds it (message names it). Renewing = the same node calling
	 * again before the lease ran out, which keeps the epoch; later it gets a new one. A store
	 * whose log ends before its head is not led: NC_E_PROTO. A last record that is there but
	 * damaged is as any other: read and check name it. */
	nc_code (*lead)(nc_inst *, const char *node, uint32_t ttl_ms, uint64_t *epoch,
		uint64_t *head, nc_error *);
	/* All or nothing; durable on return; only if epoch and head still match (else
	 * NC_E_CONFLICT). Records get seq head+1 … head+n; n = 0, or more bytes than
	 * NC_STORE_BATCH_MAX, is NC_E_INVAL. An error flagged NC_ERR_OUTCOME_UNKNOWN may have
	 * happened or not: lead again, which opens the store anew and tells by its head. */
	nc_code (*append)(nc_inst *, uint64_t epoch, uint64_t head, const nc_bytes *rec, uint32_t n,
		nc_error *);
	nc_code (*head)(nc_inst *, nc_store_head *ret, nc_error *);
	/* Records after `after` in order, waiting up to wait_ms for the first; NC_OK when there
	 * was none. A record that is damaged or missing ends the walk with NC_E_PROTO naming its
	 * seq; reading after that one goes on. NC_E_NOTFOUND: what follows `after` is trimmed. */
	nc_code (*read)(nc_inst *, uint64_t after, uint32_t wait_ms, nc_rec_cb, void *, nc_error *);
	/* Puts and deletes with the new applied_seq, together; of one key twice the last counts;
	 * n may be 0. NC_E_CONFLICT: epoch is not ours. NC_E_INVAL: applied_seq would go back, or
	 * pass the head. */
	nc_code (*materialise)(nc_inst *, uint64_t epoch, uint64_t applied_seq, const nc_kv *,
		uint32_t n, nc_error *);
	/* Keys from <= k < to in order, at most `max` (0 = all), as of one moment. Empty `to` = end
	 * of the space. A value whose CRC fails is passed with val.ptr NULL and NC_KV_CORRUPT; a
	 * part that can't be read at all as NC_KV_LOST, which `max` does not count. The walk goes
	 * on after either. */
	nc_code (*scan)(nc_inst *, uint32_t space, nc_bytes from, nc_bytes to, uint32_t max,
		nc_kv_cb, void *, nc_error *);
	/* One key through the callback (not called when absent: NC_E_NOTFOUND). A value whose CRC
	 * fails as in scan; a part that can't be read is NC_E_PROTO. */
	nc_code (*get)(nc_inst *, uint32_t space, nc_bytes key, nc_kv_cb, void *, nc_error *);
	/* Drop records up to upto_seq. First makes applied_seq durable, refuses upto_seq above it
	 * (NC_E_INVAL) and a stale epoch (NC_E_CONFLICT), waits for a running backup's copying. */
	nc_code (*trim)(nc_inst *, uint64_t epoch, uint64_t upto_seq, nc_error *);
	/* A consistent copy of everything as one byte stream to fd, while others write. Returns
	 * when all is written; fd stays the caller's. The op is for stop reason, deadline and
	 * progress alone, is never completed, and may be 0. */
	nc_code (*backup)(nc_inst *, nc_op, int32_t fd, nc_error *);
	/* Every CRC, order, gaps in the log, applied against head. NC_OK = no fault was passed,
	 * NC_E_PROTO = some were. */
	nc_code (*check)(nc_inst *, nc_fault_cb, void *, nc_error *);
	/* May be left out. What is left of a damaged record's bytes through the callback, whatever
	 * their checksum, so that what it held can be named. NC_E_NOTFOUND: nothing is. Any worker. */
	nc_code (*salvage)(nc_inst *, uint64_t seq, nc_rec_cb, void *, nc_error *);
} nc_store;

/* nc_kv.flags in a scan. CORRUPT: the key is there but the value's checksum is wrong. LOST: from
 * this key on, up to the next one passed or the end of the scan, nothing can be read. */
enum { NC_KV_CORRUPT = 1, NC_KV_LOST = 2 };

/*
 * novacron.store-restore/0: puts a backup's stream in place of a folder's store. The instance must
 * have been created so that it does not open that folder itself (its schema says how). Everything
 * is verified before anything is replaced, what was there is kept beside, and the restored
 * store's epoch is not below the replaced one's, so the next lead fences what was written since.
 */
#define NC_EXT_STORE_RESTORE "novacron.store-restore/0"
typedef struct nc_store_restore {
	uint32_t struct_size;
	uint32_t flags;
	/* worker. Reads one backup from fd, which stays the caller's. NC_E_PROTO: the stream is
	 * damaged; NC_E_BUSY: a process has the folder open. */
	nc_code (*restore)(nc_inst *, int32_t fd, const char *folder, nc_error *);
} nc_store_restore;

#ifdef __cplusplus
}
#endif
#endif
