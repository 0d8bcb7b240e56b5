/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_META_H
#define SS_META_H

#include "conn.h"
#include "novacron/abi.h"

/* The rows of a file's meta table. Numbers are on disk for ever; never reuse one. */
typedef enum {
	SS_META_SCHEMA = 1,  /* a: schema version of the file */
	SS_META_TIP = 2,     /* log: a epoch, b head */
	SS_META_TRIM = 3,    /* log: a records up to here are gone */
	SS_META_LEASE = 4,   /* log: a until when (wall clock, ms), t node; to be read by people */
	SS_META_APPLIED = 5, /* state: a applied_seq, b how often it was made durable */
} ss_meta_key;

#define SS_NODE_MAX 255

typedef struct ss_meta {
	uint64_t a, b;
	char t[SS_NODE_MAX + 1];
} ss_meta;

/* NC_E_PROTO: the row is missing or its checksum is wrong. */
nc_code ss_meta_get(ss_conn *c, ss_meta_key k, ss_meta *ret, nc_error *err);
nc_code ss_meta_put(ss_conn *c, ss_meta_key k, const ss_meta *m, nc_error *err);
/* Head from `from` to `to` if the row still says (epoch, from). NC_E_CONFLICT: it does not. */
nc_code ss_meta_move_head(ss_conn *c, uint64_t epoch, uint64_t from, uint64_t to, nc_error *err);

#endif
