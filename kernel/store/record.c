/* SPDX-License-Identifier: Apache-2.0 */
#include "store/record.h"

#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "store/value.h"

/*
 * The log's records: written once, read at start, by check, and after an unknown outcome. Reading
 * trusts nothing: lengths, order, limits and both checksums are looked at before the first entry
 * is handed out, and there is one byte form for each record. No state.
 */

enum { MAGIC = 0x3152434e /* "NCR1" */, VERSION = 1 };
enum {
	AT_SEQ = 8,
	AT_EPOCH = 16,
	AT_TIME = 24,
	AT_BODY_LEN = 32,
	AT_BODY_CRC = 36,
	AT_HEAD_CRC = 40
};

static void store_le(char *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (char)(uint8_t)(v >> (8 * i));
}

void nc_record_begin(nc_buf *b, uint8_t type)
{
	static const char blank[NC_RECORD_HEAD];
	nc_assert(b->len == 0);
	nc_buf_put_u32(b, MAGIC);
	nc_buf_put(b, (const uint8_t[]){ VERSION, type }, 2);
	nc_buf_put(b, blank, NC_RECORD_HEAD - 6);
}

void nc_record_section(nc_buf *b, uint8_t tag, uint32_t count)
{
	nc_buf_putc(b, (char)tag);
	nc_buf_put_varint(b, count);
}

void nc_record_identity(nc_buf *b, const nc_identity *id, const char *node)
{
	nc_record_section(b, NC_TAG_IDENTITY, 1);
	nc_buf_put_u32(b, id->format);
	nc_buf_putc(b, (char)id->flags);
	nc_buf_put(b, id->log_id, NC_ULID_LEN);
	nc_buf_put(b, id->installation, NC_ULID_LEN);
	nc_buf_put_lstr(b, node, strlen(node));
}

nc_code nc_record_end(nc_buf *b)
{
	if (nc_buf_failed(b))
		return b->error;
	size_t len = b->len - NC_RECORD_HEAD;
	store_le(b->ptr + AT_BODY_LEN, len, 4);
	store_le(b->ptr + AT_BODY_CRC, nc_crc32c(0, b->ptr + NC_RECORD_HEAD, len), 4);
	return NC_OK;
}

void nc_record_stamp(nc_buf *b, uint64_t seq, uint64_t epoch, int64_t time_ms)
{
	nc_assert(b->len >= NC_RECORD_HEAD);
	store_le(b->ptr + AT_SEQ, seq, 8);
	store_le(b->ptr + AT_EPOCH, epoch, 8);
	store_le(b->ptr + AT_TIME, (uint64_t)time_ms, 8);
	store_le(b->ptr + AT_HEAD_CRC, nc_crc32c(0, b->ptr, AT_HEAD_CRC), 4);
}

nc_record_iter nc_record_entries(const nc_record *r)
{
	return (nc_record_iter){ .cur = nc_cur_of(r->body) };
}

static int is_id(nc_bytes id)
{
	return id.len > 0 && id.len <= NC_DB_ID_MAX;
}

static int take_ulid(nc_cur *c, char out[NC_ULID_LEN + 1])
{
	nc_bytes b = nc_cur_bytes(c, NC_ULID_LEN);
	if (c->bad || !nc_ulid_is(b.ptr, b.len))
		return 0;
	memcpy(out, b.ptr, NC_ULID_LEN);
	out[NC_ULID_LEN] = '\0';
	return 1;
}

/* One entry of the section; whether it keeps the rules. */
static int take_entry(nc_record_iter *it, nc_record_entry *e)
{
	nc_cur *c = &it->cur;
	*e = (nc_record_entry){ .tag = it->tag };
	switch (it->tag) {
	case NC_TAG_CHANGES:
	case NC_TAG_DELETES:
		e->kind = nc_cur_u16(c);
		e->id = nc_cur_lstr(c);
		if (it->tag == NC_TAG_CHANGES)
			e->value = nc_cur_lstr(c);
		return !c->bad && e->kind > 0 && e->kind < NC_DB_KINDS_MAX && is_id(e->id);
	case NC_TAG_ENTRIES:
		e->lane = nc_cur_u8(c);
		e->value = nc_cur_lstr(c);
		return !c->bad && e->lane > 0 && e->lane <= NC_LANE_LAST &&
		       e->value.len <= NC_STORE_VAL_MAX;
	default:
		e->identity.format = nc_cur_u32(c);
		e->identity.flags = nc_cur_u8(c);
		int is_good =
			take_ulid(c, e->identity.log_id) && take_ulid(c, e->identity.installation);
		e->value = nc_cur_lstr(c);
		return is_good && !c->bad;
	}
}

/* Into the next section; 0 at the end of the body. `it->cur.bad` when it breaks the rules. */
static int take_section(nc_record_iter *it)
{
	if (it->cur.p == it->cur.end)
		return 0;
	uint8_t tag = nc_cur_u8(&it->cur);
	it->left = nc_cur_varint(&it->cur);
	/* an entry takes at least two bytes, so a count can't promise more than there is */
	if (tag <= it->tag || tag > NC_TAG_IDENTITY || it->left == 0 ||
		(tag == NC_TAG_IDENTITY && it->left != 1) ||
		it->left > (uint64_t)(it->cur.end - it->cur.p))
		it->cur.bad = 1;
	it->tag = tag;
	return 1;
}

int nc_record_next(nc_record_iter *it, nc_record_entry *ret)
{
	if (it->left == 0 && (!take_section(it) || it->cur.bad))
		return 0;
	it->left--;
	if (take_entry(it, ret))
		return 1;
	it->cur.bad = 1;
	return 0;
}

static nc_code check_body(const nc_record *r, nc_error *err)
{
	nc_record_iter it = nc_record_entries(r);
	nc_record_entry e;
	uint8_t says_who = 0;
	while (nc_record_next(&it, &e)) {
		nc_code code = e.tag == NC_TAG_CHANGES ? nc_value_check(e.value, err) : NC_OK;
		if (code != NC_OK)
			return code;
		says_who = e.tag == NC_TAG_IDENTITY;
	}
	if (it.cur.bad || it.cur.p != it.cur.end || says_who != (r->type == NC_REC_EPOCH))
		return nc_err(err, NC_E_PROTO, "record's sections are not in their form");
	return NC_OK;
}

nc_code nc_record_open(nc_bytes raw, nc_record *ret, nc_error *err)
{
	nc_cur c = nc_cur_of(raw);
	uint32_t magic = nc_cur_u32(&c);
	uint8_t version = nc_cur_u8(&c);
	nc_record r = { .type = nc_cur_u8(&c) };
	uint16_t zero = nc_cur_u16(&c);
	r.seq = nc_cur_u64(&c);
	r.epoch = nc_cur_u64(&c);
	r.time_ms = (int64_t)nc_cur_u64(&c);
	uint32_t len = nc_cur_u32(&c), crc = nc_cur_u32(&c), head_crc = nc_cur_u32(&c);
	uint32_t more_zero = nc_cur_u32(&c);
	if (c.bad || magic != MAGIC)
		return nc_err(err, NC_E_PROTO, "not a record of the log (%zu bytes)", raw.len);
	if (head_crc != nc_crc32c(0, raw.ptr, AT_HEAD_CRC))
		return nc_err(err, NC_E_PROTO, "record's head has a wrong checksum");
	if (version > VERSION)
		return nc_err(err, NC_E_UNSUPPORTED,
			"record of version %u, this build reads up to %d", version, VERSION);
	if (version == 0 || zero || more_zero || (r.type != NC_REC_TXN && r.type != NC_REC_EPOCH))
		return nc_err(err, NC_E_PROTO, "record's head is not in its form");
	r.body = nc_cur_bytes(&c, len);
	if (c.bad || c.p != c.end)
		return nc_err(err, NC_E_PROTO, "record's length is wrong");
	if (crc != nc_crc32c(0, r.body.ptr, r.body.len))
		return nc_err(err, NC_E_PROTO, "record's body has a wrong checksum");
	nc_code code = check_body(&r, err);
	if (code == NC_OK)
		*ret = r;
	return code;
}
