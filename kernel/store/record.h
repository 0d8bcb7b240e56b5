/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_RECORD_H
#define NC_STORE_RECORD_H

#include "base/buf.h"
#include "base/id.h"
#include "store/db.h"

/*
 * A record of the log as bytes; everything little-endian.
 *
 *   magic u32 | version u8 | type u8 | 0 u16 | seq u64 | epoch u64 | time_ms i64
 *   | body length u32 | CRC32C of the body u32 | CRC32C of the 40 bytes before u32 | 0 u32
 *   body: sections, each once, in order of their tags, none empty:
 *     tag u8 | count varint | entries
 *     1 changes   kind u16 | id lstr | value lstr     (value.h; its rev is 0: the record's seq)
 *     2 deletes   kind u16 | id lstr
 *     3 entries   lane u8 | lstr
 *     4 identity  format u32 | flags u8 | log_id 26 | installation 26 | node lstr
 *
 * Two checksums, because the body is made by whoever submits and the head only when the sequencer
 * numbers it.
 */
#define NC_RECORD_HEAD 48u

enum { NC_REC_TXN = 1, NC_REC_EPOCH = 2 };
enum { NC_TAG_CHANGES = 1, NC_TAG_DELETES = 2, NC_TAG_ENTRIES = 3, NC_TAG_IDENTITY = 4 };
enum { NC_IDENTITY_RESTORED = 1 };

/* Who this state is. In each epoch record, and in the meta space. */
typedef struct nc_identity {
	uint32_t format;
	uint8_t flags;
	char log_id[NC_ULID_LEN + 1];
	char installation[NC_ULID_LEN + 1];
} nc_identity;

/* Writing: begin, then sections with as many entries as they say, end; stamp when numbered. */
void nc_record_begin(nc_buf *b, uint8_t type);
void nc_record_section(nc_buf *b, uint8_t tag, uint32_t count);
void nc_record_identity(nc_buf *b, const nc_identity *id, const char *node);
nc_code nc_record_end(nc_buf *b); /* NC_OK or the buffer's error */
void nc_record_stamp(nc_buf *b, uint64_t seq, uint64_t epoch, int64_t time_ms);

/* Reading: open checks everything, then next gives each entry and can't fail. */
typedef struct nc_record {
	uint8_t type;
	uint64_t seq, epoch;
	int64_t time_ms;
	nc_bytes body;
} nc_record;
/* NC_E_PROTO: not a record, or damaged; NC_E_UNSUPPORTED: of a newer version. */
nc_code nc_record_open(nc_bytes raw, nc_record *ret, nc_error *err);

typedef struct nc_record_entry {
	uint8_t tag;
	uint16_t kind;
	uint8_t lane;
	nc_bytes id;
	nc_bytes value; /* of a change, or the lane entry, or the node */
	nc_identity identity;
} nc_record_entry;
typedef struct nc_record_iter {
	nc_cur cur;
	uint64_t left; /* in this section */
	uint8_t tag;
} nc_record_iter;
nc_record_iter nc_record_entries(const nc_record *r);
int nc_record_next(nc_record_iter *it, nc_record_entry *ret); /* 0 = over */

#endif
