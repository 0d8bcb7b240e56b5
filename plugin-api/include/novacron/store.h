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
 * check may come from any worker at the same time. Callbacks run on the calling thread, must not
 * call back into the store, and end the walk by returning other than NC_OK, which is passed up.
 */

#include "novacron/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NC_EXT_STORE "nc.store/1"

#define NC_STORE_KEY_MAX   256u
#define NC_STORE_VAL_MAX   (256u << 10)
#define NC_STORE_BATCH_MAX (8u << 20)

typedef struct nc_kv {
	uint32_t space;
	uint32_t flags; /* 0 */
	nc_bytes key;
	nc_bytes val; /* ptr NULL = delete */
	uint64_t rev; /* seq of the record it came from */
} nc_kv;

typedef struct nc_store_head {
	uint32_t struct_size;
	uint32_t _pad;
	uint64_t epoch;	      /* 0 = nobody has led yet */
	uint64_t head;	      /* seq of the last record; 0 = empty */
	uint64_t trimmed_seq; /* records up to here are gone from the log */
	uint64_t applied_seq; /* what materialise has reached, as read back from the store */
} nc_store_head;

typedef nc_code (*nc_rec_cb)(void *, uint64_t seq, nc_bytes rec);
typedef nc_code (*nc_kv_cb)(void *, const nc_kv *);
/* A fault that check or scan found: what it held (space and key, or seq), and what is wrong. */
typedef nc_code (*nc_fault_cb)(
	void *, uint32_t space, nc_bytes key, uint64_t seq, const char *what);

typedef struct nc_store {
	uint32_t struct_size;
	uint32_t flags;
	/* Take the lease; a new epoch, larger than every one before, is durable on return.
	 * NC_E_BUSY: another holds it (message names it). Renewing = calling again with the
	 * same node while leading, which keeps the epoch. */
	nc_code (*lead)(nc_inst *, const char *node, uint32_t ttl_ms, uint64_t *epoch,
		uint64_t *head, nc_error *);
	/* All or nothing; durable on return; only if epoch and head still match (else
	 * NC_E_CONFLICT). Records get seq head+1 … head+n. An error flagged
	 * NC_ERR_OUTCOME_UNKNOWN may have happened or not: reopen and lead again. */
	nc_code (*append)(nc_inst *, uint64_t epoch, uint64_t head, const nc_bytes *rec, uint32_t n,
		nc_error *);
	nc_code (*head)(nc_inst *, nc_store_head *ret, nc_error *);
	/* Records after `after` in order, waiting up to wait_ms for the first. A record whose CRC
	 * fails ends the walk with NC_E_PROTO naming its seq. NC_E_NOTFOUND: `after` is trimmed. */
	nc_code (*read)(
		nc_inst *, uint64_t after, uint32_t wait_ms, nc_rec_cb, void *, nc_error *);
	/* Puts and deletes with the new applied_seq, together. NC_E_CONFLICT: epoch is not ours. */
	nc_code (*materialise)(nc_inst *, uint64_t epoch, uint64_t applied_seq, const nc_kv *,
		uint32_t n, nc_error *);
	/* Keys from <= k < to in order, at most `max` (0 = all). Empty `to` = end of the space. A
	 * value whose CRC fails is passed with val.ptr NULL and flags 1, and the walk goes on. */
	nc_code (*scan)(nc_inst *, uint32_t space, nc_bytes from, nc_bytes to, uint32_t max,
		nc_kv_cb, void *, nc_error *);
	/* One key through the callback (not called when absent: NC_E_NOTFOUND). */
	nc_code (*get)(nc_inst *, uint32_t space, nc_bytes key, nc_kv_cb, void *, nc_error *);
	/* First makes applied_seq durable, refuses upto_seq above it, waits for a running backup. */
	nc_code (*trim)(nc_inst *, uint64_t epoch, uint64_t upto_seq, nc_error *);
	/* A consistent copy of everything as one byte stream to fd, while others write. */
	nc_code (*backup)(nc_inst *, nc_op, int32_t fd, nc_error *);
	/* Every CRC, order, gaps in the log, applied against head. NC_OK = no fault was passed. */
	nc_code (*check)(nc_inst *, nc_fault_cb, void *, nc_error *);
} nc_store;

/* nc_kv.flags in a scan: the value is there but its checksum is wrong. */
enum { NC_KV_CORRUPT = 1 };

#ifdef __cplusplus
}
#endif
#endif
